// SPDX-License-Identifier: ISC
// daemon/control/mixer.h — the master strip: gain, mute and balance as a person set them.    [main]

#ifndef CH_CONTROL_MIXER_H
#define CH_CONTROL_MIXER_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/json.h"

struct ch_command;

struct ch_mixer {
    double gain_db; ///< -inf…CH_GAIN_MAX_DB
    bool mute;
    double pan; ///< -1 left … 0 … 1 right; a balance: it only ever attenuates one side
};

/// The command that makes the engine sound like this.
void ch_mixer_command(const struct ch_mixer *mixer, uint32_t ramp_frames,
                      struct ch_command *command);

/// The members of mixer.get, into an open object.
void ch_mixer_write_members(const struct ch_mixer *mixer, struct ch_buf *buf);

#endif

// SPDX-License-Identifier: ISC
// daemon/control/mixer.h — the master strip: gain, mute, balance, panic, and the limiter at its
// end, as a person set them.                                                                [main]

#ifndef CH_CONTROL_MIXER_H
#define CH_CONTROL_MIXER_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/json.h"
#include "protocol/names.h"

struct ch_command;

#define CH_GAIN_MIN_DB      (-150.0) ///< -inf is below it
#define CH_CEILING_MIN_DBTP (-24.0)
#define CH_RAMP_MAX_MS      60000.0

struct ch_mixer {
    double gain_db; ///< -inf…max_gain_db
    bool mute;
    double pan;         ///< -1 left … 0 … 1 right; a balance: it only ever attenuates one side
    double max_gain_db; ///< nothing sets more
    bool panic;         ///< silenced; set() releases it
    bool panic_stays;   ///< for what was asked for before the panic: it neither ends nor refuses
    uint32_t n_shuts;   ///< of the engine's gate so far; with panic the last one lasts
    struct {
        double ceiling_dbtp;
        bool bypass;
    } limiter;
};

/// 0 dB, or the most that max_gain_db allows; the limiter at CH_CEILING_DBTP.
void ch_mixer_init(struct ch_mixer *mixer, double max_gain_db);

bool ch_mixer_equal(const struct ch_mixer *a, const struct ch_mixer *b);

/// What the checked parameters of mixer.set make of it: it ends a panic, too.  CH_RPC_OK, or what
/// is wrong with `*param`, with a sentence in `why` (256 bytes), and nothing has changed.
enum ch_rpc_error ch_mixer_set(struct ch_mixer *mixer, const cJSON *params, const char **param,
                               char *why);

/// The same for mixer.adjust, which a panic refuses.
enum ch_rpc_error ch_mixer_adjust(struct ch_mixer *mixer, const cJSON *params, const char **param,
                                  char *why);

/// Frames for a `ramp_ms` of the wire: never faster than can be heard as a click.  < 0 is the
/// engine's default.
uint32_t ch_mixer_ramp_frames(double ramp_ms, uint32_t rate_hz);

/// The command that makes the engine sound like this, but for the limiter.
void ch_mixer_command(const struct ch_mixer *mixer, uint32_t ramp_frames,
                      struct ch_command *command);
void ch_mixer_limiter_command(const struct ch_mixer *mixer, struct ch_command *command);

/// The members of mixer.get, into an open object.
void ch_mixer_write_members(const struct ch_mixer *mixer, struct ch_buf *buf);
/// The members of limiter.get, likewise, but for what the limiter does at the moment.
void ch_mixer_write_limiter(const struct ch_mixer *mixer, struct ch_buf *buf);

#endif

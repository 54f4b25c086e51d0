// SPDX-License-Identifier: ISC
// daemon/control/mixer.c — from dB, mute and balance to two linear gains.

#include "daemon/control/mixer.h"

#include "daemon/base/units.h"
#include "daemon/engine/messages.h"

void
ch_mixer_command(const struct ch_mixer *mixer, uint32_t ramp_frames, struct ch_command *command)
{
    const double gain = mixer->mute ? 0.0 : ch_linear_from_db(mixer->gain_db);
    const double left = mixer->pan > 0.0 ? 1.0 - mixer->pan : 1.0;
    const double right = mixer->pan < 0.0 ? 1.0 + mixer->pan : 1.0;
    *command = (struct ch_command){.op = CH_COMMAND_GAIN,
                                   .gain = {.left = (float)(gain * left),
                                            .right = (float)(gain * right),
                                            .ramp_frames = ramp_frames}};
}

void
ch_mixer_write_members(const struct ch_mixer *mixer, struct ch_buf *buf)
{
    ch_json_kv_string(buf, "strip", "master");
    ch_json_kv_fixed(buf, "gain_db", mixer->gain_db, 4);
    ch_json_kv_bool(buf, "mute", mixer->mute);
    ch_json_kv_fixed(buf, "pan", mixer->pan, 4);
}

// SPDX-License-Identifier: ISC
// daemon/control/mixer.c — from dB, mute and balance to two linear gains.

#include "daemon/control/mixer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "daemon/base/units.h"
#include "daemon/control/params.h"
#include "daemon/engine/messages.h"

#define WHY_BYTES 256

/// A raised cosine of half this length leaves -85 dBFS above 2 kHz of a 100 Hz sine of -6 dBFS.
#define RAMP_MIN_MS 20.0

void
ch_mixer_init(struct ch_mixer *mixer, double max_gain_db)
{
    memset(mixer, 0, sizeof *mixer);
    mixer->max_gain_db = max_gain_db;
    mixer->gain_db = fmin(0.0, max_gain_db);
    mixer->limiter.ceiling_dbtp = CH_CEILING_DBTP;
}

bool
ch_mixer_equal(const struct ch_mixer *a, const struct ch_mixer *b)
{
    return a->gain_db == b->gain_db && a->mute == b->mute && a->pan == b->pan &&
           a->panic == b->panic && a->limiter.ceiling_dbtp == b->limiter.ceiling_dbtp &&
           a->limiter.bypass == b->limiter.bypass;
}

enum ch_rpc_error
ch_mixer_set(struct ch_mixer *mixer, const cJSON *params, const char **param, char *why)
{
    const cJSON *gain = ch_param_get(params, "gain_db");
    double gain_db = mixer->gain_db;
    if (gain) {
        gain_db = cJSON_IsNull(gain) ? -INFINITY : gain->valuedouble;
    }
    if (gain_db > mixer->max_gain_db) {
        *param = "gain_db";
        snprintf(why, WHY_BYTES, "'gain_db' must be at most %g (chantd --max-gain), not %g",
                 mixer->max_gain_db, gain_db);
        return CH_RPC_OUT_OF_RANGE;
    }
    mixer->gain_db = gain_db;
    mixer->mute = ch_param_bool(params, "mute", mixer->mute);
    mixer->pan = ch_param_number(params, "pan", mixer->pan);
    mixer->panic = mixer->panic && mixer->panic_stays;
    return CH_RPC_OK;
}

enum ch_rpc_error
ch_mixer_adjust(struct ch_mixer *mixer, const cJSON *params, const char **param, char *why)
{
    const double delta_db = ch_param_number(params, "delta_db", 0.0);
    const double min_db = ch_param_number(params, "min_db", CH_GAIN_MIN_DB);
    const double max_db = ch_param_number(params, "max_db", CH_GAIN_MAX_DB);
    if (min_db > max_db) {
        *param = "min_db";
        snprintf(why, WHY_BYTES, "'min_db' is above 'max_db'");
        return CH_RPC_INVALID_PARAMS;
    }
    if (mixer->panic && !mixer->panic_stays) {
        *param = NULL;
        snprintf(why, WHY_BYTES, "silenced by mixer.panic; mixer.set ends that");
        return CH_RPC_CONFLICT;
    }
    // From silence a step up begins at the bottom.
    const double from_db = mixer->gain_db == -INFINITY ? CH_GAIN_MIN_DB : mixer->gain_db;
    if (mixer->gain_db != -INFINITY || delta_db > 0.0) {
        const double wanted_db = fmin(fmax(from_db + delta_db, min_db), max_db);
        mixer->gain_db = fmin(wanted_db, mixer->max_gain_db);
    }
    return CH_RPC_OK;
}

uint32_t
ch_mixer_ramp_frames(double ramp_ms, uint32_t rate_hz)
{
    return ramp_ms < 0.0 ? 0 : ch_frames_from_ms(fmax(ramp_ms, RAMP_MIN_MS), rate_hz);
}

void
ch_mixer_command(const struct ch_mixer *mixer, uint32_t ramp_frames, struct ch_command *command)
{
    const double gain = ch_linear_from_db(mixer->gain_db);
    const double left = mixer->pan > 0.0 ? 1.0 - mixer->pan : 1.0;
    const double right = mixer->pan < 0.0 ? 1.0 + mixer->pan : 1.0;
    *command = (struct ch_command){.op = CH_COMMAND_GAIN,
                                   .gain = {.left = (float)(gain * left),
                                            .right = (float)(gain * right),
                                            .ramp_frames = ramp_frames,
                                            .mute = mixer->mute,
                                            .shuts_over = mixer->n_shuts - mixer->panic}};
}

void
ch_mixer_limiter_command(const struct ch_mixer *mixer, struct ch_command *command)
{
    *command = (struct ch_command){
        .op = CH_COMMAND_LIMITER,
        .limiter = {.ceiling = (float)ch_linear_from_db(mixer->limiter.ceiling_dbtp),
                    .bypass = mixer->limiter.bypass}};
}

void
ch_mixer_write_limiter(const struct ch_mixer *mixer, struct ch_buf *buf)
{
    ch_json_kv_fixed(buf, "ceiling_dbtp", mixer->limiter.ceiling_dbtp, 4);
    ch_json_kv_bool(buf, "bypass", mixer->limiter.bypass);
}

void
ch_mixer_write_members(const struct ch_mixer *mixer, struct ch_buf *buf)
{
    ch_json_kv_string(buf, "strip", "master");
    ch_json_kv_fixed(buf, "gain_db", mixer->gain_db, 4);
    ch_json_kv_bool(buf, "mute", mixer->mute);
    ch_json_kv_fixed(buf, "pan", mixer->pan, 4);
    ch_json_kv_bool(buf, "panic", mixer->panic);
    ch_json_kv_fixed(buf, "max_gain_db", mixer->max_gain_db, 4);
    ch_json_key(buf, "limiter");
    ch_json_begin_object(buf);
    ch_mixer_write_limiter(mixer, buf);
    ch_json_end_object(buf);
}

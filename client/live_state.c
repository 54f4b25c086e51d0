// SPDX-License-Identifier: ISC
// client/live_state.c — what the live pictures know of the daemon, taken from snapshots and events.

#include <math.h>
#include <string.h>

#include "client/describe.h"
#include "client/fields.h"
#include "client/live.h"
#include "system/clock.h"

double
ch_live_now_s(void)
{
    return (double)ch_sys_mono_ns() * 1e-9;
}

/// @param t when it was so, as an event says it; NULL: now
static void
take_player(struct ch_live_state *state, const cJSON *player, const cJSON *t)
{
    const char *name = ch_field_string(player, "state");
    const cJSON *item = ch_field(player, "item");
    state->player = CH_LIVE_STOPPED;
    if (name && strcmp(name, "playing") == 0) {
        state->player = CH_LIVE_PLAYING;
    } else if (name && strcmp(name, "paused") == 0) {
        state->player = CH_LIVE_PAUSED;
    }
    ch_describe_title(cJSON_IsObject(item) ? item : NULL, state->title, sizeof state->title);
    state->duration_s = ch_field_number(item, "duration_s", -1);
    state->position_s = ch_field_number(player, "position_s", 0);
    double now_s = ch_live_now_s();
    double at_s = ch_field_number(t, "mono_ns", now_s * 1e9) * 1e-9;
    // Both ends read the same clock; anything else is no time to reckon from.
    state->said_at_s = fabs(at_s - now_s) < 10 ? at_s : now_s;
}

static void
take_mixer(struct ch_live_state *state, const cJSON *mixer)
{
    state->gain_db = ch_field_db(mixer, "gain_db");
    state->mute = ch_field_bool(mixer, "mute");
}

static void
take_meter(struct ch_live_state *state, const cJSON *meter)
{
    const cJSON *peaks = ch_field(meter, "peak_dbfs");
    state->peak_dbfs = fmax(ch_element_db(peaks, 0), ch_element_db(peaks, 1));
}

void
ch_live_state_take(struct ch_live_state *state, const char *topic, const cJSON *data,
                   const cJSON *t)
{
    if (strcmp(topic, "player") == 0) {
        take_player(state, data, t);
    } else if (strcmp(topic, "mixer") == 0) {
        take_mixer(state, data);
    } else if (strcmp(topic, "meter") == 0) {
        take_meter(state, data);
    }
}

// SPDX-License-Identifier: ISC
// daemon/control/cmd_mixer.c — mixer.*

#include <math.h>
#include <string.h>

#include "daemon/base/units.h"
#include "daemon/control/daemon.h"
#include "daemon/control/dispatch.h"

#define GAIN_MIN_DB (-150.0)
#define RAMP_MAX_MS 60000.0

static bool
strip_exists(struct ch_request *request)
{
    const char *name = ch_param_string(request->params, "strip", "master");
    if (strcmp(name, "master") != 0) {
        ch_request_fail(request, CH_RPC_NOT_FOUND, "strip", "no strip '%.64s'", name);
        return false;
    }
    return true;
}

static void
on_heard(struct ch_daemon *daemon, void *context, uint64_t frame, uint64_t mono_ns)
{
    struct ch_request *request = context;
    struct ch_buf *buf = ch_request_result(request);
    // What this request made of it stands there already; others may have changed it since.
    (void)daemon;
    ch_link_write_applied(buf, frame, mono_ns);
    ch_json_end_object(buf);
    ch_request_finish(request);
}

static void
set(struct ch_request *request, const struct ch_mixer *mixer)
{
    struct ch_daemon *daemon = request->daemon;
    if (ch_link_crowded(daemon)) {
        ch_request_fail(request, CH_RPC_BUSY, NULL, "too many changes wait for the engine");
        return;
    }
    const bool differs = memcmp(mixer, &daemon->mixer, sizeof *mixer) != 0;
    daemon->mixer = *mixer;
    const double ramp_ms = ch_param_number(request->params, "ramp_ms", -1.0);
    const uint32_t ramp_frames =
        ramp_ms >= 0.0 ? ch_frames_from_ms(ramp_ms, ch_engine_rate(daemon->link.engine)) : 0;
    struct ch_command command;
    ch_mixer_command(mixer, ramp_frames, &command);
    ch_json_begin_object(ch_request_result(request));
    ch_mixer_write_members(mixer, ch_request_result(request));
    if (differs) {
        char cause[32];
        ch_topics_cause(request, cause, sizeof cause);
        ch_topics_changed(daemon, CH_TOPIC_MIXER, cause);
    }
    ch_link_send(daemon, &command, 1, on_heard, request);
}

static void
mixer_get(struct ch_request *request)
{
    if (strip_exists(request)) {
        ch_json_begin_object(ch_request_result(request));
        ch_mixer_write_members(&request->daemon->mixer, ch_request_result(request));
        ch_json_end_object(ch_request_result(request));
        ch_request_finish(request);
    }
}

static void
mixer_set(struct ch_request *request)
{
    if (!strip_exists(request)) {
        return;
    }
    struct ch_mixer mixer = request->daemon->mixer;
    const cJSON *gain = ch_param_get(request->params, "gain_db");
    if (gain) {
        mixer.gain_db = cJSON_IsNull(gain) ? -INFINITY : gain->valuedouble;
    }
    mixer.mute = ch_param_bool(request->params, "mute", mixer.mute);
    mixer.pan = ch_param_number(request->params, "pan", mixer.pan);
    set(request, &mixer);
}

static void
mixer_adjust(struct ch_request *request)
{
    if (!strip_exists(request)) {
        return;
    }
    struct ch_mixer mixer = request->daemon->mixer;
    const double delta_db = ch_param_number(request->params, "delta_db", 0.0);
    const double min_db = ch_param_number(request->params, "min_db", GAIN_MIN_DB);
    const double max_db = ch_param_number(request->params, "max_db", CH_GAIN_MAX_DB);
    if (min_db > max_db) {
        ch_request_fail(request, CH_RPC_INVALID_PARAMS, "min_db", "'min_db' is above 'max_db'");
        return;
    }
    // From silence a step up begins at the bottom.
    const double from_db = mixer.gain_db == -INFINITY ? GAIN_MIN_DB : mixer.gain_db;
    if (mixer.gain_db != -INFINITY || delta_db > 0.0) {
        mixer.gain_db = fmin(fmax(from_db + delta_db, min_db), max_db);
    }
    set(request, &mixer);
}

#define STRIP_PARAM                                                                                \
    {                                                                                              \
        .name = "strip", .type = CH_PARAM_STRING                                                   \
    }
#define RAMP_PARAM                                                                                 \
    {                                                                                              \
        .name = "ramp_ms", .type = CH_PARAM_NUMBER, .min = 0, .max = RAMP_MAX_MS                   \
    }

static const struct ch_param get_params[] = {STRIP_PARAM, CH_PARAM_END};

static const struct ch_param set_params[] = {
    STRIP_PARAM,
    RAMP_PARAM,
    {.name = "gain_db", .type = CH_PARAM_GAIN, .min = GAIN_MIN_DB, .max = CH_GAIN_MAX_DB},
    {.name = "mute", .type = CH_PARAM_BOOL},
    {.name = "pan", .type = CH_PARAM_NUMBER, .min = -1, .max = 1},
    CH_PARAM_END,
};

static const struct ch_param adjust_params[] = {
    STRIP_PARAM,
    RAMP_PARAM,
    {.name = "delta_db",
     .type = CH_PARAM_NUMBER,
     .flags = CH_PARAM_REQUIRED,
     .min = -200,
     .max = 200},
    {.name = "min_db", .type = CH_PARAM_NUMBER, .min = GAIN_MIN_DB, .max = CH_GAIN_MAX_DB},
    {.name = "max_db", .type = CH_PARAM_NUMBER, .min = GAIN_MIN_DB, .max = CH_GAIN_MAX_DB},
    CH_PARAM_END,
};

const struct ch_method ch_mixer_methods[] = {
    {.name = "mixer.get", .run = mixer_get, .params = get_params},
    {.name = "mixer.set", .run = mixer_set, .params = set_params},
    {.name = "mixer.adjust", .run = mixer_adjust, .params = adjust_params},
    {.name = NULL},
};

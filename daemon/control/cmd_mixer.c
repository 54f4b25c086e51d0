// SPDX-License-Identifier: ISC
// daemon/control/cmd_mixer.c — mixer.*

#include <string.h>

#include "daemon/base/units.h"
#include "daemon/control/daemon.h"
#include "daemon/control/dispatch.h"

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

// The new state stands in the result and is heard with the commands that follow.
static void
take(struct ch_request *request, const struct ch_mixer *mixer)
{
    struct ch_daemon *daemon = request->daemon;
    const bool differs = !ch_mixer_equal(mixer, &daemon->mixer);
    daemon->mixer = *mixer;
    ch_json_begin_object(ch_request_result(request));
    ch_mixer_write_members(mixer, ch_request_result(request));
    if (differs) {
        char cause[32];
        ch_topics_cause(request, cause, sizeof cause);
        ch_topics_changed(daemon, CH_TOPIC_MIXER, cause);
    }
}

/// What a method makes of the strip: ch_mixer_set() or ch_mixer_adjust().
typedef enum ch_rpc_error (*change_fn)(struct ch_mixer *mixer, const cJSON *params,
                                       const char **param, char *why);

static void
change(struct ch_request *request, change_fn make)
{
    struct ch_daemon *daemon = request->daemon;
    if (!strip_exists(request)) {
        return;
    }
    if (ch_link_crowded(daemon)) {
        ch_request_fail(request, CH_RPC_BUSY, NULL, "too many changes wait for the engine");
        return;
    }
    struct ch_mixer mixer = daemon->mixer;
    const char *param = NULL;
    char why[256];
    const enum ch_rpc_error error = make(&mixer, request->params, &param, why);
    if (error != CH_RPC_OK) {
        ch_request_fail(request, error, param, "%s", why);
        return;
    }
    const double ramp_ms = ch_param_number(request->params, "ramp_ms", -1.0);
    struct ch_command command;
    ch_mixer_command(&mixer, ch_mixer_ramp_frames(ramp_ms, ch_engine_rate(daemon->link.engine)),
                     &command);
    take(request, &mixer);
    ch_link_send(daemon, &command, 1, ch_link_answer, request);
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
    change(request, ch_mixer_set);
}

static void
mixer_adjust(struct ch_request *request)
{
    change(request, ch_mixer_adjust);
}

static void
mixer_panic(struct ch_request *request)
{
    struct ch_daemon *daemon = request->daemon;
    if (!strip_exists(request)) {
        return;
    }
    ch_txs_panic(daemon, request);
    struct ch_mixer mixer = daemon->mixer;
    mixer.panic = true;
    take(request, &mixer);
    // Never refused, and before all that waits.
    daemon->mixer.n_shuts = ch_link_shut(daemon, ch_link_answer, request);
}

#define STRIP_PARAM                                                                                \
    {                                                                                              \
        .name = "strip", .type = CH_PARAM_STRING                                                   \
    }
#define RAMP_PARAM                                                                                 \
    {                                                                                              \
        .name = "ramp_ms", .type = CH_PARAM_NUMBER, .min = 0, .max = CH_RAMP_MAX_MS                \
    }

static const struct ch_param get_params[] = {STRIP_PARAM, CH_PARAM_END};

static const struct ch_param set_params[] = {
    STRIP_PARAM,
    RAMP_PARAM,
    {.name = "gain_db", .type = CH_PARAM_GAIN, .min = CH_GAIN_MIN_DB, .max = CH_GAIN_MAX_DB},
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
    {.name = "min_db", .type = CH_PARAM_NUMBER, .min = CH_GAIN_MIN_DB, .max = CH_GAIN_MAX_DB},
    {.name = "max_db", .type = CH_PARAM_NUMBER, .min = CH_GAIN_MIN_DB, .max = CH_GAIN_MAX_DB},
    CH_PARAM_END,
};

const struct ch_method ch_mixer_methods[] = {
    {.name = "mixer.get", .run = mixer_get, .params = get_params},
    {.name = "mixer.set", .run = mixer_set, .params = set_params, .in_tx = true},
    {.name = "mixer.adjust", .run = mixer_adjust, .params = adjust_params, .in_tx = true},
    {.name = "mixer.panic", .run = mixer_panic, .params = get_params},
    {.name = NULL},
};

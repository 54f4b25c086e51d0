// SPDX-License-Identifier: ISC
// daemon/control/cmd_output.c — limiter.*

#include "daemon/base/units.h"
#include "daemon/control/daemon.h"
#include "daemon/control/dispatch.h"
#include "daemon/engine/messages.h"

// What it takes off at the moment: in the latest block, 0 while no device runs.
static double
reduction_db(struct ch_daemon *daemon)
{
    struct ch_engine_state state;
    ch_engine_read_state(daemon->link.engine, &state);
    const double gain = state.limiter_gain > 1e-6f ? (double)state.limiter_gain : 1e-6;
    return gain < 1.0 ? -ch_db_from_linear(gain) : 0.0;
}

static void
begin_result(struct ch_request *request)
{
    struct ch_buf *buf = ch_request_result(request);
    ch_json_begin_object(buf);
    ch_mixer_write_limiter(&request->daemon->mixer, buf);
    ch_json_kv_fixed(buf, "gain_reduction_db", reduction_db(request->daemon), 2);
}

static void
limiter_get(struct ch_request *request)
{
    begin_result(request);
    ch_json_end_object(ch_request_result(request));
    ch_request_finish(request);
}

static void
limiter_set(struct ch_request *request)
{
    struct ch_daemon *daemon = request->daemon;
    if (ch_link_crowded(daemon)) {
        ch_request_fail(request, CH_RPC_BUSY, NULL, "too many changes wait for the engine");
        return;
    }
    struct ch_mixer mixer = daemon->mixer;
    mixer.limiter.ceiling_dbtp =
        ch_param_number(request->params, "ceiling_dbtp", mixer.limiter.ceiling_dbtp);
    mixer.limiter.bypass = ch_param_bool(request->params, "bypass", mixer.limiter.bypass);
    const bool differs = !ch_mixer_equal(&mixer, &daemon->mixer);
    daemon->mixer = mixer;
    begin_result(request);
    if (differs) {
        char cause[32];
        ch_topics_cause(request, cause, sizeof cause);
        ch_topics_changed(daemon, CH_TOPIC_MIXER, cause);
    }
    struct ch_command command;
    ch_mixer_limiter_command(&mixer, &command);
    ch_link_send(daemon, &command, 1, ch_link_answer, request);
}

static const struct ch_param set_params[] = {
    {.name = "ceiling_dbtp", .type = CH_PARAM_NUMBER, .min = CH_CEILING_MIN_DBTP, .max = 0},
    {.name = "bypass", .type = CH_PARAM_BOOL},
    CH_PARAM_END,
};

const struct ch_method ch_output_methods[] = {
    {.name = "limiter.get", .run = limiter_get},
    {.name = "limiter.set", .run = limiter_set, .params = set_params, .in_tx = true},
    {.name = NULL},
};

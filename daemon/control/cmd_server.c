// SPDX-License-Identifier: ISC
// daemon/control/cmd_server.c — rpc.version, server.*

#include "config.h"
#include "daemon/control/daemon.h"
#include "daemon/control/dispatch.h"
#include "daemon/control/session.h"
#include "daemon/control/stats.h"
#include "system/process.h"

#define DAEMON_NAME "chantd " PACKAGE_VERSION

static void
rpc_version(struct ch_request *request)
{
    static const char *const features[] = {
        "batch",          "eq.matched",   "spectrum.json", "spectrum.u8", "spectrum.f32",
        "meter.lufs",     "tone",         "crossfade",     "limiter",     "panic",
#ifdef HAVE_JACK
        "backend.jack",
#endif
#ifdef HAVE_WASAPI
        "backend.wasapi",
#endif
        "backend.null",   "backend.file",
#ifdef HAVE_SYSTEMD
        "systemd",
#endif
    };
    struct ch_buf *buf = ch_request_result(request);
    ch_json_begin_object(buf);
    ch_json_key(buf, "protocol");
    ch_json_begin_object(buf);
    ch_json_kv_uint(buf, "major", CH_PROTOCOL_MAJOR);
    ch_json_kv_uint(buf, "minor", CH_PROTOCOL_MINOR);
    ch_json_end_object(buf);
    ch_json_kv_string(buf, "daemon", DAEMON_NAME);
    ch_json_key(buf, "features");
    ch_json_begin_array(buf);
    for (unsigned i = 0; i < sizeof features / sizeof *features; i++) {
        ch_json_string(buf, features[i]);
    }
    ch_json_end_array(buf);
    ch_json_end_object(buf);
    ch_request_finish(request);
}

static void
write_engine(struct ch_daemon *daemon, struct ch_buf *buf)
{
    struct ch_engine_state state;
    ch_engine_read_state(daemon->link.engine, &state);
    ch_json_begin_object(buf);
    ch_json_kv_uint(buf, "frame", state.frame);
    ch_json_kv_uint(buf, "latency_frames", ch_engine_latency(daemon->link.engine));
    ch_json_kv_uint(buf, "starved_frames", state.n_starved);
    ch_json_kv_uint(buf, "limited_frames", state.n_limited);
    ch_json_kv_uint(buf, "faults", state.n_faults);
    ch_json_end_object(buf);
}

void
ch_server_write_status(struct ch_daemon *daemon, struct ch_buf *buf)
{
    ch_json_begin_object(buf);
    ch_json_kv_string(buf, "daemon", DAEMON_NAME);
    ch_json_kv_uint(buf, "pid", ch_sys_process_id());
    ch_json_kv_fixed(buf, "uptime_s",
                     (double)(ch_os_mono_ns() - daemon->start_mono_ns) / (double)CH_NS_PER_S, 3);
    ch_json_kv_string(buf, "socket", daemon->server.path);
    ch_json_kv_uint(buf, "clients", daemon->n_sessions);
    ch_json_key(buf, "device");
    ch_device_write(daemon, buf);
    ch_json_key(buf, "engine");
    write_engine(daemon, buf);
    ch_json_end_object(buf);
}

// What a half-close says where the system has none.
static void
rpc_end(struct ch_request *request)
{
    struct ch_session *session = ch_request_session(request);
    if (session) {
        ch_session_end(session);
    }
    ch_json_begin_object(ch_request_result(request));
    ch_json_end_object(ch_request_result(request));
    ch_request_finish(request);
}

static void
server_status(struct ch_request *request)
{
    ch_server_write_status(request->daemon, ch_request_result(request));
    ch_request_finish(request);
}

static void
server_stats(struct ch_request *request)
{
    struct ch_daemon *daemon = request->daemon;
    struct ch_buf *buf = ch_request_result(request);
    struct ch_histogram_copy run;
    ch_histogram_read(ch_engine_run_times(daemon->link.engine), &run);
    ch_json_begin_object(buf);
    ch_stats_write_members(daemon, &run, buf);
    if (ch_param_bool(request->params, "histogram", false)) {
        ch_stats_write_histogram(buf, &run);
    }
    ch_json_end_object(buf);
    ch_request_finish(request);
}

static void
server_shutdown(struct ch_request *request)
{
    struct ch_daemon *daemon = request->daemon;
    ch_json_begin_object(ch_request_result(request));
    ch_json_end_object(ch_request_result(request));
    ch_request_finish(request);
    ch_daemon_stop(daemon);
}

static const struct ch_param stats_params[] = {
    {.name = "histogram", .type = CH_PARAM_BOOL},
    CH_PARAM_END,
};

const struct ch_method ch_rpc_methods[] = {
    {.name = "rpc.version", .run = rpc_version},
    {.name = "rpc.end", .run = rpc_end},
    {.name = NULL},
};

const struct ch_method ch_server_methods[] = {
    {.name = "server.status", .run = server_status},
    {.name = "server.stats", .run = server_stats, .params = stats_params},
    {.name = "server.shutdown", .run = server_shutdown},
    {.name = NULL},
};

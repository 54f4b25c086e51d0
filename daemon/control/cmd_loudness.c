// SPDX-License-Identifier: ISC
// daemon/control/cmd_loudness.c — loudness.*, meter.reset

#include "daemon/control/daemon.h"
#include "daemon/control/dispatch.h"
#include "daemon/control/exchange.h"

#define MODES "off|track|album|auto"

static void
loudness_get(struct ch_request *request)
{
    struct ch_buf *buf = ch_request_result(request);
    ch_json_begin_object(buf);
    ch_loudness_write_members(request->daemon, buf);
    ch_json_end_object(buf);
    ch_request_finish(request);
}

static void
loudness_set(struct ch_request *request)
{
    struct ch_daemon *daemon = request->daemon;
    struct ch_loudness_settings *settings = &daemon->loudness.settings;
    const cJSON *params = request->params;
    const struct ch_loudness_settings before = *settings;
    settings->mode =
        (enum ch_loudness_mode)ch_param_choice(params, "mode", MODES, (int)settings->mode);
    settings->target_lufs = ch_param_number(params, "target_lufs", settings->target_lufs);
    settings->preamp_db = ch_param_number(params, "preamp_db", settings->preamp_db);
    const bool scanned = daemon->loudness.scan_played;
    daemon->loudness.scan_played = ch_param_bool(params, "scan", scanned);
    const bool heard = before.mode != CH_LOUDNESS_OFF || settings->mode != CH_LOUDNESS_OFF;
    if (before.mode != settings->mode || before.target_lufs != settings->target_lufs ||
        before.preamp_db != settings->preamp_db) {
        daemon->loudness.rev += heard;
        ch_loudness_changed(daemon, request);
        ch_sound_state_changed(daemon);
    } else if (scanned != daemon->loudness.scan_played) {
        ch_loudness_changed(daemon, request);
        ch_sound_state_changed(daemon);
    }
    ch_loudness_wait(daemon, request);
    ch_exchange_update(daemon);
}

static void
loudness_scan(struct ch_request *request)
{
    ch_scans_add(request->daemon, request, ch_param_get(request->params, "uris"),
                 ch_param_bool(request->params, "album", false));
}

static void
loudness_cancel(struct ch_request *request)
{
    struct ch_buf *buf = ch_request_result(request);
    ch_json_begin_object(buf);
    ch_json_kv_uint(buf, "cancelled", ch_scans_cancel(request->daemon));
    ch_json_end_object(buf);
    ch_request_finish(request);
}

static void
meter_reset(struct ch_request *request)
{
    ch_feeds_reset_meters(request->daemon);
    ch_json_begin_object(ch_request_result(request));
    ch_json_end_object(ch_request_result(request));
    ch_request_finish(request);
}

static const struct ch_param set_params[] = {
    {.name = "mode", .type = CH_PARAM_STRING, .choices = MODES},
    {.name = "target_lufs",
     .type = CH_PARAM_NUMBER,
     .min = CH_LOUDNESS_TARGET_MIN_LUFS,
     .max = CH_LOUDNESS_TARGET_MAX_LUFS},
    {.name = "scan", .type = CH_PARAM_BOOL},
    {.name = "preamp_db",
     .type = CH_PARAM_NUMBER,
     .min = CH_LOUDNESS_PREAMP_MIN_DB,
     .max = CH_LOUDNESS_PREAMP_MAX_DB},
    CH_PARAM_END,
};

static const struct ch_param scan_params[] = {
    {.name = "uris", .type = CH_PARAM_STRINGS, .flags = CH_PARAM_REQUIRED},
    {.name = "album", .type = CH_PARAM_BOOL},
    CH_PARAM_END,
};

const struct ch_method ch_loudness_methods[] = {
    {.name = "loudness.get", .run = loudness_get},
    {.name = "loudness.set", .run = loudness_set, .params = set_params},
    {.name = "loudness.scan", .run = loudness_scan, .params = scan_params},
    {.name = "loudness.cancel", .run = loudness_cancel},
    {.name = "meter.reset", .run = meter_reset},
    {.name = NULL},
};

// SPDX-License-Identifier: ISC
// client/cmd_stats.c — how the audio callback keeps time: live, in words, in JSON, for Prometheus.

#include "client/command.h"
#include "client/frames.h"
#include "client/output.h"
#include "client/report.h"
#include "client/stats_lines.h"
#include "client/stats_prometheus.h"
#include "client/view.h"

enum form { FORM_JSON, FORM_WORDS, FORM_PROMETHEUS };

static int
print(const cJSON *stats, enum form form)
{
    switch (form) {
    case FORM_JSON:
        return ch_out_json(stats);
    case FORM_WORDS:
        ch_stats_print(stats);
        break;
    case FORM_PROMETHEUS:
        ch_stats_print_prometheus(stats);
        break;
    }
    return ch_out_flush();
}

static int
ask_once(const struct ch_invocation *inv, enum form form)
{
    struct ch_conn conn;
    int rc = ch_conn_open(&conn, inv->socket);
    if (rc != CH_EXIT_OK) {
        return rc;
    }
    struct ch_buf *params = ch_conn_begin(&conn, "server.stats");
    if (form == FORM_PROMETHEUS) {
        ch_json_kv_bool(params, "histogram", true);
    }
    cJSON *stats = NULL;
    rc = ch_conn_call(&conn, &stats);
    ch_conn_close(&conn);
    if (rc == CH_EXIT_OK) {
        rc = print(stats, form);
    }
    cJSON_Delete(stats);
    return rc;
}

int
ch_cmd_stats(const struct ch_invocation *inv)
{
    struct ch_frame_options options;
    if (!ch_frame_options_parse(&options, inv)) {
        return CH_EXIT_USAGE;
    }
    bool once = ch_args_option(inv, "once") != NULL;
    bool prometheus = ch_args_option(inv, "prometheus") != NULL;
    bool frames = options.rate_hz > 0 || options.count > 0;
    if (prometheus && (inv->json || once)) {
        return ch_fail_usage("stats", "--prometheus is a form of its own");
    }
    if ((once || prometheus) && frames) {
        return ch_fail_usage("stats", "--rate and --count are for what comes more than once");
    }
    if (prometheus) {
        return ask_once(inv, FORM_PROMETHEUS);
    }
    if (once) {
        return ask_once(inv, inv->json ? FORM_JSON : FORM_WORDS);
    }
    if (!ch_out_query_json(inv)) {
        return ch_view_stats(inv, &options);
    }
    return frames ? ch_frames_print(inv, "rt", &options) : ask_once(inv, FORM_JSON);
}

// SPDX-License-Identifier: ISC
// client/cmd_loudness_scan.c — loudness scan: a request for each folder, progress, a table.
//
// Results are tables on a terminal, else one JSON object a line; progress goes to stderr, if that
// is a terminal.  Ctrl-C closes the connection, whereupon the daemon ends the scan; what it has
// found by then is kept and not measured again.

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "client/cmd_loudness.h"
#include "client/connect.h"
#include "client/fields.h"
#include "client/interrupt.h"
#include "client/output.h"
#include "client/report.h"
#include "client/scan_groups.h"
#include "client/scan_progress.h"
#include "protocol/names.h"

#define REDRAW_MS 200
#define FILES_MAX 1000 ///< of one request
/// A request is ended once it is longer; one more path still fits the line.
#define REQUEST_BYTES    (CH_LINE_MAX_DEFAULT / 2)
#define EXIT_INTERRUPTED 130

struct scan {
    struct ch_conn conn;
    struct ch_scan_progress progress;
    bool json;
    char *const *asked; ///< URIs of the request that is under way
    size_t n_asked;
    size_t n_measured, n_cached, n_failed;
};

// --- what was found ----------------------------------------------------------------------------

static const char *
name_of(const char *uri)
{
    const char *slash = uri ? strrchr(uri, '/') : NULL;
    return slash && slash[1] ? slash + 1 : uri ? uri : "";
}

static void
print_level(double db, const char *unit)
{
    if (isfinite(db)) {
        ch_out("%8.1f %s", db, unit);
    } else {
        ch_out("%8s %s", "-inf", unit);
    }
}

static void
print_row(const cJSON *result, const char *name)
{
    print_level(ch_field_db(result, "integrated_lufs"), "LUFS");
    if (ch_field(result, "lra_lu")) {
        ch_out("%6.1f LU", ch_field_number(result, "lra_lu", 0));
    } else {
        ch_out("%9s", "");
    }
    print_level(ch_field_db(result, "true_peak_dbtp"), "dBTP");
    ch_out("%+7.1f dB  %s\n", ch_field_number(result, "gain_db", 0), name);
}

static int
print_result(struct scan *scan, const cJSON *result)
{
    const cJSON *error = ch_field(result, "error");
    scan->n_failed += error != NULL;
    scan->n_cached += ch_field_bool(result, "cached");
    scan->n_measured += !error && !ch_field_bool(result, "cached");
    if (scan->json) {
        return ch_out_json(result);
    }
    if (error) {
        const char *detail = ch_field_string(error, "detail");
        ch_warn("%s", detail ? detail : "?");
    } else {
        print_row(result, name_of(ch_field_string(result, "uri")));
    }
    return CH_EXIT_OK;
}

static int
print_results(struct scan *scan, const struct ch_scan_group *group, const cJSON *answer)
{
    int rc = CH_EXIT_OK;
    const cJSON *result;
    ch_scan_progress_clear(&scan->progress);
    if (!scan->json && group->folder) {
        ch_out("%s\n", group->folder);
    }
    cJSON_ArrayForEach(result, ch_field(answer, "results"))
    {
        if (rc == CH_EXIT_OK) {
            rc = print_result(scan, result);
        }
    }
    cJSON *album = cJSON_GetObjectItemCaseSensitive(answer, "album");
    if (rc == CH_EXIT_OK && album && scan->json) {
        cJSON_AddStringToObject(album, "folder", group->folder ? group->folder : "");
        rc = ch_out_json(album);
    } else if (album && !scan->json) {
        print_row(album, "(album)");
        ch_out("\n");
    }
    return rc == CH_EXIT_OK ? ch_out_flush() : rc;
}

// --- asking ------------------------------------------------------------------------------------

static void
take_progress(struct scan *scan, const cJSON *event)
{
    const cJSON *scanning = ch_field(ch_field(event, "data"), "scanning");
    const char *uri = ch_field_string(scanning, "uri");
    if (!uri) {
        return;
    }
    const size_t done = (size_t)ch_field_number(scanning, "done", 0);
    const size_t at = done < scan->n_asked ? done : scan->n_asked - 1;
    const bool ours = strcmp(uri, scan->asked[at]) == 0;
    struct ch_scan_progress *progress = &scan->progress;
    progress->n_done = ours ? done : 0;
    progress->fraction = ours ? ch_field_number(scanning, "fraction", 0) : 0;
    snprintf(progress->name, sizeof progress->name, "%s%s", ours ? "" : "waiting for ",
             name_of(uri));
    ch_text_disarm(progress->name);
}

/// Until the answer `id` comes.
static int
wait_for_answer(struct scan *scan, uint64_t id, cJSON **answer)
{
    while (!ch_interrupted()) {
        cJSON *message;
        const enum ch_conn_next next = ch_conn_next(&scan->conn, REDRAW_MS, &message);
        if (next == CH_NEXT_NONE) {
            ch_scan_progress_draw(&scan->progress);
            continue;
        }
        if (next != CH_NEXT_MESSAGE) {
            ch_scan_progress_clear(&scan->progress);
            return ch_interrupted() ? EXIT_INTERRUPTED : ch_conn_fail(&scan->conn, next);
        }
        if (ch_field(message, "method")) {
            take_progress(scan, ch_field(message, "params"));
            ch_scan_progress_draw(&scan->progress);
            cJSON_Delete(message);
            continue;
        }
        if ((uint64_t)ch_field_number(message, "id", 0) == id) {
            *answer = message;
            return CH_EXIT_OK;
        }
        cJSON_Delete(message);
    }
    return EXIT_INTERRUPTED;
}

/// Files `from` and after it, as many as one request takes; *n says how many.
static int
scan_some(struct scan *scan, const struct ch_scan_group *group, size_t from, size_t *n)
{
    const size_t left = group->uris.count - from;
    struct ch_buf *params = ch_conn_begin(&scan->conn, "loudness.scan");
    ch_json_key(params, "uris");
    ch_json_begin_array(params);
    for (*n = 0; *n < left && *n < FILES_MAX && params->length < REQUEST_BYTES; (*n)++) {
        ch_json_string(params, group->uris.items[from + *n]);
    }
    ch_json_end_array(params);
    if (group->folder && *n == group->uris.count) {
        ch_json_kv_bool(params, "album", true);
    }
    scan->asked = &group->uris.items[from];
    scan->n_asked = *n;
    uint64_t id;
    int rc = ch_conn_send(&scan->conn, &id);
    cJSON *message = NULL;
    if (rc == CH_EXIT_OK) {
        rc = wait_for_answer(scan, id, &message);
    }
    const cJSON *error = ch_field(message, "error");
    if (rc == CH_EXIT_OK && error) {
        ch_scan_progress_clear(&scan->progress);
        rc = ch_conn_report(error);
    } else if (rc == CH_EXIT_OK) {
        rc = print_results(scan, group, ch_field(message, "result"));
    }
    cJSON_Delete(message);
    return rc;
}

static int
scan_all(struct scan *scan, const struct ch_scan_groups *groups)
{
    int rc = CH_EXIT_OK;
    for (size_t i = 0; i < groups->count; i++) {
        for (size_t at = 0, n; rc == CH_EXIT_OK && at < groups->items[i].uris.count; at += n) {
            rc = scan_some(scan, &groups->items[i], at, &n);
            scan->progress.n_before += n;
            scan->progress.n_done = 0;
            scan->progress.fraction = 0;
        }
        if (ch_out_closed()) {
            break;
        }
    }
    ch_scan_progress_clear(&scan->progress);
    return rc;
}

static void
print_sum(const struct scan *scan, int rc)
{
    if (scan->json) {
        return;
    }
    ch_out("%zu measured, %zu known before", scan->n_measured, scan->n_cached);
    if (scan->n_failed) {
        ch_out(", %zu can't be read", scan->n_failed);
    }
    ch_out(rc == EXIT_INTERRUPTED ? "; stopped, what was found is kept\n" : "\n");
}

static int
connect_and_scan(struct scan *scan, const struct ch_invocation *inv,
                 const struct ch_scan_groups *groups)
{
    int rc = ch_conn_open(&scan->conn, inv->socket);
    if (rc != CH_EXIT_OK) {
        return rc;
    }
    struct ch_buf *params = ch_conn_begin(&scan->conn, "subscribe");
    ch_json_key(params, "topics");
    ch_json_begin_array(params);
    ch_json_string(params, "loudness");
    ch_json_end_array(params);
    rc = ch_conn_call(&scan->conn, NULL);
    if (rc == CH_EXIT_OK) {
        rc = scan_all(scan, groups);
        print_sum(scan, rc);
    }
    ch_conn_close(&scan->conn);
    return rc;
}

int
ch_scan_loudness(const struct ch_invocation *inv, char *const *words, int n_words)
{
    struct ch_scan_groups groups = {0};
    struct scan scan = {.json = ch_out_query_json(inv)};
    int rc = ch_scan_groups_collect(&groups, words, n_words);
    if (rc == CH_EXIT_OK) {
        ch_interrupt_take();
        ch_scan_progress_begin(&scan.progress, groups.n_files);
        rc = connect_and_scan(&scan, inv, &groups);
        const int flushed = ch_out_flush();
        rc = rc != CH_EXIT_OK ? rc : flushed;
    }
    ch_scan_groups_fini(&groups);
    return rc == CH_EXIT_OK && scan.n_failed ? CH_EXIT_ERROR : rc;
}

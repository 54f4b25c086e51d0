// SPDX-License-Identifier: ISC
// client/cmd_loudness.c — loudness: the settings, and what `scan` is handed to.

#include <stdio.h>
#include <string.h>

#include "client/cmd_loudness.h"
#include "client/command.h"
#include "client/fields.h"
#include "client/output.h"
#include "client/report.h"
#include "client/values.h"

void
ch_print_loudness_line(const cJSON *loudness)
{
    const cJSON *current = ch_field(loudness, "current");
    const char *mode = ch_field_string(loudness, "mode");
    const char *from = ch_field_string(current, "from");
    const char *basis = ch_field_string(current, "basis");
    ch_out("loudness %s, target %.1f LUFS", mode ? mode : "?",
           ch_field_number(loudness, "target_lufs", 0));
    const double preamp_db = ch_field_number(loudness, "preamp_db", 0);
    if (preamp_db != 0.0) {
        ch_out(", preamp %+.1f dB", preamp_db);
    }
    if (basis) {
        ch_out("; now %+.1f dB by the %s's %s", ch_field_number(current, "gain_db", 0), basis,
               from && strcmp(from, "tag") == 0 ? "tag" : "scan");
    } else if (current && mode && strcmp(mode, "off") != 0) {
        ch_out("; now as it is, because its loudness is not known");
    }
    const cJSON *scanning = ch_field(loudness, "scanning");
    if (scanning && cJSON_IsObject(scanning)) {
        ch_out("; scanning, %.0f of %.0f files", ch_field_number(scanning, "done", 0),
               ch_field_number(scanning, "total", 0));
    }
    ch_out("\n");
}

static bool
add_number(struct ch_buf *params, const char *key, const char *text)
{
    double value;
    if (!text) {
        return true;
    }
    if (!ch_value_number(text, &value)) {
        return false;
    }
    ch_json_kv_fixed(params, key, value, 4);
    return true;
}

/// @return NULL, or the word that is wrong
static const char *
write_settings(const struct ch_invocation *inv, struct ch_buf *params)
{
    const char *target = ch_args_option(inv, "target");
    const char *preamp = ch_args_option(inv, "preamp");
    const char *scan = ch_args_option(inv, "scan");
    bool on = false;
    if (inv->n_words > 0) {
        ch_json_kv_string(params, "mode", inv->words[0]);
    }
    if (!add_number(params, "target_lufs", target)) {
        return target;
    }
    if (!add_number(params, "preamp_db", preamp)) {
        return preamp;
    }
    if (scan && !ch_value_on_off(scan, &on)) {
        return scan;
    }
    if (scan) {
        ch_json_kv_bool(params, "scan", on);
    }
    return NULL;
}

static bool
is_mode(const char *word)
{
    static const char *const modes[] = {"off", "track", "album", "auto"};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        if (strcmp(word, modes[i]) == 0) {
            return true;
        }
    }
    return false;
}

int
ch_cmd_loudness(const struct ch_invocation *inv)
{
    const bool options = ch_args_option(inv, "target") || ch_args_option(inv, "preamp") ||
                         ch_args_option(inv, "scan");
    if (inv->n_words > 0 && strcmp(inv->words[0], "scan") == 0) {
        if (inv->n_words < 2 || options) {
            return ch_fail_usage("loudness", "scan takes folders and files, and no options");
        }
        return ch_scan_loudness(inv, inv->words + 1, inv->n_words - 1);
    }
    if (inv->n_words > 1 || (inv->n_words == 1 && !is_mode(inv->words[0]))) {
        return ch_fail_usage("loudness", "'%s' is none of off, track, album, auto, scan",
                             inv->words[inv->n_words > 1 ? 1 : 0]);
    }
    struct ch_conn conn;
    int rc = ch_conn_open(&conn, inv->socket);
    if (rc != CH_EXIT_OK) {
        return rc;
    }
    if (inv->n_words == 0 && !options) {
        ch_conn_begin(&conn, "loudness.get");
        return ch_finish_query(&conn, inv, ch_print_loudness_line);
    }
    const char *wrong = write_settings(inv, ch_conn_begin(&conn, "loudness.set"));
    if (wrong) {
        ch_conn_close(&conn);
        return ch_fail_usage("loudness", "'%s' makes no sense here", wrong);
    }
    return ch_finish_change(&conn, inv, ch_print_loudness_line);
}

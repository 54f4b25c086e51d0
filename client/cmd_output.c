// SPDX-License-Identifier: ISC
// client/cmd_output.c — panic, and the limiter at the end of the chain.

#include <string.h>

#include "client/command.h"
#include "client/describe.h"
#include "client/fields.h"
#include "client/output.h"
#include "client/report.h"
#include "client/values.h"

int
ch_cmd_panic(const struct ch_invocation *inv)
{
    struct ch_conn conn;
    int rc = ch_conn_open(&conn, inv->socket);
    if (rc != CH_EXIT_OK) {
        return rc;
    }
    ch_conn_begin(&conn, "mixer.panic");
    return ch_finish_change(&conn, inv, ch_print_mixer_line);
}

static void
print_limiter(const cJSON *limiter)
{
    char ceiling[32];
    ch_describe_db(ch_field_db(limiter, "ceiling_dbtp"), ceiling, sizeof ceiling);
    // "dB" and the "TP" of true peak
    ch_out("%s, ceiling %sTP", ch_field_bool(limiter, "bypass") ? "off" : "on", ceiling);
    double reduction_db = ch_field_number(limiter, "gain_reduction_db", 0);
    if (reduction_db >= 0.05) {
        ch_out(", takes off %.1f dB now", reduction_db);
    }
    ch_out("\n");
}

int
ch_cmd_limiter(const struct ch_invocation *inv)
{
    const char *word = inv->n_words > 0 ? inv->words[0] : NULL;
    bool on = true;
    double ceiling_dbtp = 0;
    const bool is_switch = word && ch_value_on_off(word, &on);
    if (word && !is_switch && !ch_value_number(word, &ceiling_dbtp)) {
        return ch_fail_usage("limiter", "'%s' is neither on nor off nor a ceiling in dBTP", word);
    }
    struct ch_conn conn;
    int rc = ch_conn_open(&conn, inv->socket);
    if (rc != CH_EXIT_OK) {
        return rc;
    }
    if (!word) {
        ch_conn_begin(&conn, "limiter.get");
        return ch_finish_query(&conn, inv, print_limiter);
    }
    struct ch_buf *params = ch_conn_begin(&conn, "limiter.set");
    if (is_switch) {
        ch_json_kv_bool(params, "bypass", !on);
    } else {
        ch_json_kv_fixed(params, "ceiling_dbtp", ceiling_dbtp, 4);
    }
    return ch_finish_change(&conn, inv, print_limiter);
}

// SPDX-License-Identifier: ISC
// client/cmd_call.c — any method by its name.

#include <string.h>

#include "client/command.h"
#include "client/output.h"
#include "client/report.h"
#include "client/values.h"
#include "protocol/names.h"

#define TIMEOUT_MAX_S (24 * 3600.0)

int
ch_cmd_call(const struct ch_invocation *inv)
{
    const char *params = inv->n_words > 1 ? inv->words[1] : "";
    const char *timeout = ch_args_option(inv, "timeout");
    double timeout_s = CH_ANSWER_TIMEOUT_MS / 1000.0;
    if (timeout &&
        (!ch_value_number(timeout, &timeout_s) || timeout_s <= 0 || timeout_s > TIMEOUT_MAX_S)) {
        return ch_fail_usage("call", "--timeout takes seconds, not '%s'", timeout);
    }
    size_t at = 0;
    enum ch_json_verdict verdict =
        *params ? ch_json_check(params, strlen(params), CH_NESTING_MAX - 1, &at) : CH_JSON_OK;
    if (verdict != CH_JSON_OK) {
        return ch_fail_usage("call", "the params are not JSON: %s at byte %zu",
                             ch_json_verdict_text(verdict), at);
    }
    if (!ch_utf8_valid(inv->words[0], strlen(inv->words[0]))) {
        return ch_fail_usage("call", "the name of the method is not UTF-8");
    }
    struct ch_conn conn;
    int rc = ch_conn_open(&conn, inv->socket);
    if (rc != CH_EXIT_OK) {
        return rc;
    }
    conn.timeout_ms = (int)(timeout_s * 1000);
    ch_conn_begin_with(&conn, inv->words[0], params);
    cJSON *result = NULL;
    rc = ch_conn_call(&conn, &result);
    ch_conn_close(&conn);
    if (rc == CH_EXIT_OK) {
        rc = ch_out_query_json(inv) ? ch_out_json(result) : ch_out_json_indented(result);
    }
    cJSON_Delete(result);
    return rc;
}

// SPDX-License-Identifier: ISC
// client/cmd_tx.c — several changes on one frame: now, later, or with the next track.

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/command.h"
#include "client/output.h"
#include "client/report.h"
#include "client/values.h"
#include "protocol/decode.h"
#include "protocol/names.h"
#include "system/file.h"

/// What lands later is answered later.
#define PATIENCE_MS (24 * 3600 * 1000)
#define RAMP_MAX_MS 60000.0
#define NS_PER_S    1e9

/// All that there is, the caller's; NULL after a message, with the exit code in *rc.
static char *
read_all(const char *path, int *rc)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : ch_sys_fopen(path, "rb");
    if (!file) {
        *rc = errno == ENOENT ? ch_fail("NOT_FOUND", "no such file: %s", path)
              : errno == EACCES
                  ? ch_fail("DENIED", "can't read %s: %s", path, strerror(errno))
                  : ch_fail("UNAVAILABLE", "can't read %s: %s", path, strerror(errno));
        return NULL;
    }
    const size_t room = CH_LINE_MAX_DEFAULT / 2;
    char *bytes = malloc(room + 1);
    size_t n = bytes ? fread(bytes, 1, room + 1, file) : 0;
    const bool failed = ferror(file) != 0;
    if (file != stdin) {
        fclose(file);
    }
    char *text = NULL;
    if (failed || n > room) {
        *rc = ch_fail("UNAVAILABLE", "%s %s", path, failed ? "can't be read" : "is too long");
    } else if (!bytes || !(text = ch_text_to_utf8(bytes, n, &n))) {
        *rc = ch_fail_memory();
    }
    free(bytes);
    return text;
}

/// The params of a tx: those in the text, or with the text as their "ops".  NULL after a message.
static cJSON *
read_params(const char *word, int *rc)
{
    const bool here = word[strspn(word, " \t\r\n")] == '[' || word[strspn(word, " \t\r\n")] == '{';
    char *text = here ? strdup(word) : read_all(word, rc);
    if (!text) {
        *rc = here ? ch_fail_memory() : *rc;
        return NULL;
    }
    size_t at = 0;
    cJSON *root = NULL;
    const enum ch_json_verdict verdict =
        ch_json_parse(text, strlen(text), CH_NESTING_MAX - 2, &root, &at);
    free(text);
    if (verdict != CH_JSON_OK) {
        *rc = ch_fail("INVALID_PARAMS", "%s is not JSON: %s at byte %zu", here ? "this" : word,
                      ch_json_verdict_text(verdict), at);
        return NULL;
    }
    if (cJSON_IsArray(root)) {
        cJSON *params = cJSON_CreateObject();
        cJSON_AddItemToObject(params, "ops", root);
        root = params;
    }
    if (!cJSON_IsObject(root)) {
        *rc = ch_fail("INVALID_PARAMS", "a tx is an array of ops, or an object with 'ops'");
        cJSON_Delete(root);
        return NULL;
    }
    return root;
}

static void
set_member(cJSON *params, const char *key, cJSON *value)
{
    cJSON_DeleteItemFromObjectCaseSensitive(params, key);
    cJSON_AddItemToObject(params, key, value);
}

/// +SECONDS from now, by the clock of the daemon.
static int
set_after(struct ch_conn *conn, cJSON *params, double seconds)
{
    cJSON *now = NULL;
    ch_conn_begin(conn, "clock.now");
    const int rc = ch_conn_call(conn, &now);
    const cJSON *mono_ns = cJSON_GetObjectItemCaseSensitive(now, "mono_ns");
    if (rc == CH_EXIT_OK) {
        cJSON *at = cJSON_CreateObject();
        cJSON_AddNumberToObject(at, "mono_ns", cJSON_GetNumberValue(mono_ns) + seconds * NS_PER_S);
        set_member(params, "at", at);
    }
    cJSON_Delete(now);
    return rc;
}

/// @return false if it is none of the ways to say a time
static bool
set_at(struct ch_conn *conn, cJSON *params, const char *text, int *rc)
{
    double seconds;
    int64_t number;
    if (strcmp(text, "next_track") == 0) {
        set_member(params, "at", cJSON_CreateString("next_track"));
        return true;
    }
    if (text[0] == '+' && ch_value_number(text + 1, &seconds) && seconds >= 0) {
        *rc = set_after(conn, params, seconds);
        return true;
    }
    const char *colon = strchr(text, ':');
    const size_t n = colon ? (size_t)(colon - text) : 0;
    const char *key = n == 5 && !memcmp(text, "frame", n)  ? "frame"
                      : n == 4 && !memcmp(text, "mono", n) ? "mono_ns"
                                                           : NULL;
    if (!key || !ch_value_integer(colon + 1, 0, INT64_MAX, &number)) {
        return false;
    }
    cJSON *at = cJSON_CreateObject();
    cJSON_AddNumberToObject(at, key, (double)number);
    set_member(params, "at", at);
    return true;
}

static void
print_landed(const cJSON *result)
{
    const cJSON *applied = cJSON_GetObjectItemCaseSensitive(result, "applied_at");
    const cJSON *late = cJSON_GetObjectItemCaseSensitive(result, "late_frames");
    ch_out("landed at frame %.0f",
           cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(applied, "frame")));
    if (cJSON_IsNumber(late) && late->valuedouble > 0) {
        ch_out(", %.0f frames late", late->valuedouble);
    }
    ch_out("\n");
}

static int
send(const struct ch_invocation *inv, struct ch_conn *conn, cJSON *params)
{
    struct ch_buf *out = ch_conn_begin(conn, "tx");
    const cJSON *member;
    cJSON_ArrayForEach(member, params)
    {
        ch_json_key(out, member->string);
        ch_json_value(out, member);
    }
    conn->timeout_ms = PATIENCE_MS;
    return ch_finish_change(conn, inv, print_landed);
}

static int
run_ops(const struct ch_invocation *inv)
{
    const char *at = ch_args_option(inv, "at");
    const char *ramp = ch_args_option(inv, "ramp");
    const char *name = ch_args_option(inv, "name");
    double ramp_ms = 0;
    if (ramp && (!ch_value_number(ramp, &ramp_ms) || ramp_ms < 0 || ramp_ms > RAMP_MAX_MS)) {
        return ch_fail_usage("tx", "--ramp takes milliseconds up to %g, not '%s'", RAMP_MAX_MS,
                             ramp);
    }
    int rc = CH_EXIT_OK;
    cJSON *params = read_params(inv->words[0], &rc);
    if (!params) {
        return rc;
    }
    if (ramp) {
        set_member(params, "ramp_ms", cJSON_CreateNumber(ramp_ms));
    }
    if (name) {
        set_member(params, "name", cJSON_CreateString(name));
    }
    struct ch_conn conn;
    rc = ch_conn_open(&conn, inv->socket);
    if (rc != CH_EXIT_OK) {
        cJSON_Delete(params);
        return rc;
    }
    if (at && !set_at(&conn, params, at, &rc)) {
        rc = ch_fail_usage("tx", "--at takes next_track, +SECONDS, frame:N or mono:NS, not '%s'",
                           at);
    }
    if (rc == CH_EXIT_OK) {
        rc = send(inv, &conn, params);
    } else {
        ch_conn_close(&conn);
    }
    cJSON_Delete(params);
    return rc;
}

static void
print_waiting(const cJSON *result)
{
    const cJSON *tx;
    cJSON_ArrayForEach(tx, cJSON_GetObjectItemCaseSensitive(result, "waiting"))
    {
        const cJSON *at = cJSON_GetObjectItemCaseSensitive(tx, "at");
        const cJSON *name = cJSON_GetObjectItemCaseSensitive(tx, "name");
        const cJSON *method;
        ch_out("%4.0f  ", cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(tx, "tx")));
        if (cJSON_IsString(at)) {
            ch_out("%s", at->valuestring);
        } else {
            ch_out("%s %.0f", at->child->string, at->child->valuedouble);
        }
        if (cJSON_IsString(name)) {
            ch_text_disarm(name->valuestring);
            ch_out("  \"%s\"", name->valuestring);
        }
        cJSON_ArrayForEach(method, cJSON_GetObjectItemCaseSensitive(tx, "methods"))
        {
            ch_out("  %s", method->valuestring);
        }
        ch_out("\n");
    }
}

static int
list(const struct ch_invocation *inv)
{
    struct ch_conn conn;
    const int rc = ch_conn_open(&conn, inv->socket);
    if (rc != CH_EXIT_OK) {
        return rc;
    }
    ch_conn_begin(&conn, "tx.list");
    return ch_finish_query(&conn, inv, print_waiting);
}

static int
cancel(const struct ch_invocation *inv)
{
    if (inv->n_words < 2) {
        return ch_fail_usage("tx", "cancel takes a number that 'tx list' shows, or a name");
    }
    struct ch_conn conn;
    const int rc = ch_conn_open(&conn, inv->socket);
    if (rc != CH_EXIT_OK) {
        return rc;
    }
    int64_t id;
    struct ch_buf *params = ch_conn_begin(&conn, "tx.cancel");
    if (ch_value_integer(inv->words[1], 1, UINT32_MAX, &id)) {
        ch_json_kv_uint(params, "tx", (uint64_t)id);
    } else {
        ch_json_kv_string(params, "name", inv->words[1]);
    }
    return ch_finish_change(&conn, inv, NULL);
}

int
ch_cmd_tx(const struct ch_invocation *inv)
{
    const bool is_cancel = strcmp(inv->words[0], "cancel") == 0;
    if (inv->n_words > 1 && !is_cancel) {
        return ch_fail_usage("tx", "'%s' is one word too many", inv->words[1]);
    }
    if (is_cancel) {
        return cancel(inv);
    }
    return strcmp(inv->words[0], "list") == 0 ? list(inv) : run_ops(inv);
}

// SPDX-License-Identifier: ISC
// client/cmd_queue.c — what plays after this: show, add, take out, move.

#include <stdint.h>

#include "client/command.h"
#include "client/describe.h"
#include "client/fields.h"
#include "client/output.h"
#include "client/report.h"
#include "client/send_uris.h"
#include "client/values.h"

/// Items in one answer: far below what the daemon keeps for a client that reads slowly.
#define PAGE_ITEMS 500

#define ID_MAX (INT64_C(1) << 53)

static void
print_length(const cJSON *result)
{
    double n = ch_field_number(result, "length", 0);
    ch_out("%.0f in the queue\n", n);
}

int
ch_cmd_add(const struct ch_invocation *inv)
{
    struct ch_sending sending = {.method = "queue.add", .at = -1, .print = print_length};
    const char *at = ch_args_option(inv, "at");
    if (at && !ch_value_integer(at, 0, INT32_MAX, &sending.at)) {
        return ch_fail_usage("add", "--at takes an index from 0, not '%s'", at);
    }
    return ch_send_uris(inv, &sending);
}

/// One page behind the items that `whole` has; *n_new is what it brought.
static int
fetch_page(struct ch_conn *conn, cJSON **whole, int *n_new)
{
    cJSON *items = *whole ? cJSON_GetObjectItemCaseSensitive(*whole, "items") : NULL;
    struct ch_buf *params = ch_conn_begin(conn, "queue.list");
    ch_json_kv_uint(params, "offset", items ? (uint64_t)cJSON_GetArraySize(items) : 0);
    ch_json_kv_uint(params, "limit", PAGE_ITEMS);
    cJSON *page = NULL;
    int rc = ch_conn_call(conn, &page);
    if (rc != CH_EXIT_OK) {
        return rc;
    }
    cJSON *more = cJSON_GetObjectItemCaseSensitive(page, "items");
    *n_new = cJSON_GetArraySize(more);
    if (!*whole) {
        *whole = page;
        return rc;
    }
    while (items && more && more->child) {
        cJSON_AddItemToArray(items, cJSON_DetachItemFromArray(more, 0));
    }
    cJSON_Delete(page);
    return rc;
}

static int
fetch_queue(struct ch_conn *conn, cJSON **whole)
{
    int n_new = 0;
    double n_have = 0;
    int rc;
    do {
        rc = fetch_page(conn, whole, &n_new);
        n_have += n_new;
    } while (rc == CH_EXIT_OK && n_new > 0 && n_have < ch_field_number(*whole, "length", 0));
    return rc;
}

int
ch_cmd_queue(const struct ch_invocation *inv)
{
    struct ch_conn conn;
    int rc = ch_conn_open(&conn, inv->socket);
    if (rc != CH_EXIT_OK) {
        return rc;
    }
    cJSON *queue = NULL;
    rc = fetch_queue(&conn, &queue);
    ch_conn_close(&conn);
    if (rc == CH_EXIT_OK && ch_out_query_json(inv)) {
        rc = ch_out_json(queue);
    } else if (rc == CH_EXIT_OK) {
        ch_print_queue(queue);
        rc = ch_out_flush();
    }
    cJSON_Delete(queue);
    return rc;
}

int
ch_cmd_rm(const struct ch_invocation *inv)
{
    int64_t id;
    for (int i = 0; i < inv->n_words; i++) {
        if (!ch_value_integer(inv->words[i], 0, ID_MAX, &id)) {
            return ch_fail_usage("rm", "'%s' is not the ID of an item", inv->words[i]);
        }
    }
    struct ch_conn conn;
    int rc = ch_conn_open(&conn, inv->socket);
    if (rc != CH_EXIT_OK) {
        return rc;
    }
    struct ch_buf *params = ch_conn_begin(&conn, "queue.remove");
    ch_json_key(params, "ids");
    ch_json_begin_array(params);
    for (int i = 0; i < inv->n_words; i++) {
        ch_value_integer(inv->words[i], 0, ID_MAX, &id);
        ch_json_int(params, id);
    }
    ch_json_end_array(params);
    return ch_finish_change(&conn, inv, print_length);
}

int
ch_cmd_mv(const struct ch_invocation *inv)
{
    int64_t id, to;
    if (!ch_value_integer(inv->words[0], 0, ID_MAX, &id)) {
        return ch_fail_usage("mv", "'%s' is not the ID of an item", inv->words[0]);
    }
    if (!ch_value_integer(inv->words[1], 0, INT32_MAX, &to)) {
        return ch_fail_usage("mv", "'%s' is not an index from 0", inv->words[1]);
    }
    struct ch_conn conn;
    int rc = ch_conn_open(&conn, inv->socket);
    if (rc != CH_EXIT_OK) {
        return rc;
    }
    struct ch_buf *params = ch_conn_begin(&conn, "queue.move");
    ch_json_kv_uint(params, "id", (uint64_t)id);
    ch_json_kv_uint(params, "to", (uint64_t)to);
    return ch_finish_change(&conn, inv, print_length);
}

int
ch_cmd_clear(const struct ch_invocation *inv)
{
    struct ch_conn conn;
    int rc = ch_conn_open(&conn, inv->socket);
    if (rc != CH_EXIT_OK) {
        return rc;
    }
    ch_conn_begin(&conn, "queue.clear");
    return ch_finish_change(&conn, inv, print_length);
}

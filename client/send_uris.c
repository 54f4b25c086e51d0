// SPDX-License-Identifier: ISC
// client/send_uris.c — a list of URIs to the daemon, in as many lines as its limit asks for.

#include "client/send_uris.h"

#include <stddef.h>

#include "client/connect.h"
#include "client/fields.h"
#include "client/output.h"
#include "client/report.h"
#include "client/uris.h"
#include "protocol/names.h"

/// A request is ended once it is longer.  One more path, even if every byte of it is escaped as
/// six, still fits the line.
#define REQUEST_BYTES (CH_LINE_MAX_DEFAULT / 2)

static void
write_some(struct ch_buf *params, const struct ch_uris *uris, size_t *next)
{
    ch_json_key(params, "uris");
    ch_json_begin_array(params);
    while (*next < uris->count && params->length < REQUEST_BYTES) {
        ch_json_string(params, uris->items[(*next)++]);
    }
    ch_json_end_array(params);
}

/// Add the ids of a later answer to those of the first.
static void
merge(cJSON *first, cJSON *later)
{
    cJSON *ids = cJSON_GetObjectItemCaseSensitive(first, "ids");
    cJSON *more = cJSON_GetObjectItemCaseSensitive(later, "ids");
    while (ids && more && more->child) {
        cJSON_AddItemToArray(ids, cJSON_DetachItemFromArray(more, 0));
    }
    cJSON *length = cJSON_GetObjectItemCaseSensitive(first, "length");
    if (!length) {
        length = cJSON_GetObjectItemCaseSensitive(first, "queue_length");
    }
    if (length) {
        cJSON_SetNumberValue(length, ch_field_number(later, "length", length->valuedouble));
    }
}

static int
send_all(struct ch_conn *conn, const struct ch_sending *sending, const struct ch_uris *uris,
         cJSON **result)
{
    int rc = CH_EXIT_OK;
    for (size_t next = 0; rc == CH_EXIT_OK && next < uris->count;) {
        bool first = next == 0;
        int64_t at = sending->at < 0 ? -1 : sending->at + (int64_t)next;
        struct ch_buf *params = ch_conn_begin(conn, first ? sending->method : "queue.add");
        if (first && sending->play) {
            ch_json_kv_bool(params, "play", true);
        }
        if (at >= 0) {
            ch_json_kv_uint(params, "at", (uint64_t)at);
        }
        write_some(params, uris, &next);
        cJSON *answer = NULL;
        rc = ch_conn_call(conn, &answer);
        if (first) {
            *result = answer;
        } else {
            merge(*result, answer);
            cJSON_Delete(answer);
        }
    }
    return rc;
}

int
ch_send_uris(const struct ch_invocation *inv, const struct ch_sending *sending)
{
    struct ch_uris uris = {0};
    struct ch_conn conn;
    int rc = ch_uris_collect(&uris, inv->words, inv->n_words);
    if (rc == CH_EXIT_OK) {
        rc = ch_conn_open(&conn, inv->socket);
    }
    if (rc == CH_EXIT_OK) {
        cJSON *result = NULL;
        rc = send_all(&conn, sending, &uris, &result);
        ch_conn_close(&conn);
        if (rc == CH_EXIT_OK && inv->json) {
            rc = ch_out_json(result);
        } else if (rc == CH_EXIT_OK && sending->print && ch_out_chatty(inv)) {
            sending->print(result);
            rc = ch_out_flush();
        }
        cJSON_Delete(result);
    }
    ch_uris_fini(&uris);
    return rc;
}

// SPDX-License-Identifier: ISC
// client/finish.c — what most verbs end with: send, wait, print, close.

#include <stddef.h>

#include "client/command.h"
#include "client/output.h"
#include "client/report.h"

static int
finish(struct ch_conn *conn, bool json, void (*print)(const cJSON *result))
{
    cJSON *result = NULL;
    int rc = ch_conn_call(conn, &result);
    ch_conn_close(conn);
    if (rc == CH_EXIT_OK && json) {
        rc = ch_out_json(result);
    } else if (rc == CH_EXIT_OK && print) {
        print(result);
        rc = ch_out_flush();
    }
    cJSON_Delete(result);
    return rc;
}

int
ch_finish_change(struct ch_conn *conn, const struct ch_invocation *inv,
                 void (*print)(const cJSON *result))
{
    return finish(conn, inv->json, ch_out_chatty(inv) ? print : NULL);
}

int
ch_finish_query(struct ch_conn *conn, const struct ch_invocation *inv,
                void (*print)(const cJSON *result))
{
    return finish(conn, ch_out_query_json(inv), print);
}

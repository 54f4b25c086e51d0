// SPDX-License-Identifier: ISC
// client/cmd_transport.c — play, pause, seek and what belongs to them; status.

#include <stdint.h>

#include "client/command.h"
#include "client/describe.h"
#include "client/output.h"
#include "client/report.h"
#include "client/send_uris.h"
#include "client/values.h"

int
ch_cmd_transport(const struct ch_invocation *inv)
{
    struct ch_conn conn;
    int rc = ch_conn_open(&conn, inv->socket);
    if (rc != CH_EXIT_OK) {
        return rc;
    }
    ch_conn_begin(&conn, inv->command->method);
    return ch_finish_change(&conn, inv, ch_print_player_line);
}

/// player.play, of what is there.
static int
play_queue(const struct ch_invocation *inv, const char *id_text)
{
    int64_t id = 0;
    if (id_text && !ch_value_integer(id_text, 0, INT64_C(1) << 53, &id)) {
        return ch_fail_usage("play", "'%s' is not the ID of an item", id_text);
    }
    struct ch_conn conn;
    int rc = ch_conn_open(&conn, inv->socket);
    if (rc != CH_EXIT_OK) {
        return rc;
    }
    struct ch_buf *params = ch_conn_begin(&conn, "player.play");
    if (id_text) {
        ch_json_kv_uint(params, "id", (uint64_t)id);
    }
    return ch_finish_change(&conn, inv, ch_print_player_line);
}

static int
load(const struct ch_invocation *inv, bool play)
{
    struct ch_sending sending = {
        .method = "player.load", .play = play, .at = -1, .print = ch_print_player_line};
    return ch_send_uris(inv, &sending);
}

int
ch_cmd_play(const struct ch_invocation *inv)
{
    const char *id = ch_args_option(inv, "id");
    if (id && inv->n_words > 0) {
        return ch_fail_usage("play", "either --id or URIs, not both");
    }
    return inv->n_words > 0 ? load(inv, true) : play_queue(inv, id);
}

int
ch_cmd_load(const struct ch_invocation *inv)
{
    return load(inv, false);
}

int
ch_cmd_seek(const struct ch_invocation *inv)
{
    struct ch_seek seek;
    if (!ch_value_seek(inv->words[0], &seek)) {
        return ch_fail_usage("seek", "'%s' is no position: 1:23, 83.5, 1:02:03, +10 or -10",
                             inv->words[0]);
    }
    struct ch_conn conn;
    int rc = ch_conn_open(&conn, inv->socket);
    if (rc != CH_EXIT_OK) {
        return rc;
    }
    struct ch_buf *params = ch_conn_begin(&conn, "player.seek");
    ch_json_kv_fixed(params, seek.relative ? "delta_s" : "position_s", seek.seconds, 6);
    return ch_finish_change(&conn, inv, ch_print_player_line);
}

/// The answers of player.status, mixer.get and server.status, asked for at once.
static int
fetch_status(struct ch_conn *conn, cJSON *results[3])
{
    static const char *const methods[3] = {"player.status", "mixer.get", "server.status"};
    uint64_t ids[3];
    int rc = CH_EXIT_OK;
    for (int i = 0; rc == CH_EXIT_OK && i < 3; i++) {
        ch_conn_begin(conn, methods[i]);
        rc = ch_conn_send(conn, &ids[i]);
    }
    for (int i = 0; rc == CH_EXIT_OK && i < 3; i++) {
        rc = ch_conn_wait(conn, ids[i], &results[i]);
    }
    return rc;
}

int
ch_cmd_status(const struct ch_invocation *inv)
{
    struct ch_conn conn;
    int rc = ch_conn_open(&conn, inv->socket);
    if (rc != CH_EXIT_OK) {
        return rc;
    }
    cJSON *results[3] = {NULL, NULL, NULL};
    rc = fetch_status(&conn, results);
    ch_conn_close(&conn);
    if (rc == CH_EXIT_OK && ch_out_query_json(inv)) {
        // The player's status with the others inside: cJSON owns what it takes in.
        if (cJSON_AddItemToObject(results[0], "mixer", results[1])) {
            results[1] = NULL;
        }
        if (cJSON_AddItemToObject(results[0], "server", results[2])) {
            results[2] = NULL;
        }
        rc = ch_out_json(results[0]);
    } else if (rc == CH_EXIT_OK) {
        ch_print_status(results[0], results[1], results[2]);
        rc = ch_out_flush();
    }
    for (int i = 0; i < 3; i++) {
        cJSON_Delete(results[i]);
    }
    return rc;
}

static void
print_ended(const cJSON *result)
{
    (void)result;
    ch_out("the daemon ends\n");
}

int
ch_cmd_shutdown(const struct ch_invocation *inv)
{
    struct ch_conn conn;
    int rc = ch_conn_open(&conn, inv->socket);
    if (rc != CH_EXIT_OK) {
        return rc;
    }
    ch_conn_begin(&conn, inv->command->method);
    return ch_finish_change(&conn, inv, print_ended);
}

int
ch_cmd_help(const struct ch_invocation *inv)
{
    if (inv->n_words == 0) {
        ch_command_list(stdout);
        return ch_out_flush();
    }
    const struct ch_command *command = ch_args_find(ch_commands, inv->words[0]);
    if (!command) {
        return ch_fail_usage(NULL, "there is no verb '%s'", inv->words[0]);
    }
    ch_command_help(stdout, command);
    return ch_out_flush();
}

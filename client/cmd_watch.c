// SPDX-License-Identifier: ISC
// client/cmd_watch.c — changes of the daemon's state, one line each, as they happen.

#include <stdint.h>
#include <string.h>
#include <time.h>

#include "client/cmd_loudness.h"
#include "client/command.h"
#include "client/describe.h"
#include "client/eq_picture.h"
#include "client/fields.h"
#include "client/output.h"
#include "client/report.h"
#include "client/values.h"
#include "protocol/names.h"
#include "system/clock.h"

struct watch {
    bool json;
    int64_t n_left; ///< lines; < 0: no end
};

static void
print_queue_line(const cJSON *queue)
{
    ch_out("%.0f in the queue\n", ch_field_number(queue, "length", 0));
}

static void
print_words(const char *topic, const cJSON *data)
{
    static const struct {
        const char *topic;
        void (*print)(const cJSON *data);
    } printers[] = {{"player", ch_print_player_line},
                    {"queue", print_queue_line},
                    {"mixer", ch_print_mixer_line},
                    {"eq", ch_eq_print_summary},
                    {"loudness", ch_print_loudness_line}};
    char clock[16];
    const struct tm local = ch_sys_local_time((int64_t)(ch_sys_wall_ns() / 1000000000u));
    strftime(clock, sizeof clock, "%H:%M:%S", &local);
    ch_out("%s %-8s ", clock, topic);
    for (size_t i = 0; i < sizeof printers / sizeof *printers; i++) {
        if (strcmp(topic, printers[i].topic) == 0) {
            printers[i].print(data);
            return;
        }
    }
    ch_out_json(data);
}

/// One line of what `event` (the params of an event) holds.
static int
print_event(struct watch *watch, const cJSON *event)
{
    if (watch->n_left > 0) {
        watch->n_left--;
    }
    const char *topic = ch_field_string(event, "topic");
    if (!watch->json && topic) {
        print_words(topic, ch_field(event, "data"));
        return ch_out_flush();
    }
    return ch_out_json(event);
}

/// The state at the beginning, in the form of events: {"topic":…,"rev":…,"snapshot":true,"data":…}.
static int
print_snapshot(struct watch *watch, const cJSON *answer)
{
    int rc = CH_EXIT_OK;
    const cJSON *state;
    cJSON_ArrayForEach(state, ch_field(answer, "snapshot"))
    {
        if (rc != CH_EXIT_OK || watch->n_left == 0 || ch_out_closed()) {
            break;
        }
        cJSON *event = cJSON_CreateObject();
        cJSON_AddNumberToObject(event, "rev", ch_field_number(answer, "rev", 0));
        cJSON_AddStringToObject(event, "topic", state->string);
        cJSON_AddTrueToObject(event, "snapshot");
        cJSON_AddItemReferenceToObject(event, "data", (cJSON *)state);
        rc = print_event(watch, event);
        cJSON_Delete(event);
    }
    return rc;
}

static int
follow(struct watch *watch, struct ch_conn *conn)
{
    int rc = CH_EXIT_OK;
    while (rc == CH_EXIT_OK && watch->n_left != 0 && !ch_out_closed()) {
        cJSON *message;
        enum ch_conn_next next = ch_conn_next(conn, -1, &message);
        if (next == CH_NEXT_NONE) {
            return CH_EXIT_OK;
        }
        if (next != CH_NEXT_MESSAGE) {
            return ch_conn_fail(conn, next);
        }
        const cJSON *event = ch_field(message, "params");
        if (event) {
            rc = print_event(watch, event);
        }
        cJSON_Delete(message);
    }
    return rc;
}

static void
write_topics(struct ch_buf *params, const struct ch_invocation *inv)
{
    static const char *const usual[] = {"player", "queue", "mixer", "eq"};
    const int n_usual = (int)(sizeof usual / sizeof *usual);
    ch_json_key(params, "topics");
    ch_json_begin_array(params);
    for (int i = 0; i < (inv->n_words ? inv->n_words : n_usual); i++) {
        ch_json_string(params, inv->n_words ? inv->words[i] : usual[i]);
    }
    ch_json_end_array(params);
}

int
ch_cmd_watch(const struct ch_invocation *inv)
{
    struct watch watch = {.json = ch_out_query_json(inv), .n_left = -1};
    const char *count = ch_args_option(inv, "count");
    if (count && !ch_value_integer(count, 1, INT64_MAX, &watch.n_left)) {
        return ch_fail_usage("watch", "--count takes a number from 1, not '%s'", count);
    }
    struct ch_conn conn;
    int rc = ch_conn_open(&conn, inv->socket);
    if (rc != CH_EXIT_OK) {
        return rc;
    }
    conn.with_reader = true;
    write_topics(ch_conn_begin(&conn, "subscribe"), inv);
    cJSON *answer = NULL;
    rc = ch_conn_call(&conn, &answer);
    if (rc == CH_EXIT_OK) {
        rc = print_snapshot(&watch, answer);
    }
    cJSON_Delete(answer);
    if (rc == CH_EXIT_OK) {
        rc = follow(&watch, &conn);
    }
    ch_conn_close(&conn);
    return rc;
}

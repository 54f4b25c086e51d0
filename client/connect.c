// SPDX-License-Identifier: ISC
// client/connect.c — one connection to the daemon: requests out, answers and events in.

#include "client/connect.h"

#include <stdlib.h>
#include <string.h>

#include "client/fields.h"
#include "client/report.h"
#include "protocol/names.h"
#include "system/clock.h"

/// The longest answer that is believed: a queue is fetched in pages, so none comes near.
#define ANSWER_BYTES_MAX (64u * 1024u * 1024u)
/// Answers may hold what we sent plus their own envelope.
#define ANSWER_NESTING_MAX (CH_NESTING_MAX + 8)

static int64_t
mono_ms(void)
{
    return (int64_t)(ch_sys_mono_ns() / 1000000u);
}

static int
fail_connect(enum ch_channel_status status, const char *path, const char *why)
{
    switch (status) {
    case CH_CHANNEL_FORBIDDEN:
        return ch_fail("DENIED", "no permission to talk to the daemon at %s", path);
    case CH_CHANNEL_UNTRUSTED:
        return ch_fail("DENIED", "nothing was said to what listens at %s: %s", path, why);
    case CH_CHANNEL_BUSY:
        return ch_fail("TIMEOUT", "the daemon at %s does not take connections", path);
    case CH_CHANNEL_ABSENT:
        return ch_fail_plain(CH_EXIT_NO_DAEMON, "no daemon answers at %s: start it with %s", path,
                             ch_channel_start_hint);
    case CH_CHANNEL_OK:
    case CH_CHANNEL_NONE:
    case CH_CHANNEL_CLOSED:
    case CH_CHANNEL_FAILED:
        break;
    }
    return ch_fail_plain(CH_EXIT_NO_DAEMON, "can't connect to %s: %s", path, why);
}

int
ch_connect(const char *socket_option, char path[CH_ENDPOINT_BYTES], struct ch_channel **channel)
{
    const char *why = "";
    if (!ch_endpoint_path(socket_option, path, &why)) {
        return ch_fail_plain(CH_EXIT_USAGE, "%s", why);
    }
    char detail[256] = "";
    const enum ch_channel_status status =
        ch_channel_open(channel, path, CH_ANSWER_TIMEOUT_MS, detail, sizeof detail);
    return status == CH_CHANNEL_OK ? CH_EXIT_OK : fail_connect(status, path, detail);
}

int
ch_conn_open(struct ch_conn *conn, const char *socket_option)
{
    int rc = ch_connect(socket_option, conn->path, &conn->channel);
    if (rc != CH_EXIT_OK) {
        return rc;
    }
    conn->timeout_ms = CH_ANSWER_TIMEOUT_MS;
    conn->with_reader = false;
    conn->quiet = false;
    conn->last_id = 0;
    conn->received = NULL;
    conn->unreadable = false;
    conn->in_begin = conn->in_end = 0;
    ch_buf_init(&conn->request);
    ch_framer_init(&conn->framer, ANSWER_BYTES_MAX);
    return CH_EXIT_OK;
}

void
ch_conn_close(struct ch_conn *conn)
{
    ch_channel_close(conn->channel);
    cJSON_Delete(conn->received);
    ch_buf_fini(&conn->request);
    ch_framer_fini(&conn->framer);
}

// --- out ----------------------------------------------------------------------------------------

static void
begin_envelope(struct ch_conn *conn, const char *method)
{
    struct ch_buf *buf = &conn->request;
    ch_buf_clear(buf);
    ch_json_begin_object(buf);
    ch_json_kv_string(buf, "jsonrpc", "2.0");
    ch_json_kv_uint(buf, "id", ++conn->last_id);
    ch_json_kv_string(buf, "method", method);
    ch_json_key(buf, "params");
}

struct ch_buf *
ch_conn_begin(struct ch_conn *conn, const char *method)
{
    begin_envelope(conn, method);
    ch_json_begin_object(&conn->request);
    conn->params_open = true;
    return &conn->request;
}

void
ch_conn_begin_with(struct ch_conn *conn, const char *method, const char *params)
{
    if (!params || !*params) {
        ch_conn_begin(conn, method);
        return;
    }
    begin_envelope(conn, method);
    ch_json_raw(&conn->request, params, strlen(params));
    conn->params_open = false;
}

static int
send_all(const struct ch_conn *conn, const char *bytes, size_t length)
{
    const enum ch_channel_status status = ch_channel_send(conn->channel, bytes, length);
    if (status == CH_CHANNEL_OK) {
        return CH_EXIT_OK;
    }
    if (conn->quiet) {
        return CH_EXIT_NO_DAEMON;
    }
    if (status == CH_CHANNEL_BUSY) {
        return ch_fail("TIMEOUT", "the daemon at %s does not read", conn->path);
    }
    return ch_conn_fail(conn, CH_NEXT_CLOSED);
}

int
ch_conn_send(struct ch_conn *conn, uint64_t *id)
{
    struct ch_buf *buf = &conn->request;
    if (conn->params_open) {
        ch_json_end_object(buf);
    }
    ch_json_end_object(buf);
    ch_buf_char(buf, '\n');
    *id = conn->last_id;
    if (buf->failed) {
        return ch_fail_memory();
    }
    return send_all(conn, buf->data, buf->length);
}

// --- in -----------------------------------------------------------------------------------------

/// One message at a time: stops the framer behind the line it took.
static bool
on_line(void *context, enum ch_line kind, char *text, size_t length)
{
    struct ch_conn *conn = context;
    if (kind != CH_LINE_OK ||
        ch_json_parse(text, length, ANSWER_NESTING_MAX, &conn->received, NULL) != CH_JSON_OK ||
        !cJSON_IsObject(conn->received)) {
        conn->unreadable = true;
    }
    return false;
}

/// What was read already, up to one message.
static bool
frame_one(struct ch_conn *conn)
{
    size_t taken = 0;
    if (!ch_framer_feed(&conn->framer, conn->in + conn->in_begin, conn->in_end - conn->in_begin,
                        &taken, on_line, conn)) {
        conn->unreadable = true;
    }
    conn->in_begin += taken;
    return conn->received || conn->unreadable;
}

/// More bytes into conn->in.  @param deadline_ms < 0: none
static enum ch_channel_status
read_more(struct ch_conn *conn, int64_t deadline_ms)
{
    for (;;) {
        const int64_t left_ms = deadline_ms < 0 ? -1 : deadline_ms - mono_ms();
        const int timeout_ms = deadline_ms >= 0 && left_ms < 0 ? 0 : (int)left_ms;
        if (ch_channel_wait(conn->channel, timeout_ms, conn->with_reader) != CH_CHANNEL_OK) {
            return CH_CHANNEL_NONE;
        }
        size_t n = 0;
        const enum ch_channel_status status =
            ch_channel_receive(conn->channel, conn->in, sizeof conn->in, &n);
        if (status != CH_CHANNEL_NONE) {
            conn->in_begin = 0;
            conn->in_end = n;
            return status;
        }
    }
}

enum ch_conn_next
ch_conn_next(struct ch_conn *conn, int timeout_ms, cJSON **message)
{
    const int64_t deadline_ms = timeout_ms < 0 ? -1 : mono_ms() + timeout_ms;
    while (!frame_one(conn)) {
        const enum ch_channel_status status = read_more(conn, deadline_ms);
        if (status != CH_CHANNEL_OK) {
            return status == CH_CHANNEL_NONE ? CH_NEXT_NONE : CH_NEXT_CLOSED;
        }
    }
    if (conn->unreadable) {
        return CH_NEXT_BROKEN;
    }
    *message = conn->received;
    conn->received = NULL;
    return CH_NEXT_MESSAGE;
}

int
ch_conn_fail(const struct ch_conn *conn, enum ch_conn_next next)
{
    switch (next) {
    case CH_NEXT_NONE:
        return ch_fail("TIMEOUT", "no answer from %s in %g s", conn->path,
                       conn->timeout_ms / 1000.0);
    case CH_NEXT_CLOSED:
        return ch_fail_plain(CH_EXIT_NO_DAEMON, "the daemon at %s has gone away", conn->path);
    case CH_NEXT_BROKEN:
        return ch_fail_plain(CH_EXIT_ERROR, "what answers at %s does not speak chant's protocol",
                             conn->path);
    case CH_NEXT_MESSAGE:
        break;
    }
    return CH_EXIT_OK;
}

const char *
ch_conn_error_text(const cJSON *error)
{
    const char *detail = ch_field_string(ch_field(error, "data"), "detail");
    if (!detail) {
        detail = ch_field_string(error, "message");
    }
    return detail ? detail : "it did not say what";
}

int
ch_conn_report(const cJSON *error)
{
    const char *name = ch_field_string(ch_field(error, "data"), "name");
    return ch_fail(name ? name : "INTERNAL", "%s", ch_conn_error_text(error));
}

/// Whether `message` answers `id`; an error without an id is about a line that could not be read,
/// and the only lines are ours.
static bool
answers(const cJSON *message, uint64_t id)
{
    const cJSON *its = ch_field(message, "id");
    if (cJSON_IsNumber(its)) {
        return its->valuedouble == (double)id;
    }
    return cJSON_IsNull(its) && ch_field(message, "error");
}

int
ch_conn_wait(struct ch_conn *conn, uint64_t id, cJSON **result)
{
    int64_t deadline_ms = mono_ms() + conn->timeout_ms;
    for (;;) {
        int64_t left_ms = deadline_ms - mono_ms();
        cJSON *message;
        enum ch_conn_next next = ch_conn_next(conn, left_ms > 0 ? (int)left_ms : 0, &message);
        if (next != CH_NEXT_MESSAGE) {
            return ch_conn_fail(conn, next);
        }
        if (!answers(message, id)) {
            cJSON_Delete(message);
            continue;
        }
        const cJSON *error = ch_field(message, "error");
        int rc = error ? ch_conn_report(error) : CH_EXIT_OK;
        if (result && rc == CH_EXIT_OK) {
            *result = cJSON_DetachItemFromObjectCaseSensitive(message, "result");
            if (!*result) {
                rc = ch_conn_fail(conn, CH_NEXT_BROKEN);
            }
        }
        cJSON_Delete(message);
        return rc;
    }
}

int
ch_conn_call(struct ch_conn *conn, cJSON **result)
{
    uint64_t id;
    int rc = ch_conn_send(conn, &id);
    return rc == CH_EXIT_OK ? ch_conn_wait(conn, id, result) : rc;
}

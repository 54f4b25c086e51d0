// SPDX-License-Identifier: ISC
// client/connect.h — one connection to the daemon: requests out, answers and events in.
//
// Messages are taken one at a time, so that a caller who waits for an answer leaves what comes
// after it for the next one.  What goes wrong is printed here and comes back as an exit code.

#ifndef CH_CLIENT_CONNECT_H
#define CH_CLIENT_CONNECT_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "client/channel.h"
#include "protocol/endpoint.h"
#include "protocol/framing.h"
#include "protocol/json.h"

#define CH_ANSWER_TIMEOUT_MS 10000

struct ch_conn {
    struct ch_channel *channel;
    char path[CH_ENDPOINT_BYTES];
    int timeout_ms;   ///< for an answer
    bool with_reader; ///< whether the end of who reads our stdout shall end the waiting
    bool quiet;       ///< ch_conn_send() says nothing when it fails: the terminal is a picture
    uint64_t last_id;
    struct ch_buf request; ///< being written
    bool params_open;      ///< its params are an object that is not closed yet
    struct ch_framer framer;
    cJSON *received; ///< between the framer and ch_conn_next()
    bool unreadable; ///< a line that is not of this protocol came
    size_t in_begin, in_end;
    char in[32768]; ///< read and not yet framed: in_begin..in_end
};

/// @param socket value of --socket, or NULL
/// @return CH_EXIT_OK, or an exit code after a message; then there is nothing to close.
int ch_conn_open(struct ch_conn *conn, const char *socket);
void ch_conn_close(struct ch_conn *conn);

/// Begin a request; its params are written into what comes back, the members of an open object.
struct ch_buf *ch_conn_begin(struct ch_conn *conn, const char *method);

/// As ch_conn_begin(), with params that stand in JSON already; NULL or "" = none.
void ch_conn_begin_with(struct ch_conn *conn, const char *method, const char *params);

/// End the request and send it; *id names its answer.
int ch_conn_send(struct ch_conn *conn, uint64_t *id);

/// Wait for that answer; *result (may be NULL) is the caller's.  An error is printed and becomes
/// its exit code.
int ch_conn_wait(struct ch_conn *conn, uint64_t id, cJSON **result);

/// ch_conn_send() and ch_conn_wait().
int ch_conn_call(struct ch_conn *conn, cJSON **result);

enum ch_conn_next {
    CH_NEXT_MESSAGE,
    CH_NEXT_NONE,   ///< nothing in time, or nobody reads what we print any more
    CH_NEXT_CLOSED, ///< the daemon is gone
    CH_NEXT_BROKEN, ///< what answers there is no chantd
};

/// The next message, whatever it is; *message is the caller's.
/// @param timeout_ms 0: what is here already, -1: for ever
enum ch_conn_next ch_conn_next(struct ch_conn *conn, int timeout_ms, cJSON **message);

/// Print why there is no next message; its exit code.
int ch_conn_fail(const struct ch_conn *conn, enum ch_conn_next next);

/// Print the error of an answer; its exit code.
int ch_conn_report(const cJSON *error);

/// The error of an answer in one phrase: detail, or message.
const char *ch_conn_error_text(const cJSON *error);

/// Connected and nothing more, for those who only carry bytes; the caller closes *channel.
int ch_connect(const char *socket, char path[CH_ENDPOINT_BYTES], struct ch_channel **channel);

#endif

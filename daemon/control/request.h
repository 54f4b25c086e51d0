// SPDX-License-Identifier: ISC
// daemon/control/request.h — one JSON-RPC request on its way to its answer.                  [main]
//
// A request is answered exactly once, at once or later, by ch_request_finish() or
// ch_request_fail().  Answers leave a connection in the order in which their requests came, whoever
// is ready first; a batch leaves as one array.  A request whose client has gone goes on to its
// end, and its answer to nowhere.

#ifndef CH_CONTROL_REQUEST_H
#define CH_CONTROL_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/attributes.h"
#include "daemon/base/status.h"
#include "protocol/json.h"
#include "protocol/names.h"

#define CH_RPC_DETAIL_BYTES 512

struct ch_daemon;
struct ch_session;

/// One line of the wire: a single request or a batch.
struct ch_line_job {
    struct ch_line_job *next;   ///< of its session, in order of arrival
    struct ch_session *session; ///< NULL once the client has gone
    uint64_t session_id;
    bool parsed;          ///< all its requests have been started
    bool slow;            ///< what comes after it may be answered before it
    uint32_t n_open;      ///< requests not answered yet
    struct ch_buf *parts; ///< of a batch: the answers in the order of their requests; owned
    uint32_t n_parts;
    size_t n_bytes;    ///< of the answers so far
    struct ch_buf out; ///< the answer without its newline; nothing = none
};

/// What became of a request whose answer is part of another one's.
struct ch_outcome {
    bool done;
    enum ch_rpc_error error; ///< CH_RPC_OK: the result counts
    char param[64];          ///< "" = none
    char detail[CH_RPC_DETAIL_BYTES];
    struct ch_buf result; ///< owned
};

struct ch_request {
    struct ch_daemon *daemon;
    struct ch_line_job *job;
    cJSON *envelope;            ///< owned
    struct ch_buf *out;         ///< where its answer goes
    const cJSON *id;            ///< inside envelope; NULL = notification
    const cJSON *params;        ///< inside envelope; NULL = none given
    uint64_t session_id;        ///< outlives the session
    struct ch_buf result;       ///< what the method wrote
    struct ch_outcome *outcome; ///< where it goes instead of to a client; NULL = it is answered
};

/// Take one line apart and start its requests.  `text` is modified by nobody and not kept.
void ch_requests_start(struct ch_daemon *daemon, struct ch_session *session, const char *text,
                       size_t length);

/// For session.c, when the answer has left or nobody waits for it.
void ch_line_job_free(struct ch_line_job *job);

/// Answer a line that was too long to be kept.
void ch_requests_refuse_line(struct ch_session *session, size_t limit);
/// One line to a client who may not speak to us: DENIED.
void ch_requests_refuse_client(struct ch_session *session, const char *detail);

/// The session that sent it, or NULL if it has gone.
struct ch_session *ch_request_session(const struct ch_request *request);

/// Where a method writes its result: one JSON value.
static inline struct ch_buf *
ch_request_result(struct ch_request *request)
{
    return &request->result;
}

/// The result is complete: send it.  The request is freed.
void ch_request_finish(struct ch_request *request);

/// A request whose answer is part of another one's: what becomes of it goes to *outcome, now or
/// later, and nobody is answered.  `job` is zeroed and lives until then.  NULL without memory.
struct ch_request *ch_request_part(const struct ch_request *parent, struct ch_line_job *job,
                                   const cJSON *params, struct ch_outcome *outcome);

/// Send an error instead.  `param` may be NULL.  The request is freed.
void ch_request_fail(struct ch_request *request, enum ch_rpc_error error, const char *param,
                     const char *fmt, ...) CH_PRINTF(4, 5);

/// The protocol's name for a status of ours.
enum ch_rpc_error ch_rpc_error_from_status(enum ch_status status);

/// {"name":…,"param":…,"detail":…}
void ch_rpc_write_error_data(struct ch_buf *buf, enum ch_rpc_error error, const char *param,
                             const char *detail);

#endif

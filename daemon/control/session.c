// SPDX-License-Identifier: ISC
// daemon/control/session.c — reading, in-order answers, and writing with limits.

#include "daemon/control/session.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/base/log.h"
#include "daemon/control/daemon.h"
#include "daemon/control/listener.h"
#include "daemon/control/peer.h"
#include "daemon/control/request.h"
#include "daemon/control/subscriptions.h"
#include "protocol/framing.h"

/// A client that lets more than this wait, and is then sent more, is closed.
#define BACKLOG_MAX (1024u * 1024u)
/// Requests of a client that does not read its answers are not read either.
#define BACKLOG_PAUSE_READING (512u * 1024u)
/// Requests of one client that may be unanswered at once before its next ones wait in its socket.
#define JOBS_MAX 4096
/// Answers to the requests of one read leave together, but in pieces of about this size.
#define CORK_BYTES (64u * 1024u)
#define STALL_MS   10000
#define LINGER_MS  1000 ///< that a stranger has to read why he may not stay
#define LOOK_MS    100  ///< whether a client that nobody reads from is still there for its answers

struct ch_session {
    struct ch_session *next; ///< ch_daemon.sessions
    struct ch_daemon *daemon;
    uint64_t id;
    uv_pipe_t pipe;
    uv_timer_t stall;
    uint32_t n_closing; ///< handles whose close callback is still to come
    bool closing;
    bool reading;
    bool ended; ///< nothing more is taken from this client
    struct ch_peer peer;
    bool vouched_for; ///< by the listener: a stranger may stay
    bool refused;     ///< has been told so; what he says is not looked at
    struct ch_framer framer;
    struct ch_buf held; ///< read, but not looked at before answers have drained

    struct ch_line_job *first_job, **last_job;
    uint32_t n_jobs;
    size_t n_ready_bytes; ///< answers that wait for earlier ones, or for room

    struct ch_buf out;    ///< waits for the write in flight to end
    struct ch_buf flight; ///< being written
    size_t n_flown;       ///< of flight: given to libuv so far
    uv_write_t write;
    bool writing;
    bool corked;       ///< a read is being worked on: write when it is done, or much waits
    size_t stall_size; ///< of the write queue when the stall timer was started

    struct ch_subscription *subscriptions;
};

uint64_t
ch_session_id(const struct ch_session *session)
{
    return session->id;
}

struct ch_session *
ch_session_next(const struct ch_session *session)
{
    return session->next;
}

bool
ch_session_closing(const struct ch_session *session)
{
    return session->closing;
}

struct ch_subscription **
ch_session_subscriptions(struct ch_session *session)
{
    return &session->subscriptions;
}

// --- the end -----------------------------------------------------------------------------------

static void
on_closed(uv_handle_t *handle)
{
    struct ch_session *session = handle->data;
    if (--session->n_closing) {
        return;
    }
    ch_framer_fini(&session->framer);
    ch_buf_fini(&session->held);
    ch_buf_fini(&session->out);
    ch_buf_fini(&session->flight);
    free(session);
}

void
ch_session_close(struct ch_session *session)
{
    if (session->closing) {
        return;
    }
    session->closing = true;
    ch_subscriptions_end(session->daemon, session);
    for (struct ch_line_job *job = session->first_job; job;) {
        struct ch_line_job *next = job->next;
        job->session = NULL;
        if (job->parsed && !job->n_open) {
            ch_line_job_free(job);
        }
        job = next;
    }
    session->first_job = NULL;
    for (struct ch_session **at = &session->daemon->sessions; *at; at = &(*at)->next) {
        if (*at == session) {
            *at = session->next;
            break;
        }
    }
    session->daemon->n_sessions--;
    ch_debug("client %llu has gone", (unsigned long long)session->id);
    session->n_closing = 2;
    uv_close((uv_handle_t *)&session->pipe, on_closed);
    uv_close((uv_handle_t *)&session->stall, on_closed);
}

void
ch_sessions_close_all(struct ch_daemon *daemon)
{
    while (daemon->sessions) {
        ch_session_close(daemon->sessions);
    }
}

// --- writing -----------------------------------------------------------------------------------

static void resume(struct ch_session *session);
static void send_ready(struct ch_session *session);
static bool wants_more(const struct ch_session *session);
static void take_bytes(struct ch_session *session, char *bytes, size_t length);
static void update_reading(struct ch_session *session);

static void
on_stall(uv_timer_t *timer)
{
    struct ch_session *session = timer->data;
    const size_t size = uv_stream_get_write_queue_size((uv_stream_t *)&session->pipe);
    if (session->writing && size >= session->stall_size) {
        ch_info("client %llu has read nothing for %d s: closed", (unsigned long long)session->id,
                STALL_MS / 1000);
        ch_session_close(session);
        return;
    }
    session->stall_size = size;
}

static void
on_lingered(uv_timer_t *timer)
{
    ch_session_close(timer->data);
}

static void
linger(struct ch_session *session)
{
    uv_timer_start(&session->stall, on_lingered, LINGER_MS, 0);
}

static void on_written(uv_write_t *write, int status);

static void
write_piece(struct ch_session *session)
{
    size_t n = session->flight.length - session->n_flown;
    n = n < ch_listener_write_bytes ? n : ch_listener_write_bytes;
    uv_buf_t buf = uv_buf_init(session->flight.data + session->n_flown, (unsigned)n);
    session->write.data = session;
    if (uv_write(&session->write, (uv_stream_t *)&session->pipe, &buf, 1, on_written) < 0) {
        ch_session_close(session);
        return;
    }
    session->n_flown += n;
    session->writing = true;
    session->stall_size = uv_stream_get_write_queue_size((uv_stream_t *)&session->pipe);
    uv_timer_start(&session->stall, on_stall, STALL_MS, STALL_MS);
}

static void
on_written(uv_write_t *write, int status)
{
    struct ch_session *session = write->data;
    session->writing = false;
    if (session->closing) {
        return;
    }
    uv_timer_stop(&session->stall);
    if (session->refused) {
        linger(session);
        return;
    }
    if (status == 0 && session->n_flown < session->flight.length) {
        write_piece(session);
        return;
    }
    ch_buf_clear(&session->flight);
    if (status < 0) {
        ch_session_close(session);
        return;
    }
    send_ready(session);
    resume(session);
    if (!session->closing && !session->writing) {
        ch_subscriptions_drained(session->daemon, session);
    }
}

// Nobody reads from it, so nothing else would tell that it has left.
static void
on_look(uv_timer_t *timer)
{
    struct ch_session *session = timer->data;
    if (session->reading) {
        uv_timer_stop(timer); // that tells
    } else if (ch_peer_has_left(&session->pipe)) {
        ch_session_close(session);
    }
}

// Who has ended is closed with his last answer.  Who is not read from, too busy, is watched.
static void
close_if_done(struct ch_session *session)
{
    if (session->writing) {
        return;
    }
    if (session->ended && !session->first_job && !session->out.length && !session->held.length) {
        ch_session_close(session);
    } else if (!session->reading && !uv_is_active((uv_handle_t *)&session->stall)) {
        uv_timer_start(&session->stall, on_look, LOOK_MS, LOOK_MS);
    }
}

static void
write_rest(struct ch_session *session, size_t n_written)
{
    struct ch_buf swap = session->flight;
    session->flight = session->out;
    session->out = swap;
    ch_buf_clear(&session->out);
    session->n_flown = n_written;
    write_piece(session);
}

// As much as the kernel takes at once, the rest in the background.
static void
write_out(struct ch_session *session)
{
    if (session->closing || session->writing || !session->out.length ||
        (session->corked && session->out.length < CORK_BYTES)) {
        return;
    }
    if (session->out.failed) {
        ch_error("out of memory for client %llu: closed", (unsigned long long)session->id);
        ch_session_close(session);
        return;
    }
    uv_buf_t buf = uv_buf_init(session->out.data, (unsigned)session->out.length);
    const int n = uv_try_write((uv_stream_t *)&session->pipe, &buf, 1);
    if (n < 0 && n != UV_EAGAIN) {
        ch_session_close(session);
        return;
    }
    const size_t n_written = n > 0 ? (size_t)n : 0;
    if (n_written == session->out.length) {
        ch_buf_clear(&session->out);
    } else {
        write_rest(session, n_written);
    }
}

// Called from within the work on a request: nothing here may begin another one.
static void
flush(struct ch_session *session)
{
    write_out(session);
    if (session->closing || session->corked) {
        return;
    }
    if (session->held.length && wants_more(session)) {
        uv_async_send(&session->daemon->wake); // ch_sessions_resume()
    }
    update_reading(session);
    close_if_done(session);
}

// From the loop: what was held back comes before anything newer, once there is room for answers.
static void
resume(struct ch_session *session)
{
    while (!session->closing && session->held.length && wants_more(session)) {
        struct ch_buf held = session->held;
        ch_buf_init(&session->held);
        take_bytes(session, held.data, held.length);
        ch_buf_fini(&held);
        write_out(session);
    }
    flush(session);
}

void
ch_sessions_resume(struct ch_daemon *daemon)
{
    struct ch_session *next;
    for (struct ch_session *session = daemon->sessions; session; session = next) {
        // Its requests may close any session; memory goes later, in the close callbacks.
        next = session->next;
        if (!session->closing && session->held.length && wants_more(session)) {
            resume(session);
        }
    }
}

static size_t
backlog(const struct ch_session *session)
{
    size_t in_flight = 0;
    if (session->writing) {
        in_flight = uv_stream_get_write_queue_size((const uv_stream_t *)&session->pipe) +
                    session->flight.length - session->n_flown;
    }
    return session->out.length + in_flight;
}

bool
ch_session_backlogged(const struct ch_session *session)
{
    return session->writing;
}

static bool
has_room(struct ch_session *session)
{
    if (session->closing) {
        return false;
    }
    // While corked nothing has had a chance to leave yet: the limit on reading bounds it.
    if (!session->corked && backlog(session) > BACKLOG_MAX) {
        ch_info("client %llu holds more than %u bytes unread: closed",
                (unsigned long long)session->id, BACKLOG_MAX);
        ch_session_close(session);
        return false;
    }
    return true;
}

bool
ch_session_send(struct ch_session *session, const void *head, size_t n_head, const void *middle,
                size_t n_middle, const void *tail, size_t n_tail)
{
    if (!has_room(session)) {
        return false;
    }
    ch_buf_append(&session->out, head, n_head);
    ch_buf_append(&session->out, middle, n_middle);
    ch_buf_append(&session->out, tail, n_tail);
    ch_buf_char(&session->out, '\n');
    flush(session);
    return !session->closing;
}

// --- answers in the order of their requests, but for the slow ones -----------------------------

void
ch_session_add_job(struct ch_session *session, struct ch_line_job *job)
{
    if (!session->first_job) {
        session->last_job = &session->first_job;
    }
    *session->last_job = job;
    session->last_job = &job->next;
    session->n_jobs++;
}

void
ch_session_answer_ready(struct ch_session *session, const struct ch_line_job *job)
{
    session->n_ready_bytes += job->out.length;
    send_ready(session);
}

// Where the next answer that may leave hangs; NULL = none may.
static struct ch_line_job **
next_ready(struct ch_session *session)
{
    for (struct ch_line_job **at = &session->first_job; *at; at = &(*at)->next) {
        if ((*at)->parsed && !(*at)->n_open) {
            return at;
        }
        if (!(*at)->slow) {
            break;
        }
    }
    return NULL;
}

static void
send_ready(struct ch_session *session)
{
    struct ch_line_job **at;
    // What a slow reader has not room for stays where it is; on_written() comes back to it.
    while ((at = next_ready(session)) && backlog(session) < BACKLOG_PAUSE_READING) {
        struct ch_line_job *job = *at;
        *at = job->next;
        if (session->last_job == &job->next) {
            session->last_job = at;
        }
        session->n_jobs--;
        session->n_ready_bytes -= job->out.length;
        if (job->out.length) {
            ch_buf_append(&session->out, job->out.data, job->out.length);
            ch_buf_char(&session->out, '\n');
            session->out.failed |= job->out.failed;
        }
        ch_subscriptions_answered(session->daemon, session, job);
        ch_line_job_free(job);
        write_out(session);
        if (session->closing) {
            return;
        }
    }
    flush(session);
}

// --- reading -----------------------------------------------------------------------------------

static bool
wants_more(const struct ch_session *session)
{
    return backlog(session) + session->n_ready_bytes < BACKLOG_PAUSE_READING &&
           session->n_jobs < JOBS_MAX;
}

static bool
on_line(void *context, enum ch_line kind, char *text, size_t length)
{
    struct ch_session *session = context;
    if (session->closing || session->ended) {
        return true; // drained unseen
    }
    switch (kind) {
    case CH_LINE_OK:
        ch_requests_start(session->daemon, session, text, length);
        break;
    case CH_LINE_TOO_LONG:
        ch_requests_refuse_line(session, session->framer.max_line);
        break;
    }
    return session->closing || wants_more(session);
}

static void
take_bytes(struct ch_session *session, char *bytes, size_t length)
{
    size_t n_taken = 0;
    session->corked = true;
    const bool ok = ch_framer_feed(&session->framer, bytes, length, &n_taken, on_line, session);
    session->corked = false;
    if (ok && n_taken < length) {
        ch_buf_append(&session->held, bytes + n_taken, length - n_taken);
    }
    if (!ok || session->held.failed) {
        ch_error("out of memory for client %llu: closed", (unsigned long long)session->id);
        ch_session_close(session);
    }
}

static void
on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    (void)suggested;
    struct ch_session *session = handle->data;
    *buf = uv_buf_init(session->daemon->read_buffer, sizeof session->daemon->read_buffer);
}

void
ch_session_end(struct ch_session *session)
{
    session->ended = true;
}

// --- who it is ---------------------------------------------------------------------------------

// One line that says why, and the end: soon, for whoever is shut out while he still speaks would be
// told of a broken connection instead.
static void
refuse(struct ch_session *session)
{
    char detail[CH_PEER_REFUSAL_BYTES];
    ch_peer_write_refusal(&session->peer, detail);
    ch_warning("client %llu is refused (pid %llu): %s", (unsigned long long)session->id,
               (unsigned long long)session->peer.pid, detail);
    session->refused = true;
    ch_requests_refuse_client(session, detail);
    if (!session->closing && !session->writing) {
        linger(session);
    }
}

// Whoever the system could not name when he came is named by what he has sent.
static bool
may_speak(struct ch_session *session)
{
    if (session->peer.role == CH_PEER_UNKNOWN) {
        ch_peer_identify(&session->pipe, &session->peer);
    }
    if (ch_peer_may_speak(&session->peer, session->vouched_for)) {
        return true;
    }
    refuse(session);
    return false;
}

static void
on_read(uv_stream_t *stream, ssize_t n_read, const uv_buf_t *buf)
{
    struct ch_session *session = stream->data;
    if (n_read == 0) {
        return;
    }
    if (n_read > 0 && (session->refused || !may_speak(session))) {
        return;
    }
    if (n_read > 0) {
        take_bytes(session, buf->base, (size_t)n_read);
    } else if (n_read == UV_EOF) {
        session->corked = true;
        ch_framer_finish(&session->framer, on_line, session);
        session->corked = false;
        ch_session_end(session);
    } else {
        ch_session_close(session);
        return;
    }
    resume(session);
}

static void
update_reading(struct ch_session *session)
{
    const bool wanted = !session->ended && !session->held.length && wants_more(session);
    if (wanted == session->reading) {
        return;
    }
    session->reading = wanted;
    if (wanted) {
        uv_read_start((uv_stream_t *)&session->pipe, on_alloc, on_read);
    } else {
        uv_read_stop((uv_stream_t *)&session->pipe);
    }
}

void
ch_session_accept(struct ch_daemon *daemon, struct ch_listener *listener)
{
    struct ch_session *session = calloc(1, sizeof *session);
    if (!session) {
        ch_error("out of memory for a new client");
        return;
    }
    session->daemon = daemon;
    session->id = ++daemon->last_session_id;
    session->last_job = &session->first_job;
    ch_framer_init(&session->framer, daemon->options.max_line);
    ch_buf_init(&session->held);
    ch_buf_init(&session->out);
    ch_buf_init(&session->flight);
    uv_pipe_init(&daemon->loop, &session->pipe, 0);
    uv_timer_init(&daemon->loop, &session->stall);
    session->pipe.data = session;
    session->stall.data = session;
    session->next = daemon->sessions;
    daemon->sessions = session;
    daemon->n_sessions++;
    if (ch_listener_accept(listener, &session->pipe) < 0) {
        ch_session_close(session);
        return;
    }
    ch_peer_identify(&session->pipe, &session->peer);
    session->vouched_for = ch_listener_vouches(listener);
    ch_debug("client %llu has come (pid %llu, user %s)", (unsigned long long)session->id,
             (unsigned long long)session->peer.pid, session->peer.user);
    update_reading(session);
    if (session->peer.role == CH_PEER_STRANGER &&
        !ch_peer_may_speak(&session->peer, session->vouched_for)) {
        refuse(session);
    }
}

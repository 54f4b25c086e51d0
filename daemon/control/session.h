// SPDX-License-Identifier: ISC
// daemon/control/session.h — one client: bytes in, answers and events out.                   [main]
//
// A slow reader costs nobody else anything: what it does not take waits in its own buffer, reading
// from it stops while too much waits, and it is closed when it holds more than 1 MiB or has
// drained nothing for 10 s.

#ifndef CH_CONTROL_SESSION_H
#define CH_CONTROL_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/json.h"

struct ch_daemon;
struct ch_line_job;
struct ch_listener;
struct ch_subscription;
struct ch_session;

/// Accept the connection that waits on `listener`; a stranger gets one line that refuses him.
void ch_session_accept(struct ch_daemon *daemon, struct ch_listener *listener);

/// Number that names the client in causes; never reused.
uint64_t ch_session_id(const struct ch_session *session);

struct ch_session *ch_session_next(const struct ch_session *session);
bool ch_session_closing(const struct ch_session *session);

/// End it: the connection, its subscriptions, its unanswered requests' way back.
void ch_session_close(struct ch_session *session);

/// Nothing more is taken from it: as soon as what it has asked for is answered, it is closed.  To
/// be followed by an answer, even if an empty one.
void ch_session_end(struct ch_session *session);

/// End all; their memory goes as the loop runs on.
void ch_sessions_close_all(struct ch_daemon *daemon);

/// The wake-up has come: go on with requests that were held back for want of room for answers.
void ch_sessions_resume(struct ch_daemon *daemon);

/// What leaves: one line, `head` and `tail` joined, newline added.  False if it is closing.
bool ch_session_send(struct ch_session *session, const void *head, size_t n_head,
                     const void *middle, size_t n_middle, const void *tail, size_t n_tail);

/// Whether something it was sent still waits for it to read.
bool ch_session_backlogged(const struct ch_session *session);

/// Its subscriptions (subscriptions.c owns the list).
struct ch_subscription **ch_session_subscriptions(struct ch_session *session);

/// For request.c: a line has begun to be worked on; the first of them may be ready.
void ch_session_add_job(struct ch_session *session, struct ch_line_job *job);
void ch_session_answer_ready(struct ch_session *session, const struct ch_line_job *job);

#endif

// SPDX-License-Identifier: ISC
// daemon/control/listener.h — where clients come in: a socket, or instances of a named pipe. [main]
//
// Whoever comes is announced by ch_session_accept(), which calls ch_listener_accept().

#ifndef CH_CONTROL_LISTENER_H
#define CH_CONTROL_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "daemon/base/attributes.h"
#include "daemon/base/status.h"
#include "protocol/endpoint.h"

struct ch_daemon;
struct ch_listener;

/// The one that the service manager has passed, and its path; *out stays NULL if there is none.
CH_NODISCARD enum ch_status ch_listener_inherit(struct ch_listener **out, struct ch_daemon *daemon,
                                                char path[CH_ENDPOINT_BYTES]);

/// Listen at `path`, for its owner and the system alone from the first moment on.  CH_BUSY if a
/// daemon listens there already, CH_CONFLICT or CH_DENIED if something else is in the way.  Says
/// why on failure.
CH_NODISCARD enum ch_status ch_listener_open(struct ch_listener **out, struct ch_daemon *daemon,
                                             const char *path);

/// Nobody comes in any more; a path that it has made is gone.  NULL is nothing.
void ch_listener_close(struct ch_listener *listener);

/// The next of those who have come, into a pipe that was only initialised; 0 or libuv's error.
int ch_listener_accept(struct ch_listener *listener, uv_pipe_t *pipe);

/// Whether somebody else decides who may come in, as the unit of a socket does, and strangers that
/// were let in are welcome.
bool ch_listener_vouches(const struct ch_listener *listener);

/// The most that one write should hold for its progress to be seen: a socket says how much of a
/// write has left, a pipe only that all of it has.
extern const size_t ch_listener_write_bytes;

#endif

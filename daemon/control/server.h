// SPDX-License-Identifier: ISC
// daemon/control/server.h — the address we listen on: ours alone, and gone when we go.       [main]

#ifndef CH_CONTROL_SERVER_H
#define CH_CONTROL_SERVER_H

#include "daemon/base/attributes.h"
#include "daemon/base/status.h"
#include "protocol/endpoint.h"

struct ch_buf;
struct ch_daemon;
struct ch_listener;

struct ch_server {
    struct ch_listener *listener; ///< NULL: nobody may come in
    char path[CH_ENDPOINT_BYTES];
};

/// Listen on the endpoint of the options, or on the socket that the service manager passed.
/// A daemon that answers there makes it CH_BUSY; a socket that nobody answers on is replaced.
/// Says why on failure.
CH_NODISCARD enum ch_status ch_server_init(struct ch_daemon *daemon);

/// No new clients; the socket is removed if we made it.
void ch_server_stop(struct ch_daemon *daemon);

/// The value of server.status and of topic `server`.
void ch_server_write_status(struct ch_daemon *daemon, struct ch_buf *buf);

#endif

// SPDX-License-Identifier: ISC
// daemon/control/server.c — finds the address, and listens on it until the daemon ends.

#include "daemon/control/server.h"

#include "daemon/base/log.h"
#include "daemon/control/daemon.h"
#include "daemon/control/listener.h"

enum ch_status
ch_server_init(struct ch_daemon *daemon)
{
    struct ch_server *server = &daemon->server;
    enum ch_status status = ch_listener_inherit(&server->listener, daemon, server->path);
    if (status == CH_OK && !server->listener) {
        const char *why = NULL;
        if (!ch_endpoint_path(daemon->options.socket, server->path, &why)) {
            ch_error("the socket's path can't be used: %s", why);
            return CH_INVALID;
        }
        status = ch_listener_open(&server->listener, daemon, server->path);
    }
    if (status == CH_OK) {
        ch_info("listening on %s", server->path);
    }
    return status;
}

void
ch_server_stop(struct ch_daemon *daemon)
{
    ch_listener_close(daemon->server.listener);
    daemon->server.listener = NULL;
}

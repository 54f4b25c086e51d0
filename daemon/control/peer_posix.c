// SPDX-License-Identifier: ISC
// daemon/control/peer_posix.c — SO_PEERCRED: who had the other end when it was connected.

#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/control/peer.h"

void
ch_peer_identify(const uv_pipe_t *pipe, struct ch_peer *peer)
{
    *peer = (struct ch_peer){.role = CH_PEER_STRANGER, .user = "?"};
    struct ucred credentials;
    socklen_t length = sizeof credentials;
    uv_os_fd_t fd;
    if (uv_fileno((const uv_handle_t *)pipe, &fd) < 0 ||
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) < 0) {
        return;
    }
    if (credentials.uid == geteuid()) {
        peer->role = CH_PEER_OWNER;
    } else if (credentials.uid == 0) {
        peer->role = CH_PEER_SYSTEM;
    }
    peer->pid = credentials.pid > 0 ? (uint64_t)credentials.pid : 0;
    snprintf(peer->user, sizeof peer->user, "%u", (unsigned)credentials.uid);
}

bool
ch_peer_has_left(const uv_pipe_t *pipe)
{
    uv_os_fd_t fd;
    if (uv_fileno((const uv_handle_t *)pipe, &fd) < 0) {
        return true;
    }
    struct pollfd look = {.fd = fd}; // POLLHUP is told unasked
    return poll(&look, 1, 0) == 1 && (look.revents & (POLLHUP | POLLERR | POLLNVAL));
}

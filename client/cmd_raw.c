// SPDX-License-Identifier: ISC
// client/cmd_raw.c — bytes from stdin to the daemon, bytes from the daemon to stdout.
//
// When stdin has ended our half of the connection is closed; the daemon then sends what answers are
// left and closes its half, which ends the command.

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/command.h"
#include "client/report.h"

/// One direction: read when empty, write until empty again.
struct pipe {
    int from, to;
    size_t begin, end;
    bool ended; ///< nothing more comes, and what came is written
    char bytes[65536];
};

enum outcome { GO_ON, PEER_GONE, FAILED };

static bool
is_empty(const struct pipe *p)
{
    return p->begin == p->end;
}

static enum outcome
fill(struct pipe *p)
{
    ssize_t n = read(p->from, p->bytes, sizeof p->bytes);
    if (n > 0) {
        p->begin = 0;
        p->end = (size_t)n;
    } else if (n == 0 || errno == ECONNRESET) {
        p->ended = true;
    } else if (errno != EINTR && errno != EAGAIN) {
        return FAILED;
    }
    return GO_ON;
}

static enum outcome
drain(struct pipe *p, bool to_socket)
{
    size_t n_left = p->end - p->begin;
    // Not a byte more than fits: as long as one direction waits the other must go on.
    ssize_t n = to_socket ? send(p->to, p->bytes + p->begin, n_left, MSG_NOSIGNAL | MSG_DONTWAIT)
                          : write(p->to, p->bytes + p->begin, n_left);
    if (n >= 0) {
        p->begin += (size_t)n;
        return GO_ON;
    }
    if (errno == EINTR || errno == EAGAIN) {
        return GO_ON;
    }
    return errno == EPIPE || errno == ECONNRESET ? PEER_GONE : FAILED;
}

static int
carry(struct pipe *up, struct pipe *down, const char *path)
{
    while (!down->ended) {
        struct pollfd items[4] = {
            {.fd = is_empty(up) && !up->ended ? up->from : -1, .events = POLLIN},
            {.fd = is_empty(up) ? -1 : up->to, .events = POLLOUT},
            {.fd = is_empty(down) ? down->from : -1, .events = POLLIN},
            {.fd = is_empty(down) ? -1 : down->to, .events = POLLOUT},
        };
        if (poll(items, 4, -1) < 0 && errno != EINTR) {
            return ch_fail_plain(CH_EXIT_ERROR, "poll: %s", strerror(errno));
        }
        if (items[0].revents) {
            if (fill(up) == FAILED) {
                return ch_fail_plain(CH_EXIT_ERROR, "can't read stdin: %s", strerror(errno));
            }
            if (up->ended) {
                shutdown(up->to, SHUT_WR);
            }
        }
        // Whoever is gone up there may have left answers down here: only the reading ends it.
        if (items[1].revents && drain(up, true) != GO_ON) {
            up->ended = true;
            up->begin = up->end;
        }
        if (items[2].revents && fill(down) == FAILED) {
            return ch_fail_plain(CH_EXIT_NO_DAEMON, "the connection to %s is lost: %s", path,
                                 strerror(errno));
        }
        enum outcome outcome = items[3].revents ? drain(down, false) : GO_ON;
        if (outcome == PEER_GONE) {
            return CH_EXIT_OK; // nobody reads our stdout any more
        }
        if (outcome == FAILED) {
            return ch_fail_plain(CH_EXIT_ERROR, "can't write to stdout: %s", strerror(errno));
        }
    }
    if (!up->ended) {
        return ch_fail_plain(CH_EXIT_NO_DAEMON, "the daemon at %s has gone away", path);
    }
    return CH_EXIT_OK;
}

int
ch_cmd_raw(const struct ch_invocation *inv)
{
    char path[CH_ENDPOINT_BYTES];
    int fd;
    int rc = ch_connect(inv->socket, path, &fd);
    if (rc != CH_EXIT_OK) {
        return rc;
    }
    static struct pipe up, down; // too large for the stack's taste, and there is one of each
    up.from = STDIN_FILENO;
    up.to = fd;
    down.from = fd;
    down.to = STDOUT_FILENO;
    rc = carry(&up, &down, path);
    close(fd);
    return rc;
}

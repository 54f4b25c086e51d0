// SPDX-License-Identifier: ISC
// client/carry_posix.c — both directions in one loop of poll(); a socket says its end by half.

#include "client/carry.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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

static enum ch_carried
fail(enum ch_carried how, char *why, size_t why_bytes)
{
    snprintf(why, why_bytes, "%s", strerror(errno));
    return how;
}

static enum ch_carried
carry(struct pipe *up, struct pipe *down, char *why, size_t why_bytes)
{
    while (!down->ended) {
        struct pollfd items[4] = {
            {.fd = is_empty(up) && !up->ended ? up->from : -1, .events = POLLIN},
            {.fd = is_empty(up) ? -1 : up->to, .events = POLLOUT},
            {.fd = is_empty(down) ? down->from : -1, .events = POLLIN},
            {.fd = is_empty(down) ? -1 : down->to, .events = POLLOUT},
        };
        if (poll(items, 4, -1) < 0 && errno != EINTR) {
            return fail(CH_CARRIED_FAILED, why, why_bytes);
        }
        if (items[0].revents) {
            if (fill(up) == FAILED) {
                return fail(CH_CARRIED_NO_INPUT, why, why_bytes);
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
            return fail(CH_CARRIED_LOST, why, why_bytes);
        }
        enum outcome outcome = items[3].revents ? drain(down, false) : GO_ON;
        if (outcome == PEER_GONE) {
            return CH_CARRIED; // nobody reads our stdout any more
        }
        if (outcome == FAILED) {
            return fail(CH_CARRIED_NO_OUTPUT, why, why_bytes);
        }
    }
    return up->ended ? CH_CARRIED : CH_CARRIED_GONE;
}

enum ch_carried
ch_carry(struct ch_channel *channel, char *why, size_t why_bytes)
{
    static struct pipe up, down; // too large for the stack's taste, and there is one of each
    const int fd = (int)ch_channel_waitable(channel);
    up.from = STDIN_FILENO;
    up.to = fd;
    down.from = fd;
    down.to = STDOUT_FILENO;
    return carry(&up, &down, why, why_bytes);
}

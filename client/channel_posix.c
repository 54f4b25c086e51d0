// SPDX-License-Identifier: ISC
// client/channel_posix.c — the way to the daemon by a Unix stream socket.

#include "client/channel.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

struct ch_channel {
    int fd;
};

const char ch_channel_option_help[] =
    "  --socket=PATH  the daemon's socket; else $CHANT_SOCKET, else\n"
    "                 $XDG_RUNTIME_DIR/chant/chant.sock, else /run/chant/chant.sock\n";
const char ch_channel_start_hint[] = "'chantd' (or 'systemctl --user start chantd')";

static int64_t
mono_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static enum ch_channel_status
status_of(int err)
{
    switch (err) {
    case EACCES:
    case EPERM:
        return CH_CHANNEL_FORBIDDEN;
    case EAGAIN:
        return CH_CHANNEL_BUSY;
    case ENOENT:
    case ENOTDIR:
    case ENOTSOCK:
    case ECONNREFUSED:
    case ECONNRESET:
        return CH_CHANNEL_ABSENT;
    default:
        return CH_CHANNEL_FAILED;
    }
}

static int
connect_to(int fd, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        return ENAMETOOLONG;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    int rc;
    do {
        rc = connect(fd, (const struct sockaddr *)&address, sizeof address);
    } while (rc < 0 && errno == EINTR);
    return rc < 0 ? errno : 0;
}

enum ch_channel_status
ch_channel_open(struct ch_channel **out, const char *path, int timeout_ms, char *why,
                size_t why_bytes)
{
    int err = ENOMEM;
    struct ch_channel *channel = calloc(1, sizeof *channel);
    if (channel) {
        channel->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        err = channel->fd < 0 ? errno : 0;
    }
    if (!err) {
        // Also bounds connect() itself, which waits while the daemon's backlog is full.
        struct timeval limit = {timeout_ms / 1000, timeout_ms % 1000 * 1000};
        setsockopt(channel->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
        err = connect_to(channel->fd, path);
    }
    if (err) {
        snprintf(why, why_bytes, "%s", strerror(err));
        ch_channel_close(channel);
        return status_of(err);
    }
    *out = channel;
    return CH_CHANNEL_OK;
}

void
ch_channel_close(struct ch_channel *channel)
{
    if (channel && channel->fd >= 0) {
        close(channel->fd);
    }
    free(channel);
}

enum ch_channel_status
ch_channel_send(struct ch_channel *channel, const char *bytes, size_t n_bytes)
{
    while (n_bytes > 0) {
        ssize_t n = send(channel->fd, bytes, n_bytes, MSG_NOSIGNAL);
        if (n > 0) {
            bytes += n;
            n_bytes -= (size_t)n;
        } else if (n == 0 || errno != EINTR) {
            return n < 0 && errno == EAGAIN ? CH_CHANNEL_BUSY : CH_CHANNEL_CLOSED;
        }
    }
    return CH_CHANNEL_OK;
}

enum ch_channel_status
ch_channel_receive(struct ch_channel *channel, char *bytes, size_t n_bytes, size_t *n_received)
{
    ssize_t n = recv(channel->fd, bytes, n_bytes, MSG_DONTWAIT);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
        return CH_CHANNEL_NONE;
    }
    if (n <= 0) {
        return CH_CHANNEL_CLOSED;
    }
    *n_received = (size_t)n;
    return CH_CHANNEL_OK;
}

enum ch_channel_status
ch_channel_wait(struct ch_channel *channel, int timeout_ms, bool with_reader)
{
    const int64_t deadline_ms = timeout_ms < 0 ? 0 : mono_ms() + timeout_ms;
    for (;;) {
        int64_t left = timeout_ms < 0 ? -1 : deadline_ms - mono_ms();
        if (timeout_ms >= 0 && left < 0) {
            left = 0;
        }
        // Of the reader only its going away is reported, for which nothing need be asked.
        struct pollfd items[2] = {{.fd = channel->fd, .events = POLLIN},
                                  {.fd = with_reader ? STDOUT_FILENO : -1}};
        int n = poll(items, 2, (int)left);
        if (n > 0) {
            return items[0].revents ? CH_CHANNEL_OK : CH_CHANNEL_NONE;
        }
        if (n == 0 || errno != EINTR) {
            return CH_CHANNEL_NONE;
        }
    }
}

intptr_t
ch_channel_waitable(struct ch_channel *channel)
{
    return channel->fd;
}

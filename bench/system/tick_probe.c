// SPDX-License-Identifier: ISC
// tick_probe.c — what it costs here to be woken by a timer and to write a frame, and nothing else.
//
// Usage: tick_probe RATE_HZ BYTES
// So many bytes go to a socket whose other end is read and thrown away, until it is ended.

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S  1000000000
#define NS_PER_MS 1000000

static long long
now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (long long)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

/// Ends with the other end.
static void
throw_away(int fd)
{
    char bytes[65536];
    while (read(fd, bytes, sizeof bytes) > 0) {
    }
    _exit(0);
}

int
main(int argc, char **argv)
{
    if (argc != 3) {
        return 2;
    }
    const double period_ns = NS_PER_S / strtod(argv[1], NULL);
    const size_t n_bytes = strtoul(argv[2], NULL, 10);
    char *frame = malloc(n_bytes + 1);
    int ends[2];
    if (!frame || socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) {
        return 1;
    }
    memset(frame, 'x', n_bytes);
    if (fork() == 0) {
        close(ends[0]);
        throw_away(ends[1]);
    }
    close(ends[1]);
    const int loop = epoll_create1(EPOLL_CLOEXEC);
    const long long began_ns = now_ns();
    for (long long n = 1;; n++) {
        const long long wait_ns = began_ns + (long long)((double)n * period_ns) - now_ns();
        struct epoll_event event;
        epoll_wait(loop, &event, 1, wait_ns > 0 ? (int)(wait_ns / NS_PER_MS) : 0);
        if (write(ends[0], frame, n_bytes) < 0) {
            return 1;
        }
    }
}

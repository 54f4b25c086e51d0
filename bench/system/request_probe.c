// SPDX-License-Identifier: ISC
// request_probe.c — how long a request takes there and back, and how many a second go through.
//
// Usage: request_probe SOCKET GREETING REQUEST MARK N_TRIPS N_PIPELINED
// An answer is over with a line that begins with MARK; with GREETING "1" a first line is read
// before.  One line of nanoseconds for each trip, then "rate" and requests per second.

#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000
/// Requests that are in one write while pipelining.
#define BATCH 256

struct lines {
    const char *mark;
    size_t mark_bytes;
    size_t matched; ///< bytes of the mark that this line begins with
    bool differs;   ///< this line does not begin with it
};

static int64_t
now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

/// How many answers end in these bytes.
static long
count(struct lines *lines, const char *data, size_t n)
{
    long n_ends = 0;
    for (size_t i = 0; i < n; i++) {
        if (data[i] == '\n') {
            n_ends += !lines->differs && lines->matched == lines->mark_bytes;
            lines->matched = 0;
            lines->differs = false;
        } else if (!lines->differs && lines->matched < lines->mark_bytes) {
            lines->differs = data[i] != lines->mark[lines->matched++];
        } else {
            const char *end = memchr(data + i, '\n', n - i);
            i = end ? (size_t)(end - data) - 1 : n;
        }
    }
    return n_ends;
}

static void
die(const char *why)
{
    perror(why);
    exit(1);
}

static int
connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address)) {
        die(path);
    }
    return fd;
}

static void
write_all(int fd, const char *data, size_t n)
{
    while (n) {
        const ssize_t written = write(fd, data, n);
        if (written <= 0) {
            die("write");
        }
        data += written;
        n -= (size_t)written;
    }
}

static long
read_answers(int fd, struct lines *lines)
{
    char data[1 << 16];
    const ssize_t n = read(fd, data, sizeof data);
    if (n <= 0) {
        die("read");
    }
    return count(lines, data, (size_t)n);
}

static void
trips(int fd, struct lines *lines, const char *request, long n)
{
    for (long i = 0; i < n; i++) {
        const int64_t began = now_ns();
        write_all(fd, request, strlen(request));
        while (!read_answers(fd, lines)) {
        }
        printf("%lld\n", (long long)(now_ns() - began));
    }
}

/// Writes when there is room, reads when there is something: neither side may wait for the other.
static double
pipeline(int fd, struct lines *lines, const char *request, long n)
{
    const size_t bytes = strlen(request);
    char *batch = malloc(bytes * BATCH);
    if (!batch) {
        die("malloc");
    }
    for (size_t i = 0; i < BATCH; i++) {
        memcpy(batch + i * bytes, request, bytes);
    }
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    n = (n + BATCH - 1) / BATCH * BATCH;
    const size_t all = (size_t)n * bytes;
    size_t written = 0;
    long answered = 0;
    const int64_t began = now_ns();
    while (answered < n) {
        struct pollfd ready = {.fd = fd,
                               .events = (short)(written < all ? POLLIN | POLLOUT : POLLIN)};
        if (poll(&ready, 1, 10000) <= 0) {
            die("poll");
        }
        if (ready.revents & POLLOUT) {
            const size_t at = written % (bytes * BATCH);
            const ssize_t done = write(fd, batch + at, bytes * BATCH - at);
            written += done > 0 ? (size_t)done : 0;
        }
        if (ready.revents & (POLLIN | POLLHUP)) {
            answered += read_answers(fd, lines);
        }
    }
    const double seconds = (double)(now_ns() - began) / NS_PER_S;
    free(batch);
    return (double)n / seconds;
}

int
main(int argc, char **argv)
{
    if (argc != 7) {
        fprintf(stderr, "Usage: request_probe SOCKET GREETING REQUEST MARK N_TRIPS N_PIPELINED\n");
        return 2;
    }
    char request[4096];
    snprintf(request, sizeof request, "%s\n", argv[3]);
    struct lines lines = {.mark = argv[4], .mark_bytes = strlen(argv[4])};
    const int fd = connect_to(argv[1]);
    if (argv[2][0] == '1') {
        read_answers(fd, &lines);
    }
    trips(fd, &lines, request, strtol(argv[5], NULL, 10));
    const long n = strtol(argv[6], NULL, 10);
    if (n) {
        printf("rate %.0f\n", pipeline(fd, &lines, request, n));
    }
    return 0;
}

// SPDX-License-Identifier: ISC
// latency_probe.c — sends a command, listens, and says when the sound first differed.
//
// Usage: latency_probe SERVER N [SOCKET PORT LINE_A LINE_B]…
// Each target has a socket, a JACK port and two lines that make its constant output go to one
// level and back.  The targets take turns, N commands each, at moments that have nothing to do with
// the period.  For each command a line on stdout:
//     TARGET NS FRAMES APPLIED_NS LATE_NS
// NS is from before the write to the socket until the callback of the cycle that brought the first
// changed sample began, plus that sample's place in the cycle: the clock's own time, with all
// that server and scheduler did.  FRAMES is the same on the server's time line.  APPLIED_NS is
// until the `mono_ns` of the answer, -1 if it has none.  LATE_NS is how much more than a period lay
// between two callbacks meanwhile: what server and machine did to everybody.  All read
// CLOCK_MONOTONIC.

#include <errno.h>
#include <jack/jack.h>
#include <math.h>
#include <poll.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define TARGETS_MAX 4
#define NS_PER_S    1000000000
/// Far below the first step of a ramp between levels that are 6 dB apart, above a last bit.
#define DIFFERENT  1e-7f
#define PATIENCE_S 2

struct target {
    const char *port;
    const char *line[2];
    int fd;
    jack_port_t *in;
};

/// What the callback has found.
struct change {
    int64_t at_ns, late_ns;
    jack_nframes_t at_frame;
};

static struct {
    jack_client_t *client;
    uint32_t rate_hz;
    struct target targets[TARGETS_MAX];
    unsigned n_targets;
    _Atomic int armed; ///< index of the target that is listened to, -1 = none
    float steady;      ///< its level; the callback's own
    bool was_armed;    ///< the callback's own
    int64_t began_ns;  ///< of the last callback; the callback's own
    int64_t late_ns;   ///< the most since it was armed; the callback's own
    struct change change;
    sem_t found;
} probe;

static int64_t
now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

// --- the callback ------------------------------------------------------------------------- [rt]

static int
process(jack_nframes_t n_frames, void *context)
{
    (void)context;
    const int64_t began_ns = now_ns();
    const int64_t period_ns = (int64_t)n_frames * NS_PER_S / probe.rate_hz;
    const int64_t late_ns = began_ns - probe.began_ns - period_ns;
    probe.began_ns = began_ns;
    const int armed = atomic_load_explicit(&probe.armed, memory_order_acquire);
    if (armed < 0) {
        probe.was_armed = false;
        return 0;
    }
    const float *in = jack_port_get_buffer(probe.targets[armed].in, n_frames);
    jack_nframes_t i = 0;
    if (!probe.was_armed) {
        // The last level was reached long ago, and the next command is not sent yet.
        probe.was_armed = true;
        probe.late_ns = 0;
        probe.steady = in[0];
        sem_post(&probe.found);
    }
    probe.late_ns = late_ns > probe.late_ns ? late_ns : probe.late_ns;
    while (i < n_frames && fabsf(in[i] - probe.steady) <= DIFFERENT) {
        i++;
    }
    if (i < n_frames) {
        probe.change.at_ns = began_ns + (int64_t)i * NS_PER_S / probe.rate_hz;
        probe.change.late_ns = probe.late_ns;
        probe.change.at_frame = jack_last_frame_time(probe.client) + i;
        atomic_store_explicit(&probe.armed, -1, memory_order_release);
        sem_post(&probe.found);
    }
    return 0;
}

// --- one command ---------------------------------------------------------------------------------

static bool
wait_found(void)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    while (sem_timedwait(&probe.found, &until)) {
        if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

static bool
read_line(int fd, char *line, size_t bytes)
{
    size_t n = 0;
    while (n + 1 < bytes) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        if (poll(&ready, 1, PATIENCE_S * 1000) <= 0) {
            return false;
        }
        const ssize_t got = read(fd, line + n, bytes - 1 - n);
        if (got <= 0) {
            return false;
        }
        n += (size_t)got;
        line[n] = '\0';
        if (line[n - 1] == '\n') {
            return true;
        }
    }
    return false;
}

static int64_t
applied_ns(const char *answer)
{
    static const char key[] = "\"mono_ns\":";
    const char *at = strstr(answer, key);
    return at ? strtoll(at + sizeof key - 1, NULL, 10) : 0;
}

static bool
measure(unsigned index, unsigned turn)
{
    const struct target *target = &probe.targets[index];
    const char *line = target->line[turn % 2];
    atomic_store_explicit(&probe.armed, (int)index, memory_order_release);
    if (!wait_found()) {
        fprintf(stderr, "latency_probe: no callback\n");
        return false;
    }
    // Any moment of the period is as good as any other.
    usleep((useconds_t)(rand() % 8000));
    const jack_nframes_t sent_frame = jack_frame_time(probe.client);
    const int64_t sent_ns = now_ns();
    if (write(target->fd, line, strlen(line)) != (ssize_t)strlen(line) || !wait_found()) {
        fprintf(stderr, "latency_probe: %s: no change was heard\n", target->port);
        return false;
    }
    if (probe.change.at_ns < sent_ns) {
        fprintf(stderr, "latency_probe: %s: its level is not constant\n", target->port);
        return false;
    }
    char answer[4096];
    if (!read_line(target->fd, answer, sizeof answer)) {
        fprintf(stderr, "latency_probe: %s: no answer\n", target->port);
        return false;
    }
    const int64_t applied = applied_ns(answer);
    printf("%u %lld %d %lld %lld\n", index, (long long)(probe.change.at_ns - sent_ns),
           (int)(probe.change.at_frame - sent_frame), (long long)(applied ? applied - sent_ns : -1),
           (long long)probe.change.late_ns);
    return true;
}

// --- setting up ----------------------------------------------------------------------------------

static int
connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || strlen(path) >= sizeof address.sun_path) {
        return -1;
    }
    strcpy(address.sun_path, path);
    return connect(fd, (const struct sockaddr *)&address, sizeof address) ? -1 : fd;
}

static char *
with_newline(const char *line)
{
    char *out = malloc(strlen(line) + 2);
    if (!out) {
        abort();
    }
    strcpy(out, line);
    return strcat(out, "\n");
}

static bool
open_client(const char *server)
{
    probe.client =
        jack_client_open("latency-probe", JackNoStartServer | JackServerName, NULL, server);
    if (!probe.client) {
        return false;
    }
    probe.rate_hz = jack_get_sample_rate(probe.client);
    for (unsigned i = 0; i < probe.n_targets; i++) {
        char name[16];
        snprintf(name, sizeof name, "in%u", i);
        probe.targets[i].in =
            jack_port_register(probe.client, name, JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput, 0);
        if (!probe.targets[i].in) {
            return false;
        }
    }
    jack_set_process_callback(probe.client, process, NULL);
    if (jack_activate(probe.client)) {
        return false;
    }
    for (unsigned i = 0; i < probe.n_targets; i++) {
        if (jack_connect(probe.client, probe.targets[i].port,
                         jack_port_name(probe.targets[i].in))) {
            fprintf(stderr, "latency_probe: can't connect %s\n", probe.targets[i].port);
            return false;
        }
    }
    return true;
}

int
main(int argc, char **argv)
{
    if (argc < 7 || (argc - 3) % 4 || (argc - 3) / 4 > TARGETS_MAX) {
        fprintf(stderr, "Usage: latency_probe SERVER N [SOCKET PORT LINE_A LINE_B]...\n");
        return 2;
    }
    const unsigned n = (unsigned)strtoul(argv[2], NULL, 10);
    probe.n_targets = (unsigned)(argc - 3) / 4;
    probe.armed = -1;
    sem_init(&probe.found, 0, 0);
    for (unsigned i = 0; i < probe.n_targets; i++) {
        char **words = argv + 3 + 4 * i;
        probe.targets[i] = (struct target){.port = words[1],
                                           .line = {with_newline(words[2]), with_newline(words[3])},
                                           .fd = connect_to(words[0])};
        if (probe.targets[i].fd < 0) {
            fprintf(stderr, "latency_probe: can't connect to %s\n", words[0]);
            return 1;
        }
    }
    if (!open_client(argv[1])) {
        return 1;
    }
    usleep(200000);
    for (unsigned turn = 0; turn < n; turn++) {
        for (unsigned i = 0; i < probe.n_targets; i++) {
            if (!measure(i, turn)) {
                return 1;
            }
            usleep(30000); // ramp and look-ahead are over
        }
    }
    jack_client_close(probe.client);
    return 0;
}

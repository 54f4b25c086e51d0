// SPDX-License-Identifier: ISC
// jack_echo.c — the control: a JACK client whose output is one number, which a socket can change.
//
// Usage: jack_echo SERVER NAME SOCKET
// A line on the socket is a number; the next callback writes it to every frame of both ports, and
// "ok" is answered at once.  What that takes is what server, scheduler and socket take from any
// client.  Nobody connected, it is the client that writes silence.

#include <jack/jack.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PORTS 2

struct echo {
    jack_client_t *client;
    jack_port_t *out[PORTS];
    _Atomic float value;
};

static int
process(jack_nframes_t n_frames, void *context)
{
    struct echo *echo = context;
    const float value = atomic_load_explicit(&echo->value, memory_order_relaxed);
    for (unsigned port = 0; port < PORTS; port++) {
        float *out = jack_port_get_buffer(echo->out[port], n_frames);
        for (jack_nframes_t i = 0; i < n_frames; i++) {
            out[i] = value;
        }
    }
    return 0;
}

static bool
open_client(struct echo *echo, const char *server, const char *name)
{
    static const char *const ports[PORTS] = {"left", "right"};
    echo->client = jack_client_open(name, JackNoStartServer | JackServerName, NULL, server);
    if (!echo->client) {
        return false;
    }
    for (unsigned i = 0; i < PORTS; i++) {
        echo->out[i] = jack_port_register(echo->client, ports[i], JACK_DEFAULT_AUDIO_TYPE,
                                          JackPortIsOutput, 0);
        if (!echo->out[i]) {
            return false;
        }
    }
    jack_set_process_callback(echo->client, process, echo);
    return jack_activate(echo->client) == 0;
}

static int
listen_on(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || strlen(path) >= sizeof address.sun_path) {
        return -1;
    }
    strcpy(address.sun_path, path);
    unlink(path);
    const bool bound = bind(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    return bound && listen(fd, 1) == 0 ? fd : -1;
}

// One line at a time: whoever measures waits for the answer.
static void
serve(struct echo *echo, int fd)
{
    char line[64];
    for (;;) {
        const ssize_t n = read(fd, line, sizeof line - 1);
        if (n <= 0) {
            return;
        }
        line[n] = '\0';
        atomic_store_explicit(&echo->value, strtof(line, NULL), memory_order_relaxed);
        if (write(fd, "ok\n", 3) != 3) {
            return;
        }
    }
}

int
main(int argc, char **argv)
{
    static struct echo echo;
    const int listener = argc == 4 ? listen_on(argv[3]) : -1;
    if (listener < 0 || !open_client(&echo, argv[1], argv[2])) {
        fprintf(stderr, "jack_echo: can't start\n");
        return EXIT_FAILURE;
    }
    puts("ready");
    fflush(stdout);
    for (;;) {
        const int fd = accept(listener, NULL, NULL);
        if (fd < 0) {
            return EXIT_FAILURE;
        }
        serve(&echo, fd);
        close(fd);
    }
}

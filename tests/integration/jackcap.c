// SPDX-License-Identifier: ISC
// jackcap.c — records two JACK ports into memory until stdin ends, then writes them to a file.
//
// Usage: jackcap SERVER OUT.f32 [PORT_LEFT PORT_RIGHT]
// Without ports it waits until somebody connects to its own.
// Says "recording" when it hears, and at the end how many periods were lost.  Into memory, so that
// no disk comes between; a fixed amount of it, because tests are short.

#include <jack/jack.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECONDS_MAX 100

struct recorder {
    jack_client_t *client;
    jack_port_t *in[2];
    float *frames; ///< interleaved
    size_t n_frames, n_frames_max;
    jack_nframes_t expected; ///< time of the next period
    atomic_uint n_gaps;
    atomic_bool on;
};

static int
process(jack_nframes_t n_frames, void *context)
{
    struct recorder *recorder = context;
    if (!atomic_load(&recorder->on)) {
        return 0;
    }
    const jack_nframes_t now = jack_last_frame_time(recorder->client);
    if (recorder->n_frames && now != recorder->expected) {
        atomic_fetch_add(&recorder->n_gaps, 1);
    }
    recorder->expected = now + n_frames;
    const float *left = jack_port_get_buffer(recorder->in[0], n_frames);
    const float *right = jack_port_get_buffer(recorder->in[1], n_frames);
    for (jack_nframes_t i = 0; i < n_frames && recorder->n_frames < recorder->n_frames_max; i++) {
        recorder->frames[2 * recorder->n_frames] = left[i];
        recorder->frames[2 * recorder->n_frames + 1] = right[i];
        recorder->n_frames++;
    }
    return 0;
}

static bool
open_client(struct recorder *recorder, const char *server)
{
    recorder->client =
        jack_client_open("jackcap", JackNoStartServer | JackServerName, NULL, server);
    // A server under load may fail to answer a newcomer.
    for (int i = 0; i < 5 && !recorder->client; i++) {
        usleep(200000);
        recorder->client =
            jack_client_open("jackcap", JackNoStartServer | JackServerName, NULL, server);
    }
    if (!recorder->client) {
        return false;
    }
    recorder->n_frames_max = (size_t)jack_get_sample_rate(recorder->client) * SECONDS_MAX;
    recorder->frames = malloc(recorder->n_frames_max * 2 * sizeof *recorder->frames);
    if (!recorder->frames) {
        return false;
    }
    // Touched now, not in the callback.
    memset(recorder->frames, 0, recorder->n_frames_max * 2 * sizeof *recorder->frames);
    static const char *const names[2] = {"left", "right"};
    for (int i = 0; i < 2; i++) {
        recorder->in[i] = jack_port_register(recorder->client, names[i], JACK_DEFAULT_AUDIO_TYPE,
                                             JackPortIsInput, 0);
        if (!recorder->in[i]) {
            return false;
        }
    }
    jack_set_process_callback(recorder->client, process, recorder);
    return jack_activate(recorder->client) == 0;
}

static bool
write_out(const struct recorder *recorder, const char *path)
{
    FILE *file = fopen(path, "wb");
    if (!file) {
        return false;
    }
    const size_t n_samples = recorder->n_frames * 2;
    const bool written = fwrite(recorder->frames, sizeof(float), n_samples, file) == n_samples;
    return fclose(file) == 0 && written;
}

static void
wait_for_end_of_input(void)
{
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
}

int
main(int argc, char **argv)
{
    static struct recorder recorder;
    if ((argc != 3 && argc != 5) || !open_client(&recorder, argv[1])) {
        fprintf(stderr, "jackcap: can't record\n");
        return 1;
    }
    for (int i = 0; i < 2 && argc == 5; i++) {
        if (jack_connect(recorder.client, argv[3 + i], jack_port_name(recorder.in[i]))) {
            fprintf(stderr, "jackcap: can't connect %s\n", argv[3 + i]);
            return 1;
        }
    }
    atomic_store(&recorder.on, true);
    puts("recording");
    fflush(stdout);
    wait_for_end_of_input();
    atomic_store(&recorder.on, false);
    jack_client_close(recorder.client);
    printf("gaps %u\n", atomic_load(&recorder.n_gaps));
    return write_out(&recorder, argv[2]) ? 0 : 1;
}

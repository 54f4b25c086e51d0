// SPDX-License-Identifier: ISC
// bench/instructions/silence.c — the callback on music, and on a minute of silence after it, under
// callgrind.
//
// Everything that could carry a number too small on is in the way: a band of Q 30 at 20 Hz among
// ten, the limiter, all taps.  Silence comes in three ways, since with nothing to play the callback
// has less to do: a file that goes on with zeros, one whose dither goes on at 24 bits, and nothing.
//
// Usage: silence [SECONDS [WHOLE]]     of each silence, 60 without
// Of each the first WHOLE seconds are counted, 4 without, then every tenth and the last.  Not more,
// as what is only run takes a fourth of the time; and it is one sound, in which nothing happens.
// Standard output has a line for each: `NAME CALLBACKS`; gate.py --silence compares the counts.

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <valgrind/callgrind.h>

#include "bench/instructions/cases.h"
#include "daemon/base/os.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/engine_internal.h"
#include "daemon/engine/engine_setup.h"

#define RING_FRAMES   32768
#define N_BANDS       10
#define MUSIC_SECONDS 8
#define LOOP_FRAMES   (4 * CASE_RATE_HZ) ///< after which all that is played begins anew

static struct ch_engine *engine;
static struct ch_pcm_ring *ring;
static struct ch_tap *taps[CH_TAP_POINTS];
static float left[CASE_FRAMES], right[CASE_FRAMES];
static float *const planes[CH_CHANNELS] = {left, right};
static struct ch_pcm_frame music[LOOP_FRAMES], zeros[LOOP_FRAMES], dither[LOOP_FRAMES];
static uint64_t frame;

_Noreturn void
ch_case_fail(const char *file, int line, const char *condition)
{
    fprintf(stderr, "%s:%d: not so: %s\n", file, line, condition);
    exit(EXIT_FAILURE);
}

static void
send(struct ch_command command)
{
    command.flags = CH_COMMAND_QUIET;
    CASE_MUST(ch_engine_send(engine, &command, 1));
}

static void
set_up(void)
{
    CASE_MUST(ch_engine_create(&engine, CASE_RATE_HZ) == CH_OK);
    ring = ch_pcm_ring_create(RING_FRAMES);
    CASE_MUST(ring);
    for (uint32_t i = 0; i < N_BANDS; i++) {
        const struct ch_eq_band band = {.type = CH_EQ_PEAK,
                                        .freq_hz = i ? 31.25 * (1u << i) : 20.0,
                                        .gain_db = i % 2 ? -3.0 : 3.0,
                                        .q = i ? 1.4 : 30.0};
        struct ch_eq_section sections[CH_EQ_BAND_SECTIONS_MAX];
        CASE_MUST(ch_eq_sections_from_band(&band, CH_EQ_MATCHED, CASE_RATE_HZ, sections) == 1);
        send((struct ch_command){
            .op = CH_COMMAND_EQ_SECTION,
            .eq = {.section = sections[0], .index = (uint16_t)i, .ramp_frames = 1}});
    }
    for (uint32_t i = 0; i < CH_TAP_POINTS; i++) {
        taps[i] = ch_tap_create(RING_FRAMES);
        CASE_MUST(taps[i]);
        send((struct ch_command){.op = CH_COMMAND_TAP, .tap = {.tap = taps[i], .point = i}});
    }
    send((struct ch_command){.op = CH_COMMAND_PLAY, .deck = {.pcm = ring, .stream = 1}});
}

static float
random_sample(void)
{
    static uint64_t state = 1;
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return (float)(state >> 40) / 8388608.0f - 1.0f;
}

/// Bass, a melody and a drum, now and then above the limiter's ceiling.
static float
note(uint32_t i)
{
    const double t = (double)i / CASE_RATE_HZ;
    const double hz = 220.0 * pow(2.0, floor(t) / 6.0);
    return (float)(0.3 * sin(2.0 * M_PI * 20.0 * t) + 0.4 * sin(2.0 * M_PI * hz * t)) +
           (float)exp(-40.0 * fmod(t, 0.5)) * 0.5f * random_sample();
}

static float
hiss(void)
{
    return (random_sample() + random_sample()) / 8388608.0f;
}

/// Made before anything is simulated, which takes twenty times as long.
static void
compose(void)
{
    for (uint32_t i = 0; i < LOOP_FRAMES; i++) {
        music[i] = (struct ch_pcm_frame){note(i), note(i)};
        dither[i] = (struct ch_pcm_frame){hiss(), hiss()};
    }
}

static void
feed(const struct ch_pcm_frame *loop)
{
    CASE_MUST(ch_ring_write(&ring->ring, loop + frame % LOOP_FRAMES, CASE_FRAMES));
    frame += CASE_FRAMES;
}

static void
empty_taps(void)
{
    static struct ch_pcm_frame sink[RING_FRAMES];
    for (uint32_t i = 0; i < CH_TAP_POINTS; i++) {
        const uint32_t n = ch_ring_read_space(&taps[i]->pcm->ring);
        CASE_MUST(n == 0 || ch_ring_read(&taps[i]->pcm->ring, sink, n));
    }
    struct ch_event_slot event;
    while (ch_engine_take_event(engine, &event)) {
    }
}

// The gate leaves out what this function itself costs, and counts what it calls.
static void __attribute__((noinline)) measure(uint32_t n, const struct ch_pcm_frame *loop)
{
    for (uint32_t i = 0; i < n; i++) {
        if (loop) {
            feed(loop);
        }
        ch_engine_clock(engine, 0, CASE_FRAMES);
        CALLGRIND_TOGGLE_COLLECT;
        ch_engine_run(engine, planes, CASE_FRAMES);
        CALLGRIND_TOGGLE_COLLECT;
        if (i % 64 == 0) {
            empty_taps();
        }
    }
}

static void
part(const char *name, uint32_t seconds, uint32_t whole, const struct ch_pcm_frame *loop)
{
    uint32_t n_counted = 0;
    CALLGRIND_ZERO_STATS;
    for (uint32_t i = 0; i < seconds; i++) {
        const bool counted = i < whole || i % 10 == 9 || i == seconds - 1;
        if (counted) {
            CALLGRIND_START_INSTRUMENTATION;
            n_counted += CASE_RATE_HZ / CASE_FRAMES;
        }
        measure(CASE_RATE_HZ / CASE_FRAMES, loop);
        if (i == seconds - 1) {
            CALLGRIND_DUMP_STATS_AT(name);
        }
        if (counted) {
            CALLGRIND_STOP_INSTRUMENTATION;
        }
    }
    printf("%s %u\n", name, n_counted);
}

int
main(int argc, char **argv)
{
    const uint32_t seconds = argc > 1 ? (uint32_t)atoi(argv[1]) : 60;
    const uint32_t n_before = 2 * CASE_RATE_HZ / CASE_FRAMES;
    const uint32_t whole = argc > 2 ? (uint32_t)atoi(argv[2]) : 4;
    ch_os_denormals_off(); // as in the callback's thread
    compose();
    set_up();
    for (uint32_t i = 0; i < 32; i++) {
        feed(music); // what a deck keeps in hand
    }
    part("music", MUSIC_SECONDS, MUSIC_SECONDS, music);
    CASE_MUST(engine->n_limited > 0);
    part("zeros", seconds, whole, zeros);
    measure(n_before, music);
    part("dither", seconds, whole, dither);
    CASE_MUST(!engine->quiet && engine->n_starved == 0);
    measure(n_before, music);
    ch_pcm_ring_end(ring);
    part("nothing", seconds, whole, NULL);
    CASE_MUST(seconds < 20 ||
              (engine->quiet && left[0] == 0.0f)); // the band of Q 30 rings for 11 s
    ch_engine_destroy(engine);
    ch_pcm_ring_destroy(ring);
    for (uint32_t i = 0; i < CH_TAP_POINTS; i++) {
        ch_tap_destroy(taps[i]);
    }
    return EXIT_SUCCESS;
}

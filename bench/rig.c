// SPDX-License-Identifier: ISC
// bench/rig.c — sets up an engine and keeps it going.

#include "bench/rig.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "daemon/backend/call.h"
#include "daemon/base/os.h"
#include "daemon/engine/engine_setup.h"
#include "daemon/engine/messages.h"

struct bench_rig {
    struct ch_engine *engine;
    uint32_t n_streams;
    struct ch_pcm_ring *pcm[CH_PLAYERS_MAX];
    struct ch_tap *taps[CH_TAP_POINTS]; ///< NULL: none
    float out[CH_CHANNELS][CH_BLOCK_MAX];
};

static void
send(struct bench_rig *rig, struct ch_command command)
{
    if (!ch_engine_send(rig->engine, &command, 1)) {
        bench_fail("the engine takes no commands");
    }
    bench_rig_call(rig, 64, bench_now_ns());
}

static float
sample(enum bench_signal signal)
{
    static uint32_t seed = 1;
    seed = seed * 1664525u + 1013904223u;
    const float noise = (float)(seed >> 8) / 8388608.0f - 1.0f;
    switch (signal) {
    case BENCH_NOISE:
        return 0.125f * noise;
    case BENCH_FAINT:
        return 1e-10f * noise;
    case BENCH_ZEROS:
        break;
    }
    return 0.0f;
}

/// All of the storage is written once.  Refilling commits what lies there.
static struct ch_pcm_ring *
make_stream(enum bench_signal signal)
{
    struct ch_pcm_ring *pcm = ch_pcm_ring_create(2 * BENCH_RIG_FRAMES);
    struct ch_span span;
    if (!pcm || !ch_ring_reserve(&pcm->ring, 2 * BENCH_RIG_FRAMES, &span)) {
        bench_fail("no memory for a stream");
    }
    struct ch_pcm_frame *frame = span.data[0];
    for (uint32_t i = 0; i < span.n[0]; i++) {
        frame[i] = (struct ch_pcm_frame){sample(signal), sample(signal)};
    }
    ch_ring_commit(&pcm->ring, 2 * BENCH_RIG_FRAMES);
    return pcm;
}

static void
set_bands(struct bench_rig *rig, uint32_t n_bands)
{
    for (uint32_t i = 0; i < n_bands; i++) {
        const struct ch_eq_band band = {.type = CH_EQ_PEAK,
                                        .freq_hz = 31.25 * exp2(9.0 * i / n_bands),
                                        .gain_db = i % 2 ? -6.0 : 6.0,
                                        .q = 1.4};
        struct ch_command command = {.op = CH_COMMAND_EQ_SECTION, .eq = {.index = (uint16_t)i}};
        struct ch_eq_section sections[CH_EQ_BAND_SECTIONS_MAX];
        ch_eq_sections_from_band(&band, CH_EQ_MATCHED, BENCH_RATE_HZ, sections);
        command.eq.section = sections[0];
        send(rig, command);
    }
}

static void
set_taps(struct bench_rig *rig)
{
    for (uint32_t i = 0; i < CH_TAP_POINTS; i++) {
        rig->taps[i] = ch_tap_create(2 * BENCH_RIG_FRAMES);
        if (!rig->taps[i]) {
            bench_fail("no memory for a tap");
        }
        send(rig,
             (struct ch_command){.op = CH_COMMAND_TAP, .tap = {.tap = rig->taps[i], .point = i}});
    }
}

struct bench_rig *
bench_rig_open(const struct bench_chain *chain)
{
    struct bench_rig *rig = aligned_alloc(4096, (sizeof *rig + 4095) / 4096 * 4096);
    if (!rig) {
        bench_fail("no memory");
    }
    memset(rig, 0, sizeof *rig);
    ch_os_denormals_off();
    if (ch_engine_create(&rig->engine, BENCH_RATE_HZ) != CH_OK) {
        bench_fail("no engine");
    }
    rig->n_streams = chain->n_streams;
    for (uint32_t i = 0; i < chain->n_streams; i++) {
        rig->pcm[i] = make_stream(chain->signal);
        send(rig, (struct ch_command){.op = CH_COMMAND_PLAY,
                                      .deck = {.pcm = rig->pcm[i], .player = i, .stream = i + 1}});
    }
    set_bands(rig, chain->n_bands);
    if (chain->limiting) {
        send(rig, (struct ch_command){.op = CH_COMMAND_LIMITER, .limiter = {.ceiling = 0.1f}});
    }
    if (chain->taps) {
        set_taps(rig);
    }
    // Ramps of the beginning come to rest; pages come in.
    for (uint32_t i = 0; i < 3 * BENCH_RATE_HZ / 1024; i++) {
        bench_rig_refill(rig);
        bench_rig_call(rig, 1024, bench_now_ns());
    }
    bench_rig_refill(rig);
    return rig;
}

void
bench_rig_close(struct bench_rig *rig)
{
    ch_engine_destroy(rig->engine);
    for (uint32_t i = 0; i < rig->n_streams; i++) {
        ch_pcm_ring_destroy(rig->pcm[i]);
    }
    for (uint32_t i = 0; i < CH_TAP_POINTS; i++) {
        ch_tap_destroy(rig->taps[i]);
    }
    free(rig);
}

void
bench_rig_refill(struct bench_rig *rig)
{
    struct ch_event_slot event;
    while (ch_engine_take_event(rig->engine, &event)) {
    }
    for (uint32_t i = 0; i < rig->n_streams; i++) {
        struct ch_ring *ring = &rig->pcm[i]->ring;
        ch_ring_commit(ring, ch_ring_write_space(ring));
    }
    for (uint32_t i = 0; i < CH_TAP_POINTS; i++) {
        if (rig->taps[i]) {
            struct ch_ring *ring = &rig->taps[i]->pcm->ring;
            ch_ring_release(ring, ch_ring_read_space(ring));
        }
    }
}

void
bench_rig_call(struct bench_rig *rig, uint32_t n_frames, uint64_t now_ns)
{
    float *const out[CH_CHANNELS] = {rig->out[0], rig->out[1]};
    const struct ch_cycle cycle = {.pace = CH_PACE_CLOCK,
                                   .rate_hz = BENCH_RATE_HZ,
                                   .latency_frames = n_frames,
                                   .begin_ns = now_ns,
                                   .due_ns = now_ns,
                                   .mono_ns = now_ns};
    ch_backend_call(rig->engine, out, n_frames, &cycle);
}

__attribute__((noinline)) void
bench_empty_call(struct bench_rig *rig, uint32_t n_frames, uint64_t now_ns)
{
    (void)rig;
    (void)n_frames;
    (void)now_ns;
    bench_clobber();
}

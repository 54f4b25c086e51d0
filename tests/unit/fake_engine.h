// SPDX-License-Identifier: ISC
// tests/unit/fake_engine.h — an engine for backends to call: it counts, and writes a ramp.
//
// Include it in one source file of a test; it defines the functions of engine.h.

#ifndef CH_TESTS_UNIT_FAKE_ENGINE_H
#define CH_TESTS_UNIT_FAKE_ENGINE_H

#include <stdatomic.h>
#include <string.h>

#if defined(__SSE2__)
#    include <xmmintrin.h>
#endif

#include "daemon/base/os.h"
#include "daemon/base/rt_scope.h"
#include "daemon/engine/account.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/engine_setup.h"

#define FAKE_CALLS_MAX 4096

struct ch_engine {
    uint32_t rate_hz; // that it says; 0 = 48000
    atomic_uint n_calls;
    atomic_ullong n_frames;
    atomic_bool inside;     // a call is running
    atomic_uint n_overlaps; // calls while one was running
    atomic_uint n_early;    // calls before the time they were for
    atomic_bool denormals;  // a call ran with denormals on
    // The first FAKE_CALLS_MAX calls; read them when no thread runs.
    uint64_t mono_ns[FAKE_CALLS_MAX];
    uint64_t now_ns[FAKE_CALLS_MAX];
    uint32_t sizes[FAKE_CALLS_MAX];
    uint32_t latency;
    uint64_t next_mono_ns;
    struct ch_engine_cycle cycles[FAKE_CALLS_MAX]; // the account of each
    unsigned n_cycles;
    // What the test asks for.
    unsigned stall_call; // that call takes stall_ns
    uint64_t stall_ns;
    uint64_t sound_frames;      // a ramp that long, then silence
    atomic_ullong ready_frames; // what a decoder has delivered
};

// Exactly a 16-bit integer, so that every format keeps it.
static float
fake_sample(uint64_t frame, unsigned channel)
{
    const int value = (int)((frame * 7 + 1) % 32749) * (channel ? -1 : 1);
    return (float)value / 32768.0f;
}

void
ch_engine_clock(struct ch_engine *engine, uint64_t mono_ns, uint32_t latency_frames)
{
    engine->next_mono_ns = mono_ns;
    engine->latency = latency_frames;
}

bool
ch_engine_can_run(struct ch_engine *engine, uint32_t n_frames)
{
    const uint64_t end = atomic_load(&engine->n_frames) + n_frames;
    return end <= atomic_load(&engine->ready_frames) || end > engine->sound_frames;
}

void
ch_engine_run(struct ch_engine *engine, float *const out[CH_CHANNELS], uint32_t n_frames)
{
    if (atomic_exchange(&engine->inside, true)) {
        atomic_fetch_add(&engine->n_overlaps, 1);
    }
    const uint64_t now_ns = ch_os_mono_ns();
    if (now_ns < engine->next_mono_ns) {
        atomic_fetch_add(&engine->n_early, 1);
    }
#if defined(__SSE2__)
    if ((_mm_getcsr() & 0x8040u) != 0x8040u) {
        atomic_store(&engine->denormals, true);
    }
#endif
    const unsigned call = atomic_load(&engine->n_calls);
    if (call < FAKE_CALLS_MAX) {
        engine->mono_ns[call] = engine->next_mono_ns;
        engine->now_ns[call] = now_ns;
        engine->sizes[call] = n_frames;
    }
    const uint64_t first = atomic_load(&engine->n_frames);
    for (unsigned channel = 0; channel < CH_CHANNELS; channel++) {
        for (uint32_t i = 0; i < n_frames; i++) {
            const uint64_t frame = first + i;
            out[channel][i] = frame < engine->sound_frames ? fake_sample(frame, channel) : 0.0f;
        }
    }
    if (engine->stall_ns && call == engine->stall_call) {
        // The machine stalls, not the code: that is none of the callback's doing.
        ch_rt_scope_leave();
        ch_os_sleep_until(now_ns + engine->stall_ns);
        ch_rt_scope_enter();
    }
    atomic_store(&engine->n_frames, first + n_frames);
    atomic_store(&engine->inside, false);
    atomic_fetch_add(&engine->n_calls, 1);
}

bool
ch_engine_account(struct ch_engine *engine, const struct ch_engine_cycle *cycle)
{
    if (engine->n_cycles < FAKE_CALLS_MAX) {
        engine->cycles[engine->n_cycles++] = *cycle;
    }
    return false;
}

uint32_t
ch_engine_rate(const struct ch_engine *engine)
{
    return engine->rate_hz ? engine->rate_hz : 48000;
}

void
ch_engine_read_state(struct ch_engine *engine, struct ch_engine_state *state)
{
    memset(state, 0, sizeof *state);
    state->frame = atomic_load(&engine->n_frames);
    state->quiet = state->frame >= engine->sound_frames;
}

static CH_UNUSED void
fake_wait_calls(struct ch_engine *engine, unsigned n)
{
    while (atomic_load(&engine->n_calls) < n) {
        ch_os_sleep_until(ch_os_mono_ns() + 1000000);
    }
}

#endif

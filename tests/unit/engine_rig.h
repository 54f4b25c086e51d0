// SPDX-License-Identifier: ISC
// tests/unit/engine_rig.h — an engine without a device: rings filled by hand, blocks run by hand.

#ifndef CH_TESTS_UNIT_ENGINE_RIG_H
#define CH_TESTS_UNIT_ENGINE_RIG_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/engine/engine.h"
#include "daemon/engine/engine_setup.h"

#define RIG_RATE_HZ    48000
#define RIG_FRAMES_MAX 400000

struct rig {
    struct ch_engine *engine;
    float *left, *right; ///< everything that came out, without the chain's delay
    uint32_t n_out;
    uint32_t n_skip; ///< frames of the chain's delay still to be thrown away
    struct ch_event_slot events[256];
    uint32_t n_events;
};

static inline void
rig_start(struct rig *rig)
{
    memset(rig, 0, sizeof *rig);
    assert_int_equal(ch_engine_create(&rig->engine, RIG_RATE_HZ), CH_OK);
    rig->n_skip = ch_engine_latency(rig->engine);
    rig->left = calloc(RIG_FRAMES_MAX, sizeof *rig->left);
    rig->right = calloc(RIG_FRAMES_MAX, sizeof *rig->right);
    assert_non_null(rig->left);
    assert_non_null(rig->right);
}

static inline void
rig_stop(struct rig *rig)
{
    ch_engine_destroy(rig->engine);
    free(rig->left);
    free(rig->right);
}

static inline void
rig_take_events(struct rig *rig)
{
    while (rig->n_events < 256 && ch_engine_take_event(rig->engine, &rig->events[rig->n_events])) {
        rig->n_events++;
    }
}

/// Run n frames in blocks of `block`.
static inline void
rig_run(struct rig *rig, uint32_t n, uint32_t block)
{
    static float left[CH_BLOCK_MAX], right[CH_BLOCK_MAX];
    float *const out[CH_CHANNELS] = {left, right};
    while (n) {
        const uint32_t count = n < block ? n : block;
        ch_engine_run(rig->engine, out, count);
        for (uint32_t i = 0; i < count; i++) {
            if (rig->n_skip) {
                rig->n_skip--;
            } else if (rig->n_out < RIG_FRAMES_MAX) {
                rig->left[rig->n_out] = left[i];
                rig->right[rig->n_out++] = right[i];
            }
        }
        rig_take_events(rig);
        n -= count;
    }
}

static inline void
rig_send(struct rig *rig, struct ch_command command)
{
    assert_true(ch_engine_send(rig->engine, &command, 1));
}

/// The first event of that kind, or NULL.
static inline const struct ch_event_slot *
rig_event(const struct rig *rig, enum ch_event_op op, uint32_t stream)
{
    for (uint32_t i = 0; i < rig->n_events; i++) {
        const struct ch_event_slot *event = &rig->events[i];
        if (event->op == op && (op == CH_EVENT_ACK ? event->id : event->deck.stream) == stream) {
            return event;
        }
    }
    return NULL;
}

/// A ring with n frames made by `make(frame)`, left as it is and right negated; ended if `ended`.
static inline struct ch_pcm_ring *
rig_ring(uint32_t capacity, uint32_t n, float (*make)(uint32_t frame), uint32_t first, bool ended)
{
    struct ch_pcm_ring *pcm = ch_pcm_ring_create(capacity);
    assert_non_null(pcm);
    for (uint32_t i = 0; i < n; i++) {
        const float x = make(first + i);
        const struct ch_pcm_frame frame = {x, -x};
        assert_true(ch_ring_write(&pcm->ring, &frame, 1));
    }
    if (ended) {
        ch_pcm_ring_end(pcm);
    }
    return pcm;
}

static inline struct ch_command
rig_play(struct ch_pcm_ring *pcm, uint32_t stream, uint32_t flags)
{
    return (struct ch_command){.op = CH_COMMAND_PLAY,
                               .deck = {.pcm = pcm, .stream = stream, .flags = flags}};
}

/// -6 dBFS, 100 Hz
static inline float
rig_sine(uint32_t frame)
{
    // Volatile: a sine that the compiler works out is rounded otherwise than the library's.
    const volatile double phase = 2.0 * M_PI * 100.0 * frame / RIG_RATE_HZ;
    return (float)(0.5 * sin(phase));
}

/// No two frames alike within 2^15.
static inline float
rig_counter(uint32_t frame)
{
    return (float)(frame % 32768) / 32768.0f - 0.5f;
}

#endif

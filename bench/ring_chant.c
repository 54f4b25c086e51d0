// SPDX-License-Identifier: ISC
// bench/ring_chant.c — our ring, by copying calls and by reserve and commit.

#include <stdlib.h>

#include "bench/ring_kinds.h"
#include "daemon/lockfree/ring.h"

static void *
open_ring(uint32_t n)
{
    (void)n;
    const size_t header = (sizeof(struct ch_ring) + 127) / 128 * 128;
    uint8_t *block = aligned_alloc(128, header + BENCH_RING_FLOATS * sizeof(float));
    if (!block || !ch_ring_init((struct ch_ring *)(void *)block, block + header, BENCH_RING_FLOATS,
                                sizeof(float))) {
        bench_fail("no ring");
    }
    memset(block + header, 0, BENCH_RING_FLOATS * sizeof(float));
    return block;
}

static inline uint32_t
copy_in(struct ch_ring *ring, const float *block, uint32_t n)
{
    if (n == 1) {
        return ch_ring_push(ring, block, sizeof *block);
    }
    return ch_ring_write(ring, block, n) ? n : 0;
}

static inline uint32_t
copy_out(struct ch_ring *ring, float *block, uint32_t n)
{
    if (n == 1) {
        return ch_ring_pop(ring, block, sizeof *block);
    }
    return ch_ring_read(ring, block, n) ? n : 0;
}

/// A producer that writes in place knows its element: the copies are of floats.
static inline uint32_t
fill_span(struct ch_ring *ring, const float *block, uint32_t n)
{
    struct ch_span span;
    if (!ch_ring_reserve(ring, n, &span)) {
        return 0;
    }
    if (n == 1) {
        *(float *)span.data[0] = *block;
    } else {
        memcpy(span.data[0], block, span.n[0] * sizeof(float));
        if (span.n[1]) {
            memcpy(span.data[1], block + span.n[0], span.n[1] * sizeof(float));
        }
    }
    ch_ring_commit(ring, n);
    return n;
}

static inline uint32_t
drain_span(struct ch_ring *ring, float *block, uint32_t n)
{
    struct ch_span span;
    if (!ch_ring_peek(ring, n, &span)) {
        return 0;
    }
    if (n == 1) {
        *block = *(const float *)span.data[0];
    } else {
        memcpy(block, span.data[0], span.n[0] * sizeof(float));
        if (span.n[1]) {
            memcpy(block + span.n[0], span.data[1], span.n[1] * sizeof(float));
        }
    }
    ch_ring_release(ring, n);
    return n;
}

BENCH_RING_LOOPS(copy, copy_in, copy_out)
BENCH_RING_LOOPS(span, fill_span, drain_span)

const struct bench_ring_kind bench_ring_chant_copy = {
    "chant write/read", NULL, "copy", true, open_ring, free, BENCH_RING_FUNCTIONS(copy)};
const struct bench_ring_kind bench_ring_chant_span = {
    "chant reserve/commit", NULL, "in place", true, open_ring, free, BENCH_RING_FUNCTIONS(span)};

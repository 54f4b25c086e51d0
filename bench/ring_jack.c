// SPDX-License-Identifier: ISC
// bench/ring_jack.c — jack_ringbuffer, by copying calls and by vectors.

#include <jack/ringbuffer.h>
#include <string.h>

#include "bench/ring_kinds.h"

static void *
open_ring(uint32_t n)
{
    (void)n;
    // One byte of it cannot be used: twice as much, so that it holds what the others hold.
    jack_ringbuffer_t *ring = jack_ringbuffer_create(2 * BENCH_RING_FLOATS * sizeof(float) - 1);
    if (!ring) {
        bench_fail("no jack_ringbuffer");
    }
    return ring;
}

static void
close_ring(void *ring)
{
    jack_ringbuffer_free(ring);
}

static inline uint32_t
copy_in(jack_ringbuffer_t *ring, const float *block, uint32_t n)
{
    if (jack_ringbuffer_write_space(ring) < n * sizeof(float)) {
        return 0; // else it might take a part of a float
    }
    return (uint32_t)(jack_ringbuffer_write(ring, (const char *)block, n * sizeof(float)) /
                      sizeof(float));
}

static inline uint32_t
copy_out(jack_ringbuffer_t *ring, float *block, uint32_t n)
{
    if (jack_ringbuffer_read_space(ring) < n * sizeof(float)) {
        return 0;
    }
    return (uint32_t)(jack_ringbuffer_read(ring, (char *)block, n * sizeof(float)) / sizeof(float));
}

static inline uint32_t
fill_vector(jack_ringbuffer_t *ring, const float *block, uint32_t n)
{
    const size_t bytes = n * sizeof(float);
    jack_ringbuffer_data_t part[2];
    jack_ringbuffer_get_write_vector(ring, part);
    if (part[0].len + part[1].len < bytes) {
        return 0;
    }
    const size_t first = part[0].len < bytes ? part[0].len : bytes;
    memcpy(part[0].buf, block, first);
    if (first < bytes) {
        memcpy(part[1].buf, (const char *)block + first, bytes - first);
    }
    jack_ringbuffer_write_advance(ring, bytes);
    return n;
}

static inline uint32_t
drain_vector(jack_ringbuffer_t *ring, float *block, uint32_t n)
{
    const size_t bytes = n * sizeof(float);
    jack_ringbuffer_data_t part[2];
    jack_ringbuffer_get_read_vector(ring, part);
    if (part[0].len + part[1].len < bytes) {
        return 0;
    }
    const size_t first = part[0].len < bytes ? part[0].len : bytes;
    memcpy(block, part[0].buf, first);
    if (first < bytes) {
        memcpy((char *)block + first, part[1].buf, bytes - first);
    }
    jack_ringbuffer_read_advance(ring, bytes);
    return n;
}

BENCH_RING_LOOPS(copy, copy_in, copy_out)
BENCH_RING_LOOPS(vector, fill_vector, drain_vector)

const struct bench_ring_kind bench_ring_jack_copy = {
    "jack_ringbuffer", "libjack-jackd2-0",        "copy", false, open_ring,
    close_ring,        BENCH_RING_FUNCTIONS(copy)};
const struct bench_ring_kind bench_ring_jack_span = {
    "jack_ringbuffer vectors",   "libjack-jackd2-0", "in place", false, open_ring, close_ring,
    BENCH_RING_FUNCTIONS(vector)};

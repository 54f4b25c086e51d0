// SPDX-License-Identifier: ISC
// bench/ring_locked.c — rings with locks: one mutex, and a lock of its own for every field.
//
// The second is what a player with shared state comes to: buffer, write index and read index each
// behind a readers-writer lock, and a modulo for every sample.  It takes its locks once for a block
// (the kinder reading) or once for a sample.

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "bench/ring_kinds.h"

// --- one mutex, power of two, two copies at most ------------------------------------------------

struct mutex_ring {
    pthread_mutex_t lock;
    uint32_t w, r;
    float storage[BENCH_RING_FLOATS];
};

static void *
open_mutex(uint32_t n)
{
    (void)n;
    struct mutex_ring *ring = calloc(1, sizeof *ring);
    if (!ring) {
        bench_fail("no memory");
    }
    pthread_mutex_init(&ring->lock, NULL);
    return ring;
}

static inline uint32_t
mutex_put(struct mutex_ring *ring, const float *block, uint32_t n)
{
    pthread_mutex_lock(&ring->lock);
    if (BENCH_RING_FLOATS - (ring->w - ring->r) < n) {
        n = 0;
    }
    const uint32_t at = ring->w % BENCH_RING_FLOATS;
    const uint32_t first = n < BENCH_RING_FLOATS - at ? n : BENCH_RING_FLOATS - at;
    memcpy(ring->storage + at, block, first * sizeof(float));
    memcpy(ring->storage, block + first, (n - first) * sizeof(float));
    ring->w += n;
    pthread_mutex_unlock(&ring->lock);
    return n;
}

static inline uint32_t
mutex_get(struct mutex_ring *ring, float *block, uint32_t n)
{
    pthread_mutex_lock(&ring->lock);
    if (ring->w - ring->r < n) {
        n = 0;
    }
    const uint32_t at = ring->r % BENCH_RING_FLOATS;
    const uint32_t first = n < BENCH_RING_FLOATS - at ? n : BENCH_RING_FLOATS - at;
    memcpy(block, ring->storage + at, first * sizeof(float));
    memcpy(block + first, ring->storage, (n - first) * sizeof(float));
    ring->r += n;
    pthread_mutex_unlock(&ring->lock);
    return n;
}

// --- a lock for every field, a modulo for every sample -------------------------------------------

struct rwlock_ring {
    size_t capacity; ///< known at run time only, as the length of a vector is
    float *buffer;
    size_t write_pos, read_pos; ///< one element stays empty
    pthread_rwlock_t buffer_lock, write_lock, read_lock;
};

static void *
open_rwlock(uint32_t n)
{
    (void)n;
    struct rwlock_ring *ring = calloc(1, sizeof *ring);
    if (!ring || !(ring->buffer = calloc(BENCH_RING_FLOATS + 1, sizeof(float)))) {
        bench_fail("no memory");
    }
    ring->capacity = BENCH_RING_FLOATS + 1;
    pthread_rwlock_init(&ring->buffer_lock, NULL);
    pthread_rwlock_init(&ring->write_lock, NULL);
    pthread_rwlock_init(&ring->read_lock, NULL);
    return ring;
}

static void
close_rwlock(void *opened)
{
    struct rwlock_ring *ring = opened;
    free(ring->buffer);
    free(ring);
}

static inline uint32_t
rwlock_put_block(struct rwlock_ring *ring, const float *block, uint32_t n)
{
    pthread_rwlock_wrlock(&ring->buffer_lock);
    pthread_rwlock_wrlock(&ring->write_lock);
    pthread_rwlock_rdlock(&ring->read_lock);
    uint32_t done = 0;
    for (; done < n; done++) {
        const size_t next = (ring->write_pos + 1) % ring->capacity;
        if (next == ring->read_pos) {
            break;
        }
        ring->buffer[ring->write_pos] = block[done];
        ring->write_pos = next;
    }
    pthread_rwlock_unlock(&ring->read_lock);
    pthread_rwlock_unlock(&ring->write_lock);
    pthread_rwlock_unlock(&ring->buffer_lock);
    return done;
}

static inline uint32_t
rwlock_get_block(struct rwlock_ring *ring, float *block, uint32_t n)
{
    pthread_rwlock_rdlock(&ring->buffer_lock);
    pthread_rwlock_rdlock(&ring->write_lock);
    pthread_rwlock_wrlock(&ring->read_lock);
    uint32_t done = 0;
    for (; done < n && ring->read_pos != ring->write_pos; done++) {
        block[done] = ring->buffer[ring->read_pos];
        ring->read_pos = (ring->read_pos + 1) % ring->capacity;
    }
    pthread_rwlock_unlock(&ring->read_lock);
    pthread_rwlock_unlock(&ring->write_lock);
    pthread_rwlock_unlock(&ring->buffer_lock);
    return done;
}

static inline uint32_t
rwlock_put_samples(struct rwlock_ring *ring, const float *block, uint32_t n)
{
    uint32_t done = 0;
    while (done < n && rwlock_put_block(ring, block + done, 1) == 1) {
        done++;
    }
    return done;
}

static inline uint32_t
rwlock_get_samples(struct rwlock_ring *ring, float *block, uint32_t n)
{
    uint32_t done = 0;
    while (done < n && rwlock_get_block(ring, block + done, 1) == 1) {
        done++;
    }
    return done;
}

BENCH_RING_LOOPS(mutex, mutex_put, mutex_get)
BENCH_RING_LOOPS(rwlock_block, rwlock_put_block, rwlock_get_block)
BENCH_RING_LOOPS(rwlock_sample, rwlock_put_samples, rwlock_get_samples)

const struct bench_ring_kind bench_ring_mutex = {
    "mutex ring", NULL, "copy", false, open_mutex, free, BENCH_RING_FUNCTIONS(mutex)};
const struct bench_ring_kind bench_ring_rwlock_block = {
    "RwLock ring, locked per block",   NULL, "copy", false, open_rwlock, close_rwlock,
    BENCH_RING_FUNCTIONS(rwlock_block)};
const struct bench_ring_kind bench_ring_rwlock_sample = {
    "RwLock ring, locked per sample",   NULL, "copy", false, open_rwlock, close_rwlock,
    BENCH_RING_FUNCTIONS(rwlock_sample)};

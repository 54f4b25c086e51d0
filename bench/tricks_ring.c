// SPDX-License-Identifier: ISC
// bench/tricks_ring.c — the shape of our ring, and the same without one of its tricks each.
//
// Copies of the shape, not the ring itself: the product has no switch for what is never off.

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "bench/ring_kinds.h"

/// What all shapes share; where their indices lie is up to each.
struct side {
    _Atomic uint32_t *own;
    _Atomic uint32_t *other;
    uint32_t *cache; ///< of the other
};

struct storage {
    float *floats;
    uint32_t capacity; ///< a power of two that only the masked shape makes use of
};

#define ALWAYS_INLINE static inline __attribute__((always_inline))

ALWAYS_INLINE uint32_t
index_of(const struct storage *storage, uint32_t count, bool masked)
{
    return masked ? count & (storage->capacity - 1) : count % storage->capacity;
}

/// Whether n elements, or that much room, lie between this side and the other one.
ALWAYS_INLINE bool
is_enough(struct side side, uint32_t own, uint32_t capacity, bool putting, bool cached, uint32_t n)
{
    const uint32_t bias = putting ? capacity : 0;
    if (!cached || *side.cache + bias - own < n) {
        *side.cache = atomic_load_explicit(side.other, memory_order_acquire);
        return *side.cache + bias - own >= n;
    }
    return true;
}

/// Which tricks a shape has.
struct tricks {
    bool cached, masked;
    bool spans; ///< copies at most two pieces; else it looks for the place of every sample
};

ALWAYS_INLINE void
copy(float *to, const float *from, uint32_t n)
{
    if (n == 1) {
        *to = *from;
    } else {
        memcpy(to, from, n * sizeof *to);
    }
}

ALWAYS_INLINE void
copy_in(const struct storage *storage, uint32_t w, struct tricks tricks, const float *block,
        uint32_t n)
{
    if (!tricks.spans) {
        for (uint32_t i = 0; i < n; i++) {
            storage->floats[index_of(storage, w + i, tricks.masked)] = block[i];
        }
        return;
    }
    const uint32_t at = index_of(storage, w, tricks.masked);
    const uint32_t first = n < storage->capacity - at ? n : storage->capacity - at;
    copy(storage->floats + at, block, first);
    if (first < n) {
        copy(storage->floats, block + first, n - first);
    }
}

ALWAYS_INLINE void
copy_out(const struct storage *storage, uint32_t r, struct tricks tricks, float *block, uint32_t n)
{
    if (!tricks.spans) {
        for (uint32_t i = 0; i < n; i++) {
            block[i] = storage->floats[index_of(storage, r + i, tricks.masked)];
        }
        return;
    }
    const uint32_t at = index_of(storage, r, tricks.masked);
    const uint32_t first = n < storage->capacity - at ? n : storage->capacity - at;
    copy(block, storage->floats + at, first);
    if (first < n) {
        copy(block + first, storage->floats, n - first);
    }
}

ALWAYS_INLINE uint32_t
put(const struct storage *storage, struct side side, struct tricks tricks, const float *block,
    uint32_t n)
{
    const uint32_t w = atomic_load_explicit(side.own, memory_order_relaxed);
    if (!is_enough(side, w, storage->capacity, true, tricks.cached, n)) {
        return 0;
    }
    copy_in(storage, w, tricks, block, n);
    atomic_store_explicit(side.own, w + n, memory_order_release);
    return n;
}

ALWAYS_INLINE uint32_t
get(const struct storage *storage, struct side side, struct tricks tricks, float *block, uint32_t n)
{
    const uint32_t r = atomic_load_explicit(side.own, memory_order_relaxed);
    if (!is_enough(side, r, storage->capacity, false, tricks.cached, n)) {
        return 0;
    }
    copy_out(storage, r, tricks, block, n);
    atomic_store_explicit(side.own, r + n, memory_order_release);
    return n;
}

#define SHAPE(name, apart, cached, masked, spans, words)                                           \
    struct name {                                                                                  \
        struct storage storage;                                                                    \
        _Alignas(apart) _Atomic uint32_t w;                                                        \
        uint32_t r_cache;                                                                          \
        _Alignas(apart) _Atomic uint32_t r;                                                        \
        uint32_t w_cache;                                                                          \
        _Alignas(128) float floats[BENCH_RING_FLOATS];                                             \
    };                                                                                             \
    static void *name##_open(uint32_t n)                                                           \
    {                                                                                              \
        (void)n;                                                                                   \
        struct name *ring = aligned_alloc(128, sizeof *ring);                                      \
        if (!ring) {                                                                               \
            bench_fail("no memory");                                                               \
        }                                                                                          \
        memset(ring, 0, sizeof *ring);                                                             \
        ring->storage = (struct storage){ring->floats, BENCH_RING_FLOATS};                         \
        return ring;                                                                               \
    }                                                                                              \
    static inline uint32_t name##_put(struct name *ring, const float *block, uint32_t n)           \
    {                                                                                              \
        return put(&ring->storage, (struct side){&ring->w, &ring->r, &ring->r_cache},              \
                   (struct tricks){cached, masked, spans}, block, n);                              \
    }                                                                                              \
    static inline uint32_t name##_get(struct name *ring, float *block, uint32_t n)                 \
    {                                                                                              \
        return get(&ring->storage, (struct side){&ring->r, &ring->w, &ring->w_cache},              \
                   (struct tricks){cached, masked, spans}, block, n);                              \
    }                                                                                              \
    BENCH_RING_LOOPS(name, name##_put, name##_get)                                                 \
    const struct bench_ring_kind bench_ring_##name = {                                             \
        words, NULL, "copy", true, name##_open, free, BENCH_RING_FUNCTIONS(name)};

SHAPE(shape_all, 128, true, true, true, "all tricks")
SHAPE(shape_packed, 4, true, true, true, "indices packed")
SHAPE(shape_uncached, 128, false, true, true, "opposite index read each time")
SHAPE(shape_modulo, 128, true, false, true, "modulo")
SHAPE(shape_samples, 128, true, true, false, "masked for every sample")
SHAPE(shape_samples_modulo, 128, true, false, false, "modulo for every sample")

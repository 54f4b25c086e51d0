// SPDX-License-Identifier: ISC
// daemon/lockfree/ring.h — a single-producer single-consumer ring of fixed-size elements.
//
// One thread writes, one other reads; neither ever waits.  Indices run freely through 2^32 and are
// masked only to address storage, so all `capacity` elements are usable.  The pattern, on both
// sides: at most one acquire load of the other side's index (only when the cached copy of it says
// full or empty), the work on plain memory, one release store of the own index.
//
// A transfer touches at most two spans, because storage wraps at most once.  One element of a size
// that the compiler knows is pushed and popped by moves alone, no span and no call.

#ifndef CH_LOCKFREE_RING_H
#define CH_LOCKFREE_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "daemon/base/attributes.h"

struct ch_ring {
    // constant after init; read by both
    uint8_t *storage;
    uint32_t capacity;  ///< elements, a power of two
    uint32_t mask;      ///< capacity - 1
    uint32_t elem_size; ///< bytes

    // the producer's line
    _Alignas(CH_CACHE_APART) _Atomic uint32_t w; ///< elements ever written, mod 2^32
    uint32_t r_cache;                            ///< what the producer last saw of r

    // the consumer's line
    _Alignas(CH_CACHE_APART) _Atomic uint32_t r; ///< elements ever read, mod 2^32
    uint32_t w_cache;                            ///< what the consumer last saw of w

    uint8_t pad[CH_CACHE_APART - 2 * sizeof(uint32_t)]; // nothing else shares r's line
};

/// Where a transfer takes place: n[0] elements at data[0], then n[1] at data[1].
struct ch_span {
    void *data[2];
    uint32_t n[2];
};

/// Use `storage` of capacity·elem_size bytes, which the caller owns.                       [setup]
///
/// @param capacity elements, a power of two, 1…2^31.
/// @return false if the capacity is no such power.
CH_NODISCARD bool ch_ring_init(struct ch_ring *ring, void *storage, uint32_t capacity,
                               uint32_t elem_size);

/// As ch_ring_init(), with the indices starting at `start`: for tests near 2^32.           [setup]
CH_NODISCARD bool ch_ring_init_at(struct ch_ring *ring, void *storage, uint32_t capacity,
                                  uint32_t elem_size, uint32_t start);

CH_RT static inline void
ch_ring__span(const struct ch_ring *ring, uint32_t index, uint32_t n, struct ch_span *span)
{
    const uint32_t at = index & ring->mask;
    const uint32_t to_end = ring->capacity - at;
    const uint32_t first = n < to_end ? n : to_end;
    span->data[0] = ring->storage + (size_t)at * ring->elem_size;
    span->n[0] = first;
    span->data[1] = ring->storage;
    span->n[1] = n - first;
}

/// Elements in it about now: what neither of the two sees, for people to look at.             [any]
static inline uint32_t
ch_ring_fill(struct ch_ring *ring)
{
    const uint32_t r = atomic_load_explicit(&ring->r, memory_order_relaxed);
    const uint32_t n = atomic_load_explicit(&ring->w, memory_order_relaxed) - r;
    return n < ring->capacity ? n : ring->capacity;
}

// --- functions that only the producer may call ---------------------------------------------

/// Free elements; never more than there are.
CH_RT static inline uint32_t
ch_ring_write_space(struct ch_ring *ring)
{
    const uint32_t w = atomic_load_explicit(&ring->w, memory_order_relaxed);
    ring->r_cache = atomic_load_explicit(&ring->r, memory_order_acquire);
    return ring->capacity - (w - ring->r_cache);
}

/// Room for `n` elements, or none (false).  Nothing is seen by the consumer before the commit.
CH_RT CH_NODISCARD static inline bool
ch_ring_reserve(struct ch_ring *ring, uint32_t n, struct ch_span *span)
{
    const uint32_t w = atomic_load_explicit(&ring->w, memory_order_relaxed);
    if (ring->capacity - (w - ring->r_cache) < n) {
        ring->r_cache = atomic_load_explicit(&ring->r, memory_order_acquire);
        if (ring->capacity - (w - ring->r_cache) < n) {
            return false;
        }
    }
    ch_ring__span(ring, w, n, span);
    return true;
}

/// Publish the first `n` reserved elements.
CH_RT static inline void
ch_ring_commit(struct ch_ring *ring, uint32_t n)
{
    const uint32_t w = atomic_load_explicit(&ring->w, memory_order_relaxed);
    atomic_store_explicit(&ring->w, w + n, memory_order_release);
}

/// Copy `n` elements in, all or none.
CH_RT CH_NODISCARD static inline bool
ch_ring_write(struct ch_ring *ring, const void *elems, uint32_t n)
{
    struct ch_span span;
    if (!ch_ring_reserve(ring, n, &span)) {
        return false;
    }
    const size_t first = (size_t)span.n[0] * ring->elem_size;
    memcpy(span.data[0], elems, first);
    if (span.n[1]) {
        memcpy(span.data[1], (const uint8_t *)elems + first, (size_t)span.n[1] * ring->elem_size);
    }
    ch_ring_commit(ring, n);
    return true;
}

/// As ch_ring_write() of one element; elem_size, a constant, is that of the ring.
CH_RT CH_NODISCARD static inline bool
ch_ring_push(struct ch_ring *ring, const void *elem, uint32_t elem_size)
{
    const uint32_t w = atomic_load_explicit(&ring->w, memory_order_relaxed);
    if (w - ring->r_cache > ring->mask) {
        ring->r_cache = atomic_load_explicit(&ring->r, memory_order_acquire);
        if (w - ring->r_cache > ring->mask) {
            return false;
        }
    }
    memcpy(ring->storage + (size_t)(w & ring->mask) * elem_size, elem, elem_size);
    atomic_store_explicit(&ring->w, w + 1, memory_order_release);
    return true;
}

// --- functions that only the consumer may call ---------------------------------------------

/// Elements that can be read; never more than there are.
CH_RT static inline uint32_t
ch_ring_read_space(struct ch_ring *ring)
{
    const uint32_t r = atomic_load_explicit(&ring->r, memory_order_relaxed);
    ring->w_cache = atomic_load_explicit(&ring->w, memory_order_acquire);
    return ring->w_cache - r;
}

/// The next `n` elements in place, or none (false).
CH_RT CH_NODISCARD static inline bool
ch_ring_peek(struct ch_ring *ring, uint32_t n, struct ch_span *span)
{
    const uint32_t r = atomic_load_explicit(&ring->r, memory_order_relaxed);
    if (ring->w_cache - r < n) {
        ring->w_cache = atomic_load_explicit(&ring->w, memory_order_acquire);
        if (ring->w_cache - r < n) {
            return false;
        }
    }
    ch_ring__span(ring, r, n, span);
    return true;
}

/// Give the first `n` peeked elements back to the producer.
CH_RT static inline void
ch_ring_release(struct ch_ring *ring, uint32_t n)
{
    const uint32_t r = atomic_load_explicit(&ring->r, memory_order_relaxed);
    atomic_store_explicit(&ring->r, r + n, memory_order_release);
}

/// Copy `n` elements out, all or none.
CH_RT CH_NODISCARD static inline bool
ch_ring_read(struct ch_ring *ring, void *elems, uint32_t n)
{
    struct ch_span span;
    if (!ch_ring_peek(ring, n, &span)) {
        return false;
    }
    const size_t first = (size_t)span.n[0] * ring->elem_size;
    memcpy(elems, span.data[0], first);
    if (span.n[1]) {
        memcpy((uint8_t *)elems + first, span.data[1], (size_t)span.n[1] * ring->elem_size);
    }
    ch_ring_release(ring, n);
    return true;
}

/// As ch_ring_read() of one element; elem_size, a constant, is that of the ring.
CH_RT CH_NODISCARD static inline bool
ch_ring_pop(struct ch_ring *ring, void *elem, uint32_t elem_size)
{
    const uint32_t r = atomic_load_explicit(&ring->r, memory_order_relaxed);
    if (r == ring->w_cache) {
        ring->w_cache = atomic_load_explicit(&ring->w, memory_order_acquire);
        if (r == ring->w_cache) {
            return false;
        }
    }
    memcpy(elem, ring->storage + (size_t)(r & ring->mask) * elem_size, elem_size);
    atomic_store_explicit(&ring->r, r + 1, memory_order_release);
    return true;
}

#endif

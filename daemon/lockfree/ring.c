// SPDX-License-Identifier: ISC
// daemon/lockfree/ring.c — setting up the ring; its work is inline in the header.

#include "daemon/lockfree/ring.h"

bool
ch_ring_init_at(struct ch_ring *ring, void *storage, uint32_t capacity, uint32_t elem_size,
                uint32_t start)
{
    if (capacity == 0 || (capacity & (capacity - 1)) || capacity > 1u << 31 || elem_size == 0) {
        return false;
    }
    ring->storage = storage;
    ring->capacity = capacity;
    ring->mask = capacity - 1;
    ring->elem_size = elem_size;
    ring->r_cache = start;
    ring->w_cache = start;
    atomic_init(&ring->w, start);
    atomic_init(&ring->r, start);
    return true;
}

bool
ch_ring_init(struct ch_ring *ring, void *storage, uint32_t capacity, uint32_t elem_size)
{
    return ch_ring_init_at(ring, storage, capacity, elem_size, 0);
}

// SPDX-License-Identifier: ISC
// daemon/lockfree/pcm_ring.c — allocation of PCM rings.                                    [setup]

#include "daemon/lockfree/pcm_ring.h"
#include "daemon/base/memory.h"

#include <stdlib.h>

struct ch_pcm_ring *
ch_pcm_ring_create(uint32_t n_frames)
{
    uint32_t capacity = 1;
    while (capacity < n_frames && capacity < 1u << 30) {
        capacity *= 2;
    }
    const size_t header =
        (sizeof(struct ch_pcm_ring) + CH_CACHE_APART - 1) & ~(size_t)(CH_CACHE_APART - 1);
    const size_t bytes = header + (size_t)capacity * sizeof(struct ch_pcm_frame);
    void *block = ch_memory_aligned(CH_CACHE_APART, bytes);
    if (!block) {
        return NULL;
    }
    struct ch_pcm_ring *pcm = block;
    atomic_init(&pcm->ended, 0);
    if (!ch_ring_init(&pcm->ring, (uint8_t *)block + header, capacity,
                      sizeof(struct ch_pcm_frame))) {
        ch_memory_aligned_free(block);
        return NULL;
    }
    return pcm;
}

void
ch_pcm_ring_destroy(struct ch_pcm_ring *pcm)
{
    ch_memory_aligned_free(pcm);
}

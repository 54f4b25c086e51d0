// SPDX-License-Identifier: ISC
// daemon/lockfree/snapshot.h — the latest value of a small struct: one writer, any readers.
//
// A sequence lock of 64-bit words.  The writer never waits; a reader tries again while it is being
// written.  Words are stored with release and loaded with acquire, so that a reader that sees any
// new word also sees the odd sequence number before it, without fences (which TSan can't follow).

#ifndef CH_LOCKFREE_SNAPSHOT_H
#define CH_LOCKFREE_SNAPSHOT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/attributes.h"

#define CH_SNAPSHOT_WORDS_MAX 64

struct ch_snapshot {
    _Alignas(CH_CACHE_APART) _Atomic uint32_t seq; ///< odd while being written
    uint32_t n_words;
    _Atomic uint64_t words[CH_SNAPSHOT_WORDS_MAX];
};

/// @param bytes of the value, a multiple of 8, at most 512.                                [setup]
void ch_snapshot_init(struct ch_snapshot *snapshot, uint32_t bytes);

/// Publish a value of the size given to init.                                             [writer]
CH_RT static inline void
ch_snapshot_publish(struct ch_snapshot *snapshot, const void *value)
{
    const uint64_t *words = value;
    const uint32_t seq = atomic_load_explicit(&snapshot->seq, memory_order_relaxed);
    atomic_store_explicit(&snapshot->seq, seq + 1, memory_order_relaxed);
    for (uint32_t i = 0; i < snapshot->n_words; i++) {
        atomic_store_explicit(&snapshot->words[i], words[i], memory_order_release);
    }
    atomic_store_explicit(&snapshot->seq, seq + 2, memory_order_release);
}

/// Copy the latest value out.                                                                [any]
static inline void
ch_snapshot_read(struct ch_snapshot *snapshot, void *value)
{
    uint64_t *words = value;
    for (;;) {
        const uint32_t before = atomic_load_explicit(&snapshot->seq, memory_order_acquire);
        for (uint32_t i = 0; i < snapshot->n_words; i++) {
            words[i] = atomic_load_explicit(&snapshot->words[i], memory_order_acquire);
        }
        if (!(before & 1) && atomic_load_explicit(&snapshot->seq, memory_order_relaxed) == before) {
            return;
        }
    }
}

#endif

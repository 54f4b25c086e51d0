// SPDX-License-Identifier: ISC
// daemon/lockfree/counter.h — a number that one thread writes and any may read.
//
// Relaxed loads and stores only: the writer pays what a plain variable would cost, and nothing is
// said about the order in which readers see several of them change.

#ifndef CH_LOCKFREE_COUNTER_H
#define CH_LOCKFREE_COUNTER_H

#include <stdatomic.h>
#include <stdint.h>

#include "daemon/base/attributes.h"

CH_RT static inline uint64_t
ch_counter_read(_Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

/// [writer]
CH_RT static inline void
ch_counter_set(_Atomic uint64_t *counter, uint64_t value)
{
    atomic_store_explicit(counter, value, memory_order_relaxed);
}

/// [writer]
CH_RT static inline void
ch_counter_add(_Atomic uint64_t *counter, uint64_t n)
{
    ch_counter_set(counter, ch_counter_read(counter) + n);
}

#endif

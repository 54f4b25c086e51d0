// SPDX-License-Identifier: ISC
// daemon/lockfree/clock.h — when frames are heard: a snapshot that [rt] writes each block.

#ifndef CH_LOCKFREE_CLOCK_H
#define CH_LOCKFREE_CLOCK_H

#include <stdint.h>

#include "daemon/lockfree/snapshot.h"

struct ch_clock {
    uint64_t frame;         ///< engine frame of a block's first sample
    uint64_t heard_mono_ns; ///< CLOCK_MONOTONIC at which it leaves the device
    uint64_t mono_ns;       ///< at which it was due in the engine
};

#endif

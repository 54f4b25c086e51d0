// SPDX-License-Identifier: ISC
// daemon/engine/drift.h — how fast the device's clock runs, by ours.
//
// Each cycle is one tick of the device.  A tick is seen late, by as much as the system pleases, but
// never early: so of each half second the tick counts that came earliest.  The first of these since
// the latest gap and the last one tell the rate, better the longer there is no gap.

#ifndef CH_ENGINE_DRIFT_H
#define CH_ENGINE_DRIFT_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/lockfree/counter.h"

/// Frames up to a tick, and how much later than they should have taken it was seen.
struct ch_drift_tick {
    uint64_t n_frames;
    int64_t offset_ns;
};

struct ch_drift {
    // [rt]
    bool ticking;                   ///< since a first tick, at begin_ns
    bool based;                     ///< the first half second is over: `base` is its best
    uint64_t begin_ns;              ///< CLOCK_MONOTONIC
    uint64_t n_frames;              ///< since then
    uint64_t window_frames;         ///< of the current half second
    struct ch_drift_tick last;      ///< the one before this
    struct ch_drift_tick base;      ///< of the first half second
    struct ch_drift_tick best;      ///< of the current one
    _Atomic uint64_t ppb_published; ///< see ch_drift_read()
};

/// What is known is forgotten: a device is lost, stopped, or another one.                [rt|setup]
CH_RT void ch_drift_reset(struct ch_drift *drift);

/// A cycle of n_frames begins at mono_ns; after a gap its predecessor's frames say nothing of the
/// time between them.                                                                         [rt]
CH_RT void ch_drift_tick(struct ch_drift *drift, uint64_t mono_ns, uint32_t n_frames,
                         uint32_t rate_hz, bool gap);

/// Parts per million by which the device is fast; false for the first second.               [any]
bool ch_drift_read(struct ch_drift *drift, double *ppm);

#endif

// SPDX-License-Identifier: ISC
// daemon/lockfree/tap.h — a copy of the signal for whoever measures it.
//
// [rt] writes every block of one point of the chain; an analysis [worker] reads.  A full tap drops
// the newest block and counts it: the music never waits for a meter.  Engine frame of the next one
// to be read = first_frame + frames read + frames dropped (exact if none was dropped since).

#ifndef CH_LOCKFREE_TAP_H
#define CH_LOCKFREE_TAP_H

#include "daemon/lockfree/pcm_ring.h"

/// Points of the chain that can be tapped.
enum ch_tap_point { CH_TAP_SOURCE, CH_TAP_POST_EQ, CH_TAP_OUTPUT, CH_TAP_POINTS };

struct ch_tap {
    struct ch_pcm_ring *pcm;      ///< owned
    _Atomic uint64_t first_frame; ///< engine frame of the first frame ever written
    _Atomic uint64_t n_dropped;   ///< frames
    bool started;                 ///< [rt]
};

/// n_frames of room.  NULL without memory.                                                 [setup]
struct ch_tap *ch_tap_create(uint32_t n_frames);
void ch_tap_destroy(struct ch_tap *tap);

/// Offer one planar block; `frame` is the engine frame of its first sample.                   [rt]
CH_RT void ch_tap_write(struct ch_tap *tap, uint64_t frame, const float *left, const float *right,
                        uint32_t n_frames);

#endif

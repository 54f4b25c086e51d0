// SPDX-License-Identifier: ISC
// daemon/dsp/limiter_state.h — what the limiter remembers; private to limiter*.c.
//
// A window of `span` = latency + 1 frames holds every frame that can still lower the gain of the
// one that leaves: its own and those of the look-ahead.

#ifndef CH_DSP_LIMITER_STATE_H
#define CH_DSP_LIMITER_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/dsp/ramp.h"

struct ch_limiter_frame {
    float left, right;
};

/// One candidate of the sliding minimum.
struct ch_limiter_low {
    double gain;
    uint32_t frame; ///< when it came, counted modulo 2^32
};

struct ch_limiter {
    // constant after creation
    uint32_t latency;     ///< frames
    uint32_t span;        ///< frames; of the minimum and of the average
    uint32_t ramp_frames; ///< of ceiling and bypass
    double release;       ///< part of the way back that one frame covers
    int64_t full;         ///< `sum` at gain 1

    struct ch_ramp ceiling; ///< linear
    struct ch_ramp limit;   ///< 1 limits, 0 bypassed
    float min_gain;         ///< since it was last taken
    bool resting;           ///< no gain below 1 anywhere: lows empty, envelope 1, sum full

    uint32_t now;        ///< frame counter, modulo 2^32
    uint32_t n_silent;   ///< frames of silence that came last, at most latency
    uint32_t delay_at;   ///< 0…latency - 1
    uint32_t average_at; ///< 0…span - 1
    uint32_t low_first, n_lows;
    double envelope; ///< sliding minimum with release
    int64_t sum;     ///< of `average`, exact

    struct ch_limiter_frame *delay; ///< latency frames
    struct ch_limiter_low *low;     ///< ring of span: rising gains, the lowest first
    int64_t *average;               ///< ring of span: envelope in fixed point
};

/// Gain 1 in the fixed point of `average`: sums of any span are exact, in int64_t and in double.
#define CH_LIMITER_ONE ((int64_t)1 << 40)

#endif

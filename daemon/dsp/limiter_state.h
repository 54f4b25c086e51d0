// SPDX-License-Identifier: ISC
// daemon/dsp/limiter_state.h — what the limiter remembers; private to limiter*.c.
//
// Peaks are those of the frame `half` frames ago: the interpolator needs as many on its other side.
// The last `span` = latency - half + 1 peaks are those that can still lower the gain of the frame
// that leaves: its own and those of the look-ahead.

#ifndef CH_DSP_LIMITER_STATE_H
#define CH_DSP_LIMITER_STATE_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __SSE__
#    include <xmmintrin.h>
#endif

#include "daemon/base/attributes.h"
#include "daemon/dsp/ramp.h"

/// Frames that are worked on at once.
#define CH_LIMITER_CHUNK 64

/// Of the interpolator at most: taps on each side, and pairs of places between two samples.
#define CH_LIMITER_HALF_MAX  10
#define CH_LIMITER_PAIRS_MAX 3
#define CH_LIMITER_SOFT_MAX  6

/// Not with a compiler that aligns the stack to 16 bytes and takes it for 32, says configure.
#if defined(__x86_64__) && !defined(CH_NO_AVX2)
#    define CH_LIMITER_HAVE_AVX2 1
#else
#    define CH_LIMITER_HAVE_AVX2 0
#endif

#define CH_LIMITER_BOXES      3
#define CH_LIMITER_HOLD_SLOTS 16

/// Gain 1 in the fixed point of the averages: their sums are exact in int64_t up to 384 kHz.
#define CH_LIMITER_ONE ((int64_t)1 << 36)

typedef float ch_limiter_v4 __attribute__((vector_size(16), may_alias));
typedef float ch_limiter_v4_anywhere __attribute__((vector_size(16), may_alias, aligned(4)));
typedef int32_t ch_limiter_v4i __attribute__((vector_size(16), may_alias));

/// Lane by lane; b where a is NaN.
CH_RT static inline ch_limiter_v4
ch_limiter_larger4(ch_limiter_v4 a, ch_limiter_v4 b)
{
#ifdef __SSE__
    return (ch_limiter_v4)_mm_max_ps((__m128)a, (__m128)b);
#else
    const ch_limiter_v4i first = a > b;
    return (ch_limiter_v4)(((ch_limiter_v4i)a & first) | ((ch_limiter_v4i)b & ~first));
#endif
}

struct ch_limiter_frame {
    float left, right;
};

/// Places a part f and 1 - f of the way between two samples see the same taps the other way round:
/// with the sum s and the difference d of samples as far apart on both sides they are
/// a·s + b·d and a·s - b·d, and the larger of the two is |a·s| + |b·d|.
struct ch_limiter_taps {
    ch_limiter_v4 even[CH_LIMITER_PAIRS_MAX][CH_LIMITER_HALF_MAX]; ///< a, in all four lanes
    ch_limiter_v4 odd[CH_LIMITER_PAIRS_MAX][CH_LIMITER_HALF_MAX];  ///< b
    ch_limiter_v4 middle[CH_LIMITER_HALF_MAX];                     ///< a of the place half-way
    // the same of the soft one: half-way, and a quarter
    ch_limiter_v4 soft_middle[CH_LIMITER_SOFT_MAX];
    ch_limiter_v4 soft_even[CH_LIMITER_SOFT_MAX], soft_odd[CH_LIMITER_SOFT_MAX];
};

/// A moving sum; `total` of the values of `ring`, exact.
struct ch_limiter_box {
    int64_t *ring;
    int64_t total;
    int64_t full; ///< `total` at gain 1
    uint32_t length, at;
};

struct ch_limiter {
    struct ch_limiter_taps taps;

    // constant after creation
    uint32_t half;          ///< taps on each side of the interpolator
    uint32_t soft_half;     ///< the same of the soft one, not more
    uint32_t n_pairs;       ///< of places between two samples, besides the one half-way
    bool wide;              ///< the processor has AVX2 and FMA
    float taps_sum;         ///< no place is further from 0 than the largest sample times this
    uint32_t latency;       ///< frames
    uint32_t span;          ///< frames; of the averages together
    uint32_t ramp_frames;   ///< of ceiling and bypass
    uint32_t hold_frames;   ///< of one slot of the hold
    uint32_t forget_frames; ///< of silence, after which the gain is 1 at once
    double fast;            ///< part of the way back that one frame covers, after a peak
    double slow_down;       ///< of the slow gain, down
    double slow_up;         ///< and up

    struct ch_ramp ceiling; ///< linear, margin included
    struct ch_ramp limit;   ///< 1 limits, 0 bypassed
    float min_gain;         ///< since it was last taken
    bool resting;           ///< no gain below 1 anywhere: nothing held, averages full

    uint32_t n_silent;              ///< frames of silence that came last, at most latency
    uint32_t delay_at;              ///< 0…latency - 1
    struct ch_limiter_frame *delay; ///< latency frames

    // the largest sample of at least the last 2·half frames, in two pieces
    float recent[2];
    uint32_t n_recent; ///< frames in the second

    float held; ///< the highest of all slots, at the last frame
    float hold[CH_LIMITER_HOLD_SLOTS];
    float hold_max; ///< of all slots but the one that fills
    uint32_t hold_slot, hold_at;
    uint32_t n_idle; ///< peaks below SILENCE in a row
    double slow;     ///< gain that follows what is required for long
    double envelope; ///< required gain with hold and release
    struct ch_limiter_box box[CH_LIMITER_BOXES];
};

/// The peaks of n_frames (at most CH_LIMITER_CHUNK), the last of which came `half` frames before
/// the last that comes in now.  Before ch_limiter's delay takes those in.                      [rt]
CH_RT void ch_limiter_detect(const struct ch_limiter *limiter, const float *left,
                             const float *right, float *peak, uint32_t n_frames);

#if CH_LIMITER_HAVE_AVX2
/// What detect() does with one channel: the larger of `between` and what is between the samples
/// in the middle of each window, the first of which begins at x.  Only where it is `wide`.     [rt]
CH_RT void ch_limiter_between_avx2(const struct ch_limiter *limiter, const float *x, float *between,
                                   uint32_t n_frames);
#endif

/// The gains for the frames that leave while frames of these peaks come in.                    [rt]
CH_RT void ch_limiter_shape(struct ch_limiter *limiter, const float *peak, double *gain,
                            uint32_t n_frames);

/// Nothing held, gain 1.                                                                       [rt]
CH_RT void ch_limiter_rest(struct ch_limiter *limiter);

CH_RT static inline uint32_t
ch_limiter_wrap(uint32_t index, uint32_t size)
{
    return index < size ? index : index - size;
}

#endif

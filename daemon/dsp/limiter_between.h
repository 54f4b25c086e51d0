// SPDX-License-Identifier: ISC
// daemon/dsp/limiter_between.h — peaks between samples, once for each width of vector.        [rt]
//
// A frame in each lane, of one channel.  Who includes it may define vec, LANES and what goes with
// them for a width of its own; else it is four lanes.  LARGER(a, b) is b where a is NaN.

#ifndef CH_DSP_LIMITER_BETWEEN_H
#define CH_DSP_LIMITER_BETWEEN_H

#include "daemon/dsp/limiter_state.h"

#ifndef LANES

typedef ch_limiter_v4 vec;
#    define LANES           4
#    define LOAD(x)         (*(const ch_limiter_v4_anywhere *)(x))
#    define STORE(x, v)     (*(ch_limiter_v4_anywhere *)(x) = (v))
#    define TAP(t)          (t)
#    define MULADD(a, b, c) ((a) * (b) + (c))
#    define MAGNITUDE(v)    ((vec)((ch_limiter_v4i)(v)&0x7fffffff))
#    define LARGER(a, b)    ch_limiter_larger4(a, b)

#endif

/// The larger of a place and its mirror image, if above what was found already.
CH_RT static inline vec
pair(vec even, vec odd, vec peak)
{
    return LARGER(MAGNITUDE(even) + MAGNITUDE(odd), peak);
}

/// x is the first sample of the first frame's window.
CH_RT static inline vec
eight_places(const struct ch_limiter_taps *taps, const float *x, uint32_t half)
{
    vec middle = {0.0f}, even0 = middle, even1 = middle, even2 = middle;
    vec odd0 = middle, odd1 = middle, odd2 = middle;
    for (uint32_t k = 0; k < half; k++) {
        const vec near = LOAD(x + k), far = LOAD(x + 2 * half - 1 - k);
        const vec sum = near + far, difference = near - far;
        middle = MULADD(TAP(taps->middle[k]), sum, middle);
        even0 = MULADD(TAP(taps->even[0][k]), sum, even0);
        even1 = MULADD(TAP(taps->even[1][k]), sum, even1);
        even2 = MULADD(TAP(taps->even[2][k]), sum, even2);
        odd0 = MULADD(TAP(taps->odd[0][k]), difference, odd0);
        odd1 = MULADD(TAP(taps->odd[1][k]), difference, odd1);
        odd2 = MULADD(TAP(taps->odd[2][k]), difference, odd2);
    }
    return pair(even0, odd0, pair(even1, odd1, pair(even2, odd2, MAGNITUDE(middle))));
}

CH_RT static inline vec
four_places(const ch_limiter_v4 *middles, const ch_limiter_v4 *evens, const ch_limiter_v4 *odds,
            const float *x, uint32_t half)
{
    vec middle = {0.0f}, even = middle, odd = middle;
    for (uint32_t k = 0; k < half; k++) {
        const vec near = LOAD(x + k), far = LOAD(x + 2 * half - 1 - k);
        const vec sum = near + far, difference = near - far;
        middle = MULADD(TAP(middles[k]), sum, middle);
        even = MULADD(TAP(evens[k]), sum, even);
        odd = MULADD(TAP(odds[k]), difference, odd);
    }
    return pair(even, odd, MAGNITUDE(middle));
}

CH_RT static inline vec
all_places(const struct ch_limiter *limiter, const float *x)
{
    const struct ch_limiter_taps *taps = &limiter->taps;
    const uint32_t half = limiter->half, soft = limiter->soft_half;
    if (limiter->n_pairs < CH_LIMITER_PAIRS_MAX) {
        return four_places(taps->middle, taps->even[0], taps->odd[0], x, half);
    }
    return LARGER(eight_places(taps, x, half), four_places(taps->soft_middle, taps->soft_even,
                                                           taps->soft_odd, x + half - soft, soft));
}

CH_RT static inline void
interpolate(const struct ch_limiter *limiter, const float *x, float *between, uint32_t n_frames)
{
    for (uint32_t n = 0; n < n_frames; n += LANES) {
        STORE(between + n, LARGER(all_places(limiter, x + n), LOAD(between + n)));
    }
}

#endif

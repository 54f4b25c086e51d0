// SPDX-License-Identifier: ISC
// daemon/dsp/clamp.c — four samples are looked at, at once; it seldom goes further.           [rt]

#include "daemon/dsp/clamp.h"

#include <math.h>
#include <stdbool.h>

typedef float v4_anywhere __attribute__((vector_size(16), may_alias, aligned(4)));
typedef int32_t v4i __attribute__((vector_size(16), may_alias));

CH_RT static bool
is_inside(float x)
{
    return fabsf(x) <= 1.0f;
}

CH_RT static float
clamped(float x)
{
    return is_inside(x) ? x : x > 1.0f ? 1.0f : x < -1.0f ? -1.0f : 0.0f;
}

/// Whether all of the first 4·n samples are.
CH_RT static bool
are_inside(const float *x, uint32_t n)
{
    v4i inside = {-1, -1, -1, -1};
    for (uint32_t i = 0; i < n; i++) {
        const v4_anywhere four = *(const v4_anywhere *)(x + 4 * i);
        inside &= (four <= 1.0f) & (four >= -1.0f);
    }
    return inside[0] & inside[1] & inside[2] & inside[3];
}

CH_RT uint32_t
ch_clamp(float *left, float *right, uint32_t n_frames)
{
    const uint32_t n_fours = n_frames / 4;
    const bool clean = are_inside(left, n_fours) && are_inside(right, n_fours);
    uint32_t n_hits = 0;
    for (uint32_t n = clean ? 4 * n_fours : 0; n < n_frames; n++) {
        if (!is_inside(left[n]) || !is_inside(right[n])) {
            left[n] = clamped(left[n]);
            right[n] = clamped(right[n]);
            n_hits++;
        }
    }
    return n_hits;
}

// SPDX-License-Identifier: ISC
// daemon/dsp/eq_kernel_lanes.h — vectors of BANDS sections, both channels of each.            [rt]
//
// An eq_kernel_*.c says how many sections share a vector and how to multiply and add, and then
// includes eq_kernel_body.h.

#ifndef CH_DSP_EQ_KERNEL_LANES_H
#define CH_DSP_EQ_KERNEL_LANES_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/dsp/eq_kernel.h"
#include "daemon/dsp/eq_voice.h"

#ifndef BANDS
#    define BANDS           1
#    define MULADD(a, b, c) ((a) * (b) + (c))
#endif

#define GRID_FRAMES   CH_EQ_GRID_FRAMES
#define LANES         (2 * BANDS)
#define ROW           (GRID_FRAMES / LANES)
#define ALWAYS_INLINE static inline __attribute__((always_inline))

/// Of a loop over vectors, whose count is a constant: their states are to stay in registers.
#if defined(__clang__)
#    define UNROLL _Pragma("clang loop unroll(full)")
#else
#    define UNROLL _Pragma("GCC unroll 8")
#endif

/// Both channels of a frame.
typedef double v2 __attribute__((vector_size(16), may_alias));
typedef double vec __attribute__((vector_size(16 * BANDS), may_alias));

/// A pair of doubles of a voice, which are aligned as doubles.
typedef double v2_anywhere __attribute__((vector_size(16), may_alias, aligned(8)));

struct coefficients {
    vec c, k, m0, m1, m2;
};

#if BANDS == 2

// Halves by name: what GCC makes of shuffles goes through memory, and waits for it.

#    define SPREAD(x) ((vec){x, x, x, x})

ALWAYS_INLINE CH_RT vec
join(v2 low, v2 high)
{
    return _mm256_insertf128_pd(_mm256_castpd128_pd256(low), high, 1);
}

ALWAYS_INLINE CH_RT v2
lower(vec x)
{
    return _mm256_castpd256_pd128(x);
}

ALWAYS_INLINE CH_RT v2
upper(vec x)
{
    return _mm256_extractf128_pd(x, 1);
}

ALWAYS_INLINE CH_RT vec
choose(vec low, vec high)
{
    return __builtin_shufflevector(low, high, 0, 1, 6, 7);
}

ALWAYS_INLINE CH_RT v2
fold(vec x)
{
    return lower(x) + upper(x);
}

#else

#    define SPREAD(x) ((vec){x, x})

ALWAYS_INLINE CH_RT vec
join(v2 low, v2 high)
{
    (void)high;
    return low;
}

ALWAYS_INLINE CH_RT v2
lower(vec x)
{
    return x;
}

/// There is no other half.
ALWAYS_INLINE CH_RT v2
upper(vec x)
{
    return x;
}

ALWAYS_INLINE CH_RT vec
choose(vec low, vec high)
{
    (void)high;
    return low;
}

ALWAYS_INLINE CH_RT v2
fold(vec x)
{
    return x;
}

#endif

ALWAYS_INLINE CH_RT v2
pair(const double *of_channels)
{
    return *(const v2_anywhere *)of_channels;
}

/// `a` in the lower half, `b` in the upper one.
ALWAYS_INLINE CH_RT vec
pairs(const double *a, const double *b)
{
    return join(pair(a), pair(b));
}

ALWAYS_INLINE CH_RT struct coefficients
load_coefficients(const struct ch_eq_voice *a, const struct ch_eq_voice *b)
{
    return (struct coefficients){
        .c = pairs(a->c, b->c),
        .k = pairs(a->k, b->k),
        .m0 = pairs(a->m0, b->m0),
        .m1 = pairs(a->m1, b->m1),
        .m2 = pairs(a->m2, b->m2),
    };
}

ALWAYS_INLINE CH_RT void
store_states(struct ch_eq_voice *voice, v2 s1, v2 s2)
{
    *(v2_anywhere *)voice->s1 = s1;
    *(v2_anywhere *)voice->s2 = s2;
}

/// Of a cascade, where m0 is taken out.
ALWAYS_INLINE CH_RT struct coefficients
load_cascaded(const struct ch_eq_voice *a, const struct ch_eq_voice *b)
{
    return (struct coefficients){
        .c = pairs(a->c, b->c),
        .k = pairs(a->k, b->k),
        .m1 = pairs(a->n1, b->n1),
        .m2 = pairs(a->n2, b->n2),
    };
}

/// Around the loop it is 7 cycles from state to state: a multiply-add and a subtraction.
ALWAYS_INLINE CH_RT vec
tick(const struct coefficients *k, vec *s1, vec *s2, vec x)
{
    const vec memory = k->m1 * *s1;
    const vec y = MULADD(k->m0, x, MULADD(k->m2, *s2, memory));
    *s1 = MULADD(k->c, *s1, x) - *s2;
    *s2 = MULADD(k->k, *s1, *s2);
    return y;
}

/// tick() with m0 taken out.
ALWAYS_INLINE CH_RT vec
tick_cascaded(const struct coefficients *k, vec *s1, vec *s2, vec x)
{
    const vec memory = k->m1 * *s1;
    const vec heard = MULADD(k->m2, *s2, memory);
    *s1 = MULADD(k->c, *s1, x) - *s2;
    *s2 = MULADD(k->k, *s1, *s2);
    return x + heard;
}

#endif

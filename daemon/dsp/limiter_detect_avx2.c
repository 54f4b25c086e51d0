// SPDX-License-Identifier: ISC
// daemon/dsp/limiter_detect_avx2.c — eight frames at once, for AVX2 and FMA.                  [rt]

#include "daemon/dsp/limiter_state.h"

#if CH_LIMITER_HAVE_AVX2

#    if defined(__clang__)
#        pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#    else
#        pragma GCC push_options
#        pragma GCC target("avx2,fma")
#    endif

#    include <immintrin.h>

typedef __m256 vec;

#    define LANES           8
#    define LOAD(x)         _mm256_loadu_ps(x)
#    define STORE(x, v)     _mm256_storeu_ps(x, v)
#    define TAP(t)          _mm256_broadcast_ps(&(t))
#    define MULADD(a, b, c) _mm256_fmadd_ps(a, b, c)
#    define MAGNITUDE(v)    _mm256_andnot_ps(_mm256_set1_ps(-0.0f), v)
#    define LARGER(a, b)    _mm256_max_ps(a, b)

#    include "daemon/dsp/limiter_between.h"

CH_RT void
ch_limiter_between_avx2(const struct ch_limiter *limiter, const float *x, float *between,
                        uint32_t n_frames)
{
    interpolate(limiter, x, between, n_frames);
}

#    if defined(__clang__)
#        pragma clang attribute pop
#    else
#        pragma GCC pop_options
#    endif

#endif

// SPDX-License-Identifier: ISC
// daemon/dsp/eq_kernel_avx2.c — two sections, both channels in a vector, for AVX2 and FMA.    [rt]
//
// The multiply-add is asked for by name: left to the compiler, it could be fused here and not
// there, and the result would depend on how a signal is cut into blocks.

#include "daemon/dsp/eq_kernel.h"
#include "daemon/dsp/eq_voice.h"

#if CH_EQ_HAVE_AVX2

#    if defined(__clang__)
#        pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#    else
#        pragma GCC push_options
#        pragma GCC target("avx2,fma")
#    endif

#    include <immintrin.h>

#    define BANDS           2
#    define MULADD(a, b, c) _mm256_fmadd_pd(a, b, c)

#    include "daemon/dsp/eq_kernel_body.h"

CH_RT void
ch_eq_chunk_avx2(struct ch_eq *eq, float *left, float *right, uint32_t n_frames)
{
    run_chunk(eq, left, right, n_frames);
}

#    if defined(__clang__)
#        pragma clang attribute pop
#    else
#        pragma GCC pop_options
#    endif

#endif

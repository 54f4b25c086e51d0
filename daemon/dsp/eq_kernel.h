// SPDX-License-Identifier: ISC
// daemon/dsp/eq_kernel.h — the signal path of the rack, once for each width; private to eq*.c. [rt]
//
// The two are one source (eq_kernel_body.h).  They differ in the width of the vectors and in that
// AVX2 comes with a fused multiply-add, which rounds once instead of twice.  Their outputs agree
// within one unit in the last place of the float (or 1e-14 of the peak, near 0), and nearly every
// sample to the bit; their states within 1e-14 of the largest or of 0 dBFS
// (tests/unit/test_eq_kernels.c).

#ifndef CH_DSP_EQ_KERNEL_H
#define CH_DSP_EQ_KERNEL_H

#include <stdint.h>

#include "daemon/base/attributes.h"
#include "daemon/dsp/eq.h"

/// Longest chunk, and the distance at which tails and states are looked after.
#define CH_EQ_GRID_FRAMES 256

/// Not with a compiler that aligns the stack to 16 bytes and takes it for 32, says configure.
#if defined(__x86_64__) && !defined(CH_NO_AVX2)
#    define CH_EQ_HAVE_AVX2 1
#else
#    define CH_EQ_HAVE_AVX2 0
#endif

/// n_frames 1…CH_EQ_GRID_FRAMES; what is not finite is taken out on the way in and out, counted.
CH_RT void ch_eq_chunk_sse2(struct ch_eq *eq, float *left, float *right, uint32_t n_frames);

#if CH_EQ_HAVE_AVX2
/// Only where the processor has AVX2 and FMA.
CH_RT void ch_eq_chunk_avx2(struct ch_eq *eq, float *left, float *right, uint32_t n_frames);
#endif

#endif

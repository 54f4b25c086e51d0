// SPDX-License-Identifier: ISC
// daemon/dsp/eq_kernel_sse2.c — the baseline: one section, both channels in a vector.         [rt]
//
// SSE2 on a PC; NEON, SIMD128 or whatever the compiler makes of 16-byte vectors elsewhere.

#include "daemon/dsp/eq_kernel.h"

#define BANDS           1
#define MULADD(a, b, c) ((a) * (b) + (c))

#include "daemon/dsp/eq_kernel_body.h"

CH_RT void
ch_eq_chunk_sse2(struct ch_eq *eq, float *left, float *right, uint32_t n_frames)
{
    run_chunk(eq, left, right, n_frames);
}

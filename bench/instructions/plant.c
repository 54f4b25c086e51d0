// SPDX-License-Identifier: ISC
// bench/instructions/plant.c — a slowdown as it might happen, for the gate to notice.
//
// Linked into cases_slow alone, where the linker's --wrap lets it stand between the engine and the
// limiter: somebody wants a running mean of the block and adds it up anew for every sample.

#include <stdint.h>

#include "daemon/dsp/limiter.h"

void __real_ch_limiter_run(struct ch_limiter *limiter, float *left, float *right,
                           uint32_t n_frames);
void __wrap_ch_limiter_run(struct ch_limiter *limiter, float *left, float *right,
                           uint32_t n_frames);

#define MEAN_OF 8

static volatile float mean;

void
__wrap_ch_limiter_run(struct ch_limiter *limiter, float *left, float *right, uint32_t n_frames)
{
    for (uint32_t i = MEAN_OF; i <= n_frames; i++) {
        float sum = 0.0f;
        for (uint32_t k = i - MEAN_OF; k < i; k++) {
            sum += left[k] + right[k];
        }
        mean = sum / (2 * MEAN_OF);
    }
    __real_ch_limiter_run(limiter, left, right, n_frames);
}

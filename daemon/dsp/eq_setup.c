// SPDX-License-Identifier: ISC
// daemon/dsp/eq_setup.c — a flat rack, and the kernel that suits this processor.          [setup]

#include "daemon/dsp/eq.h"
#include "daemon/dsp/eq_kernel.h"

static bool
has_avx2(void)
{
#if CH_EQ_HAVE_AVX2
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
    return false;
#endif
}

bool
ch_eq_use_kernel(struct ch_eq *eq, enum ch_eq_kernel kernel)
{
    switch (kernel) {
    case CH_EQ_KERNEL_AUTO:
        eq->kernel = has_avx2() ? CH_EQ_KERNEL_AVX2 : CH_EQ_KERNEL_SSE2;
        return true;
    case CH_EQ_KERNEL_SSE2:
        eq->kernel = kernel;
        return true;
    case CH_EQ_KERNEL_AVX2:
        if (has_avx2()) {
            eq->kernel = kernel;
            return true;
        }
        return false;
    }
    return false;
}

void
ch_eq_init(struct ch_eq *eq)
{
    *eq = (struct ch_eq){.grid_left = CH_EQ_GRID_FRAMES};
    ch_eq_use_kernel(eq, CH_EQ_KERNEL_AUTO);
    for (int c = 0; c < CH_CHANNELS; c++) {
        ch_ramp_snap(&eq->preamp[c], 1.0f);
        eq->gain[c] = 1.0;
        for (uint32_t i = 0; i < CH_EQ_SECTIONS_MAX; i++) {
            eq->slot[i].scale[c] = 1.0;
        }
    }
}

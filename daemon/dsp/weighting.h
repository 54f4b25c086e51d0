// SPDX-License-Identifier: ISC
// daemon/dsp/weighting.h — frequency weightings A, C and Z of sound level meters.       [any, pure]

#ifndef CH_DSP_WEIGHTING_H
#define CH_DSP_WEIGHTING_H

#include <stdbool.h>

/// Z, which changes nothing, is the zero.
#define CH_WEIGHTING_MAP(X) X(Z, "z") X(A, "a") X(C, "c")

enum ch_weighting {
#define X(id, name) CH_WEIGHTING_##id,
    CH_WEIGHTING_MAP(X)
#undef X
        CH_WEIGHTINGS
};

const char *ch_weighting_name(enum ch_weighting weighting);

/// By what power is multiplied at this frequency; 1 at 1 kHz.
double ch_weighting_power(enum ch_weighting weighting, double hz);

#endif

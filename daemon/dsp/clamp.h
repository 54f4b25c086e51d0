// SPDX-License-Identifier: ISC
// daemon/dsp/clamp.h — nothing beyond 0 dBFS: it stands behind the limiter and finds nothing.  [rt]

#ifndef CH_DSP_CLAMP_H
#define CH_DSP_CLAMP_H

#include <stdint.h>

#include "daemon/base/attributes.h"

/// In place: samples above 1 become 1, below -1 they become -1, and NaN 0.  Returns in how many
/// frames there was such a one.
CH_RT uint32_t ch_clamp(float *left, float *right, uint32_t n_frames);

#endif

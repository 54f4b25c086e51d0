// SPDX-License-Identifier: ISC
// daemon/dsp/limiter.h — the last thing before the output: a look-ahead peak limiter.          [rt]
//
// Linked channels.  Required gain = min(1, ceiling/|peak|); its sliding minimum over the look-ahead
// L; a box average over as many frames of that (after an exponential release of 100 ms): the gain
// applied is then never above the required one when the delayed sample leaves, so |out| <= ceiling
// is certain (the ceiling of when the sample came in), and a signal that stays below the ceiling
// leaves bit for bit as it came, L frames later.  L = 1.5 ms.  Bypassed it only delays.

#ifndef CH_DSP_LIMITER_H
#define CH_DSP_LIMITER_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/attributes.h"
#include "daemon/dsp/ramp.h"

#define CH_LIMITER_LOOKAHEAD_MS 1.5

struct ch_limiter;

/// Bytes that ch_limiter_create() places in the engine's memory are its own allocation. [setup]
/// NULL without memory.
struct ch_limiter *ch_limiter_create(uint32_t rate_hz);
void ch_limiter_destroy(struct ch_limiter *limiter);

/// Frames by which the output is late; constant for a rate, bypassed or not.                [any]
CH_RT uint32_t ch_limiter_latency(const struct ch_limiter *limiter);

/// Linear ceiling (1.0 = 0 dBFS); moves within 20 ms.
CH_RT void ch_limiter_set_ceiling(struct ch_limiter *limiter, float ceiling);

/// Fade the gain reduction out (true) or in; no click, no change of delay.
CH_RT void ch_limiter_set_bypass(struct ch_limiter *limiter, bool bypass);

/// In place.  Samples that are NaN or infinite are taken as 0: nothing behind this repairs them.
CH_RT void ch_limiter_run(struct ch_limiter *limiter, float *left, float *right, uint32_t n_frames);

/// Largest gain reduction since the last call, in linear gain (1 = none).
CH_RT float ch_limiter_take_min_gain(struct ch_limiter *limiter);

/// The delay line holds silence and the gain is back at 1.
CH_RT bool ch_limiter_quiet(const struct ch_limiter *limiter);

/// Empty the delay line, gain 1.
CH_RT void ch_limiter_reset(struct ch_limiter *limiter);

#endif

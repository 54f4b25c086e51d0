// SPDX-License-Identifier: ISC
// daemon/dsp/limiter.h — the last but the clamp before the output: a true-peak limiter.        [rt]
//
// Linked channels.  The peak of a frame counts what lies between its samples.  It is held over the
// look-ahead and 30 ms more, the gain that it requires comes back slowly and goes through averages
// no longer than the look-ahead: the gain applied is then never above the required one when the
// delayed frame leaves, so |out| <= ceiling is certain for the samples (of a ceiling that moves:
// its largest value since the frame came in), and true for what is between them as far as one can
// measure it.  A sound that stays 0.05 dB below the ceiling (0.25 dB where it has much next to half
// the rate) leaves bit for bit as it came, L frames later.  L = 1.5 ms, the detector's share of it
// included.  Bypassed it only delays.

#ifndef CH_DSP_LIMITER_H
#define CH_DSP_LIMITER_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/attributes.h"
#include "daemon/dsp/ramp.h"

#define CH_LIMITER_LOOKAHEAD_MS 1.5

/// What it begins with: CH_CEILING_DBTP.
#define CH_LIMITER_CEILING 0.89125094f

struct ch_limiter;

/// At CH_LIMITER_CEILING, not bypassed; NULL without memory.                               [setup]
struct ch_limiter *ch_limiter_create(uint32_t rate_hz);
void ch_limiter_destroy(struct ch_limiter *limiter);

/// Frames by which the output is late; constant for a rate, bypassed or not.                [any]
CH_RT uint32_t ch_limiter_latency(const struct ch_limiter *limiter);

/// Linear ceiling (1.0 = 0 dBTP); moves within 20 ms.
CH_RT void ch_limiter_set_ceiling(struct ch_limiter *limiter, float ceiling);

/// Fade the gain reduction out (true) or in; no click, no change of delay.
CH_RT void ch_limiter_set_bypass(struct ch_limiter *limiter, bool bypass);

/// Not bypassed, nor on the way from or to that: the bound holds.
CH_RT bool ch_limiter_in_force(const struct ch_limiter *limiter);

/// In place.  Samples that are NaN or infinite are taken as 0: nothing behind this repairs them.
CH_RT void ch_limiter_run(struct ch_limiter *limiter, float *left, float *right, uint32_t n_frames);

/// Largest gain reduction since the last call, in linear gain (1 = none).
CH_RT float ch_limiter_take_min_gain(struct ch_limiter *limiter);

/// The delay line holds silence and the gain is back at 1.
CH_RT bool ch_limiter_quiet(const struct ch_limiter *limiter);

/// Empty the delay line, gain 1.
CH_RT void ch_limiter_reset(struct ch_limiter *limiter);

#endif

// SPDX-License-Identifier: ISC
// daemon/media/resampler.h — stereo from one rate to another: libsoxr VHQ, or a copy.  [worker]
//
// Its output is in step with its input: output frame k is the signal at input time k·from/to,
// whatever delay there is inside.

#ifndef CH_MEDIA_RESAMPLER_H
#define CH_MEDIA_RESAMPLER_H

#include <stdint.h>

#include "daemon/base/attributes.h"
#include "daemon/base/status.h"

struct ch_resampler;

/// Equal rates: every bit passes unchanged and without delay.
CH_NODISCARD enum ch_status ch_resampler_create(struct ch_resampler **out, uint32_t from_hz,
                                                uint32_t to_hz);
void ch_resampler_destroy(struct ch_resampler *resampler);

/// Both interleaved stereo.
///
/// @param n_used frames of `in` that were taken; all of them unless `out` is full.
/// @return frames written to `out`, at most n_out.
uint32_t ch_resampler_run(struct ch_resampler *resampler, const float *in, uint32_t n_in,
                          uint32_t *n_used, float *out, uint32_t n_out);

/// No input follows: what is still inside, until it returns 0.
uint32_t ch_resampler_drain(struct ch_resampler *resampler, float *out, uint32_t n_out);

/// Output frames for n_in input frames and a drain: n_in·to/from, rounded.
uint64_t ch_resampled_frames(uint64_t n_in, uint32_t from_hz, uint32_t to_hz);

#endif

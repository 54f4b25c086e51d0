// SPDX-License-Identifier: ISC
// daemon/dsp/dither.h — floats to integers of 16 or 24 bits, with noise in place of distortion.
//
// TPDF: before rounding, the difference of two even random numbers of one step each is added, -1 to
// 1 steps.  Then the mean and the variance (1/4 of a step squared) of the whole error are the same
// whatever the signal; rounding alone makes harmonics of it and swallows what is below half a step.
//
// AUTO leaves alone what needs none: as long as every sample is an integer of that width already,
// as in a file of that width at gain 0 dB, it comes out as it is.  Dither begins with the first
// sample that is not, so all before it is exact, and ends only after a second in which all were:
// noise that came and went with single samples would be a signal of its own.  Digital silence
// is silence again after that second.
//
// Channels have noise of their own, by a generator with a fixed beginning: the same sound makes the
// same bytes.

#ifndef CH_DSP_DITHER_H
#define CH_DSP_DITHER_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/units.h"

enum ch_dither_mode { CH_DITHER_AUTO, CH_DITHER_ON, CH_DITHER_OFF };

struct ch_dither {
    enum ch_dither_mode mode;
    uint32_t hold_frames; ///< a second
    uint32_t n_exact;     ///< frames in a row that needed none; hold_frames = it is off
    uint64_t state[CH_CHANNELS];
};

/// "auto", "on" or "off"; false if it is none of these.
bool ch_dither_mode_from_name(const char *name, enum ch_dither_mode *mode);

void ch_dither_init(struct ch_dither *dither, enum ch_dither_mode mode, uint32_t rate_hz);

/// Interleaved integers of `bits` (16 or 24), clamped, NaN as 0.  1.0 is 2^(bits-1).
CH_RT void ch_dither_run(struct ch_dither *dither, unsigned bits, float *const planes[CH_CHANNELS],
                         uint32_t n_frames, int32_t *out);

#endif

// SPDX-License-Identifier: ISC
// daemon/dsp/eq_design_kinds.h — what the two designs share; private to eq_design*.c.  [any but rt]

#ifndef CH_DSP_EQ_DESIGN_KINDS_H
#define CH_DSP_EQ_DESIGN_KINDS_H

#include <stdint.h>

#include "daemon/dsp/eq_design.h"

/// Analog prototype at the corner 1 rad/s: H(s) = (n2·s^2 + n1·s + n0) / (d2·s^2 + d1·s + d0).
struct ch_eq_analog {
    double n2, n1, n0, d2, d1, d0;
};

void ch_eq_analog_from_band(const struct ch_eq_band *band, struct ch_eq_analog *analog);

/// |H|^2 at `ratio` times the corner frequency.
double ch_eq_analog_power(const struct ch_eq_analog *analog, double ratio);

/// Its derivative with respect to `ratio`.
double ch_eq_analog_power_slope(const struct ch_eq_analog *analog, double ratio);

/// Biquads of a band of one stage.
#define CH_EQ_DESIGN_MAX 2

/// The two designs, for bands of one stage; 0 < w0 <= 0.98·pi is the corner in radians per sample.
/// The first returns how many biquads it has made of it: at most n_max, 1 or CH_EQ_DESIGN_MAX.
uint32_t ch_eq_design_matched(const struct ch_eq_band *band, double w0, uint32_t rate_hz,
                              uint32_t n_max, struct ch_biquad biquad[CH_EQ_DESIGN_MAX]);
void ch_eq_design_rbj(const struct ch_eq_band *band, double w0, struct ch_biquad *biquad);

#endif

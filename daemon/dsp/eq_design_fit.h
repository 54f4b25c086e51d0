// SPDX-License-Identifier: ISC
// daemon/dsp/eq_design_fit.h — a digital |H|^2 moved until its largest error in dB is small;
// private to eq_design*.c.                                                       [any but rt]

#ifndef CH_DSP_EQ_DESIGN_FIT_H
#define CH_DSP_EQ_DESIGN_FIT_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/dsp/eq_design_kinds.h"

/// A squared magnitude: c0·phi0 + c1·phi1 + c2·phi2 with phi1 = sin^2(w/2), phi0 = 1 - phi1,
/// phi2 = 4·phi0·phi1.
struct ch_eq_powers {
    double c0, c1, c2;
};

/// |H|^2 = b/a
struct ch_eq_fitted {
    struct ch_eq_powers b, a;
};

/// What the fit may move.
#define CH_EQ_FIT_B0 0x01u
#define CH_EQ_FIT_B1 0x02u
#define CH_EQ_FIT_B2 0x04u
#define CH_EQ_FIT_A0 0x08u
#define CH_EQ_FIT_A1 0x10u
#define CH_EQ_FIT_A2 0x20u

/// Whether there is a polynomial of minimum phase with these powers.
bool ch_eq_powers_possible(const struct ch_eq_powers *p);

/// From *fitted as it is towards the prototype at corner w0, over what `first` makes of it already
/// (may be NULL), for frequencies up to w_top; both in radians per sample.  It stays possible, and
/// its largest error is never more than it was.
void ch_eq_fit(const struct ch_eq_analog *analog, const struct ch_eq_fitted *first, double w0,
               double w_top, uint32_t free, struct ch_eq_fitted *fitted);

double ch_eq_powers_at(const struct ch_eq_powers *p, const double phi[3]);

#endif

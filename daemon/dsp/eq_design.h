// SPDX-License-Identifier: ISC
// daemon/dsp/eq_design.h — from what a person means by a band to coefficients.   [any but rt]
//
// Everything here is in double, pure and off the callback.  A band becomes a digital biquad by one
// of two designs, and the biquad a state-variable section, exactly.
//
// matched  after M. Vicanek, "Matched Second Order Digital Filters" (2016): impulse-invariant
//          poles, zeros that match |H|^2.  Bells at 0, fc and, by a fitted rule, fs/2; low shelves
//          at 0 and in value and slope at one more frequency; high shelf G as G / low shelf G; cuts
//          as the exact inverse of the boost; low- and high-pass as published; notch with its
//          zeros on the unit circle at fc.  Worst error up to 20 kHz at ±12 dB, corners up to the
//          lower of 20 kHz and 0.45·fs: bells of Q 0.3…10 0.7 dB at 44.1 kHz, 0.5 at 48, 0.05 at
//          96; shelves of Q 0.4…1.4 0.4, 0.25 and 0.03 dB.
// rbj      R. Bristow-Johnson's cookbook (w3.org/TR/audio-eq-cookbook): bilinear transform.
//
// Both follow the cookbook's meaning of Q: alpha = sin(w0)/(2·Q), bells with A = 10^(gain_db/40).

#ifndef CH_DSP_EQ_DESIGN_H
#define CH_DSP_EQ_DESIGN_H

#include <stdbool.h>
#include <stdint.h>

/// name, and whether gain_db means anything
#define CH_EQ_TYPE_MAP(X)                                                                          \
    X(PEAK, "peak", true)                                                                          \
    X(LOW_SHELF, "low_shelf", true)                                                                \
    X(HIGH_SHELF, "high_shelf", true)                                                              \
    X(LOW_PASS, "low_pass", false)                                                                 \
    X(HIGH_PASS, "high_pass", false)                                                               \
    X(NOTCH, "notch", false)

enum ch_eq_type {
#define X(id, name, has_gain) CH_EQ_##id,
    CH_EQ_TYPE_MAP(X)
#undef X
        CH_EQ_TYPES
};

enum ch_eq_design { CH_EQ_MATCHED, CH_EQ_RBJ };

struct ch_eq_band {
    enum ch_eq_type type;
    double freq_hz; ///< 0 < freq_hz < rate/2; above 0.49·rate it is designed at 0.49·rate
    double gain_db;
    double q; ///< > 0
    bool bypass;
};

/// H(z) = (b0 + b1/z + b2/z^2) / (1 + a1/z + a2/z^2)
struct ch_biquad {
    double b0, b1, b2, a1, a2;
};

/// A state-variable section: out = mh·HP + mb·BP + ml·LP, g = tan(w/2), k = 1/Q of its poles.
/// Identity is mh = 1, mb = k, ml = 1.
struct ch_eq_section {
    double g, k, mh, mb, ml;
};

void ch_eq_design_band(const struct ch_eq_band *band, enum ch_eq_design design, uint32_t rate_hz,
                       struct ch_biquad *biquad);

/// Exact for every stable biquad (TECHNIQUE section 2): the same H(z).
void ch_eq_section_from_biquad(const struct ch_biquad *biquad, struct ch_eq_section *section);

/// The section that a band runs as: designed, or identity if it is bypassed or a flat band
/// (0 dB of a type with gain).  `*identity` says which.
void ch_eq_section_from_band(const struct ch_eq_band *band, enum ch_eq_design design,
                             uint32_t rate_hz, struct ch_eq_section *section, bool *identity);

/// Magnitude at freq_hz, in dB, of the coefficients as they run.
double ch_eq_section_response_db(const struct ch_eq_section *section, uint32_t rate_hz,
                                 double freq_hz);
double ch_biquad_response_db(const struct ch_biquad *biquad, uint32_t rate_hz, double freq_hz);

/// Magnitude at freq_hz, in dB, of the analog prototype: what "matched" aims at.
double ch_eq_analog_response_db(const struct ch_eq_band *band, double freq_hz);

#endif

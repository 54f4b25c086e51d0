// SPDX-License-Identifier: ISC
// daemon/dsp/eq_design.h — from what a person means by a band to coefficients.   [any but rt]
//
// Everything here is in double, pure and off the callback.  A band becomes a digital biquad by one
// of two designs, and the biquad a state-variable section, exactly.
//
// matched  after M. Vicanek, "Matched Second Order Digital Filters" (2016): impulse-invariant
//          poles, zeros that match |H|^2.  Bells at 0, fc and, by a fitted rule, fs/2; cuts as the
//          exact inverse of the boost; high shelf G as G / low shelf G.  All but bells are closed
//          forms that a numerical fit then makes as good as they can be (eq_design_fit.h); a shelf
//          of Q > 2 gets a second section for it.  All-passes are bilinear: their phase is exact at
//          0, fc and fs/2.  Worst error from 20 Hz to 20 kHz, corners up to the lower of 20 kHz and
//          0.45·fs, Q 0.3…10; passes and notch where they are above -40 dB:
//                              44.1 kHz   48 kHz   96 kHz
//              bell ±6 dB        0.40      0.26     0.02
//              bell ±12 dB       0.68      0.47     0.04
//              shelf ±6 dB       0.34      0.26     0.01
//              shelf ±12 dB      0.22      0.17     0.01
//              low-pass          0.20      0.10     0.01
//              high-pass         1.40      0.85     0.04   (Q <= 2: 0.34, 0.22, 0.01)
//              band-pass         0.93      0.56     0.12   (Q >= 1: 0.41, 0.24, 0.02)
//              notch             0.44      0.24     0.02
//              order 1           0.12      0.06     0.01
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
    X(BAND_PASS, "band_pass", false)                                                               \
    X(NOTCH, "notch", false)                                                                       \
    X(ALL_PASS, "all_pass", false)                                                                 \
    X(TILT, "tilt", true)

enum ch_eq_type {
#define X(id, name, has_gain) CH_EQ_##id,
    CH_EQ_TYPE_MAP(X)
#undef X
        CH_EQ_TYPES
};

enum ch_eq_design { CH_EQ_MATCHED, CH_EQ_RBJ };

/// What the sections of a low- or high-pass are made from.
enum ch_eq_family {
    CH_EQ_BY_Q,           ///< one section: by q, or of order 1
    CH_EQ_BUTTERWORTH,    ///< orders 1…8: -3.01 dB at freq_hz
    CH_EQ_LINKWITZ_RILEY, ///< orders 2, 4, 8: -6.02 dB at freq_hz, low ± high is an all-pass
    CH_EQ_FAMILIES
};

/// Masks of channels.
#define CH_EQ_LEFT  0x1u
#define CH_EQ_RIGHT 0x2u
#define CH_EQ_BOTH  (CH_EQ_LEFT | CH_EQ_RIGHT)

/// The most sections that one band runs as.
#define CH_EQ_BAND_SECTIONS_MAX 4

#define CH_EQ_ORDER_MAX 8

/// Above this Q a shelf of the matched design may take two sections.
#define CH_EQ_SHELF_Q_MAX 2.0

/// A tilt is a low shelf of -gain_db/2 at freq_hz/CH_EQ_TILT_SPREAD and a high shelf of +gain_db/2
/// at freq_hz·CH_EQ_TILT_SPREAD, both of CH_EQ_TILT_Q: gain_db is what the highest frequencies are
/// above the lowest, and at freq_hz nothing changes.  With freq_hz = sqrt(110·3500) = 620.5 Hz that
/// is CamillaDSP's Tilt of this gain.
#define CH_EQ_TILT_SPREAD 5.6407606481 // sqrt(3500/110)
#define CH_EQ_TILT_Q      0.35

struct ch_eq_band {
    enum ch_eq_type type;
    double freq_hz; ///< 0 < freq_hz < rate/2; above 0.49·rate it is designed at 0.49·rate
    double gain_db;
    double q;                 ///< > 0; not of a tilt, of order 1 and of a family
    double slope;             ///< of shelves: the cookbook's S, 0 < slope <= 1; 0 = by q
    uint32_t order;           ///< of low- and high-pass 1…8, of all-pass 1 or 2; 0 = 2
    enum ch_eq_family family; ///< of low- and high-pass
    bool bypass, bypass_left, bypass_right;
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

/// How many sections the band takes when it is heard: 1…CH_EQ_BAND_SECTIONS_MAX.
uint32_t ch_eq_band_sections(const struct ch_eq_band *band);

/// The bands of one stage each, by q and of order 1 or 2, that together are this one.  Returns how
/// many.  A stage is one section, or two for a shelf that is more resonant than CH_EQ_SHELF_Q_MAX.
uint32_t ch_eq_stages_from_band(const struct ch_eq_band *band,
                                struct ch_eq_band stage[CH_EQ_BAND_SECTIONS_MAX]);

/// The biquad of a band of one stage: the best that one can do.
void ch_eq_design_band(const struct ch_eq_band *band, enum ch_eq_design design, uint32_t rate_hz,
                       struct ch_biquad *biquad);

/// Exact for every stable biquad (TECHNIQUE section 2): the same H(z).
void ch_eq_section_from_biquad(const struct ch_biquad *biquad, struct ch_eq_section *section);

/// The sections that a band runs as, one after another.  Returns how many; 0 = flat: bypassed, or
/// 0 dB of a type with gain.
uint32_t ch_eq_sections_from_band(const struct ch_eq_band *band, enum ch_eq_design design,
                                  uint32_t rate_hz,
                                  struct ch_eq_section section[CH_EQ_BAND_SECTIONS_MAX]);

/// The channels that a band leaves alone: a mask.
uint32_t ch_eq_band_bypass(const struct ch_eq_band *band);

/// |H|^2 of the coefficients as they run where high/low is tan(w/2): sin and cos of it, or t and 1.
static inline double
ch_eq_section_power(const struct ch_eq_section *section, double high, double low)
{
    const double g = section->g * low, cross = g * high;
    const double num_re = section->ml * g * g - section->mh * high * high;
    const double num_im = section->mb * cross;
    const double den_re = g * g - high * high;
    const double den_im = section->k * cross;
    return (num_re * num_re + num_im * num_im) / (den_re * den_re + den_im * den_im);
}

/// Magnitude at freq_hz, in dB, of the coefficients as they run.
double ch_eq_section_response_db(const struct ch_eq_section *section, uint32_t rate_hz,
                                 double freq_hz);
double ch_biquad_response_db(const struct ch_biquad *biquad, uint32_t rate_hz, double freq_hz);

/// Magnitude at freq_hz, in dB, of the analog prototype, all sections: what "matched" aims at.
double ch_eq_analog_response_db(const struct ch_eq_band *band, double freq_hz);

#endif

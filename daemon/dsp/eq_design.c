// SPDX-License-Identifier: ISC
// daemon/dsp/eq_design.c — prototypes, the way from biquad to section, and responses.

#include "daemon/dsp/eq_design.h"

#include <math.h>

#include "daemon/dsp/eq_design_kinds.h"

/// Highest corner that is designed, as a fraction of the sample rate.
#define CORNER_MAX 0.49

void
ch_eq_analog_from_band(const struct ch_eq_band *band, struct ch_eq_analog *analog)
{
    const double a = pow(10.0, band->gain_db / 40.0);
    const double damping = 1.0 / band->q;
    const double slope = sqrt(a) / band->q;
    const bool first = band->order == 1;

    switch (band->type) {
    case CH_EQ_PEAK:
        *analog = (struct ch_eq_analog){1.0, a * damping, 1.0, 1.0, damping / a, 1.0};
        return;
    case CH_EQ_LOW_SHELF:
        *analog = (struct ch_eq_analog){a, a * slope, a * a, a, slope, 1.0};
        return;
    case CH_EQ_HIGH_SHELF:
        *analog = (struct ch_eq_analog){a * a, a * slope, a, 1.0, slope, a};
        return;
    case CH_EQ_LOW_PASS:
        *analog = first ? (struct ch_eq_analog){0.0, 0.0, 1.0, 0.0, 1.0, 1.0}
                        : (struct ch_eq_analog){0.0, 0.0, 1.0, 1.0, damping, 1.0};
        return;
    case CH_EQ_HIGH_PASS:
        *analog = first ? (struct ch_eq_analog){0.0, 1.0, 0.0, 0.0, 1.0, 1.0}
                        : (struct ch_eq_analog){1.0, 0.0, 0.0, 1.0, damping, 1.0};
        return;
    case CH_EQ_BAND_PASS:
        *analog = (struct ch_eq_analog){0.0, damping, 0.0, 1.0, damping, 1.0};
        return;
    case CH_EQ_NOTCH:
        *analog = (struct ch_eq_analog){1.0, 0.0, 1.0, 1.0, damping, 1.0};
        return;
    case CH_EQ_ALL_PASS:
        *analog = first ? (struct ch_eq_analog){0.0, -1.0, 1.0, 0.0, 1.0, 1.0}
                        : (struct ch_eq_analog){1.0, -damping, 1.0, 1.0, damping, 1.0};
        return;
    case CH_EQ_TILT: // two shelves
    case CH_EQ_TYPES:
        break;
    }
    *analog = (struct ch_eq_analog){.n0 = 1.0, .d0 = 1.0};
}

/// |c2·s^2 + c1·s + c0|^2 at s = j·x.
static double
quadratic_power(double c2, double c1, double c0, double x)
{
    const double re = c0 - c2 * x * x;
    const double im = c1 * x;
    return re * re + im * im;
}

double
ch_eq_analog_power(const struct ch_eq_analog *analog, double ratio)
{
    return quadratic_power(analog->n2, analog->n1, analog->n0, ratio) /
           quadratic_power(analog->d2, analog->d1, analog->d0, ratio);
}

/// Derivative of quadratic_power() with respect to x.
static double
quadratic_power_slope(double c2, double c1, double c0, double x)
{
    return 2.0 * c1 * c1 * x - 4.0 * c2 * x * (c0 - c2 * x * x);
}

double
ch_eq_analog_power_slope(const struct ch_eq_analog *analog, double ratio)
{
    const double num = quadratic_power(analog->n2, analog->n1, analog->n0, ratio);
    const double den = quadratic_power(analog->d2, analog->d1, analog->d0, ratio);
    const double num_slope = quadratic_power_slope(analog->n2, analog->n1, analog->n0, ratio);
    const double den_slope = quadratic_power_slope(analog->d2, analog->d1, analog->d0, ratio);
    return (num_slope * den - num * den_slope) / (den * den);
}

double
ch_eq_analog_response_db(const struct ch_eq_band *band, double freq_hz)
{
    struct ch_eq_band stage[CH_EQ_BAND_SECTIONS_MAX];
    const uint32_t n = ch_eq_stages_from_band(band, stage);
    double db = 0.0;
    for (uint32_t i = 0; i < n; i++) {
        struct ch_eq_analog analog;
        ch_eq_analog_from_band(&stage[i], &analog);
        db += 10.0 * log10(ch_eq_analog_power(&analog, freq_hz / stage[i].freq_hz));
    }
    return db;
}

/// Returns how many biquads, at most n_max.
static uint32_t
design_stage(const struct ch_eq_band *band, enum ch_eq_design design, uint32_t rate_hz,
             uint32_t n_max, struct ch_biquad biquad[CH_EQ_DESIGN_MAX])
{
    const double corner = fmin(band->freq_hz / (double)rate_hz, CORNER_MAX);
    const double w0 = 2.0 * M_PI * corner;
    switch (design) {
    case CH_EQ_MATCHED:
        return ch_eq_design_matched(band, w0, rate_hz, n_max, biquad);
    case CH_EQ_RBJ:
        break;
    }
    ch_eq_design_rbj(band, w0, &biquad[0]);
    return 1;
}

void
ch_eq_design_band(const struct ch_eq_band *band, enum ch_eq_design design, uint32_t rate_hz,
                  struct ch_biquad *biquad)
{
    struct ch_biquad designed[CH_EQ_DESIGN_MAX];
    (void)design_stage(band, design, rate_hz, 1, designed);
    *biquad = designed[0];
}

/// Compare H at z = 1 and z = -1, where only LP and only HP remain, then the s^1 terms, after the
/// substitution s = (z - 1)/(z + 1).
void
ch_eq_section_from_biquad(const struct ch_biquad *biquad, struct ch_eq_section *section)
{
    const double dc = 1.0 + biquad->a1 + biquad->a2;
    const double nyquist = 1.0 - biquad->a1 + biquad->a2;
    const double g = sqrt(dc / nyquist);
    *section = (struct ch_eq_section){
        .g = g,
        .k = 2.0 * (1.0 - biquad->a2) / (g * nyquist),
        .mh = (biquad->b0 - biquad->b1 + biquad->b2) / nyquist,
        .mb = 2.0 * (biquad->b0 - biquad->b2) / (g * nyquist),
        .ml = (biquad->b0 + biquad->b1 + biquad->b2) / dc,
    };
}

static bool
type_has_gain(enum ch_eq_type type)
{
    switch (type) {
#define X(id, name, has_gain)                                                                      \
    case CH_EQ_##id:                                                                               \
        return has_gain;
        CH_EQ_TYPE_MAP(X)
#undef X
    case CH_EQ_TYPES:
        break;
    }
    return false;
}

uint32_t
ch_eq_band_bypass(const struct ch_eq_band *band)
{
    const bool flat = band->bypass || (type_has_gain(band->type) && band->gain_db == 0.0);
    return (flat || band->bypass_left ? CH_EQ_LEFT : 0) |
           (flat || band->bypass_right ? CH_EQ_RIGHT : 0);
}

uint32_t
ch_eq_sections_from_band(const struct ch_eq_band *band, enum ch_eq_design design, uint32_t rate_hz,
                         struct ch_eq_section section[CH_EQ_BAND_SECTIONS_MAX])
{
    if (ch_eq_band_bypass(band) == CH_EQ_BOTH) {
        return 0;
    }
    struct ch_eq_band stage[CH_EQ_BAND_SECTIONS_MAX];
    const uint32_t n_stages = ch_eq_stages_from_band(band, stage);
    uint32_t n = 0;
    for (uint32_t i = 0; i < n_stages; i++) {
        struct ch_biquad biquad[CH_EQ_DESIGN_MAX];
        const uint32_t n_biquads =
            design_stage(&stage[i], design, rate_hz, CH_EQ_DESIGN_MAX, biquad);
        for (uint32_t k = 0; k < n_biquads; k++) {
            ch_eq_section_from_biquad(&biquad[k], &section[n++]);
        }
    }
    return n;
}

/// With s = j·tan(w/2)/g; numerator and denominator are multiplied by (g·cos(w/2))^2, so that half
/// the sample rate is as good a frequency as any.
double
ch_eq_section_response_db(const struct ch_eq_section *section, uint32_t rate_hz, double freq_hz)
{
    const double half_w = M_PI * freq_hz / (double)rate_hz;
    return 10.0 * log10(ch_eq_section_power(section, sin(half_w), cos(half_w)));
}

/// |c0 + c1/z + c2/z^2|^2 = (c0+c1+c2)^2·phi0 + (c0-c1+c2)^2·phi1 - 4·c0·c2·4·phi0·phi1 with
/// phi1 = sin^2(w/2) = 1 - phi0: no cancellation at low frequencies.
static double
digital_power(double c0, double c1, double c2, double w)
{
    const double phi1 = sin(w / 2.0) * sin(w / 2.0);
    const double phi0 = 1.0 - phi1;
    const double dc = c0 + c1 + c2;
    const double nyquist = c0 - c1 + c2;
    return fmax(dc * dc * phi0 + nyquist * nyquist * phi1 - 16.0 * c0 * c2 * phi0 * phi1, 0.0);
}

double
ch_biquad_response_db(const struct ch_biquad *biquad, uint32_t rate_hz, double freq_hz)
{
    const double w = 2.0 * M_PI * freq_hz / (double)rate_hz;
    const double num = digital_power(biquad->b0, biquad->b1, biquad->b2, w);
    const double den = digital_power(1.0, biquad->a1, biquad->a2, w);
    return 10.0 * log10(num / den);
}

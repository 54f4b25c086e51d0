// SPDX-License-Identifier: ISC
// daemon/dsp/eq_design_matched.c — digital sections that follow the analog curve up to fs/2.
//
// After M. Vicanek, "Matched Second Order Digital Filters" (2016): the poles are those of the
// prototype by impulse invariance; the zeros are chosen so that |H|^2 meets the prototype where it
// matters.  With phi1 = sin^2(w/2), phi0 = 1 - phi1, phi2 = 4·phi0·phi1 the squared magnitude of a
// quadratic in 1/z is c0·phi0 + c1·phi1 + c2·phi2: linear in its three "powers", hence solvable by
// hand.  Cuts are inverted boosts: fitting a cut itself can err by twice as much.
//
// Bells end there.  For all others the closed form is where the fit of eq_design_fit.c begins,
// which errs a third to a twentieth as much; what defines a type stays as it is: the level at 0 Hz,
// and zeros at 0 Hz or on the unit circle.

#include <math.h>
#include <stddef.h>

#include "daemon/dsp/eq_design_fit.h"
#include "daemon/dsp/eq_design_kinds.h"

/// A shelf's |H|^2 at fs/2 is at least this part of what its prototype has there.
#define SHELF_NYQUIST_MIN 0.1

/// Highest frequency of zeros that are placed by impulse invariance, radians per sample.
#define CORNER_MAX (0.98 * M_PI)

/// Below these corners, radians per sample, closed forms are as good as it gets.
#define PASS_FIT_MIN  0.002
#define SHELF_FIT_MIN 0.05

/// A resonant shelf whose zeros lie below this is matched near them by impulse invariance.
#define RESONANCE_MAX (0.97 * M_PI)

struct phi {
    double p0, p1, p2;
};

static struct phi
phi_at(double w)
{
    const double s = sin(w / 2.0);
    const double p1 = s * s;
    return (struct phi){.p0 = 1.0 - p1, .p1 = p1, .p2 = 4.0 * p1 * (1.0 - p1)};
}

static double
power_at(const struct ch_eq_powers *p, const struct phi *phi)
{
    return p->c0 * phi->p0 + p->c1 * phi->p1 + p->c2 * phi->p2;
}

/// Derivative of power_at() with respect to phi1.
static double
slope_at(const struct ch_eq_powers *p, const struct phi *phi)
{
    return p->c1 - p->c0 + 4.0 * (phi->p0 - phi->p1) * p->c2;
}

/// The powers that are c0 at 0 Hz and have this value and slope at phi.
static struct ch_eq_powers
powers_from_slope(double c0, double value, double slope, const struct phi *phi)
{
    const double c2 = (value - slope * phi->p1 - c0) / (4.0 * phi->p1 * phi->p1);
    return (struct ch_eq_powers){
        .c0 = c0,
        .c1 = slope + c0 - 4.0 * (phi->p0 - phi->p1) * c2,
        .c2 = c2,
    };
}

/// The powers of c0 + c1/z + c2/z^2.
static struct ch_eq_powers
powers_of(double c0, double c1, double c2)
{
    const double dc = c0 + c1 + c2;
    const double nyquist = c0 - c1 + c2;
    return (struct ch_eq_powers){.c0 = dc * dc, .c1 = nyquist * nyquist, .c2 = -4.0 * c0 * c2};
}

/// Poles of s^2 + s·w/q + w^2, sampled; returns the powers of the denominator.
static struct ch_eq_powers
set_poles(double w, double q, struct ch_biquad *biquad)
{
    const double zeta = 0.5 / q;
    if (zeta <= 1.0) {
        biquad->a1 = -2.0 * exp(-zeta * w) * cos(sqrt(1.0 - zeta * zeta) * w);
    } else {
        const double fast = zeta + sqrt(zeta * zeta - 1.0); // the slow pole is 1/fast
        biquad->a1 = -exp(-w * fast) - exp(-w / fast);
    }
    biquad->a2 = exp(-2.0 * zeta * w);
    return powers_of(1.0, biquad->a1, biquad->a2);
}

/// The minimum-phase numerator that has these powers; false if none has.
static bool
set_zeros(const struct ch_eq_powers *p, struct ch_biquad *biquad)
{
    const double dc = sqrt(p->c0);
    const double nyquist = sqrt(fmax(p->c1, 0.0));
    const double mean = 0.5 * (dc + nyquist);
    const double discriminant = mean * mean + p->c2;
    biquad->b0 = 0.5 * (mean + sqrt(fmax(discriminant, 0.0)));
    biquad->b1 = 0.5 * (dc - nyquist);
    biquad->b2 = -p->c2 / (4.0 * biquad->b0);
    return discriminant > 0.0;
}

/// Zeros of s^2 + s·w/q + w^2 by impulse invariance, scaled to the power `dc` at 0 Hz: always
/// minimum-phase.
static void
set_invariant_zeros(double w, double q, double dc, struct ch_biquad *biquad)
{
    struct ch_biquad zeros;
    const struct ch_eq_powers b = set_poles(fmin(w, CORNER_MAX), q, &zeros);
    const double gain = sqrt(dc / b.c0);
    biquad->b0 = gain;
    biquad->b1 = gain * zeros.a1;
    biquad->b2 = gain * zeros.a2;
}

static void
scale(struct ch_biquad *biquad, double gain)
{
    biquad->b0 *= gain;
    biquad->b1 *= gain;
    biquad->b2 *= gain;
}

/// gain / H: zeros and poles change places.
static void
invert(struct ch_biquad *biquad, double gain)
{
    const struct ch_biquad h = *biquad;
    *biquad = (struct ch_biquad){
        .b0 = gain / h.b0,
        .b1 = gain * h.a1 / h.b0,
        .b2 = gain * h.a2 / h.b0,
        .a1 = h.b1 / h.b0,
        .a2 = h.b2 / h.b0,
    };
}

/// How far fs/2 lies from what can be heard: 0 up to 48 kHz, 1 from 88.2 kHz on.  The nearer, the
/// more the fits have to care about fs/2.
static double
ease_of_rate(uint32_t rate_hz)
{
    return fmin(fmax(((double)rate_hz - 48000.0) / 40200.0, 0.0), 1.0);
}

// --- fitting -----------------------------------------------------------------------------------

/// Highest frequency that counts for a corner, radians per sample: 20 kHz, and of a corner above
/// that its surroundings, lest its resonance be anything.
static double
top_for(double w0, uint32_t rate_hz)
{
    const double audible = 2.0 * M_PI * 20000.0 / (double)rate_hz;
    return fmin(w0 > audible ? 1.25 * w0 : audible, M_PI);
}

static struct ch_eq_fitted
fitted_from(const struct ch_biquad *biquad)
{
    return (struct ch_eq_fitted){
        .b = powers_of(biquad->b0, biquad->b1, biquad->b2),
        .a = powers_of(1.0, biquad->a1, biquad->a2),
    };
}

/// The minimum-phase biquad with these powers; zeros that were not free stay what they are.
static void
set_fitted(const struct ch_eq_fitted *fitted, uint32_t free, struct ch_biquad *biquad)
{
    struct ch_biquad poles;
    (void)set_zeros(&fitted->a, &poles);
    if (free & (CH_EQ_FIT_B0 | CH_EQ_FIT_B1 | CH_EQ_FIT_B2)) {
        (void)set_zeros(&fitted->b, biquad);
    }
    scale(biquad, 1.0 / poles.b0);
    biquad->a1 = poles.b1 / poles.b0;
    biquad->a2 = poles.b2 / poles.b0;
}

/// The biquad is a closed form for the band: make it the best there is.
static void
refine(const struct ch_eq_analog *analog, double w0, uint32_t rate_hz, uint32_t free,
       struct ch_biquad *biquad)
{
    struct ch_eq_fitted fitted = fitted_from(biquad);
    ch_eq_fit(analog, NULL, w0, top_for(w0, rate_hz), free, &fitted);
    set_fitted(&fitted, free, biquad);
}

// --- bells and shelves -------------------------------------------------------------------------

/// Boost by `gain` (linear, >= 1): unity at 0, gain at w0.
///
/// The third condition fixes |H|^2 at fs/2.  A level slope at w0 (Vicanek) and the prototype's own
/// value there err to opposite sides at low corners and to the same side near fs/2; their
/// combination below was fitted to the largest error over 20 Hz…20 kHz, Q 0.3…10, and halves it.
static void
bell_boost(double w0, double q, double gain, double ease, struct ch_biquad *biquad)
{
    const struct ch_eq_band band = {
        .type = CH_EQ_PEAK,
        .gain_db = 20.0 * log10(gain),
        .q = q,
    };
    struct ch_eq_analog analog;
    ch_eq_analog_from_band(&band, &analog);

    const struct ch_eq_powers a = set_poles(w0, q * sqrt(gain), biquad);
    const struct phi phi = phi_at(w0);
    const double top = power_at(&a, &phi) * gain * gain;
    const double slope = slope_at(&a, &phi) * gain * gain;
    const double own = a.c1 * ch_eq_analog_power(&analog, M_PI / w0);
    const struct ch_eq_powers level = powers_from_slope(a.c0, top, slope, &phi);

    struct ch_eq_powers b = {.c0 = a.c0, .c1 = own};
    if (level.c1 > 0.0) {
        const double corner = w0 / (0.9 * M_PI);
        const double share = 0.45 * (1.0 - ease) - 1.05 * corner * corner * corner * corner;
        b.c1 = level.c1 * pow(own / level.c1, share);
    }
    b.c2 = (top - b.c0 * phi.p0 - b.c1 * phi.p1) / phi.p2;
    if (!set_zeros(&b, biquad)) {
        set_invariant_zeros(w0, q / sqrt(gain), a.c0, biquad);
    }
}

/// Where a low shelf's value and slope are prescribed, for zeros at `wz`.  Radians per sample.
///
/// A resonant shelf is fitted at its zeros, a broad one well above; the exponent and the limit were
/// fitted to the largest error over 20 Hz…20 kHz, Q 0.1…20.
static double
shelf_match(double wz, double q, double ease)
{
    const double limit = 2.0 * M_PI * (1.0 - 0.5 * ease) * (0.46 - 0.231 / (q + 1.63));
    return limit * pow(fmin(wz / limit, 1.0), q / (q + 0.9));
}

/// Boost by `gain` (linear, >= 1) below w0: gain at 0, value and slope of the prototype at one more
/// frequency.  (Prescribing fs/2 instead of the slope errs several times as much, and has no
/// solution for resonant shelves.)
static void
low_shelf_closed(const struct ch_eq_analog *analog, double w0, double q, double gain, double ease,
                 struct ch_biquad *biquad)
{
    const double spread = sqrt(sqrt(gain)); // from the corner to zeros and poles
    const struct ch_eq_powers a = set_poles(w0 / spread, q, biquad);
    const double w = shelf_match(w0 * spread, q, ease);
    const struct phi phi = phi_at(w);
    const double power = ch_eq_analog_power(analog, w / w0);
    const double power_slope = ch_eq_analog_power_slope(analog, w / w0);
    const double dphi_dw = 0.5 * sin(w);
    const double value = power_at(&a, &phi) * power;
    const double slope =
        slope_at(&a, &phi) * power + power_at(&a, &phi) * power_slope / (w0 * dphi_dw);

    const double dc = a.c0 * gain * gain;
    struct ch_eq_powers b = powers_from_slope(dc, value, slope, &phi);
    const double least = SHELF_NYQUIST_MIN * a.c1 * ch_eq_analog_power(analog, M_PI / w0);
    if (b.c1 < least) {
        b.c1 = least;
        b.c2 = (value - b.c0 * phi.p0 - b.c1 * phi.p1) / phi.p2;
    }
    if (!set_zeros(&b, biquad)) {
        set_invariant_zeros(w0 * spread, q, dc, biquad);
    }
}

/// A shelf of Q > CH_EQ_SHELF_Q_MAX: its poles and zeros by impulse invariance, which hold the
/// curve where it is steep, and a second biquad that holds what then is wrong everywhere else, and
/// smooth.
static void
resonant_low_shelf_boost(const struct ch_eq_analog *analog, double w0, double q, double gain,
                         uint32_t rate_hz, struct ch_biquad biquad[2])
{
    const double spread = sqrt(sqrt(gain));
    const struct ch_eq_powers a = set_poles(w0 / spread, q, &biquad[0]);
    set_invariant_zeros(w0 * spread, q, a.c0 * gain * gain, &biquad[0]);

    // Two poles and two zeros of no account, not quite the same.
    const uint32_t free = CH_EQ_FIT_B1 | CH_EQ_FIT_B2 | CH_EQ_FIT_A1 | CH_EQ_FIT_A2;
    const struct ch_eq_fitted first = fitted_from(&biquad[0]);
    struct ch_eq_fitted second;
    second.a = second.b = powers_of(1.0, 0.25, 0.09);
    second.b.c1 *= 1.1;
    second.b.c2 *= 1.1;
    ch_eq_fit(analog, &first, w0, top_for(w0, rate_hz), free, &second);
    set_fitted(&second, free, &biquad[1]);
}

/// Returns how many biquads it takes.
static uint32_t
low_shelf_boost(double w0, double q, double gain, uint32_t rate_hz, uint32_t n_max,
                struct ch_biquad biquad[CH_EQ_DESIGN_MAX])
{
    const struct ch_eq_band band = {
        .type = CH_EQ_LOW_SHELF,
        .gain_db = 20.0 * log10(gain),
        .q = q,
    };
    struct ch_eq_analog analog;
    ch_eq_analog_from_band(&band, &analog);
    if (n_max > 1 && q > CH_EQ_SHELF_Q_MAX && w0 >= SHELF_FIT_MIN &&
        w0 * sqrt(sqrt(gain)) < RESONANCE_MAX) {
        resonant_low_shelf_boost(&analog, w0, q, gain, rate_hz, biquad);
        return 2;
    }
    low_shelf_closed(&analog, w0, q, gain, ease_of_rate(rate_hz), biquad);
    if (w0 >= SHELF_FIT_MIN) {
        refine(&analog, w0, rate_hz, CH_EQ_FIT_B1 | CH_EQ_FIT_B2 | CH_EQ_FIT_A1 | CH_EQ_FIT_A2,
               biquad);
    }
    return 1;
}

// --- passes and notch --------------------------------------------------------------------------

/// Prescribed at 0, w0 and fs/2; one zero, without a condition at fs/2, if that is no filter.
static void
low_pass(const struct ch_eq_analog *analog, double w0, double q, struct ch_biquad *biquad)
{
    const struct ch_eq_powers a = set_poles(w0, q, biquad);
    const struct phi phi = phi_at(w0);
    const double corner = power_at(&a, &phi) * q * q;
    struct ch_eq_powers b = {.c0 = a.c0, .c1 = a.c1 * ch_eq_analog_power(analog, M_PI / w0)};
    b.c2 = (corner - b.c0 * phi.p0 - b.c1 * phi.p1) / phi.p2;
    if (!ch_eq_powers_possible(&b)) {
        b.c1 = (corner - b.c0 * phi.p0) / phi.p1;
        b.c2 = 0.0;
    }
    (void)set_zeros(&b, biquad);
}

/// Both zeros at 0 Hz; prescribed at w0.
static void
high_pass(double w0, double q, struct ch_biquad *biquad)
{
    const struct ch_eq_powers a = set_poles(w0, q, biquad);
    const struct phi phi = phi_at(w0);
    const double b0 = q * sqrt(power_at(&a, &phi)) / (4.0 * phi.p1);
    biquad->b0 = b0;
    biquad->b1 = -2.0 * b0;
    biquad->b2 = b0;
}

/// One pole; prescribed at 0, w0 and fs/2.
static void
low_pass_1(const struct ch_eq_analog *analog, double w0, struct ch_biquad *biquad)
{
    biquad->a1 = -exp(-w0);
    biquad->a2 = 0.0;
    const struct ch_eq_powers a = powers_of(1.0, biquad->a1, 0.0);
    const struct phi phi = phi_at(w0);
    struct ch_eq_powers b = {.c0 = a.c0, .c1 = a.c1 * ch_eq_analog_power(analog, M_PI / w0)};
    b.c2 = (0.5 * power_at(&a, &phi) - b.c0 * phi.p0 - b.c1 * phi.p1) / phi.p2;
    (void)set_zeros(&b, biquad);
}

/// One zero, at 0 Hz, and poles such that the curve is prescribed near 0, at w0 and at fs/2.
static void
high_pass_1(double w0, struct ch_biquad *biquad)
{
    const struct phi phi = phi_at(w0);
    struct ch_eq_powers a = {.c0 = w0 * w0, .c1 = 4.0 * (1.0 + w0 * w0 / (M_PI * M_PI))};
    a.c2 = (8.0 * phi.p1 - a.c0 * phi.p0 - a.c1 * phi.p1) / phi.p2;
    struct ch_biquad poles;
    (void)set_zeros(&a, &poles);
    *biquad = (struct ch_biquad){
        .b0 = 1.0 / poles.b0,
        .b1 = -1.0 / poles.b0,
        .a1 = poles.b1 / poles.b0,
        .a2 = poles.b2 / poles.b0,
    };
}

/// One zero at 0 Hz; prescribed at w0 and fs/2.
static void
band_pass(const struct ch_eq_analog *analog, double w0, double q, struct ch_biquad *biquad)
{
    const struct ch_eq_powers a = set_poles(w0, q, biquad);
    const struct phi phi = phi_at(w0);
    struct ch_eq_powers b = {.c1 = a.c1 * ch_eq_analog_power(analog, M_PI / w0)};
    b.c2 = (power_at(&a, &phi) - b.c1 * phi.p1) / phi.p2;
    if (!ch_eq_powers_possible(&b)) {
        b = powers_from_slope(0.0, power_at(&a, &phi), slope_at(&a, &phi), &phi);
    }
    (void)set_zeros(&b, biquad);
}

/// Zeros on the unit circle at w0; unity at 0.
static void
notch(double w0, double q, struct ch_biquad *biquad)
{
    const struct ch_eq_powers a = set_poles(w0, q, biquad);
    const struct phi phi = phi_at(w0);
    const double b0 = sqrt(a.c0) / (4.0 * phi.p1);
    biquad->b0 = b0;
    biquad->b1 = -2.0 * cos(w0) * b0;
    biquad->b2 = b0;
}

/// Whatever has no gain.
static void
pass(const struct ch_eq_band *band, double w0, uint32_t rate_hz, struct ch_biquad *biquad)
{
    const uint32_t free_a = CH_EQ_FIT_A1 | CH_EQ_FIT_A2;
    const uint32_t free_b = CH_EQ_FIT_B1 | CH_EQ_FIT_B2;
    const bool first = band->order == 1;
    uint32_t free = free_a | free_b;
    struct ch_eq_analog analog;
    ch_eq_analog_from_band(band, &analog);

    if (band->type == CH_EQ_LOW_PASS && first) {
        low_pass_1(&analog, w0, biquad);
    } else if (band->type == CH_EQ_LOW_PASS) {
        low_pass(&analog, w0, band->q, biquad);
    } else if (band->type == CH_EQ_HIGH_PASS && first) {
        high_pass_1(w0, biquad);
        free = CH_EQ_FIT_A0 | free_a;
    } else if (band->type == CH_EQ_HIGH_PASS) {
        high_pass(w0, band->q, biquad);
        free = CH_EQ_FIT_A0 | free_a;
    } else if (band->type == CH_EQ_BAND_PASS) {
        band_pass(&analog, w0, band->q, biquad);
        free = CH_EQ_FIT_A0 | free_a | free_b;
    } else {
        notch(w0, band->q, biquad);
        free = free_a;
    }
    if (w0 >= PASS_FIT_MIN) {
        refine(&analog, w0, rate_hz, free, biquad);
    }
}

static void
bell(const struct ch_eq_band *band, double w0, double gain, double ease, struct ch_biquad *biquad)
{
    bell_boost(w0, band->q, gain, ease, biquad);
    if (band->gain_db < 0.0) {
        invert(biquad, 1.0);
    }
}

/// A high shelf is G over the low shelf of G.
static uint32_t
shelf(const struct ch_eq_band *band, double w0, double gain, uint32_t rate_hz, uint32_t n_max,
      struct ch_biquad biquad[CH_EQ_DESIGN_MAX])
{
    const bool cut = band->gain_db < 0.0;
    const bool high = band->type == CH_EQ_HIGH_SHELF;
    const uint32_t n = low_shelf_boost(w0, band->q, gain, rate_hz, n_max, biquad);
    if (cut && high) {
        scale(&biquad[0], 1.0 / gain);
        return n;
    }
    if (cut || high) {
        for (uint32_t i = 0; i < n; i++) {
            invert(&biquad[i], high && i == 0 ? gain : 1.0);
        }
    }
    return n;
}

uint32_t
ch_eq_design_matched(const struct ch_eq_band *band, double w0, uint32_t rate_hz, uint32_t n_max,
                     struct ch_biquad biquad[CH_EQ_DESIGN_MAX])
{
    const double gain = pow(10.0, fabs(band->gain_db) / 20.0);

    switch (band->type) {
    case CH_EQ_PEAK:
        bell(band, w0, gain, ease_of_rate(rate_hz), &biquad[0]);
        return 1;
    case CH_EQ_LOW_SHELF:
    case CH_EQ_HIGH_SHELF:
        return shelf(band, w0, gain, rate_hz, n_max, biquad);
    case CH_EQ_LOW_PASS:
    case CH_EQ_HIGH_PASS:
    case CH_EQ_BAND_PASS:
    case CH_EQ_NOTCH:
        pass(band, w0, rate_hz, &biquad[0]);
        return 1;
    case CH_EQ_ALL_PASS: // there is no magnitude to match; the phase is exact at 0, w0 and fs/2
        ch_eq_design_rbj(band, w0, &biquad[0]);
        return 1;
    case CH_EQ_TILT:
    case CH_EQ_TYPES:
        break;
    }
    biquad[0] = (struct ch_biquad){.b0 = 1.0};
    return 1;
}

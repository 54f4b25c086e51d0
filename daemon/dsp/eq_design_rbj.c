// SPDX-License-Identifier: ISC
// daemon/dsp/eq_design_rbj.c — the audio EQ cookbook: bilinear transform, corner prewarped.
//
// R. Bristow-Johnson, https://www.w3.org/TR/audio-eq-cookbook/

#include <math.h>

#include "daemon/dsp/eq_design_kinds.h"

/// As the cookbook writes a filter: six coefficients, not yet divided by a0.
struct cookbook {
    double b0, b1, b2, a0, a1, a2;
};

static struct cookbook
peak(double cos_w, double alpha, double a)
{
    return (struct cookbook){
        .b0 = 1.0 + alpha * a,
        .b1 = -2.0 * cos_w,
        .b2 = 1.0 - alpha * a,
        .a0 = 1.0 + alpha / a,
        .a1 = -2.0 * cos_w,
        .a2 = 1.0 - alpha / a,
    };
}

static struct cookbook
low_shelf(double cos_w, double alpha, double a)
{
    const double slope = 2.0 * sqrt(a) * alpha;
    return (struct cookbook){
        .b0 = a * (a + 1.0 - (a - 1.0) * cos_w + slope),
        .b1 = 2.0 * a * (a - 1.0 - (a + 1.0) * cos_w),
        .b2 = a * (a + 1.0 - (a - 1.0) * cos_w - slope),
        .a0 = a + 1.0 + (a - 1.0) * cos_w + slope,
        .a1 = -2.0 * (a - 1.0 + (a + 1.0) * cos_w),
        .a2 = a + 1.0 + (a - 1.0) * cos_w - slope,
    };
}

static struct cookbook
high_shelf(double cos_w, double alpha, double a)
{
    const double slope = 2.0 * sqrt(a) * alpha;
    return (struct cookbook){
        .b0 = a * (a + 1.0 + (a - 1.0) * cos_w + slope),
        .b1 = -2.0 * a * (a - 1.0 + (a + 1.0) * cos_w),
        .b2 = a * (a + 1.0 + (a - 1.0) * cos_w - slope),
        .a0 = a + 1.0 - (a - 1.0) * cos_w + slope,
        .a1 = 2.0 * (a - 1.0 - (a + 1.0) * cos_w),
        .a2 = a + 1.0 - (a - 1.0) * cos_w - slope,
    };
}

/// The passes and the notch have the same poles.
static struct cookbook
pass(double b0, double b1, double b2, double cos_w, double alpha)
{
    return (struct cookbook){
        .b0 = b0,
        .b1 = b1,
        .b2 = b2,
        .a0 = 1.0 + alpha,
        .a1 = -2.0 * cos_w,
        .a2 = 1.0 - alpha,
    };
}

/// b0 + b1·s over 1 + s through the same transform: what the cookbook leaves out.
static struct cookbook
first_order(double b0, double b1, double w0)
{
    const double k = tan(w0 / 2.0);
    return (struct cookbook){
        .b0 = b0 * k + b1,
        .b1 = b0 * k - b1,
        .a0 = k + 1.0,
        .a1 = k - 1.0,
    };
}

static struct cookbook
cookbook_from_band(const struct ch_eq_band *band, double w0)
{
    const double cos_w = cos(w0);
    const double alpha = sin(w0) / (2.0 * band->q);
    const double a = pow(10.0, band->gain_db / 40.0);
    const bool first = band->order == 1;

    switch (band->type) {
    case CH_EQ_PEAK:
        return peak(cos_w, alpha, a);
    case CH_EQ_LOW_SHELF:
        return low_shelf(cos_w, alpha, a);
    case CH_EQ_HIGH_SHELF:
        return high_shelf(cos_w, alpha, a);
    case CH_EQ_LOW_PASS:
        return first ? first_order(1.0, 0.0, w0)
                     : pass((1.0 - cos_w) / 2.0, 1.0 - cos_w, (1.0 - cos_w) / 2.0, cos_w, alpha);
    case CH_EQ_HIGH_PASS:
        return first ? first_order(0.0, 1.0, w0)
                     : pass((1.0 + cos_w) / 2.0, -1.0 - cos_w, (1.0 + cos_w) / 2.0, cos_w, alpha);
    case CH_EQ_BAND_PASS:
        return pass(alpha, 0.0, -alpha, cos_w, alpha);
    case CH_EQ_NOTCH:
        return pass(1.0, -2.0 * cos_w, 1.0, cos_w, alpha);
    case CH_EQ_ALL_PASS:
        return first ? first_order(1.0, -1.0, w0)
                     : pass(1.0 - alpha, -2.0 * cos_w, 1.0 + alpha, cos_w, alpha);
    case CH_EQ_TILT:
    case CH_EQ_TYPES:
        break;
    }
    return (struct cookbook){.b0 = 1.0, .a0 = 1.0};
}

void
ch_eq_design_rbj(const struct ch_eq_band *band, double w0, struct ch_biquad *biquad)
{
    const struct cookbook c = cookbook_from_band(band, w0);
    *biquad = (struct ch_biquad){
        .b0 = c.b0 / c.a0,
        .b1 = c.b1 / c.a0,
        .b2 = c.b2 / c.a0,
        .a1 = c.a1 / c.a0,
        .a2 = c.a2 / c.a0,
    };
}

// SPDX-License-Identifier: ISC
// daemon/dsp/eq_design_stages.c — a band taken apart into bands of one section.  [any but rt]

#include <math.h>

#include "daemon/dsp/eq_design.h"

static bool
is_shelf(const struct ch_eq_band *band)
{
    return band->type == CH_EQ_LOW_SHELF || band->type == CH_EQ_HIGH_SHELF;
}

/// The Q of a shelf of slope S, which by the cookbook depends on its gain.
static double
q_of_slope(double slope, double gain_db)
{
    const double a = pow(10.0, gain_db / 40.0);
    return 1.0 / sqrt((a + 1.0 / a) * (1.0 / slope - 1.0) + 2.0);
}

/// Pairs of poles of an order, from the most to the least resonant, and with an odd order a section
/// of order 1.
static uint32_t
butterworth(const struct ch_eq_band *band, uint32_t order, struct ch_eq_band *stage)
{
    uint32_t n = 0;
    for (; n < order / 2; n++) {
        stage[n] = *band;
        stage[n].order = 2;
        stage[n].q = 0.5 / sin(M_PI * (n + 0.5) / order);
    }
    if (order % 2 != 0) {
        stage[n] = *band;
        stage[n++].order = 1;
    }
    return n;
}

/// Twice the Butterworth filter of half the order; two real poles are one section of Q 1/2.
static uint32_t
linkwitz_riley(const struct ch_eq_band *band, uint32_t order, struct ch_eq_band *stage)
{
    if (order == 2) {
        stage[0] = *band;
        stage[0].order = 2;
        stage[0].q = 0.5;
        return 1;
    }
    const uint32_t n = butterworth(band, order / 2, stage);
    return n + butterworth(band, order / 2, stage + n);
}

static uint32_t
tilt(const struct ch_eq_band *band, struct ch_eq_band *stage)
{
    stage[0] = stage[1] = *band;
    stage[0].type = CH_EQ_LOW_SHELF;
    stage[0].freq_hz = band->freq_hz / CH_EQ_TILT_SPREAD;
    stage[0].gain_db = -0.5 * band->gain_db;
    stage[1].type = CH_EQ_HIGH_SHELF;
    stage[1].freq_hz = band->freq_hz * CH_EQ_TILT_SPREAD;
    stage[1].gain_db = 0.5 * band->gain_db;
    stage[0].q = stage[1].q = CH_EQ_TILT_Q;
    return 2;
}

static uint32_t
pass(const struct ch_eq_band *band, struct ch_eq_band *stage)
{
    const uint32_t order = band->order == 0 ? 2 : band->order;
    switch (band->family) {
    case CH_EQ_BUTTERWORTH:
        return butterworth(band, order, stage);
    case CH_EQ_LINKWITZ_RILEY:
        return linkwitz_riley(band, order, stage);
    case CH_EQ_BY_Q:
    case CH_EQ_FAMILIES:
        break;
    }
    stage[0] = *band;
    return 1;
}

uint32_t
ch_eq_stages_from_band(const struct ch_eq_band *band,
                       struct ch_eq_band stage[CH_EQ_BAND_SECTIONS_MAX])
{
    struct ch_eq_band plain = *band;
    plain.family = CH_EQ_BY_Q;
    plain.slope = 0.0;

    switch (band->type) {
    case CH_EQ_LOW_SHELF:
    case CH_EQ_HIGH_SHELF:
        stage[0] = plain;
        if (band->slope > 0.0) {
            stage[0].q = q_of_slope(band->slope, band->gain_db);
        }
        return 1;
    case CH_EQ_LOW_PASS:
    case CH_EQ_HIGH_PASS:
        plain.family = band->family;
        const uint32_t n = pass(&plain, stage);
        for (uint32_t i = 0; i < n; i++) {
            stage[i].family = CH_EQ_BY_Q;
        }
        return n;
    case CH_EQ_TILT:
        return tilt(&plain, stage);
    case CH_EQ_PEAK:
    case CH_EQ_BAND_PASS:
    case CH_EQ_NOTCH:
    case CH_EQ_ALL_PASS:
    case CH_EQ_TYPES:
        break;
    }
    stage[0] = plain;
    return 1;
}

uint32_t
ch_eq_band_sections(const struct ch_eq_band *band)
{
    struct ch_eq_band stage[CH_EQ_BAND_SECTIONS_MAX];
    const uint32_t n = ch_eq_stages_from_band(band, stage);
    return n + (is_shelf(&stage[0]) && stage[0].q > CH_EQ_SHELF_Q_MAX);
}

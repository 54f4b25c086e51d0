// SPDX-License-Identifier: ISC
// daemon/eqtext/fit.c — the bands that come nearest to a curve, by least squares.
//
// Levenberg and Marquardt over frequency, gain and Q of every band and one offset: a low shelf,
// peaks, a high shelf, at first evenly spread with the gain that the curve has there.  Distances
// are in dB on a grid that is even in the logarithm of the frequency, so an octave of bass counts
// as much as one of treble.

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/units.h"
#include "daemon/eqtext/internal.h"

#define GRID           192  ///< points that are fitted
#define CHECKED        1024 ///< points where the result is looked at
#define ROUNDS_MAX     40
#define PARAMETERS_MAX (3 * CH_EQ_BANDS_MAX + 1)
#define SHELF_Q        M_SQRT1_2
#define FIT_Q_MIN      0.2
#define FIT_Q_MAX      12.0
/// A smaller improvement of the mean square is none.
#define ENOUGH 1e-4

struct fit {
    double freq_hz[GRID], target_db[GRID];
    double half_sine_squared[GRID];        ///< sin^2(w/2)
    double band_db[CH_EQ_BANDS_MAX][GRID]; ///< what each band does
    double error_db[GRID];                 ///< target - offset - bands
    double slope[PARAMETERS_MAX][GRID];    ///< of the curve by each parameter
    double normal[PARAMETERS_MAX][PARAMETERS_MAX];
    double factor[PARAMETERS_MAX][PARAMETERS_MAX];
    double right[PARAMETERS_MAX], step[PARAMETERS_MAX];
    struct ch_eq_band bands[CH_EQ_BANDS_MAX], trial[CH_EQ_BANDS_MAX];
    uint32_t n_bands, n_parameters;
    double offset_db;
    double low_hz, high_hz;
    enum ch_eq_design design;
    uint32_t rate_hz;
};

uint32_t
ch_eqtext_sections(const struct ch_eq_band *bands, uint32_t n_bands, enum ch_eq_design design,
                   uint32_t rate_hz, unsigned channel,
                   struct ch_eq_section sections[CH_EQTEXT_SECTIONS_MAX])
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < n_bands; i++) {
        if (!(ch_eq_band_bypass(&bands[i]) & channel)) {
            n += ch_eq_sections_from_band(&bands[i], design, rate_hz, sections + n);
        }
    }
    return n;
}

double
ch_eqtext_sections_db(const struct ch_eq_section *sections, uint32_t n, uint32_t rate_hz,
                      double freq_hz)
{
    double db = 0.0;
    for (uint32_t i = 0; i < n; i++) {
        db += ch_eq_section_response_db(&sections[i], rate_hz, freq_hz);
    }
    return db;
}

/// c0 + c1 p + c2 p^2 is |b0 + b1/z + b2/z^2|^2 where p = sin^2(w/2).
static void
set_power(double b0, double b1, double b2, double c[3])
{
    c[0] = (b0 + b1 + b2) * (b0 + b1 + b2);
    c[1] = -4.0 * (b0 * b1 + 4.0 * b0 * b2 + b1 * b2);
    c[2] = 16.0 * b0 * b2;
}

static void
band_curve(const struct fit *fit, const struct ch_eq_band *band, double out[GRID])
{
    struct ch_biquad q;
    double above[3], below[3];
    ch_eq_design_band(band, fit->design, fit->rate_hz, &q);
    set_power(q.b0, q.b1, q.b2, above);
    set_power(1.0, q.a1, q.a2, below);
    for (int i = 0; i < GRID; i++) {
        const double p = fit->half_sine_squared[i];
        out[i] = 10.0 * log10((above[0] + p * (above[1] + p * above[2])) /
                              (below[0] + p * (below[1] + p * below[2])));
    }
}

static double
square_error(struct fit *fit, const struct ch_eq_band *bands, double offset_db)
{
    double sum = 0.0;
    for (uint32_t i = 0; i < fit->n_bands; i++) {
        band_curve(fit, &bands[i], fit->band_db[i]);
    }
    for (int g = 0; g < GRID; g++) {
        double error = fit->target_db[g] - offset_db;
        for (uint32_t i = 0; i < fit->n_bands; i++) {
            error -= fit->band_db[i][g];
        }
        fit->error_db[g] = error;
        sum += error * error;
    }
    return sum;
}

static double
clamp(double value, double min, double max)
{
    return fmin(fmax(value, min), max);
}

// Move a band by steps of ln f, gain and ln q, within what a band may be.
static void
move_band(const struct fit *fit, struct ch_eq_band *band, const double step[3])
{
    band->freq_hz = clamp(band->freq_hz * exp(clamp(step[0], -0.5, 0.5)),
                          fmax(fit->low_hz * 0.7, FREQ_MIN_HZ), fit->high_hz);
    band->gain_db = clamp(band->gain_db + step[1], -CH_EQ_GAIN_MAX_DB, CH_EQ_GAIN_MAX_DB);
    band->q = clamp(band->q * exp(clamp(step[2], -0.5, 0.5)), FIT_Q_MIN, FIT_Q_MAX);
}

static void
take_slopes(struct fit *fit)
{
    static const double small[3] = {1e-4, 1e-3, 1e-4};
    for (uint32_t i = 0; i < fit->n_bands; i++) {
        for (uint32_t k = 0; k < 3; k++) {
            struct ch_eq_band band = fit->bands[i];
            double *slope = fit->slope[3 * i + k];
            band.freq_hz *= k == 0 ? exp(small[0]) : 1.0;
            band.gain_db += k == 1 ? small[1] : 0.0;
            band.q *= k == 2 ? exp(small[2]) : 1.0;
            band_curve(fit, &band, slope);
            for (int g = 0; g < GRID; g++) {
                slope[g] = (slope[g] - fit->band_db[i][g]) / small[k];
            }
        }
    }
    for (int g = 0; g < GRID; g++) {
        fit->slope[fit->n_parameters - 1][g] = 1.0;
    }
}

static void
take_normal(struct fit *fit)
{
    for (uint32_t i = 0; i < fit->n_parameters; i++) {
        fit->right[i] = 0.0;
        for (int g = 0; g < GRID; g++) {
            fit->right[i] += fit->slope[i][g] * fit->error_db[g];
        }
        for (uint32_t k = 0; k <= i; k++) {
            double sum = 0.0;
            for (int g = 0; g < GRID; g++) {
                sum += fit->slope[i][g] * fit->slope[k][g];
            }
            fit->normal[i][k] = sum;
        }
    }
}

// (normal + damping) step = right, by Cholesky; the damping is per parameter.
static void
solve(struct fit *fit, double damping)
{
    const uint32_t n = fit->n_parameters;
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t k = 0; k <= i; k++) {
            double sum = fit->normal[i][k];
            if (i == k) {
                sum += damping * (sum + 1.0);
            }
            for (uint32_t m = 0; m < k; m++) {
                sum -= fit->factor[i][m] * fit->factor[k][m];
            }
            fit->factor[i][k] = i == k ? sqrt(fmax(sum, 1e-12)) : sum / fit->factor[k][k];
        }
    }
    for (uint32_t i = 0; i < n; i++) {
        double sum = fit->right[i];
        for (uint32_t k = 0; k < i; k++) {
            sum -= fit->factor[i][k] * fit->step[k];
        }
        fit->step[i] = sum / fit->factor[i][i];
    }
    for (uint32_t i = n; i-- > 0;) {
        double sum = fit->step[i];
        for (uint32_t k = i + 1; k < n; k++) {
            sum -= fit->factor[k][i] * fit->step[k];
        }
        fit->step[i] = sum / fit->factor[i][i];
    }
}

static void
set_grid(struct fit *fit, const struct ch_eqtext_point *points, uint32_t n_points)
{
    fit->low_hz = fmax(points[0].freq_hz, CH_EQTEXT_FIT_LOW_HZ);
    fit->high_hz = fmin(fmin(points[n_points - 1].freq_hz, 22000.0), 0.47 * fit->rate_hz);
    for (int g = 0; g < GRID; g++) {
        fit->freq_hz[g] = fit->low_hz * pow(fit->high_hz / fit->low_hz, g / (GRID - 1.0));
        const double half = sin(M_PI * fit->freq_hz[g] / fit->rate_hz);
        fit->half_sine_squared[g] = half * half;
        fit->target_db[g] = ch_eqtext_curve_db(points, n_points, fit->freq_hz[g]);
        fit->offset_db += fit->target_db[g] / GRID;
    }
}

static void
set_bands(struct fit *fit, const struct ch_eqtext_point *points, uint32_t n_points)
{
    const double octaves = log2(fit->high_hz / fit->low_hz) / fit->n_bands;
    for (uint32_t i = 0; i < fit->n_bands; i++) {
        struct ch_eq_band *band = &fit->bands[i];
        const bool first = i == 0, last = i == fit->n_bands - 1;
        const double freq_hz = fit->low_hz * exp2((i + 0.5) * octaves);
        band->type = first ? CH_EQ_LOW_SHELF : last ? CH_EQ_HIGH_SHELF : CH_EQ_PEAK;
        band->freq_hz = freq_hz;
        band->gain_db = clamp(
            0.6 * (ch_eqtext_curve_db(points, n_points, freq_hz) - fit->offset_db), -12.0, 12.0);
        band->q = first || last ? SHELF_Q
                                : clamp(0.5 / sinh(0.5 * M_LN2 * octaves), FIT_Q_MIN, FIT_Q_MAX);
        band->order = 2;
    }
}

static void
improve(struct fit *fit)
{
    double damping = 1e-2;
    double best = square_error(fit, fit->bands, fit->offset_db);
    for (int round = 0; round < ROUNDS_MAX; round++) {
        take_slopes(fit);
        take_normal(fit);
        double next = best;
        for (int attempt = 0; attempt < 6; attempt++) {
            solve(fit, damping);
            memcpy(fit->trial, fit->bands, sizeof fit->trial);
            for (uint32_t i = 0; i < fit->n_bands; i++) {
                move_band(fit, &fit->trial[i], fit->step + 3 * i);
            }
            const double offset_db = fit->offset_db + fit->step[fit->n_parameters - 1];
            next = square_error(fit, fit->trial, offset_db);
            if (next < best) {
                memcpy(fit->bands, fit->trial, sizeof fit->bands);
                fit->offset_db = offset_db;
                damping *= 0.3;
                break;
            }
            damping *= 4.0;
        }
        if (!(next < best)) {
            square_error(fit, fit->bands, fit->offset_db);
            return;
        }
        const double gained = best - next;
        best = next;
        if (gained < ENOUGH * best || best < 1e-9) {
            return;
        }
    }
}

static double
largest_error(const struct fit *fit, const struct ch_eqtext_point *points, uint32_t n_points)
{
    struct ch_eq_section sections[CH_EQTEXT_SECTIONS_MAX];
    const uint32_t n = ch_eqtext_sections(fit->bands, fit->n_bands, fit->design, fit->rate_hz,
                                          CH_EQ_LEFT, sections);
    double largest_db = 0.0;
    for (int i = 0; i < CHECKED; i++) {
        const double freq_hz = fit->low_hz * pow(fit->high_hz / fit->low_hz, i / (CHECKED - 1.0));
        const double db =
            fit->offset_db + ch_eqtext_sections_db(sections, n, fit->rate_hz, freq_hz);
        largest_db = fmax(largest_db, fabs(db - ch_eqtext_curve_db(points, n_points, freq_hz)));
    }
    return largest_db;
}

double
ch_eqtext_fit(const struct ch_eqtext_point *points, uint32_t n_points, enum ch_eq_design design,
              uint32_t rate_hz, uint32_t n_bands, struct ch_eq_band *bands, double *offset_db)
{
    struct fit *fit = n_points < 2 ? NULL : calloc(1, sizeof *fit);
    if (!fit) {
        return -1.0;
    }
    fit->design = design;
    fit->rate_hz = rate_hz;
    fit->n_bands = n_bands;
    fit->n_parameters = 3 * n_bands + 1;
    set_grid(fit, points, n_points);
    double error_db = -1.0;
    if (fit->high_hz > 1.5 * fit->low_hz) {
        set_bands(fit, points, n_points);
        improve(fit);
        error_db = largest_error(fit, points, n_points);
        memcpy(bands, fit->bands, n_bands * sizeof *bands);
        *offset_db = fit->offset_db;
    }
    free(fit);
    return error_db;
}

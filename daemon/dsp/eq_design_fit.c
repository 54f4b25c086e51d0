// SPDX-License-Identifier: ISC
// daemon/dsp/eq_design_fit.c — the least largest error in dB, by damped Gauss-Newton steps.
//
// The level in dB is smooth in the six powers of a biquad, so that a good closed form is a few
// steps away from the best there is.  The steps minimise the p-th power of the error, summed over a
// grid that is dense around the corner and up to the top; p grows, and with it the sum comes to
// look like the largest error, as in C. S. Burrus, J. A. Barreto and I. W. Selesnick, "Iterative
// reweighted least-squares design of FIR filters" (1994).  About 50 us; the same for the same.

#include "daemon/dsp/eq_design_fit.h"

#include <math.h>
#include <string.h>

#define N_EVEN   40 ///< points, even up to the top
#define N_CORNER 33 ///< points around the corner, from 2^-1.6 to 2^1.6 of it
#define N_POINTS (N_EVEN + N_CORNER)
#define N_POWERS 6

/// Below this level an error counts less and less.
#define FLOOR_DB (-40.0)

/// A step that gains less than this part is the last one for its p.
#define SETTLED 2e-3

struct fit {
    uint32_t n_points;
    double phi[N_POINTS][3];
    double target_db[N_POINTS], weight[N_POINTS];
    uint32_t n_free;
    uint32_t free[N_POWERS]; ///< places in `power`
};

bool
ch_eq_powers_possible(const struct ch_eq_powers *p)
{
    const double mean = 0.5 * (sqrt(fmax(p->c0, 0.0)) + sqrt(fmax(p->c1, 0.0)));
    return p->c0 >= 0.0 && p->c1 >= 0.0 && mean * mean + p->c2 > 0.0;
}

double
ch_eq_powers_at(const struct ch_eq_powers *p, const double phi[3])
{
    return p->c0 * phi[0] + p->c1 * phi[1] + p->c2 * phi[2];
}

static void
add_point(struct fit *fit, const struct ch_eq_analog *analog, const struct ch_eq_fitted *first,
          double w0, double w)
{
    const uint32_t n = fit->n_points++;
    const double s = sin(w / 2.0);
    fit->phi[n][0] = 1.0 - s * s;
    fit->phi[n][1] = s * s;
    fit->phi[n][2] = 4.0 * s * s * (1.0 - s * s);
    const double level_db = 10.0 * log10(ch_eq_analog_power(analog, w / w0) + 1e-30);
    fit->target_db[n] = level_db;
    if (first) {
        fit->target_db[n] -= 10.0 * log10(ch_eq_powers_at(&first->b, fit->phi[n]) /
                                          ch_eq_powers_at(&first->a, fit->phi[n]));
    }
    fit->weight[n] = fmin(1.0, pow(10.0, (level_db - FLOOR_DB) / 20.0));
}

static void
make_grid(struct fit *fit, const struct ch_eq_analog *analog, const struct ch_eq_fitted *first,
          double w0, double w_top)
{
    fit->n_points = 0;
    for (uint32_t i = 1; i <= N_EVEN; i++) {
        add_point(fit, analog, first, w0, w_top * i / N_EVEN);
    }
    for (uint32_t i = 0; i < N_CORNER; i++) {
        const double w = w0 * exp2(0.1 * ((double)i - N_CORNER / 2));
        if (w < w_top) {
            add_point(fit, analog, first, w0, w);
        }
    }
}

static double
power_at(const double power[3], const double phi[3])
{
    return power[0] * phi[0] + power[1] * phi[1] + power[2] * phi[2];
}

/// Errors in dB; returns the largest, infinite if the powers are no filter's.
static double
errors(const struct fit *fit, const double power[N_POWERS], double error_db[N_POINTS])
{
    const struct ch_eq_powers b = {power[0], power[1], power[2]};
    const struct ch_eq_powers a = {power[3], power[4], power[5]};
    const bool b_moves = fit->free[0] < 3;
    double largest = 0.0;
    if ((b_moves && !ch_eq_powers_possible(&b)) || !ch_eq_powers_possible(&a) || a.c0 <= 0.0 ||
        a.c1 <= 0.0) {
        return INFINITY;
    }
    for (uint32_t i = 0; i < fit->n_points; i++) {
        const double h = power_at(power, fit->phi[i]) / power_at(power + 3, fit->phi[i]);
        error_db[i] = fit->weight[i] * (10.0 * log10(fmax(h, 1e-30)) - fit->target_db[i]);
        largest = fmax(largest, fabs(error_db[i]));
    }
    return largest;
}

/// x^p for x >= 0, where p is a power of 2.
static double
raised(double x, uint32_t p)
{
    for (; p > 1; p /= 2) {
        x *= x;
    }
    return x;
}

/// The p-norm, without overflow.
static double
norm(const struct fit *fit, const double error_db[N_POINTS], double largest, uint32_t p)
{
    double sum = 0.0;
    for (uint32_t i = 0; i < fit->n_points && isfinite(largest) && largest > 0.0; i++) {
        sum += raised(fabs(error_db[i]) / largest, p);
    }
    return largest * pow(sum, 1.0 / p);
}

/// Solves m·x = r in place of r, by elimination; m is symmetric and positive.
static void
solve(double m[N_POWERS][N_POWERS], double r[N_POWERS], uint32_t n)
{
    for (uint32_t k = 0; k < n; k++) {
        for (uint32_t i = k + 1; i < n; i++) {
            const double f = m[i][k] / m[k][k];
            for (uint32_t j = k; j < n; j++) {
                m[i][j] -= f * m[k][j];
            }
            r[i] -= f * r[k];
        }
    }
    for (uint32_t k = n; k-- > 0;) {
        for (uint32_t j = k + 1; j < n; j++) {
            r[k] -= m[k][j] * r[j];
        }
        r[k] /= m[k][k];
    }
}

/// The step, in parts of each power, that least squares with weights |error|^(p - 2) ask for.
static void
find_step(const struct fit *fit, const double power[N_POWERS], const double error_db[N_POINTS],
          double largest, uint32_t p, double damping, double step[N_POWERS])
{
    double m[N_POWERS][N_POWERS] = {{0.0}}, r[N_POWERS] = {0.0};
    for (uint32_t i = 0; i < fit->n_points; i++) {
        const double *phi = fit->phi[i];
        const double b = power_at(power, phi), a = power_at(power + 3, phi);
        const double u = fabs(error_db[i]) / largest + 1e-6;
        const double w = raised(u, p) / (u * u);
        double slope[N_POWERS];
        for (uint32_t j = 0; j < fit->n_free; j++) {
            const uint32_t k = fit->free[j];
            const double part = k < 3 ? phi[k] / b : -phi[k - 3] / a;
            slope[j] = fit->weight[i] * 10.0 / M_LN10 * part * power[k];
        }
        for (uint32_t j = 0; j < fit->n_free; j++) {
            for (uint32_t k = 0; k < fit->n_free; k++) {
                m[j][k] += w * slope[j] * slope[k];
            }
            r[j] -= w * slope[j] * error_db[i];
        }
    }
    for (uint32_t j = 0; j < fit->n_free; j++) {
        m[j][j] = m[j][j] * (1.0 + damping) + 1e-300;
    }
    solve(m, r, fit->n_free);
    memcpy(step, r, sizeof r);
}

/// Steps for one p; powers and errors are those of the best so far.
static void
descend(const struct fit *fit, uint32_t p, int n_steps, double power[N_POWERS],
        double error_db[N_POINTS])
{
    double damping = 1e-6;
    double largest = errors(fit, power, error_db);
    double best = norm(fit, error_db, largest, p);
    for (int n = 0; n < n_steps && best > 1e-6; n++) {
        double step[N_POWERS], next[N_POWERS], next_db[N_POINTS];
        find_step(fit, power, error_db, largest, p, damping, step);
        memcpy(next, power, sizeof next);
        for (uint32_t j = 0; j < fit->n_free; j++) {
            next[fit->free[j]] *= 1.0 + step[j] / (double)(p - 1);
        }
        const double next_largest = errors(fit, next, next_db);
        const double next_norm = norm(fit, next_db, next_largest, p);
        if (next_norm < best) {
            n = next_norm > (1.0 - SETTLED) * best ? n_steps : n;
            memcpy(power, next, sizeof next);
            memcpy(error_db, next_db, sizeof next_db);
            largest = next_largest;
            best = next_norm;
            damping = fmax(damping * 0.1, 1e-9);
        } else {
            damping = fmax(damping * 30.0, 1e-4);
        }
    }
}

void
ch_eq_fit(const struct ch_eq_analog *analog, const struct ch_eq_fitted *first, double w0,
          double w_top, uint32_t free, struct ch_eq_fitted *fitted)
{
    static const struct {
        uint32_t p;
        int n_steps;
    } stages[] = {{2, 12}, {4, 8}, {8, 8}, {16, 8}, {32, 8}};
    struct fit fit = {0};
    double power[N_POWERS] = {fitted->b.c0, fitted->b.c1, fitted->b.c2,
                              fitted->a.c0, fitted->a.c1, fitted->a.c2};
    double error_db[N_POINTS];
    for (uint32_t k = 0; k < N_POWERS; k++) {
        if (free >> k & 1u) {
            fit.free[fit.n_free++] = k;
        }
    }
    make_grid(&fit, analog, first, w0, w_top);
    const double before = errors(&fit, power, error_db);
    for (size_t i = 0; i < sizeof stages / sizeof *stages; i++) {
        descend(&fit, stages[i].p, stages[i].n_steps, power, error_db);
    }
    if (errors(&fit, power, error_db) <= before) {
        fitted->b = (struct ch_eq_powers){power[0], power[1], power[2]};
        fitted->a = (struct ch_eq_powers){power[3], power[4], power[5]};
    }
}

// SPDX-License-Identifier: ISC
// daemon/dsp/eq_graphic_solve.c — least squares for the bells of a graphic equaliser.
//
// Residuals: what the bells, as they will run, add up to at each slider and at each geometric
// midpoint, less what is asked for there.  Unknowns: each bell's gain, the logarithm of its Q and
// its place.  Fewer residuals than unknowns, so each unknown is also held, by a spring, near where
// it starts; the springs of Q and place begin stiff, when only the gains move, and are slackened
// step by step, which keeps the descent out of the poor solutions that extreme Qs lead to.  Each
// step is Gauss and Newton's, damped after Levenberg and Marquardt when it did not help.
//
// With residuals e, weighted slopes J, springs D (diagonal) and their pull p a step is
//     d = p + D^-1·J'·(J·D^-1·J' + 1)^-1·(e - J·p),
// which inverts a matrix as large as there are residuals, positive definite whatever J is.

#include <math.h>
#include <string.h>

#include "daemon/base/units.h"
#include "daemon/dsp/eq_graphic.h"

#define POINTS_MAX   (2 * CH_GRAPHIC_SLIDERS_MAX - 1)
#define UNKNOWNS_MAX (3 * CH_GRAPHIC_SLIDERS_MAX)
#define DB_PER_NEPER 4.3429448190325182 ///< of power: 10/ln 10

/// Highest slider that takes part, as a fraction of the sample rate: above it no bell keeps its
/// shape.
#define CENTRE_MAX 0.47
/// Highest place of a bell: below where a design stops following its frequency.
#define PLACE_MAX 0.485
/// Width of the bells to begin with: the part of its gain (in dB, at 12 dB) that a bell has left at
/// its neighbours' centres.
#define NEIGHBOUR_PART 0.25
/// What a midpoint counts beside a slider.
#define MIDPOINT_WEIGHT 0.4
/// Where a solution stands for its errors: these are equally bad.
#define SLIDER_TOLERANCE_DB   0.2
#define MIDPOINT_TOLERANCE_DB 1.0
/// Good enough to stop.
#define SCORE_ENOUGH 0.05

#define LOG_Q_MAX  1.2 ///< ln Q goes so far from its start
#define PLACE_STEP 0.3 ///< a bell moves by at most this part of the distance to its neighbours

enum kind { GAIN, LOG_Q, PLACE, KINDS };

/// Of each kind of unknown: spring; difference for its slope; longest step; damping.
static const double springs[KINDS] = {0.01, 1.0, 1.5};
static const double differences[KINDS] = {0.1, 0.02, 0.01};
static const double steps_max[KINDS] = {8.0, 0.5, 0.15};
static const double dampings[KINDS] = {0.02, 1.0, 1.0};

/// Stiffness of the springs of Q and place, step by step.
static const double stiffness[] = {3.0, 2.0, 1.0, 0.6, 0.4, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3};
/// Steps after which only a solution that is still poor is worked on.
#define STEPS_USUAL 8
#define SCORE_POOR  0.5

/// |H|^2 = (num0·phi0 + num1·phi1 + num2·phi2) / (den0·phi0 + …) with phi as in
/// eq_design_matched.c.
struct powers {
    double num0, num1, num2, den0, den1, den2;
};

struct point {
    double phi0, phi1, phi2;
    double target_db;
    double weight;
};

struct unknowns {
    double of[KINDS][CH_GRAPHIC_SLIDERS_MAX]; ///< dB; ln(Q/start); ln(freq/centre)/spacing
};

struct trial {
    struct unknowns x;
    double ratio[POINTS_MAX][CH_GRAPHIC_SLIDERS_MAX]; ///< |H|^2 of each bell at each point
    double error_db[POINTS_MAX];                      ///< asked for, less what there is
    double score;                                     ///< 1 = at its tolerance
};

struct solver {
    const double *centres_hz;
    uint32_t rate_hz;
    uint32_t n;        ///< bells
    uint32_t n_points; ///< n sliders, then n - 1 midpoints
    double spacing;    ///< mean distance of the sliders in ln Hz
    double start_q;
    struct point points[POINTS_MAX];
    double slopes[POINTS_MAX][UNKNOWNS_MAX]; ///< weighted; unknown kind·n + bell
    double normal[POINTS_MAX][POINTS_MAX];   ///< lower triangle, then its Cholesky factor
};

// --- the model -----------------------------------------------------------------------------------

/// The Q at which a bell of `gain_db` has `part` of it left at `ratio` times its centre.
static double
q_for_neighbour(double gain_db, double part, double ratio)
{
    const double peak = pow(10.0, gain_db / 20.0);
    const double there = pow(10.0, part * gain_db / 20.0);
    const double detuning = ratio - 1.0 / ratio;
    return sqrt((peak - there * there / peak) / (there * there - 1.0)) / detuning;
}

static struct ch_eq_band
band_at(const struct solver *solver, const struct unknowns *x, uint32_t bell)
{
    const double freq_hz = solver->centres_hz[bell] * exp(x->of[PLACE][bell] * solver->spacing);
    return (struct ch_eq_band){
        .type = CH_EQ_PEAK,
        .freq_hz = fmin(freq_hz, PLACE_MAX * solver->rate_hz),
        .gain_db = x->of[GAIN][bell],
        .q = solver->start_q * exp(x->of[LOG_Q][bell]),
    };
}

static struct powers
powers_at(const struct solver *solver, const struct unknowns *x, uint32_t bell)
{
    const struct ch_eq_band band = band_at(solver, x, bell);
    struct ch_biquad h;
    ch_eq_design_band(&band, CH_EQ_MATCHED, solver->rate_hz, &h);
    const double num_dc = h.b0 + h.b1 + h.b2, num_nyquist = h.b0 - h.b1 + h.b2;
    const double den_dc = 1.0 + h.a1 + h.a2, den_nyquist = 1.0 - h.a1 + h.a2;
    return (struct powers){
        .num0 = num_dc * num_dc,
        .num1 = num_nyquist * num_nyquist,
        .num2 = -4.0 * h.b0 * h.b2,
        .den0 = den_dc * den_dc,
        .den1 = den_nyquist * den_nyquist,
        .den2 = -4.0 * h.a2,
    };
}

static double
ratio_at(const struct powers *powers, const struct point *point)
{
    return (powers->num0 * point->phi0 + powers->num1 * point->phi1 + powers->num2 * point->phi2) /
           (powers->den0 * point->phi0 + powers->den1 * point->phi1 + powers->den2 * point->phi2);
}

/// Fill in what follows from trial->x.
static void
measure(const struct solver *solver, struct trial *trial)
{
    double product[POINTS_MAX];
    for (uint32_t i = 0; i < solver->n_points; i++) {
        product[i] = 1.0;
    }
    for (uint32_t bell = 0; bell < solver->n; bell++) {
        const struct powers powers = powers_at(solver, &trial->x, bell);
        for (uint32_t i = 0; i < solver->n_points; i++) {
            trial->ratio[i][bell] = ratio_at(&powers, &solver->points[i]);
            product[i] *= trial->ratio[i][bell];
        }
    }
    trial->score = 0.0;
    for (uint32_t i = 0; i < solver->n_points; i++) {
        trial->error_db[i] = solver->points[i].target_db - DB_PER_NEPER * log(product[i]);
        const double tolerance = i < solver->n ? SLIDER_TOLERANCE_DB : MIDPOINT_TOLERANCE_DB;
        const double part = fabs(trial->error_db[i]) / tolerance;
        // Not fmax, which would pass over a NaN.
        trial->score = part <= trial->score ? trial->score : part;
    }
}

static double
spring(enum kind kind, double stiff)
{
    const double s = kind == GAIN ? springs[GAIN] : springs[kind] * stiff;
    return s * s;
}

/// What a step has to make less.
static double
cost(const struct solver *solver, const struct trial *trial, double stiff)
{
    double sum = 0.0;
    for (uint32_t i = 0; i < solver->n_points; i++) {
        const double weighted = trial->error_db[i] * solver->points[i].weight;
        sum += weighted * weighted;
    }
    for (enum kind kind = LOG_Q; kind < KINDS; kind++) {
        for (uint32_t bell = 0; bell < solver->n; bell++) {
            const double x = trial->x.of[kind][bell];
            sum += spring(kind, stiff) * x * x;
        }
    }
    return sum;
}

// --- one step ------------------------------------------------------------------------------------

static void
find_slopes(struct solver *solver, const struct trial *at)
{
    struct unknowns x = at->x;
    for (enum kind kind = GAIN; kind < KINDS; kind++) {
        for (uint32_t bell = 0; bell < solver->n; bell++) {
            const double here = x.of[kind][bell];
            x.of[kind][bell] = here + differences[kind];
            const struct powers powers = powers_at(solver, &x, bell);
            x.of[kind][bell] = here;
            const double per_unit = DB_PER_NEPER / differences[kind];
            for (uint32_t i = 0; i < solver->n_points; i++) {
                const double ratio = ratio_at(&powers, &solver->points[i]) / at->ratio[i][bell];
                solver->slopes[i][kind * solver->n + bell] =
                    solver->points[i].weight * per_unit * (ratio - 1.0);
            }
        }
    }
}

/// Four sums side by side: the compiler may not reorder one.
static double
dot(const double *a, const double *b, uint32_t n)
{
    double sum[4] = {0.0};
    uint32_t i = 0;
    for (; i + 4 <= n; i += 4) {
        sum[0] += a[i] * b[i];
        sum[1] += a[i + 1] * b[i + 1];
        sum[2] += a[i + 2] * b[i + 2];
        sum[3] += a[i + 3] * b[i + 3];
    }
    for (; i < n; i++) {
        sum[0] += a[i] * b[i];
    }
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/// J·D^-1·J' + 1 into solver->normal, and its Cholesky factor over it.
static void
factor(struct solver *solver, const double *yields)
{
    const uint32_t n = solver->n_points;
    const uint32_t n_unknowns = KINDS * solver->n;
    for (uint32_t i = 0; i < n; i++) {
        double scaled[UNKNOWNS_MAX];
        for (uint32_t k = 0; k < n_unknowns; k++) {
            scaled[k] = solver->slopes[i][k] * yields[k];
        }
        for (uint32_t j = 0; j <= i; j++) {
            solver->normal[i][j] = dot(scaled, solver->slopes[j], n_unknowns) + (i == j);
        }
    }
    for (uint32_t i = 0; i < n; i++) {
        double *row = solver->normal[i];
        for (uint32_t j = 0; j < i; j++) {
            row[j] = (row[j] - dot(row, solver->normal[j], j)) / solver->normal[j][j];
        }
        row[i] = sqrt(row[i] - dot(row, row, i));
    }
}

/// right := normal^-1·right
static void
substitute(const struct solver *solver, double *right)
{
    const uint32_t n = solver->n_points;
    for (uint32_t i = 0; i < n; i++) {
        right[i] = (right[i] - dot(solver->normal[i], right, i)) / solver->normal[i][i];
    }
    for (uint32_t i = n; i-- > 0;) {
        right[i] /= solver->normal[i][i];
        for (uint32_t j = 0; j < i; j++) {
            right[j] -= solver->normal[i][j] * right[i];
        }
    }
}

static double
clamp(double value, double max)
{
    return fmin(fmax(value, -max), max);
}

static void
move(const struct solver *solver, struct unknowns *x, const double *step)
{
    static const double furthest[KINDS] = {CH_EQ_GAIN_MAX_DB, LOG_Q_MAX, PLACE_STEP};
    for (enum kind kind = GAIN; kind < KINDS; kind++) {
        for (uint32_t bell = 0; bell < solver->n; bell++) {
            const double d = clamp(step[kind * solver->n + bell], steps_max[kind]);
            x->of[kind][bell] = clamp(x->of[kind][bell] + d, furthest[kind]);
        }
    }
}

/// Where a step leads from `at`, whose slopes are known.
static void
step_from(struct solver *solver, const struct trial *at, double stiff, double damping,
          struct unknowns *x)
{
    const uint32_t n_unknowns = KINDS * solver->n;
    double yields[UNKNOWNS_MAX], step[UNKNOWNS_MAX], right[POINTS_MAX];
    for (uint32_t k = 0; k < n_unknowns; k++) {
        const enum kind kind = (enum kind)(k / solver->n);
        const double hold = spring(kind, stiff);
        yields[k] = 1.0 / (hold + damping * dampings[kind]);
        // The spring of a gain is there for the arithmetic; it pulls nowhere.
        step[k] = kind == GAIN ? 0.0 : -hold * at->x.of[kind][k % solver->n] * yields[k];
    }
    for (uint32_t i = 0; i < solver->n_points; i++) {
        right[i] =
            solver->points[i].weight * at->error_db[i] - dot(solver->slopes[i], step, n_unknowns);
    }
    factor(solver, yields);
    substitute(solver, right);
    for (uint32_t i = 0; i < solver->n_points; i++) {
        for (uint32_t k = 0; k < n_unknowns; k++) {
            step[k] += yields[k] * solver->slopes[i][k] * right[i];
        }
    }
    *x = at->x;
    move(solver, x, step);
}

// --- all of it -----------------------------------------------------------------------------------

static void
set_point(struct solver *solver, const struct ch_graphic *graphic, double freq_hz, double weight)
{
    const double s = sin(M_PI * freq_hz / solver->rate_hz);
    struct point *point = &solver->points[solver->n_points++];
    point->phi1 = s * s;
    point->phi0 = 1.0 - point->phi1;
    point->phi2 = 4.0 * point->phi0 * point->phi1;
    point->target_db = ch_graphic_target_db(graphic, freq_hz);
    point->weight = weight;
}

static void
set_up(struct solver *solver, const struct ch_graphic *graphic, uint32_t rate_hz)
{
    const uint32_t n_sliders = ch_graphic_centres(graphic->layout, &solver->centres_hz);
    const double *centres_hz = solver->centres_hz;
    solver->rate_hz = rate_hz;
    solver->spacing = log(centres_hz[n_sliders - 1] / centres_hz[0]) / (n_sliders - 1);
    solver->start_q = q_for_neighbour(12.0, NEIGHBOUR_PART, exp(solver->spacing));
    solver->n = 0;
    while (solver->n < n_sliders && centres_hz[solver->n] < CENTRE_MAX * rate_hz) {
        solver->n++;
    }
    solver->n_points = 0;
    for (uint32_t i = 0; i < solver->n; i++) {
        set_point(solver, graphic, centres_hz[i], 1.0);
    }
    for (uint32_t i = 0; i + 1 < solver->n; i++) {
        set_point(solver, graphic, sqrt(centres_hz[i] * centres_hz[i + 1]), MIDPOINT_WEIGHT);
    }
}

static void
solve(struct solver *solver, struct trial *best)
{
    struct trial here = *best, next;
    double damping = 0.0;
    for (uint32_t i = 0; i < sizeof stiffness / sizeof *stiffness; i++) {
        if (best->score <= (i < STEPS_USUAL ? SCORE_ENOUGH : SCORE_POOR)) {
            return;
        }
        find_slopes(solver, &here);
        step_from(solver, &here, stiffness[i], damping, &next.x);
        measure(solver, &next);
        const bool helped = cost(solver, &next, stiffness[i]) <= cost(solver, &here, stiffness[i]);
        damping = helped ? damping * 0.2 : fmax(damping * 8.0, 0.3);
        // The first two steps have the longest way to go, and may have to go uphill.
        if (helped || i < 2) {
            here = next;
        }
        if (next.score < best->score) {
            *best = next;
        }
    }
}

void
ch_graphic_bands(const struct ch_graphic *graphic, uint32_t rate_hz,
                 struct ch_eq_band bands[CH_GRAPHIC_SLIDERS_MAX])
{
    struct solver solver;
    struct trial best;
    set_up(&solver, graphic, rate_hz);
    memset(&best.x, 0, sizeof best.x);
    const uint32_t n_sliders = ch_graphic_centres(graphic->layout, NULL);
    for (uint32_t i = 0; i < solver.n; i++) {
        best.x.of[GAIN][i] = graphic->gains_db[i];
    }
    measure(&solver, &best);
    solve(&solver, &best);
    for (uint32_t i = 0; i < n_sliders; i++) {
        bands[i] = band_at(&solver, &best.x, i);
    }
}

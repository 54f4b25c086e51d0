// SPDX-License-Identifier: ISC
// daemon/dsp/limiter_create.c — memory and constants of the limiter.                        [setup]

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/memory.h"
#include "daemon/base/units.h"
#include "daemon/dsp/limiter.h"
#include "daemon/dsp/limiter_state.h"

#define FAST_MS      50.0 ///< time constants
#define SLOW_DOWN_MS 200.0
#define SLOW_UP_MS   400.0
#define HOLD_MS      30.0
#define FORGET_MS    250.0
#define RAMP_MS      20.0

#define KAISER_BETA 3.5

/// From here on every second place between samples is enough.
#define FINE_RATE_HZ 176400

static double
part_of(double ms, uint32_t rate_hz)
{
    return -expm1(-1.0 / (ms * 1e-3 * (double)rate_hz));
}

/// Modified Bessel function I0, by its series.
static double
bessel(double x)
{
    double term = 1.0, sum = 1.0;
    for (int n = 1; n < 50; n++) {
        term *= x / (2.0 * n) * (x / (2.0 * n));
        sum += term;
    }
    return sum;
}

static double
kaiser(double x)
{
    return bessel(KAISER_BETA * sqrt(fmax(0.0, 1.0 - x * x))) / bessel(KAISER_BETA);
}

static double
hann(double x)
{
    return 0.5 + 0.5 * cos(M_PI * x);
}

static ch_limiter_v4
all_lanes(double value)
{
    const float x = (float)value;
    return (ch_limiter_v4){x, x, x, x};
}

/// Taps of the place a part `f` of the way between samples; returns the sum of their magnitudes.
static double
design(double (*window)(double x), uint32_t half, double f, ch_limiter_v4 *even, ch_limiter_v4 *odd)
{
    double taps[2 * CH_LIMITER_HALF_MAX], sum = 0.0, magnitude = 0.0;
    for (uint32_t k = 0; k < 2 * half; k++) {
        const double at = (double)k - (double)(half - 1) - f;
        taps[k] = sin(M_PI * at) / (M_PI * at) * window(at / (double)half);
        sum += taps[k];
        magnitude += fabs(taps[k]);
    }
    for (uint32_t k = 0; k < half; k++) {
        const double near = taps[k] / sum, far = taps[2 * half - 1 - k] / sum;
        even[k] = all_lanes((near + far) / 2.0);
        if (odd) {
            odd[k] = all_lanes((near - far) / 2.0);
        }
    }
    return magnitude / sum;
}

static bool
has_avx2(void)
{
#if CH_LIMITER_HAVE_AVX2
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
    return false;
#endif
}

static void
design_detector(struct ch_limiter *limiter, uint32_t rate_hz)
{
    const uint32_t most = limiter->latency / 3;
    limiter->half = most < CH_LIMITER_HALF_MAX ? most : CH_LIMITER_HALF_MAX;
    limiter->wide = has_avx2();
    limiter->n_pairs = rate_hz < FINE_RATE_HZ ? 3 : 1;
    const double places = 2.0 * limiter->n_pairs + 2.0;
    struct ch_limiter_taps *taps = &limiter->taps;
    double largest = design(kaiser, limiter->half, 0.5, taps->middle, NULL);
    for (uint32_t i = 0; i < limiter->n_pairs; i++) {
        largest = fmax(largest, design(kaiser, limiter->half, (i + 1.0) / places, taps->even[i],
                                       taps->odd[i]));
    }
    const uint32_t soft = limiter->half < CH_LIMITER_SOFT_MAX ? limiter->half : CH_LIMITER_SOFT_MAX;
    limiter->soft_half = soft;
    largest = fmax(largest, design(hann, soft, 0.5, taps->soft_middle, NULL));
    largest = fmax(largest, design(hann, soft, 0.25, taps->soft_even, taps->soft_odd));
    limiter->taps_sum = (float)(largest * 1.0001); // for rounding
}

static bool
make_boxes(struct ch_limiter *limiter)
{
    // Each takes a frame less than its length from what the next ones may reach over.
    const uint32_t all = limiter->span + CH_LIMITER_BOXES - 1;
    const uint32_t first = (uint32_t)lrint(all * 0.25), second = (all - first) / 2;
    const uint32_t length[CH_LIMITER_BOXES] = {first, second, all - first - second};
    int64_t full = CH_LIMITER_ONE;
    for (uint32_t i = 0; i < CH_LIMITER_BOXES; i++) {
        full *= length[i];
        limiter->box[i].length = length[i];
        limiter->box[i].full = full;
        limiter->box[i].ring = calloc(length[i], sizeof *limiter->box[i].ring);
        if (!limiter->box[i].ring) {
            return false;
        }
    }
    return true;
}

struct ch_limiter *
ch_limiter_create(uint32_t rate_hz)
{
    struct ch_limiter *limiter = ch_memory_aligned(_Alignof(struct ch_limiter), sizeof *limiter);
    if (limiter == NULL) {
        return NULL;
    }
    memset(limiter, 0, sizeof *limiter);
    limiter->latency = ch_frames_from_ms(CH_LIMITER_LOOKAHEAD_MS, rate_hz);
    design_detector(limiter, rate_hz);
    limiter->span = limiter->latency - limiter->half + 1;
    limiter->ramp_frames = ch_frames_from_ms(RAMP_MS, rate_hz);
    limiter->hold_frames = ch_frames_from_ms(HOLD_MS, rate_hz) / (CH_LIMITER_HOLD_SLOTS - 1) + 1;
    limiter->forget_frames = ch_frames_from_ms(FORGET_MS, rate_hz);
    limiter->fast = part_of(FAST_MS, rate_hz);
    limiter->slow_down = part_of(SLOW_DOWN_MS, rate_hz);
    limiter->slow_up = part_of(SLOW_UP_MS, rate_hz);
    limiter->delay = calloc(limiter->latency, sizeof *limiter->delay);
    if (limiter->delay == NULL || !make_boxes(limiter)) {
        ch_limiter_destroy(limiter);
        return NULL;
    }
    ch_limiter_set_ceiling(limiter, CH_LIMITER_CEILING);
    ch_ramp_snap(&limiter->limit, 1.0f);
    limiter->min_gain = 1.0f;
    ch_limiter_reset(limiter);
    return limiter;
}

void
ch_limiter_destroy(struct ch_limiter *limiter)
{
    if (limiter != NULL) {
        free(limiter->delay);
        for (uint32_t i = 0; i < CH_LIMITER_BOXES; i++) {
            free(limiter->box[i].ring);
        }
        ch_memory_aligned_free(limiter);
    }
}

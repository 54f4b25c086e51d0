// SPDX-License-Identifier: ISC
// daemon/analysis/history.c — low-pass, take every factor-th sample, keep the newest.

#include "daemon/analysis/history.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/analysis/lanes.h"

#define STOP_DB 130.0

/// Modified Bessel function of the first kind, order 0, by its power series.
static double
bessel_i0(double x)
{
    double sum = 1.0, term = 1.0;
    for (int k = 1; term > 1e-17 * sum; k++) {
        term *= (x / (2.0 * k)) * (x / (2.0 * k));
        sum += term;
    }
    return sum;
}

/// Kaiser's estimate of the length, for a transition from CH_HISTORY_PASS to 1 - CH_HISTORY_PASS of
/// the reduced rate; a multiple of what dot() takes at a time.
static uint32_t
taps_for(uint32_t factor)
{
    const double transition = 2.0 * M_PI * (1.0 - 2.0 * CH_HISTORY_PASS) / factor;
    const uint32_t least = (uint32_t)ceil((STOP_DB - 7.95) / (2.285 * transition)) + 1;
    return (least + CH_LANES - 1) / CH_LANES * CH_LANES;
}

static void
design(float *taps, uint32_t n_taps, uint32_t factor)
{
    const double beta = 0.1102 * (STOP_DB - 8.7);
    const double centre = (n_taps - 1) / 2.0;
    double sum = 0.0;
    for (int normalise = 0; normalise < 2; normalise++) {
        for (uint32_t i = 0; i < n_taps; i++) {
            const double at = i - centre;
            const double x = M_PI * at / factor;
            const double sinc = fabs(x) < 1e-9 ? 1.0 : sin(x) / x;
            const double window = bessel_i0(beta * sqrt(1.0 - at / centre * (at / centre)));
            if (normalise) {
                taps[i] = (float)(sinc * window / sum);
            } else {
                sum += sinc * window;
            }
        }
    }
}

enum ch_status
ch_history_init(struct ch_history *history, uint32_t n, uint32_t factor)
{
    memset(history, 0, sizeof *history);
    history->n = n;
    history->factor = factor;
    history->samples = calloc(n, sizeof *history->samples);
    if (!history->samples) {
        return CH_NO_MEMORY;
    }
    if (factor == 1) {
        return CH_OK;
    }
    history->n_taps = taps_for(factor);
    history->taps = calloc(history->n_taps, sizeof *history->taps);
    history->recent = calloc(history->n_taps - 1 + CH_HISTORY_PUSH_MAX, sizeof *history->recent);
    if (!history->taps || !history->recent) {
        ch_history_fini(history);
        return CH_NO_MEMORY;
    }
    design(history->taps, history->n_taps, factor);
    return CH_OK;
}

void
ch_history_fini(struct ch_history *history)
{
    free(history->samples);
    free(history->taps);
    free(history->recent);
    memset(history, 0, sizeof *history);
}

void
ch_history_reset(struct ch_history *history)
{
    memset(history->samples, 0, history->n * sizeof *history->samples);
    if (history->recent) {
        memset(history->recent, 0, (history->n_taps - 1) * sizeof *history->recent);
    }
    history->at = 0;
    history->phase = 0;
}

static void
keep(struct ch_history *history, const float *samples, uint32_t n_samples)
{
    if (n_samples > history->n) {
        samples += n_samples - history->n;
        n_samples = history->n;
    }
    const uint32_t to_end = history->n - history->at;
    const uint32_t n = n_samples < to_end ? n_samples : to_end;
    memcpy(history->samples + history->at, samples, n * sizeof *samples);
    memcpy(history->samples, samples + n, (n_samples - n) * sizeof *samples);
    history->at = (history->at + n_samples) & (history->n - 1);
}

/// n is a multiple of CH_LANES.
static float
dot(const float *a, const float *b, uint32_t n)
{
    ch_lanes sum = ch_lanes_fill(0.0f);
    for (uint32_t i = 0; i < n; i += CH_LANES) {
        sum += ch_lanes_load(a + i) * ch_lanes_load(b + i);
    }
    return ch_lanes_sum(sum);
}

/// Four products, `step` apart in b: each piece of a is loaded once for all.  Added up in the order
/// of dot(), so that it does not matter in which pieces sound comes.
static void
dot_four(float out[4], const float *a, const float *b, uint32_t step, uint32_t n)
{
    const float *b1 = b + step, *b2 = b1 + step, *b3 = b2 + step;
    ch_lanes sum0 = ch_lanes_fill(0.0f), sum1 = sum0, sum2 = sum0, sum3 = sum0;
    for (uint32_t i = 0; i < n; i += CH_LANES) {
        const ch_lanes piece = ch_lanes_load(a + i);
        sum0 += piece * ch_lanes_load(b + i);
        sum1 += piece * ch_lanes_load(b1 + i);
        sum2 += piece * ch_lanes_load(b2 + i);
        sum3 += piece * ch_lanes_load(b3 + i);
    }
    out[0] = ch_lanes_sum(sum0);
    out[1] = ch_lanes_sum(sum1);
    out[2] = ch_lanes_sum(sum2);
    out[3] = ch_lanes_sum(sum3);
}

void
ch_history_push(struct ch_history *history, const float *samples, uint32_t n_samples)
{
    if (history->factor == 1) {
        keep(history, samples, n_samples);
        return;
    }
    const uint32_t n_before = history->n_taps - 1;
    memcpy(history->recent + n_before, samples, n_samples * sizeof *samples);
    const uint32_t factor = history->factor;
    uint32_t i = history->phase;
    // The newest input of an output is `samples[i]`.
    for (; i + 3 * factor < n_samples; i += 4 * factor) {
        float out[4];
        dot_four(out, history->taps, history->recent + i, factor, history->n_taps);
        keep(history, out, 4);
    }
    for (; i < n_samples; i += factor) {
        const float out = dot(history->taps, history->recent + i, history->n_taps);
        keep(history, &out, 1);
    }
    history->phase = i - n_samples;
    memmove(history->recent, history->recent + n_samples, n_before * sizeof *history->recent);
}

void
ch_history_copy(const struct ch_history *history, float *out)
{
    const uint32_t to_end = history->n - history->at;
    memcpy(out, history->samples + history->at, to_end * sizeof *out);
    memcpy(out + to_end, history->samples, history->at * sizeof *out);
}

// SPDX-License-Identifier: ISC
// daemon/analysis/stage.c — power of bins, sums of bands, and the tones among them.

#include "daemon/analysis/stage.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/analysis/lanes.h"

/// Variance of the frequencies in a lobe, in units of (terms - 1)^2 bins^2 because the lobe is so
/// much wider: up to the first it counts fully as a tone, from the second on not at all.
#define TONE_CERTAIN 0.004
#define TONE_NEVER   0.012

/// Frequencies are not told apart finer than this.
#define EDGE_BINS 0.01

/// From this bin on a weighting is straight enough within a lobe.
#define WEIGH_TONES_BELOW 128

// Windows are applied to two bins at a time, so one more than n/2 + 1, and its neighbours.
_Static_assert(CH_FFT_GUARD >= CH_WINDOW_TERMS_MAX, "guard bins for the longest window");

struct tone {
    double bin;   ///< frequency in bins
    double power; ///< amplitude squared, weighted
    double trust; ///< 0…1
};

static enum ch_status
init(struct ch_stage *stage, enum ch_window_kind window, uint32_t n, double bin_hz)
{
    stage->n = n;
    stage->bin_hz = bin_hz;
    stage->terms = ch_window_terms(window, &stage->n_terms);
    // S1/n and S2/n of a sum of cosines, by the orthogonality of its terms.
    const double s1 = stage->terms[0];
    double s2 = s1 * s1;
    for (uint32_t m = 1; m < stage->n_terms; m++) {
        s2 += 0.5 * stage->terms[m] * stage->terms[m];
    }
    stage->power_scale = 4.0 / ((double)n * n * s2);
    stage->enbw = s2 / (s1 * s1);
    stage->power = calloc((size_t)n / 2 + 2, sizeof *stage->power);
    return stage->power ? CH_OK : CH_NO_MEMORY;
}

enum ch_status
ch_stage_init(struct ch_stage *stage, enum ch_window_kind window, struct ch_bandmap *map,
              uint32_t first, uint32_t n_bands, uint32_t factor)
{
    memset(stage, 0, sizeof *stage);
    stage->map = map;
    const enum ch_status status =
        init(stage, window, map->n_fft / factor, (double)map->rate_hz / map->n_fft);
    if (status != CH_OK) {
        ch_stage_fini(stage);
        return status;
    }
    stage->view = *map;
    stage->view.bands += first;
    stage->view.n_bands = n_bands;
    const uint32_t nyquist = stage->n / 2;
    uint32_t lowest = nyquist, highest = 0;
    for (uint32_t i = 0; i < n_bands; i++) {
        const struct ch_band *band = &stage->view.bands[i];
        if (band->n_bins > 0) {
            const uint32_t last = band->first_bin + band->n_bins - 1;
            lowest = band->first_bin < lowest ? band->first_bin : lowest;
            highest = last > highest ? last : highest;
        }
    }
    assert(highest <= nyquist);
    // A tone at the edge may have its maximum one bin outside, and that bin has a neighbour.
    stage->first_bin = lowest < 2 ? 0 : lowest - 2;
    stage->last_bin = highest + 2 > nyquist ? nyquist : highest + 2;
    return CH_OK;
}

enum ch_status
ch_stage_init_bins(struct ch_stage *stage, enum ch_window_kind window, uint32_t n, uint32_t rate_hz)
{
    memset(stage, 0, sizeof *stage);
    const enum ch_status status = init(stage, window, n, (double)rate_hz / n);
    if (status != CH_OK) {
        ch_stage_fini(stage);
        return status;
    }
    stage->view.n_bands = n / 2;
    stage->last_bin = n / 2;
    return CH_OK;
}

enum ch_status
ch_stage_weigh(struct ch_stage *stage, enum ch_weighting weighting)
{
    stage->weighting = weighting;
    if (weighting == CH_WEIGHTING_Z) {
        return CH_OK;
    }
    const uint32_t n_bins = stage->n / 2 + 1;
    stage->weight = calloc(n_bins, sizeof *stage->weight);
    stage->weighted = calloc(n_bins, sizeof *stage->weighted);
    if (!stage->weight || !stage->weighted) {
        return CH_NO_MEMORY;
    }
    for (uint32_t k = 0; k < n_bins; k++) {
        stage->weight[k] = (float)ch_weighting_power(weighting, k * stage->bin_hz);
    }
    return CH_OK;
}

void
ch_stage_fini(struct ch_stage *stage)
{
    ch_bandmap_destroy(stage->map);
    free(stage->power);
    free(stage->weight);
    free(stage->weighted);
    memset(stage, 0, sizeof *stage);
}

/// Multiplying the signal by cos(2·pi·m·i/n) is averaging bins k - m and k + m.  Two bins, real and
/// imaginary parts, at a time.  A function of its own for each number of terms, so that the loop
/// over them unrolls.
static inline void
windowed_power(struct ch_stage *stage, const uint32_t n_terms)
{
    const float *r = stage->bins;
    ch_lanes h[CH_WINDOW_TERMS_MAX];
    h[0] = ch_lanes_fill((float)stage->terms[0]);
    for (uint32_t m = 1; m < n_terms; m++) {
        h[m] = ch_lanes_fill((float)(m % 2 ? -0.5 * stage->terms[m] : 0.5 * stage->terms[m]));
    }
    const ch_lanes scale = ch_lanes_fill((float)stage->power_scale);
    for (uint32_t k = stage->first_bin; k <= stage->last_bin; k += 2) {
        const float *centre = r + (size_t)2 * k;
        ch_lanes x = h[0] * ch_lanes_load(centre);
        for (ptrdiff_t m = 1; m < (ptrdiff_t)n_terms; m++) {
            x += h[m] * (ch_lanes_load(centre - 2 * m) + ch_lanes_load(centre + 2 * m));
        }
        const ch_lanes square = scale * x * x;
        stage->power[k] = square[0] + square[1];
        stage->power[k + 1] = square[2] + square[3];
    }
}

static void
measure_power(struct ch_stage *stage)
{
    switch (stage->n_terms) {
    case 2:
        windowed_power(stage, 2);
        break;
    case 4:
        windowed_power(stage, 4);
        break;
    default:
        windowed_power(stage, stage->n_terms);
        break;
    }
    // Every other bin has a twin among the negative frequencies that counts with it.
    if (stage->first_bin == 0) {
        stage->power[0] *= 0.5f;
    }
    if (stage->last_bin == stage->n / 2) {
        stage->power[stage->last_bin] *= 0.5f;
    }
}

static double
sinc(double x)
{
    return fabs(x) < 1e-9 ? 1.0 : sin(M_PI * x) / (M_PI * x);
}

/// Gain of a bin for a sine `distance` bins away, relative to distance 0.
static double
lobe_gain(const struct ch_stage *stage, double distance)
{
    double gain = stage->terms[0] * sinc(distance);
    for (uint32_t m = 1; m < stage->n_terms; m++) {
        gain += 0.5 * stage->terms[m] * (sinc(distance - m) + sinc(distance + m));
    }
    return gain / stage->terms[0];
}

/// |X|^2 of bin k, not scaled, and Im(D·conj(X)) of it: their ratio is how far above k the sine is,
/// in bins, with its sign changed.
static void
bin_motion(const struct ch_stage *stage, uint32_t k, double *power, double *moment)
{
    const float *centre = stage->bins + (size_t)2 * k;
    double re = stage->terms[0] * (double)centre[0], im = stage->terms[0] * (double)centre[1];
    double d_re = 0.0, d_im = 0.0;
    for (ptrdiff_t m = 1; m < (ptrdiff_t)stage->n_terms; m++) {
        const double h = (m % 2 ? -0.5 : 0.5) * stage->terms[m];
        const double lo_re = (double)centre[-2 * m], lo_im = (double)centre[-2 * m + 1];
        const double hi_re = (double)centre[2 * m], hi_im = (double)centre[2 * m + 1];
        re += h * (lo_re + hi_re);
        im += h * (lo_im + hi_im);
        // The derivative turns cosines into sines: -h·m·(lo - hi)/j
        d_re -= h * (double)m * (lo_im - hi_im);
        d_im += h * (double)m * (lo_re - hi_re);
    }
    *power = re * re + im * im;
    *moment = d_im * re - d_re * im;
}

/// Judge the local maximum at bin k by the bins of its lobe.
static bool
find_tone(const struct ch_stage *stage, uint32_t k, struct tone *tone)
{
    const uint32_t reach = stage->n_terms - 1;
    double sum = 0.0, first = 0.0, second = 0.0; // moments of frequency relative to k
    for (uint32_t i = 0; i <= 2 * reach; i++) {
        double power, moment;
        bin_motion(stage, k - reach + i, &power, &moment);
        if (power > 0.0) {
            const double frequency = (double)i - reach - moment / power;
            sum += power;
            first += power * frequency;
            second += power * frequency * frequency;
        }
    }
    if (!(sum > 0.0)) {
        return false;
    }
    const double distance = first / sum;
    const double variance = (second / sum - distance * distance) / ((double)reach * reach);
    if (!(variance < TONE_NEVER && fabs(distance) <= 1.0)) {
        return false;
    }
    const double gain = lobe_gain(stage, distance);
    tone->bin = k + distance;
    tone->power = (double)stage->power[k] * stage->enbw / (gain * gain);
    if (stage->weight) {
        tone->power *= ch_weighting_power(stage->weighting, tone->bin * stage->bin_hz);
    }
    tone->trust = fmin(1.0, (TONE_NEVER - variance) / (TONE_NEVER - TONE_CERTAIN));
    return true;
}

/// The bins whose lobe lies between 0 and n/2, where the twin of negative frequency begins, and
/// whose neighbours are measured.
static void
limit_bins(const struct ch_stage *stage, uint32_t *first, uint32_t *last)
{
    const uint32_t reach = stage->n_terms;
    const uint32_t least = stage->first_bin + 1 > reach ? stage->first_bin + 1 : reach;
    const uint32_t most =
        stage->last_bin - 1 < stage->n / 2 - reach ? stage->last_bin - 1 : stage->n / 2 - reach;
    *first = *first < least ? least : *first;
    *last = *last > most ? most : *last;
}

/// Power as it counts, by bin.
static const float *
counted(const struct ch_stage *stage)
{
    return stage->weighted ? stage->weighted : stage->power;
}

static bool
is_maximum(const float *power, uint32_t k)
{
    return power[k] > power[k - 1] && power[k] >= power[k + 1];
}

/// The level of the strongest tone in the band, or 0 if none could be above `floor`.
static float
tone_in_band(const struct ch_stage *stage, const struct ch_band *band, float floor)
{
    // The bin that a tone lies in is one of the band's, its maximum at most one further.
    uint32_t first = band->first_bin > 0 ? band->first_bin - 1 : 0;
    uint32_t last = band->first_bin + band->n_bins;
    limit_bins(stage, &first, &last);
    // A tone is less than 3 dB above its highest bin: few maxima of noise get past this.
    const float least = floor / (float)(2.0 * stage->enbw);
    // A tone on the edge is in both bands, so that two stages don't each choose another one.
    const double lo = band->lo_hz / stage->bin_hz - EDGE_BINS;
    const double hi = band->hi_hz / stage->bin_hz + EDGE_BINS;
    const float *power = counted(stage);
    double level = 0.0;
    for (uint32_t k = first; k <= last; k++) {
        struct tone tone;
        if (power[k] > least && is_maximum(stage->power, k) && find_tone(stage, k, &tone) &&
            tone.bin >= lo && tone.bin < hi) {
            level = fmax(level, tone.trust * tone.power);
        }
    }
    return (float)level;
}

static void
lift_bands(const struct ch_stage *stage, float *bands)
{
    for (uint32_t b = 0; b < stage->view.n_bands; b++) {
        if (stage->view.bands[b].n_bins > 0) {
            bands[b] = fmaxf(bands[b], tone_in_band(stage, &stage->view.bands[b], bands[b]));
        }
    }
}

static void
lift_bins(const struct ch_stage *stage, float *bins)
{
    uint32_t first = 0, last = stage->n / 2;
    limit_bins(stage, &first, &last);
    for (uint32_t k = first; k <= last; k++) {
        struct tone tone;
        if (is_maximum(stage->power, k) && find_tone(stage, k, &tone)) {
            const uint32_t nearest = (uint32_t)(tone.bin + 0.5);
            bins[nearest] = fmaxf(bins[nearest], (float)(tone.trust * tone.power));
        }
    }
}

static void
weigh_lobe(struct ch_stage *stage, uint32_t k, const struct tone *tone)
{
    const double weight = ch_weighting_power(stage->weighting, tone->bin * stage->bin_hz);
    for (uint32_t i = k + 1 - stage->n_terms; i < k + stage->n_terms; i++) {
        const double own = (double)stage->weight[i];
        stage->weighted[i] = stage->power[i] * (float)(own + tone->trust * (weight - own));
    }
}

static void
weigh(struct ch_stage *stage)
{
    for (uint32_t k = stage->first_bin; k <= stage->last_bin; k++) {
        stage->weighted[k] = stage->power[k] * stage->weight[k];
    }
    uint32_t first = 0, last = WEIGH_TONES_BELOW;
    limit_bins(stage, &first, &last);
    for (uint32_t k = first; k <= last; k++) {
        struct tone tone;
        if (is_maximum(stage->power, k) && find_tone(stage, k, &tone)) {
            weigh_lobe(stage, k, &tone);
        }
    }
}

void
ch_stage_run(struct ch_stage *stage, const float *bins, float *bands)
{
    stage->bins = bins;
    measure_power(stage);
    if (stage->weight) {
        weigh(stage);
    }
    if (stage->map) {
        ch_bandmap_apply(&stage->view, counted(stage), bands);
        lift_bands(stage, bands);
        return;
    }
    for (uint32_t k = 0; k < stage->view.n_bands; k++) {
        bands[k] = (float)stage->enbw * counted(stage)[k];
    }
    lift_bins(stage, bands);
}

// SPDX-License-Identifier: ISC
// daemon/analysis/spectrum.c — transforms → stages → blend → smoothing → peak hold.

#include "daemon/analysis/spectrum.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/analysis/spectrum_internal.h"
#include "daemon/base/units.h"

#define FLOOR_POWER       1e-16f ///< CH_SPECTRUM_FLOOR_DB
#define LONG_AT_48K       8192   ///< points of the long window at 48 kHz
#define SHORT_DIVISOR     4
#define FACTOR_MAX        8     ///< of reducing the rate for the long window
#define BLEND_FROM_HZ     707.0 ///< an octave around 1 kHz
#define BLEND_TO_HZ       1414.0
#define PEAK_FALL_DB_S    20.0
#define SMOOTHING_MAX_MS  10000.0
#define PEAK_HOLD_MAX_MS  60000.0
#define FREQUENCY_MAX_HZ  (CH_RATE_MAX_HZ / 2)
#define BANDS_MIN         8
#define BANDS_MAX         512
#define BINS_MIN          256
#define BINS_MAX          16384
#define FRAME_RATE_MIN_HZ 1.0
#define FRAME_RATE_MAX_HZ 120.0

static bool
within(double value, double min, double max)
{
    return value >= min && value <= max; // false for NaN
}

static const char *
check_range(const struct ch_spectrum_spec *spec, uint32_t rate_hz)
{
    if (!within(spec->fmin_hz, spec->scale == CH_SCALE_LINEAR ? 0.0 : 1.0, FREQUENCY_MAX_HZ)) {
        return "fmin_hz must be 1 to 192000 (0 is allowed if scale is linear)";
    }
    if (!within(spec->fmax_hz, 0.0, FREQUENCY_MAX_HZ) || !(spec->fmax_hz > spec->fmin_hz)) {
        return "fmax_hz must be above fmin_hz and at most 192000";
    }
    if (!(spec->fmin_hz < 0.5 * rate_hz)) {
        return "fmin_hz must be below half the sample rate of the device";
    }
    if (spec->scale != CH_SCALE_THIRD_OCTAVE &&
        (spec->n_bands < BANDS_MIN || spec->n_bands > BANDS_MAX)) {
        return "bands must be 8 to 512";
    }
    struct ch_bandmap *map;
    if (ch_bandmap_create(&map, spec->scale, spec->n_bands, spec->fmin_hz, spec->fmax_hz, 256,
                          rate_hz) == CH_OUT_OF_RANGE) {
        return "fmin_hz to fmax_hz must hold the centre of a band if scale is third_octave";
    }
    ch_bandmap_destroy(map);
    return NULL;
}

const char *
ch_spectrum_check(const struct ch_spectrum_spec *spec, uint32_t rate_hz)
{
    if (!within(spec->rate_hz, FRAME_RATE_MIN_HZ, FRAME_RATE_MAX_HZ)) {
        return "rate_hz must be 1 to 120";
    }
    if (!within(spec->smoothing_ms, 0.0, SMOOTHING_MAX_MS)) {
        return "smoothing_ms must be 0 to 10000";
    }
    if (!within(spec->peak_hold_ms, 0.0, PEAK_HOLD_MAX_MS)) {
        return "peak_hold_ms must be 0 to 60000";
    }
    if (spec->fft_bins == 0) {
        return check_range(spec, rate_hz);
    }
    if (spec->fft_bins < BINS_MIN || spec->fft_bins > BINS_MAX ||
        (spec->fft_bins & (spec->fft_bins - 1))) {
        return "fft_bins must be a power of two, 256 to 16384";
    }
    return NULL;
}

/// The power of two that lasts at least as long as LONG_AT_48K at 48 kHz.
static uint32_t
long_points(uint32_t rate_hz)
{
    uint32_t n = 256;
    while ((uint64_t)n * 48000 < (uint64_t)LONG_AT_48K * rate_hz) {
        n *= 2;
    }
    return n;
}

/// How much of a band the long window measures, by the band's lower edge.
static float
long_share(double lo_hz)
{
    if (lo_hz <= BLEND_FROM_HZ) {
        return 1.0f;
    }
    if (lo_hz >= BLEND_TO_HZ) {
        return 0.0f;
    }
    return (float)(log(BLEND_TO_HZ / lo_hz) / log(BLEND_TO_HZ / BLEND_FROM_HZ));
}

/// By how much the rate can be reduced for bands that end at hi_hz.
static uint32_t
factor_for(double hi_hz, uint32_t rate_hz)
{
    uint32_t factor = FACTOR_MAX;
    while (factor > 1 && hi_hz * factor > CH_HISTORY_PASS * rate_hz) {
        factor /= 2;
    }
    return factor;
}

static enum ch_status
get_transform(struct ch_spectrum *spectrum, uint32_t s, uint32_t factor,
              struct ch_transforms *shelf)
{
    const struct ch_transform_key key = {.tap = spectrum->spec.tap,
                                         .channels = spectrum->spec.channels,
                                         .rate_hz = spectrum->rate_hz,
                                         .n = spectrum->stage[s].n,
                                         .factor = factor};
    return ch_transform_get(&spectrum->transform[s], shelf, &key);
}

static enum ch_status
add_stage(struct ch_spectrum *spectrum, uint32_t n, uint32_t first, uint32_t n_bands,
          struct ch_transforms *shelf)
{
    const struct ch_spectrum_spec *spec = &spectrum->spec;
    struct ch_bandmap *map;
    enum ch_status status = ch_bandmap_create(&map, spec->scale, spec->n_bands, spec->fmin_hz,
                                              spec->fmax_hz, n, spectrum->rate_hz);
    if (status != CH_OK) {
        return status;
    }
    const uint32_t s = spectrum->n_stages;
    const uint32_t factor = factor_for(map->bands[first + n_bands - 1].hi_hz, spectrum->rate_hz);
    spectrum->first_band[s] = first;
    status = ch_stage_init(&spectrum->stage[s], spec->window, map, first, n_bands, factor);
    if (status == CH_OK) {
        spectrum->n_stages++; // to be freed
        status = ch_stage_weigh(&spectrum->stage[s], spec->weighting);
    }
    return status == CH_OK ? get_transform(spectrum, s, factor, shelf) : status;
}

/// Bands are in ascending order: the first few are for the long window, the last for the short.
static enum ch_status
init_band_stages(struct ch_spectrum *spectrum, struct ch_transforms *shelf)
{
    const struct ch_spectrum_spec *spec = &spectrum->spec;
    const uint32_t n = long_points(spectrum->rate_hz);
    struct ch_bandmap *edges;
    enum ch_status status = ch_bandmap_create(&edges, spec->scale, spec->n_bands, spec->fmin_hz,
                                              spec->fmax_hz, n, spectrum->rate_hz);
    if (status != CH_OK) {
        return status;
    }
    spectrum->n_bands = edges->n_bands;
    spectrum->edges = edges;
    spectrum->share = calloc(edges->n_bands, sizeof *spectrum->share);
    if (!spectrum->share) {
        return CH_NO_MEMORY;
    }
    uint32_t n_long = 0, first_short = edges->n_bands;
    for (uint32_t i = 0; i < edges->n_bands; i++) {
        spectrum->share[i] = long_share(edges->bands[i].lo_hz);
        if (spectrum->share[i] > 0.0f) {
            n_long = i + 1;
        }
        if (spectrum->share[i] < 1.0f && i < first_short) {
            first_short = i;
        }
    }
    if (n_long > 0) {
        status = add_stage(spectrum, n, 0, n_long, shelf);
    }
    if (status == CH_OK && first_short < edges->n_bands) {
        status = add_stage(spectrum, n / SHORT_DIVISOR, first_short, edges->n_bands - first_short,
                           shelf);
    }
    return status;
}

static enum ch_status
init_bin_stage(struct ch_spectrum *spectrum, struct ch_transforms *shelf)
{
    spectrum->n_bands = spectrum->spec.fft_bins;
    const struct ch_spectrum_spec *spec = &spectrum->spec;
    enum ch_status status = ch_stage_init_bins(&spectrum->stage[0], spec->window,
                                               2 * spec->fft_bins, spectrum->rate_hz);
    if (status != CH_OK) {
        return status;
    }
    spectrum->n_stages = 1;
    status = ch_stage_weigh(&spectrum->stage[0], spec->weighting);
    return status == CH_OK ? get_transform(spectrum, 0, 1, shelf) : status;
}

static enum ch_status
init_channel(struct ch_spectrum *spectrum, struct ch_spectrum_channel *channel)
{
    const uint32_t n_bands = spectrum->n_bands;
    channel->level = calloc(n_bands, sizeof *channel->level);
    if (spectrum->spec.peak_hold_ms > 0.0) {
        channel->peak = calloc(n_bands, sizeof *channel->peak);
        channel->peak_age_s = calloc(n_bands, sizeof *channel->peak_age_s);
        if (!channel->peak || !channel->peak_age_s) {
            return CH_NO_MEMORY;
        }
    }
    return channel->level ? CH_OK : CH_NO_MEMORY;
}

enum ch_status
ch_spectrum_create(struct ch_spectrum **out, const struct ch_spectrum_spec *spec, uint32_t rate_hz,
                   struct ch_transforms *shelf)
{
    *out = NULL;
    struct ch_spectrum *spectrum = calloc(1, sizeof *spectrum);
    if (!spectrum) {
        return CH_NO_MEMORY;
    }
    spectrum->spec = *spec;
    spectrum->rate_hz = rate_hz;
    spectrum->n_channels = spec->channels == CH_SPECTRUM_MIX ? 1 : 2;
    enum ch_status status =
        spec->fft_bins ? init_bin_stage(spectrum, shelf) : init_band_stages(spectrum, shelf);
    if (status == CH_OK) {
        spectrum->fresh = calloc(spectrum->n_bands, sizeof *spectrum->fresh);
        spectrum->partial = calloc(spectrum->n_bands, sizeof *spectrum->partial);
        status = spectrum->fresh && spectrum->partial ? CH_OK : CH_NO_MEMORY;
    }
    for (uint32_t c = 0; c < spectrum->n_channels && status == CH_OK; c++) {
        status = init_channel(spectrum, &spectrum->channel[c]);
    }
    if (status != CH_OK) {
        ch_spectrum_destroy(spectrum);
        return status;
    }
    *out = spectrum;
    return CH_OK;
}

void
ch_spectrum_destroy(struct ch_spectrum *spectrum)
{
    if (!spectrum) {
        return;
    }
    for (uint32_t i = 0; i < spectrum->n_stages; i++) {
        ch_stage_fini(&spectrum->stage[i]);
        ch_transform_unref(spectrum->transform[i]);
    }
    for (uint32_t c = 0; c < CH_CHANNELS; c++) {
        struct ch_spectrum_channel *channel = &spectrum->channel[c];
        free(channel->level);
        free(channel->peak);
        free(channel->peak_age_s);
    }
    ch_bandmap_destroy(spectrum->edges);
    free(spectrum->share);
    free(spectrum->fresh);
    free(spectrum->partial);
    free(spectrum);
}

uint32_t
ch_spectrum_span(const struct ch_spectrum *spectrum)
{
    return ch_transform_span(spectrum->transform[0]);
}

uint32_t
ch_spectrum_cost(const struct ch_spectrum *spectrum)
{
    uint32_t cost = 4 * spectrum->n_bands * (spectrum->spec.peak_hold_ms > 0.0 ? 2 : 1);
    for (uint32_t s = 0; s < spectrum->n_stages; s++) {
        cost += spectrum->stage[s].n;
    }
    return cost * spectrum->n_channels;
}

uint32_t
ch_spectrum_age(const struct ch_spectrum *spectrum)
{
    return ch_transform_age(spectrum->transform[0]);
}

void
ch_spectrum_push(struct ch_spectrum *spectrum, const struct ch_pcm_frame *frames, uint32_t n_frames)
{
    ch_spectrum_push_shared(spectrum, frames, n_frames, spectrum->transform[0]->serial + 1);
}

void
ch_spectrum_push_shared(struct ch_spectrum *spectrum, const struct ch_pcm_frame *frames,
                        uint32_t n_frames, uint64_t serial)
{
    for (uint32_t s = 0; s < spectrum->n_stages; s++) {
        ch_transform_push(spectrum->transform[s], frames, n_frames, serial);
    }
}

void
ch_spectrum_reset(struct ch_spectrum *spectrum)
{
    for (uint32_t s = 0; s < spectrum->n_stages; s++) {
        ch_transform_reset(spectrum->transform[s]);
    }
    for (uint32_t c = 0; c < spectrum->n_channels; c++) {
        struct ch_spectrum_channel *channel = &spectrum->channel[c];
        memset(channel->level, 0, spectrum->n_bands * sizeof *channel->level);
        if (channel->peak) {
            memset(channel->peak, 0, spectrum->n_bands * sizeof *channel->peak);
            memset(channel->peak_age_s, 0, spectrum->n_bands * sizeof *channel->peak_age_s);
        }
    }
}

/// The picture of this moment alone, in spectrum->fresh.
static void
measure(struct ch_spectrum *spectrum, uint32_t channel)
{
    float *fresh = spectrum->fresh;
    if (spectrum->n_stages > 1) {
        memset(fresh, 0, spectrum->n_bands * sizeof *fresh);
    }
    for (uint32_t s = 0; s < spectrum->n_stages; s++) {
        struct ch_stage *stage = &spectrum->stage[s];
        const float *bins = ch_transform_bins(spectrum->transform[s], channel);
        if (spectrum->n_stages == 1) {
            ch_stage_run(stage, bins, fresh);
            return;
        }
        ch_stage_run(stage, bins, spectrum->partial);
        const uint32_t first = spectrum->first_band[s];
        for (uint32_t i = 0; i < stage->view.n_bands; i++) {
            const float share = spectrum->share[first + i];
            fresh[first + i] += (s == 0 ? share : 1.0f - share) * spectrum->partial[i];
        }
    }
}

static void
follow(const struct ch_spectrum *spectrum, struct ch_spectrum_channel *channel, double elapsed_s)
{
    const double tau_s = spectrum->spec.smoothing_ms * 1e-3;
    const float alpha = tau_s > 0.0 ? (float)-expm1(-elapsed_s / tau_s) : 1.0f;
    for (uint32_t i = 0; i < spectrum->n_bands; i++) {
        const float before = channel->level[i];
        const float level = before + alpha * (spectrum->fresh[i] - before);
        channel->level[i] = level > FLOOR_POWER ? level : 0.0f;
    }
}

static void
hold_peaks(const struct ch_spectrum *spectrum, struct ch_spectrum_channel *channel,
           double elapsed_s)
{
    const double hold_s = spectrum->spec.peak_hold_ms * 1e-3;
    for (uint32_t i = 0; i < spectrum->n_bands; i++) {
        if (channel->level[i] >= channel->peak[i]) {
            channel->peak[i] = channel->level[i];
            channel->peak_age_s[i] = 0.0f;
            continue;
        }
        const double before_s = (double)channel->peak_age_s[i];
        const double falling_s = before_s + elapsed_s - fmax(hold_s, before_s);
        channel->peak_age_s[i] = (float)(before_s + elapsed_s);
        if (falling_s > 0.0) {
            const float fallen =
                channel->peak[i] * (float)pow(10.0, -PEAK_FALL_DB_S / 10.0 * falling_s);
            channel->peak[i] = fmaxf(fallen, channel->level[i]);
        }
        if (channel->peak[i] <= FLOOR_POWER) {
            channel->peak[i] = 0.0f;
        }
    }
}

void
ch_spectrum_run(struct ch_spectrum *spectrum, double elapsed_s)
{
    for (uint32_t c = 0; c < spectrum->n_channels; c++) {
        struct ch_spectrum_channel *channel = &spectrum->channel[c];
        measure(spectrum, c);
        follow(spectrum, channel, elapsed_s);
        if (channel->peak) {
            hold_peaks(spectrum, channel, elapsed_s);
        }
    }
}

bool
ch_spectrum_at_rest(const struct ch_spectrum *spectrum)
{
    for (uint32_t c = 0; c < spectrum->n_channels; c++) {
        const struct ch_spectrum_channel *channel = &spectrum->channel[c];
        for (uint32_t i = 0; i < spectrum->n_bands; i++) {
            if (channel->level[i] > 0.0f || (channel->peak && channel->peak[i] > 0.0f)) {
                return false;
            }
        }
    }
    return true;
}

const float *
ch_spectrum_levels(const struct ch_spectrum *spectrum, uint32_t channel, uint32_t *n_bands)
{
    *n_bands = spectrum->n_bands;
    return spectrum->channel[channel].level;
}

const float *
ch_spectrum_peaks(const struct ch_spectrum *spectrum, uint32_t channel)
{
    return spectrum->channel[channel].peak;
}

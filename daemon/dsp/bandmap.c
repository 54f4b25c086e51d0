// SPDX-License-Identifier: ISC
// daemon/dsp/bandmap.c — band edges, and the share of every bin's cell in every band.

#include "daemon/dsp/bandmap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const scale_names[CH_SCALES] = {
#define X(id, name) [CH_SCALE_##id] = name,
    CH_SCALE_MAP(X)
#undef X
};

bool
ch_scale_from_name(const char *name, enum ch_scale *scale)
{
    for (uint32_t i = 0; i < CH_SCALES; i++) {
        if (strcmp(name, scale_names[i]) == 0) {
            *scale = (enum ch_scale)i;
            return true;
        }
    }
    return false;
}

const char *
ch_scale_name(enum ch_scale scale)
{
    return scale_names[scale];
}

/// Third octaves are counted from the one at 1 kHz.
struct third_octaves {
    int first, last;
};

static struct third_octaves
third_octaves_in(double fmin_hz, double fmax_hz)
{
    // 1 %: how far a nominal frequency may be from the exact one.
    return (struct third_octaves){.first = (int)ceil(10.0 * log10(fmin_hz * 0.99 / 1000.0)),
                                  .last = (int)floor(10.0 * log10(fmax_hz * 1.01 / 1000.0))};
}

static double
edge_hz(enum ch_scale scale, uint32_t i, uint32_t n_bands, double fmin_hz, double fmax_hz)
{
    const double at = (double)i / n_bands;
    switch (scale) {
    case CH_SCALE_LOG:
        return i == n_bands ? fmax_hz : fmin_hz * pow(fmax_hz / fmin_hz, at);
    case CH_SCALE_LINEAR:
        return i == n_bands ? fmax_hz : fmin_hz + (fmax_hz - fmin_hz) * at;
    case CH_SCALE_THIRD_OCTAVE:
        return 1000.0 *
               pow(10.0, (third_octaves_in(fmin_hz, fmax_hz).first + (double)i - 0.5) / 10.0);
    case CH_SCALES:
        break;
    }
    return 0.0;
}

/// The cell of bin k, in bins; those at 0 and n_fft/2 are cut in half.
static void
cell(const struct ch_bandmap *map, uint32_t k, double *lo, double *hi)
{
    *lo = k == 0 ? 0.0 : (double)k - 0.5;
    *hi = k == map->n_fft / 2 ? (double)k : (double)k + 0.5;
}

static void
set_bins(const struct ch_bandmap *map, struct ch_band *band)
{
    const double bin_hz = (double)map->rate_hz / map->n_fft;
    const double lo = band->lo_hz / bin_hz, hi = band->hi_hz / bin_hz;
    const double nyquist = map->n_fft / 2;
    if (lo >= nyquist) {
        band->first_bin = 0;
        band->n_bins = 0;
        return;
    }
    const uint32_t first = (uint32_t)(lo + 0.5);
    const uint32_t last = (uint32_t)ceil(fmin(hi, nyquist) - 0.5);
    band->first_bin = first;
    band->n_bins = last < first ? 1 : last - first + 1;
}

static void
set_weights(const struct ch_bandmap *map, const struct ch_band *band)
{
    const double bin_hz = (double)map->rate_hz / map->n_fft;
    for (uint32_t i = 0; i < band->n_bins; i++) {
        double lo, hi;
        cell(map, band->first_bin + i, &lo, &hi);
        const double inside = fmin(hi, band->hi_hz / bin_hz) - fmax(lo, band->lo_hz / bin_hz);
        map->weights[band->offset + i] = (float)(fmax(inside, 0.0) / (hi - lo));
    }
}

static bool
range_is_valid(enum ch_scale scale, uint32_t n_bands, double fmin_hz, double fmax_hz)
{
    if (!(fmin_hz >= 0.0 && fmax_hz > fmin_hz && isfinite(fmax_hz))) {
        return false;
    }
    switch (scale) {
    case CH_SCALE_LINEAR:
        return n_bands > 0;
    case CH_SCALE_LOG:
        return n_bands > 0 && fmin_hz > 0.0;
    case CH_SCALE_THIRD_OCTAVE:
        if (fmin_hz <= 0.0) {
            return false;
        }
        const struct third_octaves thirds = third_octaves_in(fmin_hz, fmax_hz);
        return thirds.first <= thirds.last;
    case CH_SCALES:
        break;
    }
    return false;
}

enum ch_status
ch_bandmap_create(struct ch_bandmap **out, enum ch_scale scale, uint32_t n_bands, double fmin_hz,
                  double fmax_hz, uint32_t n_fft, uint32_t rate_hz)
{
    *out = NULL;
    if (n_fft < 2 || n_fft % 2 || rate_hz == 0 ||
        !range_is_valid(scale, n_bands, fmin_hz, fmax_hz)) {
        return CH_OUT_OF_RANGE;
    }
    if (scale == CH_SCALE_THIRD_OCTAVE) {
        const struct third_octaves thirds = third_octaves_in(fmin_hz, fmax_hz);
        n_bands = (uint32_t)(thirds.last - thirds.first) + 1;
    }
    struct ch_bandmap *map = calloc(1, sizeof *map);
    struct ch_band *bands = calloc(n_bands, sizeof *bands);
    if (!map || !bands) {
        free(map);
        free(bands);
        return CH_NO_MEMORY;
    }
    map->n_bands = n_bands;
    map->n_fft = n_fft;
    map->rate_hz = rate_hz;
    map->bands = bands;
    for (uint32_t i = 0; i < n_bands; i++) {
        struct ch_band *band = &bands[i];
        band->lo_hz = edge_hz(scale, i, n_bands, fmin_hz, fmax_hz);
        band->hi_hz = edge_hz(scale, i + 1, n_bands, fmin_hz, fmax_hz);
        band->centre_hz = scale == CH_SCALE_LINEAR ? 0.5 * (band->lo_hz + band->hi_hz)
                                                   : sqrt(band->lo_hz * band->hi_hz);
        set_bins(map, band);
        band->offset = map->n_weights;
        map->n_weights += band->n_bins;
    }
    map->weights = calloc(map->n_weights ? map->n_weights : 1, sizeof *map->weights);
    if (!map->weights) {
        ch_bandmap_destroy(map);
        return CH_NO_MEMORY;
    }
    for (uint32_t i = 0; i < n_bands; i++) {
        set_weights(map, &bands[i]);
    }
    *out = map;
    return CH_OK;
}

void
ch_bandmap_destroy(struct ch_bandmap *map)
{
    if (map) {
        free(map->bands);
        free(map->weights);
        free(map);
    }
}

/// By the vector types of gcc and clang.
typedef float quad __attribute__((vector_size(4 * sizeof(float))));

static quad
load(const float *from)
{
    quad four;
    memcpy(&four, from, sizeof four);
    return four;
}

void
ch_bandmap_apply(const struct ch_bandmap *map, const float *power, float *bands)
{
    for (uint32_t i = 0; i < map->n_bands; i++) {
        const struct ch_band *band = &map->bands[i];
        const float *weights = map->weights + band->offset;
        const float *cells = power + band->first_bin;
        // Four sums: a wide band adds a thousand bins, and one sum would wait for itself each time.
        quad sum = {0.0f, 0.0f, 0.0f, 0.0f};
        uint32_t k = 0;
        for (; k + 4 <= band->n_bins; k += 4) {
            sum += load(weights + k) * load(cells + k);
        }
        for (; k < band->n_bins; k++) {
            sum[0] += weights[k] * cells[k];
        }
        bands[i] = (sum[0] + sum[1]) + (sum[2] + sum[3]);
    }
}

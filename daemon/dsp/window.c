// SPDX-License-Identifier: ISC
// daemon/dsp/window.c — cosine-sum windows by their coefficients.                      [any, pure]
//
// Hann; the four-term window of F. J. Harris (1978) with side lobes below -92 dB; the five-term
// flat-top of ISO 18431-2, whose reading changes by 0.01 dB between bins.

#include "daemon/dsp/window.h"

#include <math.h>
#include <string.h>

static const double hann[] = {0.5, 0.5};
static const double blackman_harris[] = {0.35875, 0.48829, 0.14128, 0.01168};
static const double flat_top[] = {0.21557895, 0.41663158, 0.277263158, 0.083578947, 0.006947368};

static const struct {
    const char *name;
    const double *terms;
    uint32_t n_terms;
} windows[CH_WINDOWS] = {
    [CH_WINDOW_HANN] = {"hann", hann, sizeof hann / sizeof *hann},
    [CH_WINDOW_BLACKMAN_HARRIS] = {"blackman_harris", blackman_harris,
                                   sizeof blackman_harris / sizeof *blackman_harris},
    [CH_WINDOW_FLAT_TOP] = {"flat_top", flat_top, sizeof flat_top / sizeof *flat_top},
};

bool
ch_window_kind_from_name(const char *name, enum ch_window_kind *kind)
{
    for (uint32_t i = 0; i < CH_WINDOWS; i++) {
        if (strcmp(name, windows[i].name) == 0) {
            *kind = (enum ch_window_kind)i;
            return true;
        }
    }
    return false;
}

const char *
ch_window_name(enum ch_window_kind kind)
{
    return windows[kind].name;
}

const double *
ch_window_terms(enum ch_window_kind kind, uint32_t *n_terms)
{
    *n_terms = windows[kind].n_terms;
    return windows[kind].terms;
}

void
ch_window_fill(enum ch_window_kind kind, float *window, uint32_t n, double *sum, double *sum_sq)
{
    uint32_t n_terms;
    const double *terms = ch_window_terms(kind, &n_terms);
    double s1 = 0.0, s2 = 0.0;
    for (uint32_t i = 0; i < n; i++) {
        double w = 0.0;
        for (uint32_t m = 0; m < n_terms; m++) {
            const double c = terms[m] * cos(2.0 * M_PI * m * i / n);
            w += m % 2 ? -c : c;
        }
        window[i] = (float)w;
        s1 += w;
        s2 += w * w;
    }
    if (sum) {
        *sum = s1;
    }
    if (sum_sq) {
        *sum_sq = s2;
    }
}

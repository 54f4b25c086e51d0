// SPDX-License-Identifier: ISC
// daemon/dsp/window.h — windows for spectra, with the figures that calibrate them.     [any, pure]
//
// G. Heinzel, A. Ruediger, R. Schilling, "Spectrum and spectral density estimation by the DFT"
// (2002): sums S1 = sum w, S2 = sum w^2; coherent gain S1/N; ENBW = N·S2/S1^2 bins.

#ifndef CH_DSP_WINDOW_H
#define CH_DSP_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#define CH_WINDOW_MAP(X)                                                                           \
    X(HANN, "hann")                                                                                \
    X(BLACKMAN_HARRIS, "blackman_harris")                                                          \
    X(FLAT_TOP, "flat_top")

enum ch_window_kind {
#define X(id, name) CH_WINDOW_##id,
    CH_WINDOW_MAP(X)
#undef X
        CH_WINDOWS
};

bool ch_window_kind_from_name(const char *name, enum ch_window_kind *kind);
const char *ch_window_name(enum ch_window_kind kind);

/// Every window here is a sum of cosines, w[i] = sum over m of (-1)^m·a[m]·cos(2·pi·m·i/n): so it
/// can be applied to a spectrum as well, as a convolution with 2·n_terms - 1 points.
/// Returns a[0] … a[n_terms - 1]; their sum is 1.
const double *ch_window_terms(enum ch_window_kind kind, uint32_t *n_terms);

/// Terms of the longest window.
#define CH_WINDOW_TERMS_MAX 5

/// Periodic (DFT-even) window of n points; *sum and *sum_sq may be NULL.
void ch_window_fill(enum ch_window_kind kind, float *window, uint32_t n, double *sum,
                    double *sum_sq);

#endif

// SPDX-License-Identifier: ISC
// tests/unit/residue.h — what a click leaves above 2 kHz, measured with a filter of its own.

#ifndef CH_TESTS_UNIT_RESIDUE_H
#define CH_TESTS_UNIT_RESIDUE_H

#include <math.h>
#include <stddef.h>

enum { RESIDUE_TAPS = 1025 };

/// Modified Bessel function I0, by its series.
static inline double
residue_bessel(double x)
{
    double term = 1.0, sum = 1.0;
    for (int n = 1; n < 100; n++) {
        term *= x / (2.0 * n) * (x / (2.0 * n));
        sum += term;
    }
    return sum;
}

/// High-pass by the Kaiser window (beta 15.5: stop band below -150 dB), half at 1.75 kHz of 48 kHz.
static inline void
residue_taps(double taps[RESIDUE_TAPS])
{
    const double cutoff = 1750.0 / 48000.0;
    const int middle = RESIDUE_TAPS / 2;
    double sum = 0.0;
    for (int i = 0; i < RESIDUE_TAPS; i++) {
        const double t = i - middle;
        const double x = t / middle;
        const double low = i == middle ? 2.0 * cutoff : sin(2.0 * M_PI * cutoff * t) / (M_PI * t);
        taps[i] = -low * residue_bessel(15.5 * sqrt(1.0 - x * x));
        sum -= taps[i];
    }
    for (int i = 0; i < RESIDUE_TAPS; i++) {
        taps[i] /= sum;
    }
    taps[middle] += 1.0;
}

/// Peak of what lies above 2 kHz, in dBFS; n_frames > RESIDUE_TAPS, at 48 kHz.  The transients of
/// the filter itself are left out.
static inline double
residue_db(const float *signal, size_t n_frames)
{
    double taps[RESIDUE_TAPS], peak = 0.0;
    residue_taps(taps);
    for (size_t n = 0; n + RESIDUE_TAPS <= n_frames; n++) {
        double sum = 0.0;
        for (size_t i = 0; i < RESIDUE_TAPS; i++) {
            sum += taps[i] * (double)signal[n + i];
        }
        peak = fmax(peak, fabs(sum));
    }
    return 20.0 * log10(peak + 1e-12);
}

#endif

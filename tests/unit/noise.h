// SPDX-License-Identifier: ISC
// tests/unit/noise.h — noise whose spectrum is known exactly.

#ifndef CH_TESTS_UNIT_NOISE_H
#define CH_TESTS_UNIT_NOISE_H

#include <fftw3.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

struct noise {
    uint64_t state;
};

/// 0 … 1, by a linear congruential generator (D. E. Knuth's MMIX), its upper bits.
static inline double
noise_uniform(struct noise *noise)
{
    noise->state = noise->state * 6364136223846793005ull + 1442695040888963407ull;
    return (double)(noise->state >> 11) / 9007199254740992.0;
}

/// n samples of periodic noise: equal amplitude at all frequencies above min_hz but for the factor
/// f^(slope/2), random phases.  So power is proportional to f^slope, with no scatter over a period.
/// RMS about 0.1.  To be freed.
static inline float *
noise_with_slope(uint32_t n, double rate_hz, double slope, double min_hz, uint64_t seed)
{
    struct noise noise = {seed};
    float *signal = fftwf_alloc_real(n);
    float *out = malloc(n * sizeof *out);
    fftwf_complex *bins = fftwf_alloc_complex(n / 2 + 1);
    double square = 0.0;
    if (!signal || !out || !bins) {
        abort();
    }
    for (uint32_t k = 0; k <= n / 2; k++) {
        const double hz = k * rate_hz / n;
        const double phase = 2.0 * M_PI * noise_uniform(&noise);
        const double amplitude = hz < min_hz || k == 0 || k == n / 2 ? 0.0 : pow(hz, 0.5 * slope);
        bins[k][0] = (float)(amplitude * cos(phase));
        bins[k][1] = (float)(amplitude * sin(phase));
        square += 2.0 * amplitude * amplitude;
    }
    fftwf_plan plan = fftwf_plan_dft_c2r_1d((int)n, bins, signal, FFTW_ESTIMATE);
    fftwf_execute(plan);
    for (uint32_t i = 0; i < n; i++) {
        out[i] = (float)(0.1 * (double)signal[i] / sqrt(square));
    }
    fftwf_destroy_plan(plan);
    fftwf_free(bins);
    fftwf_free(signal);
    return out;
}

#endif

// SPDX-License-Identifier: ISC
// bench/eq_noise.c — the bands and the sound that every equaliser is given.

#include <math.h>

#include "bench/eq_kinds.h"

struct bench_eq_band
bench_eq_band(uint32_t index, uint32_t n_bands)
{
    const double octaves = 9.0 * (n_bands > 1 ? (double)index / (double)(n_bands - 1) : 5.0 / 9.0);
    return (struct bench_eq_band){
        .freq_hz = 31.25 * exp2(octaves), .gain_db = index % 2 ? -6.0 : 6.0, .q = 1.4};
}

const float *
bench_eq_noise(uint32_t channel)
{
    static float noise[2][BENCH_EQ_FRAMES];
    static uint32_t seed;
    if (seed == 0) {
        seed = 1;
        for (uint32_t i = 0; i < 2 * BENCH_EQ_FRAMES; i++) {
            seed = seed * 1664525u + 1013904223u;
            noise[i % 2][i / 2] = ((float)(seed >> 8) / 8388608.0f - 1.0f) * 0.125f;
        }
    }
    return noise[channel];
}

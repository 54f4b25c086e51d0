// SPDX-License-Identifier: ISC
// bench/eq_kinds.h — equalisers as the bench sees them: the same bands, the same stereo noise.

#ifndef CH_BENCH_EQ_KINDS_H
#define CH_BENCH_EQ_KINDS_H

#include <stdint.h>

#include "bench/bench.h"

#define BENCH_EQ_RATE_HZ   48000
#define BENCH_EQ_FRAMES    1024 ///< in one call
#define BENCH_EQ_BANDS_MAX 31

struct bench_eq_kind {
    const char *name;
    const char *package; ///< whose version is named; NULL = own code
    const char *variant; ///< NULL: constant bands
    bool ours;
    /// With n_bands bells of bench_eq_band().
    void *(*open)(uint32_t n_bands);
    void (*close)(void *eq);
    /// Filter n_blocks of BENCH_EQ_FRAMES stereo frames; ns that it took.
    double (*run)(void *eq, uint32_t n_blocks);
};

struct bench_eq_band {
    double freq_hz, gain_db, q;
};

/// Band `index` of `n_bands`, spread evenly by octaves over 31.5 Hz…16 kHz, ±6 dB in turn.
struct bench_eq_band bench_eq_band(uint32_t index, uint32_t n_bands);

/// One block of noise of -18 dBFS, the same for all: channel 0 or 1.
const float *bench_eq_noise(uint32_t channel);

extern const struct bench_eq_kind bench_eq_chant, bench_eq_chant_sse2, bench_eq_chant_swept,
    bench_eq_scalar, bench_eq_ffmpeg, bench_eq_ffmpeg_double, bench_eq_sox;

#endif

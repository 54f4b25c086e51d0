// SPDX-License-Identifier: ISC
// bench/eq_own.c — our rack, at rest and with a band being swept, and a plain cascade in double.
//
// The plain one is the textbook's: a transposed direct form II after the other, sample by sample,
// both channels, as a compiler makes it at -O2.

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/eq_kinds.h"
#include "daemon/base/os.h"
#include "daemon/dsp/eq.h"
#include "daemon/dsp/eq_design.h"

// --- ours ---------------------------------------------------------------------------------------

#define N_STEPS 64

struct own {
    struct ch_eq eq;
    uint32_t n_bands;
    uint32_t step;
    struct ch_eq_section sweep[N_STEPS]; ///< one octave up and down, of the middle band
    float left[BENCH_EQ_FRAMES], right[BENCH_EQ_FRAMES];
};

static struct ch_eq_section
design(double freq_hz, double gain_db, double q)
{
    const struct ch_eq_band band = {
        .type = CH_EQ_PEAK, .freq_hz = freq_hz, .gain_db = gain_db, .q = q};
    struct ch_eq_section sections[CH_EQ_BAND_SECTIONS_MAX];
    ch_eq_sections_from_band(&band, CH_EQ_MATCHED, BENCH_EQ_RATE_HZ, sections);
    return sections[0];
}

static void *
open_own(uint32_t n_bands)
{
    struct own *own = aligned_alloc(128, (sizeof *own + 127) / 128 * 128);
    if (!own) {
        bench_fail("no memory");
    }
    memset(own, 0, sizeof *own);
    ch_os_denormals_off();
    ch_eq_init(&own->eq);
    own->n_bands = n_bands;
    for (uint32_t i = 0; i < n_bands; i++) {
        const struct bench_eq_band band = bench_eq_band(i, n_bands);
        const struct ch_eq_section section = design(band.freq_hz, band.gain_db, band.q);
        ch_eq_set_section(&own->eq, i, &section, 0, 0);
    }
    const struct bench_eq_band middle = bench_eq_band(n_bands / 2, n_bands);
    for (uint32_t i = 0; i < N_STEPS; i++) {
        const double turn = 2.0 * 3.14159265358979 * (double)i / N_STEPS;
        own->sweep[i] = design(middle.freq_hz * exp2(0.5 * sin(turn)), middle.gain_db, middle.q);
    }
    return own;
}

static void *
open_own_sse2(uint32_t n_bands)
{
    struct own *own = open_own(n_bands);
    (void)ch_eq_use_kernel(&own->eq, CH_EQ_KERNEL_SSE2);
    return own;
}

static double
run_own(void *opened, uint32_t n_blocks)
{
    struct own *own = opened;
    const uint64_t began = bench_now_ns();
    for (uint32_t i = 0; i < n_blocks; i++) {
        memcpy(own->left, bench_eq_noise(0), sizeof own->left);
        memcpy(own->right, bench_eq_noise(1), sizeof own->right);
        ch_eq_run(&own->eq, own->left, own->right, BENCH_EQ_FRAMES);
        bench_clobber();
    }
    return (double)(bench_now_ns() - began);
}

/// The middle band moves every 512 frames within 20 ms: 94 changes a second, it never arrives.
static double
run_swept(void *opened, uint32_t n_blocks)
{
    struct own *own = opened;
    const uint32_t half = BENCH_EQ_FRAMES / 2;
    const uint64_t began = bench_now_ns();
    for (uint32_t i = 0; i < n_blocks; i++) {
        memcpy(own->left, bench_eq_noise(0), sizeof own->left);
        memcpy(own->right, bench_eq_noise(1), sizeof own->right);
        for (uint32_t at = 0; at < BENCH_EQ_FRAMES; at += half) {
            ch_eq_set_section(&own->eq, own->n_bands / 2, &own->sweep[own->step++ % N_STEPS], 0,
                              BENCH_EQ_RATE_HZ / 50);
            ch_eq_run(&own->eq, own->left + at, own->right + at, half);
        }
        bench_clobber();
    }
    return (double)(bench_now_ns() - began);
}

// --- the plain cascade --------------------------------------------------------------------------

struct plain {
    uint32_t n_bands;
    struct ch_biquad biquad[BENCH_EQ_BANDS_MAX];
    double state[BENCH_EQ_BANDS_MAX][2][2]; ///< by channel
    float out[2][BENCH_EQ_FRAMES];
};

static void *
open_plain(uint32_t n_bands)
{
    struct plain *plain = calloc(1, sizeof *plain);
    if (!plain) {
        bench_fail("no memory");
    }
    plain->n_bands = n_bands;
    for (uint32_t i = 0; i < n_bands; i++) {
        const struct bench_eq_band at = bench_eq_band(i, n_bands);
        const struct ch_eq_band band = {
            .type = CH_EQ_PEAK, .freq_hz = at.freq_hz, .gain_db = at.gain_db, .q = at.q};
        ch_eq_design_band(&band, CH_EQ_RBJ, BENCH_EQ_RATE_HZ, &plain->biquad[i]);
    }
    return plain;
}

static float
plain_sample(struct plain *plain, uint32_t channel, float in)
{
    double x = (double)in;
    for (uint32_t b = 0; b < plain->n_bands; b++) {
        const struct ch_biquad *k = &plain->biquad[b];
        double *s = plain->state[b][channel];
        const double y = k->b0 * x + s[0];
        s[0] = k->b1 * x - k->a1 * y + s[1];
        s[1] = k->b2 * x - k->a2 * y;
        x = y;
    }
    return (float)x;
}

static double
run_plain(void *opened, uint32_t n_blocks)
{
    struct plain *plain = opened;
    const float *left = bench_eq_noise(0), *right = bench_eq_noise(1);
    const uint64_t began = bench_now_ns();
    for (uint32_t i = 0; i < n_blocks; i++) {
        for (uint32_t n = 0; n < BENCH_EQ_FRAMES; n++) {
            plain->out[0][n] = plain_sample(plain, 0, left[n]);
            plain->out[1][n] = plain_sample(plain, 1, right[n]);
        }
        bench_clobber();
    }
    return (double)(bench_now_ns() - began);
}

const struct bench_eq_kind bench_eq_chant = {"chant",  NULL, "constant", true,
                                             open_own, free, run_own};
const struct bench_eq_kind bench_eq_chant_sse2 = {"chant, SSE2 kernel", NULL, "constant", true,
                                                  open_own_sse2,        free, run_own};
const struct bench_eq_kind bench_eq_chant_swept = {
    "chant, one band swept", NULL, "swept", true, open_own, free, run_swept};
const struct bench_eq_kind bench_eq_scalar = {
    "scalar double DF2T cascade", NULL, "constant", false, open_plain, free, run_plain};

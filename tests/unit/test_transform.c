// SPDX-License-Identifier: ISC
// tests/unit/test_transform.c — spectra that differ only behind the transform share it.

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/analysis/spectrum.h"
#include "daemon/analysis/transform.h"
#include "tests/unit/figure.h"
#include "tests/unit/noise.h"

enum { RATE = 48000, HOP = 800, N_SPECTRA = 7 };

static const struct ch_spectrum_spec usual = {
    .rate_hz = 60.0, .n_bands = 64, .fmin_hz = 20.0, .fmax_hz = 20000.0, .tap = CH_TAP_OUTPUT};

static uint32_t
n_transforms(const struct ch_transforms *shelf)
{
    uint32_t n = 0;
    for (const struct ch_transform *transform = shelf->first; transform;
         transform = transform->next) {
        n++;
    }
    return n;
}

static struct ch_spectrum *
make(const struct ch_spectrum_spec *spec, struct ch_transforms *shelf)
{
    struct ch_spectrum *spectrum;
    assert_null(ch_spectrum_check(spec, RATE));
    assert_int_equal(ch_spectrum_create(&spectrum, spec, RATE, shelf), CH_OK);
    return spectrum;
}

/// Everything that comes after the transform, changed one by one.
static void
make_all(struct ch_spectrum **spectra, struct ch_transforms *shelf)
{
    for (int i = 0; i < N_SPECTRA; i++) {
        struct ch_spectrum_spec spec;
        memcpy(&spec, &usual, sizeof spec);
        spec.n_bands = i == 1 ? 32 : 64;
        spec.window = i == 2 ? CH_WINDOW_FLAT_TOP : CH_WINDOW_HANN;
        spec.weighting = i == 3 ? CH_WEIGHTING_A : CH_WEIGHTING_Z;
        spec.encoding = i == 4 ? CH_ENCODING_U8 : CH_ENCODING_JSON;
        spec.peak_hold_ms = i == 5 ? 500.0 : 0.0;
        spec.smoothing_ms = i == 6 ? 500.0 : 0.0;
        spectra[i] = make(&spec, shelf);
    }
}

static void
destroy_all(struct ch_spectrum **spectra)
{
    for (int i = 0; i < N_SPECTRA; i++) {
        ch_spectrum_destroy(spectra[i]);
    }
}

static void
test_one_for_all_that_can_share(void **state)
{
    (void)state;
    struct ch_transforms shelf = {NULL};
    struct ch_spectrum *shared[N_SPECTRA], *alone[N_SPECTRA];
    make_all(shared, &shelf);
    make_all(alone, NULL);
    assert_int_equal(n_transforms(&shelf), 2); // a long window, a short one
    struct noise noise = {4};
    static struct ch_pcm_frame frames[HOP];
    for (uint64_t turn = 1; turn <= 30; turn++) {
        for (int i = 0; i < HOP; i++) {
            const float value = (float)(noise_uniform(&noise) - 0.5);
            frames[i] = (struct ch_pcm_frame){value, 0.5f * value};
        }
        for (int i = 0; i < N_SPECTRA; i++) {
            ch_spectrum_push_shared(shared[i], frames, HOP, turn);
            ch_spectrum_push(alone[i], frames, HOP);
        }
        for (int i = 0; i < N_SPECTRA; i++) {
            uint32_t n_bands;
            ch_spectrum_run(shared[i], 1.0 / 60.0);
            ch_spectrum_run(alone[i], 1.0 / 60.0);
            const float *one = ch_spectrum_levels(shared[i], 0, &n_bands);
            const float *other = ch_spectrum_levels(alone[i], 0, &n_bands);
            assert_memory_equal(one, other, n_bands * sizeof *one);
        }
    }
    uint64_t n_runs = 0;
    for (struct ch_transform *transform = shelf.first; transform; transform = transform->next) {
        n_runs += transform->n_runs;
    }
    figure("spectrum", "7 spectra of one sound, each otherwise set: transforms for a frame",
           (double)n_runs / 30.0, "<=", 2.0, "");
    assert_int_equal(n_runs, 2 * 30);
    destroy_all(shared);
    destroy_all(alone);
    assert_null(shelf.first);
}

static void
test_others_have_their_own(void **state)
{
    (void)state;
    struct ch_transforms shelf = {NULL};
    struct ch_spectrum *first = make(&usual, &shelf);
    for (int i = 0; i < 3; i++) {
        struct ch_spectrum_spec spec;
        memcpy(&spec, &usual, sizeof spec);
        spec.tap = i == 0 ? CH_TAP_SOURCE : CH_TAP_OUTPUT;
        spec.channels = i == 1 ? CH_SPECTRUM_EACH : CH_SPECTRUM_MIX;
        spec.fft_bins = i == 2 ? 512 : 0;
        struct ch_spectrum *second = make(&spec, &shelf);
        assert_int_equal(n_transforms(&shelf), i == 2 ? 3 : 4);
        ch_spectrum_destroy(second);
        assert_int_equal(n_transforms(&shelf), 2);
    }
    struct ch_spectrum *faster;
    assert_int_equal(ch_spectrum_create(&faster, &usual, 2 * RATE, &shelf), CH_OK);
    assert_int_equal(n_transforms(&shelf), 4);
    ch_spectrum_destroy(first);
    assert_int_equal(n_transforms(&shelf), 2);
    ch_spectrum_destroy(faster);
    assert_null(shelf.first);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_for_all_that_can_share),
        cmocka_unit_test(test_others_have_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

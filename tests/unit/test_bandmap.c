// SPDX-License-Identifier: ISC
// tests/unit/test_bandmap.c — every bin is shared out once, no band goes without, edges by formula.

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "daemon/dsp/bandmap.h"
#include "tests/unit/near.h"

static struct ch_bandmap *
make(enum ch_scale scale, uint32_t n_bands, double fmin_hz, double fmax_hz, uint32_t n_fft,
     uint32_t rate_hz)
{
    struct ch_bandmap *map;
    assert_int_equal(ch_bandmap_create(&map, scale, n_bands, fmin_hz, fmax_hz, n_fft, rate_hz),
                     CH_OK);
    return map;
}

/// Share of the cell of bin k that lies within the map, by interval arithmetic.
static double
share_expected(const struct ch_bandmap *map, uint32_t k)
{
    const double bin_hz = (double)map->rate_hz / map->n_fft;
    const double lo = k == 0 ? 0.0 : (k - 0.5) * bin_hz;
    const double hi = k == map->n_fft / 2 ? k * bin_hz : (k + 0.5) * bin_hz;
    const double from = map->bands[0].lo_hz, to = map->bands[map->n_bands - 1].hi_hz;
    return fmax(fmin(hi, to) - fmax(lo, from), 0.0) / (hi - lo);
}

static void
check_shares(const struct ch_bandmap *map)
{
    const uint32_t n_bins = map->n_fft / 2 + 1;
    double *share = test_calloc(n_bins, sizeof *share);
    for (uint32_t i = 0; i < map->n_bands; i++) {
        const struct ch_band *band = &map->bands[i];
        double sum = 0.0;
        for (uint32_t k = 0; k < band->n_bins; k++) {
            assert_true(band->first_bin + k < n_bins);
            const double weight = (double)map->weights[band->offset + k];
            assert_true(weight >= 0.0 && weight <= 1.0 + 1e-6);
            share[band->first_bin + k] += weight;
            sum += weight;
        }
        if (band->lo_hz < 0.5 * map->rate_hz) {
            assert_true(sum > 0.0);
        }
    }
    for (uint32_t k = 0; k < n_bins; k++) {
        assert_near(share[k], share_expected(map, k), 1e-4);
    }
    test_free(share);
}

static void
test_partition_of_unity(void **state)
{
    (void)state;
    static const uint32_t rates[] = {8000, 44100, 48000, 192000};
    static const uint32_t bands[] = {1, 8, 31, 64, 512};
    for (size_t r = 0; r < sizeof rates / sizeof *rates; r++) {
        for (uint32_t n_fft = 512; n_fft <= 32768; n_fft *= 4) {
            for (size_t b = 0; b < sizeof bands / sizeof *bands; b++) {
                for (int scale = 0; scale < CH_SCALES; scale++) {
                    struct ch_bandmap *map =
                        make((enum ch_scale)scale, bands[b], 20.0, 20000.0, n_fft, rates[r]);
                    check_shares(map);
                    ch_bandmap_destroy(map);
                }
            }
        }
    }
    struct ch_bandmap *all = make(CH_SCALE_LINEAR, 7, 0.0, 24000.0, 1024, 48000);
    check_shares(all);
    ch_bandmap_destroy(all);
}

static void
test_edges(void **state)
{
    (void)state;
    struct ch_bandmap *map = make(CH_SCALE_LOG, 10, 20.0, 20480.0, 4096, 48000);
    for (uint32_t i = 0; i < 10; i++) {
        assert_near(map->bands[i].lo_hz, 20.0 * (1 << i), 1e-6);
        assert_near(map->bands[i].hi_hz, 20.0 * (2 << i), 1e-6);
        assert_near(map->bands[i].centre_hz, 20.0 * (1 << i) * sqrt(2.0), 1e-6);
    }
    ch_bandmap_destroy(map);

    map = make(CH_SCALE_LINEAR, 8, 1000.0, 5000.0, 4096, 48000);
    for (uint32_t i = 0; i < 8; i++) {
        assert_near(map->bands[i].lo_hz, 1000.0 + 500.0 * i, 1e-9);
        assert_near(map->bands[i].centre_hz, 1250.0 + 500.0 * i, 1e-9);
    }
    ch_bandmap_destroy(map);
}

static void
test_third_octaves(void **state)
{
    (void)state;
    // The audible range by its nominal frequencies is 31 bands.
    struct ch_bandmap *map = make(CH_SCALE_THIRD_OCTAVE, 0, 20.0, 20000.0, 8192, 48000);
    assert_int_equal(map->n_bands, 31);
    assert_near(map->bands[0].centre_hz, 19.9526, 1e-4);
    assert_near(map->bands[17].centre_hz, 1000.0, 1e-9);
    assert_near(map->bands[17].lo_hz, 891.2509, 1e-4);
    assert_near(map->bands[17].hi_hz, 1122.0185, 1e-4);
    assert_near(map->bands[30].centre_hz, 19952.623, 1e-3);
    for (uint32_t i = 1; i < map->n_bands; i++) {
        assert_near(map->bands[i].lo_hz, map->bands[i - 1].hi_hz, 1e-9);
    }
    ch_bandmap_destroy(map);
    map = make(CH_SCALE_THIRD_OCTAVE, 99, 999.0, 1001.0, 8192, 48000);
    assert_int_equal(map->n_bands, 1);
    ch_bandmap_destroy(map);
}

static void
test_above_nyquist(void **state)
{
    (void)state;
    struct ch_bandmap *map = make(CH_SCALE_LINEAR, 4, 0.0, 8000.0, 64, 8000);
    assert_near(map->bands[3].hi_hz, 8000.0, 1e-9);
    assert_int_equal(map->bands[2].n_bins, 0);
    assert_int_equal(map->bands[3].n_bins, 0);
    float power[33], bands[4] = {9.0f, 9.0f, 9.0f, 9.0f};
    for (int k = 0; k < 33; k++) {
        power[k] = 1.0f;
    }
    ch_bandmap_apply(map, power, bands);
    assert_near((double)bands[0] + (double)bands[1], 33.0, 1e-5);
    assert_near((double)bands[2], 0.0, 0.0);
    assert_near((double)bands[3], 0.0, 0.0);
    ch_bandmap_destroy(map);
}

static void
test_apply(void **state)
{
    (void)state;
    struct ch_bandmap *map = make(CH_SCALE_LOG, 24, 30.0, 18000.0, 1024, 44100);
    float power[513], bands[24];
    for (int k = 0; k < 513; k++) {
        power[k] = (float)((k * 37) % 101);
    }
    ch_bandmap_apply(map, power, bands);
    for (uint32_t i = 0; i < 24; i++) {
        double sum = 0.0;
        for (uint32_t k = 0; k < map->bands[i].n_bins; k++) {
            sum += (double)map->weights[map->bands[i].offset + k] *
                   (double)power[map->bands[i].first_bin + k];
        }
        assert_near((double)bands[i], sum, 1e-5 * sum + 1e-6);
    }
    ch_bandmap_destroy(map);
}

static void
test_bad_ranges(void **state)
{
    (void)state;
    static const struct {
        enum ch_scale scale;
        uint32_t n_bands;
        double fmin_hz, fmax_hz;
        uint32_t n_fft, rate_hz;
    } bad[] = {
        {CH_SCALE_LOG, 0, 20.0, 20000.0, 1024, 48000},
        {CH_SCALE_LOG, 8, 0.0, 20000.0, 1024, 48000},
        {CH_SCALE_LOG, 8, 200.0, 200.0, 1024, 48000},
        {CH_SCALE_LINEAR, 8, -1.0, 200.0, 1024, 48000},
        {CH_SCALE_LINEAR, 8, 100.0, (double)INFINITY, 1024, 48000},
        {CH_SCALE_LINEAR, 8, (double)NAN, 200.0, 1024, 48000},
        {CH_SCALE_LINEAR, 8, 20.0, 200.0, 1023, 48000},
        {CH_SCALE_LINEAR, 8, 20.0, 200.0, 0, 48000},
        {CH_SCALE_LINEAR, 8, 20.0, 200.0, 1024, 0},
        {CH_SCALE_THIRD_OCTAVE, 8, 1050.0, 1100.0, 1024, 48000},
        {CH_SCALE_THIRD_OCTAVE, 8, 0.0, 1100.0, 1024, 48000},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct ch_bandmap *map = (struct ch_bandmap *)&map;
        assert_int_equal(ch_bandmap_create(&map, bad[i].scale, bad[i].n_bands, bad[i].fmin_hz,
                                           bad[i].fmax_hz, bad[i].n_fft, bad[i].rate_hz),
                         CH_OUT_OF_RANGE);
        assert_null(map);
    }
    ch_bandmap_destroy(NULL);
}

static void
test_names(void **state)
{
    (void)state;
    static const char *const names[] = {"log", "linear", "third_octave"};
    for (int i = 0; i < 3; i++) {
        enum ch_scale scale = CH_SCALES;
        assert_true(ch_scale_from_name(names[i], &scale));
        assert_string_equal(ch_scale_name(scale), names[i]);
    }
    enum ch_scale scale;
    assert_false(ch_scale_from_name("mel", &scale));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_partition_of_unity),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_third_octaves),
        cmocka_unit_test(test_above_nyquist),
        cmocka_unit_test(test_apply),
        cmocka_unit_test(test_bad_ranges),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

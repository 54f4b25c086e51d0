// SPDX-License-Identifier: ISC
// tests/unit/test_eq.c — the running equaliser: response, smoothness, bits, and bad samples.

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/dsp/eq.h"
#include "tests/unit/eq_band.h"
#include "tests/unit/near.h"
#include "tests/unit/residue.h"

enum { RATE_HZ = 48000, LENGTH = 960, TOTAL = 48000 };

/// A band of slot `index` becomes another one at a frame.
struct change {
    uint32_t frame, index;
    struct ch_eq_band band;
};

static enum ch_eq_kernel kernel;
static struct ch_eq eq;
static float left[TOTAL], right[TOTAL];

static uint32_t
random_below(uint32_t *seed, uint32_t limit)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % limit;
}

static double
random_in(uint32_t *seed, double lo, double hi)
{
    return lo + (hi - lo) * random_below(seed, 10001) / 10000.0;
}

static void
begin(void)
{
    ch_eq_init(&eq);
    assert_true(ch_eq_use_kernel(&eq, kernel));
}

static struct ch_eq_section
set_band(uint32_t index, const struct ch_eq_band *band, uint32_t n_frames)
{
    struct ch_eq_section section;
    const uint32_t identity = one_section(band, CH_EQ_MATCHED, RATE_HZ, &section);
    ch_eq_set_section(&eq, index, &section, identity, n_frames);
    return section;
}

/// Over left and right, in blocks of `block`, changing on the way.
static void
run(const struct change *changes, size_t n_changes, uint32_t block)
{
    size_t next = 0;
    uint32_t frame = 0;
    while (frame < TOTAL) {
        while (next < n_changes && changes[next].frame == frame) {
            set_band(changes[next].index, &changes[next].band, LENGTH);
            next++;
        }
        uint32_t n = TOTAL - frame < block ? TOTAL - frame : block;
        if (next < n_changes && changes[next].frame - frame < n) {
            n = changes[next].frame - frame;
        }
        ch_eq_run(&eq, left + frame, right + frame, n);
        frame += n;
    }
}

static void
fill_noise(uint32_t seed)
{
    for (int i = 0; i < TOTAL; i++) {
        left[i] = (float)random_in(&seed, -0.5, 0.5);
        right[i] = (float)random_in(&seed, -0.5, 0.5);
    }
}

/// -6 dBFS.
static void
fill_sine(double freq_hz, double phase)
{
    for (int i = 0; i < TOTAL; i++) {
        left[i] = 0.5f * (float)sin(2.0 * M_PI * freq_hz * i / RATE_HZ + phase);
        right[i] = 0.5f * (float)cos(2.0 * M_PI * freq_hz * i / RATE_HZ + phase);
    }
}

static struct ch_eq_band
random_band(uint32_t *seed)
{
    return (struct ch_eq_band){
        .type = (enum ch_eq_type)random_below(seed, CH_EQ_TILT),
        .freq_hz = 20.0 * pow(1000.0, random_in(seed, 0.0, 1.0)),
        .gain_db = random_in(seed, -12.0, 12.0),
        .q = 0.3 * pow(33.0, random_in(seed, 0.0, 1.0)),
        .bypass = random_below(seed, 8) == 0,
    };
}

// --- response -----------------------------------------------------------------------------------

/// An impulse through a whole rack, transformed in double, against the sum of the sections.
static void
test_response(void **state)
{
    (void)state;
    static const struct ch_eq_band bands[] = {
        BAND(CH_EQ_HIGH_PASS, 40.0, 0.0, 0.7, false),
        BAND(CH_EQ_LOW_SHELF, 120.0, 5.0, 0.7, false),
        BAND(CH_EQ_PEAK, 250.0, -8.0, 3.0, false),
        BAND(CH_EQ_PEAK, 1000.0, 12.0, 1.41, false),
        BAND(CH_EQ_PEAK, 3000.0, 4.0, 1.0, true),
        BAND(CH_EQ_NOTCH, 5000.0, 0.0, 2.0, false),
        BAND(CH_EQ_HIGH_SHELF, 9000.0, -6.0, 0.7, false),
        BAND(CH_EQ_PEAK, 16000.0, 7.0, 2.0, false),
        BAND(CH_EQ_LOW_PASS, 18000.0, 0.0, 0.9, false),
    };
    enum { N_BANDS = sizeof bands / sizeof *bands };
    struct ch_eq_section sections[N_BANDS];
    begin();
    for (uint32_t i = 0; i < N_BANDS; i++) {
        sections[i] = set_band(i, &bands[i], 0);
    }
    ch_eq_set_preamp(&eq, 0.5f, 0.5f, 0);
    memset(left, 0, sizeof left);
    memset(right, 0, sizeof right);
    left[0] = 1.0f;
    right[0] = -1.0f;
    run(NULL, 0, 512);
    for (double freq_hz = 30.0; freq_hz < 23000.0; freq_hz *= 1.1) {
        double re = 0.0, im = 0.0, expected = 20.0 * log10(0.5);
        for (int n = 0; n < TOTAL; n++) {
            re += (double)left[n] * cos(2.0 * M_PI * freq_hz * n / RATE_HZ);
            im += (double)left[n] * sin(2.0 * M_PI * freq_hz * n / RATE_HZ);
            assert_true(left[n] == -right[n]);
        }
        for (int i = 0; i < N_BANDS; i++) {
            expected += ch_eq_section_response_db(&sections[i], RATE_HZ, freq_hz);
        }
        assert_near(20.0 * log10(hypot(re, im)), expected, 0.01);
    }
}

/// Against the recurrence of the biquad in long double: 20 Hz at Q 10 is where arithmetic shows.
static void
test_noise_of_the_arithmetic(void **state)
{
    (void)state;
    const struct ch_eq_band band = BAND(CH_EQ_PEAK, 20.0, 12.0, 10.0, false);
    struct ch_biquad biquad;
    long double x1 = 0.0L, x2 = 0.0L, y1 = 0.0L, y2 = 0.0L, worst = 0.0L;
    ch_eq_design_band(&band, CH_EQ_MATCHED, RATE_HZ, &biquad);
    begin();
    set_band(0, &band, 0);
    fill_sine(20.0, 0.0);
    static float in[TOTAL];
    memcpy(in, left, sizeof in);
    run(NULL, 0, 333);
    for (int n = 0; n < TOTAL; n++) {
        const long double y = biquad.b0 * (long double)in[n] + biquad.b1 * x1 + biquad.b2 * x2 -
                              biquad.a1 * y1 - biquad.a2 * y2;
        x2 = x1;
        x1 = in[n];
        y2 = y1;
        y1 = y;
        worst = fmaxl(worst, fabsl(y - (long double)left[n]));
    }
    assert_true(worst < 2e-7L); // half a unit in the last place of a float near 2 is 1.2e-7
}

// --- bits ---------------------------------------------------------------------------------------

static void
test_flat_leaves_every_bit(void **state)
{
    (void)state;
    static float in[TOTAL];
    const struct ch_eq_band flat = BAND(CH_EQ_PEAK, 1000.0, 0.0, 1.0, false);
    const struct ch_eq_band bypassed = BAND(CH_EQ_LOW_PASS, 1000.0, 0.0, 1.0, true);
    fill_noise(1);
    left[5] = -0.0f;
    left[6] = 1e-42f;
    left[7] = 3e38f;
    memcpy(in, left, sizeof in);
    begin();
    set_band(0, &flat, 0);
    set_band(1, &bypassed, LENGTH);
    run(NULL, 0, 100);
    assert_memory_equal(left, in, sizeof in);
    assert_true(ch_eq_quiet(&eq));
}

/// A section that was used and is flat again is skipped again.
static void
test_flat_again(void **state)
{
    (void)state;
    static float in[TOTAL];
    const struct change changes[] = {
        {1000, 3, BAND(CH_EQ_PEAK, 500.0, 12.0, 2.0, false)},
        {8000, 3, BAND(CH_EQ_PEAK, 500.0, 0.0, 2.0, false)},
    };
    fill_noise(2);
    memcpy(in, left, sizeof in);
    begin();
    run(changes, 2, 480);
    assert_memory_equal(left, in, 1000 * sizeof *in);
    assert_memory_not_equal(left + 2000, in + 2000, 6000 * sizeof *in);
    assert_memory_equal(left + 24000, in + 24000, 24000 * sizeof *in);
    assert_int_equal(eq.running, 0);
}

static void
test_preamp(void **state)
{
    (void)state;
    static float in[TOTAL];
    fill_noise(3);
    memcpy(in, left, sizeof in);
    begin();
    ch_eq_set_preamp(&eq, 0.3f, 0.3f, LENGTH);
    run(NULL, 0, 480);
    assert_true(left[0] == in[0] || fabsf(left[0] - in[0]) < 1e-5f);
    for (int n = LENGTH; n < TOTAL; n++) {
        assert_true(left[n] == in[n] * 0.3f);
    }
}

static void
test_cut_into_blocks(void **state)
{
    (void)state;
    static const uint32_t blocks[] = {1, 7, 64, 8192};
    static struct change changes[256];
    static float whole[2][TOTAL];
    uint32_t seed = 4;
    size_t n_changes = 0;
    for (uint32_t frame = 101; frame < 30000; frame += 1 + random_below(&seed, 300)) {
        changes[n_changes++] = (struct change){frame, random_below(&seed, 3), random_band(&seed)};
    }
    for (uint32_t index = 0; index < 3; index++) { // flat in the end, one after another
        changes[n_changes++] =
            (struct change){31000 + 777 * index, index, {.freq_hz = 9.0, .q = 1.0}};
    }
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        begin();
        fill_noise(5);
        run(changes, n_changes, blocks[i]);
        if (i == 0) {
            memcpy(whole[0], left, sizeof left);
            memcpy(whole[1], right, sizeof right);
        }
        assert_memory_equal(left, whole[0], sizeof left);
        assert_memory_equal(right, whole[1], sizeof right);
    }
}

/// From a hundred targets in a row to the last one: the same filter as if it had been set at once.
static void
test_arrives(void **state)
{
    (void)state;
    static struct change changes[512];
    uint32_t seed = 6;
    for (uint32_t every = 3; every <= 300; every *= 10) {
        struct ch_eq_band last = random_band(&seed);
        last.bypass = false;
        last.freq_hz = 1000.0;
        last.q = 2.0;
        size_t n_changes = 0;
        for (uint32_t i = 0; i < 99; i++) {
            changes[n_changes++] = (struct change){1 + i * every, 0, random_band(&seed)};
        }
        changes[n_changes++] = (struct change){1 + 99 * every, 0, last};
        begin();
        fill_noise(7);
        run(changes, n_changes, 256);
        static float got[TOTAL];
        memcpy(got, left, sizeof got);
        assert_int_equal(eq.slot[0].n_voices, 1);

        begin();
        set_band(0, &last, 0);
        fill_noise(7);
        run(NULL, 0, 256);
        for (int n = TOTAL - 2000; n < TOTAL; n++) {
            assert_near((double)got[n], (double)left[n], 1e-7);
        }
    }
}

// --- smoothness ---------------------------------------------------------------------------------

// From one band to another, at full drive of a 100 Hz sine.
static const struct {
    const char *what;
    struct ch_eq_band from, to;
} jumps[] = {
    {"gain up", BAND(CH_EQ_PEAK, 100.0, 0.0, 1.41, false),
     BAND(CH_EQ_PEAK, 100.0, 12.0, 1.41, false)},
    {"gain over", BAND(CH_EQ_PEAK, 100.0, 24.0, 4.0, false),
     BAND(CH_EQ_PEAK, 100.0, -24.0, 4.0, false)},
    {"frequency up", BAND(CH_EQ_PEAK, 100.0, 12.0, 1.41, false),
     BAND(CH_EQ_PEAK, 5e3, 12.0, 1.41, false)},
    {"frequency down", BAND(CH_EQ_PEAK, 5e3, 12.0, 1.41, false),
     BAND(CH_EQ_PEAK, 100.0, 12.0, 1.41, false)},
    {"resonance up", BAND(CH_EQ_PEAK, 100.0, 12.0, 10.0, false),
     BAND(CH_EQ_PEAK, 2.5e3, 12.0, 10.0, false)},
    {"resonance down", BAND(CH_EQ_PEAK, 2.5e3, 18.0, 10.0, false),
     BAND(CH_EQ_PEAK, 90.0, 18.0, 10.0, false)},
    {"Q up", BAND(CH_EQ_PEAK, 100.0, 12.0, 0.3, false), BAND(CH_EQ_PEAK, 100.0, 12.0, 10.0, false)},
    {"Q down", BAND(CH_EQ_PEAK, 100.0, 12.0, 10.0, false),
     BAND(CH_EQ_PEAK, 100.0, 12.0, 0.3, false)},
    {"type", BAND(CH_EQ_LOW_PASS, 200.0, 0.0, 0.7, false),
     BAND(CH_EQ_HIGH_PASS, 200.0, 0.0, 0.7, false)},
    {"type back", BAND(CH_EQ_NOTCH, 100.0, 0.0, 2.0, false),
     BAND(CH_EQ_HIGH_SHELF, 50.0, 12.0, 0.7, false)},
    {"low-pass", BAND(CH_EQ_LOW_PASS, 5e3, 0.0, 0.7, false),
     BAND(CH_EQ_LOW_PASS, 50.0, 0.0, 0.7, false)},
    {"bypass", BAND(CH_EQ_PEAK, 100.0, 12.0, 2.0, false), BAND(CH_EQ_PEAK, 100.0, 12.0, 2.0, true)},
    {"use", BAND(CH_EQ_LOW_SHELF, 150.0, 12.0, 1.0, true),
     BAND(CH_EQ_LOW_SHELF, 150.0, 12.0, 1.0, false)},
};

static void
test_jumps_leave_no_residue(void **state)
{
    (void)state;
    double worst = -999.0;
    for (size_t i = 0; i < sizeof jumps / sizeof *jumps; i++) {
        const struct change change = {30000 + 37 * (uint32_t)i, 0, jumps[i].to};
        begin();
        set_band(0, &jumps[i].from, 0);
        fill_sine(100.0, 0.3 * (double)i);
        run(&change, 1, 256);
        // Away from the onset of the sine, which is a click of its own.
        const double residue = residue_db(left + 26000, TOTAL - 26000);
        if (residue > worst) {
            worst = residue;
            print_message("%s: %.1f dBFS\n", jumps[i].what, residue);
        }
        assert_true(residue < -115.0);
    }
}

/// Three bands that become anything, 100 times a second and faster than voices come free.
static void
test_many_changes_leave_no_residue(void **state)
{
    (void)state;
    static const uint32_t per_second[] = {30, 100, 300, 2000};
    static struct change changes[2100];
    for (size_t i = 0; i < sizeof per_second / sizeof *per_second; i++) {
        uint32_t seed = 8;
        size_t n_changes = 0;
        for (uint32_t frame = 20000; frame < 44000; frame += RATE_HZ / per_second[i]) {
            changes[n_changes++] =
                (struct change){frame, random_below(&seed, 3), random_band(&seed)};
        }
        begin();
        fill_sine(100.0, 1.0);
        run(changes, n_changes, 256);
        const double residue = residue_db(left + 10000, TOTAL - 10000);
        print_message("%u changes/s: %.1f dBFS\n", per_second[i], residue);
        assert_true(residue < -105.0);
    }
}

/// A band that is moved and moved keeps doing what it does: a fader under a hand, 60 a second.
static void
test_effect_lasts_through_changes(void **state)
{
    (void)state;
    static struct change changes[64];
    size_t n_changes = 0;
    for (uint32_t frame = 20000; frame < 46000; frame += 800) {
        const double gain_db = n_changes % 2 ? 12.0 : 11.9;
        changes[n_changes++] =
            (struct change){frame, 0, BAND(CH_EQ_PEAK, 62.5, gain_db, 1.41, false)};
    }
    begin();
    set_band(0, &(struct ch_eq_band)BAND(CH_EQ_PEAK, 62.5, 12.0, 1.41, false), 0);
    fill_sine(62.5, 0.0);
    run(changes, n_changes, 256);
    for (int start = 20000; start + 768 <= TOTAL; start += 768) { // one period
        float peak = 0.0f;
        for (int n = start; n < start + 768; n++) {
            peak = fmaxf(peak, fabsf(left[n]));
        }
        assert_near(20.0 * log10((double)peak), -6.0 + 12.0, 0.3);
    }
}

// --- bad samples, silence -----------------------------------------------------------------------

static void
test_not_finite(void **state)
{
    (void)state;
    const struct ch_eq_band band = BAND(CH_EQ_PEAK, 1000.0, 12.0, 1.0, false);
    begin();
    set_band(0, &band, 0);
    set_band(5, &band, 0);
    fill_noise(9);
    left[100] = NAN;
    left[5000] = INFINITY;
    right[5001] = -INFINITY;
    for (int n = 10000; n < 20000; n++) {
        left[n] = n % 2 ? 3.4e38f : -3.4e38f; // finite, but not what comes out
        right[n] = 3.4e38f;
    }
    run(NULL, 0, 64);
    for (int n = 0; n < TOTAL; n++) {
        assert_true(isfinite(left[n]) && isfinite(right[n]));
    }
    assert_true(eq.n_resets > 0);

    // The signal that follows is filtered as ever.
    fill_noise(10);
    ch_eq_reset(&eq);
    eq.n_resets = 0;
    run(NULL, 0, 64);
    static float expected[TOTAL];
    memcpy(expected, left, sizeof expected);
    ch_eq_reset(&eq);
    fill_noise(10);
    left[0] = NAN;
    run(NULL, 0, 64);
    assert_int_equal(eq.n_resets, 1);
    for (int n = 2000; n < TOTAL; n++) {
        assert_near((double)left[n], (double)expected[n], 1e-6);
    }

    // A state that is not finite is found by itself.
    eq.slot[5].voice[0].s1[1] = (double)NAN;
    fill_noise(10);
    run(NULL, 0, 64);
    for (int n = 0; n < TOTAL; n++) {
        assert_true(isfinite(left[n]) && isfinite(right[n]));
        assert_true(n < 2000 || right[n] != 0.0f);
    }
}

static void
test_quiet(void **state)
{
    (void)state;
    const struct ch_eq_band band = BAND(CH_EQ_PEAK, 200.0, 12.0, 5.0, false);
    const struct ch_eq_band other = BAND(CH_EQ_PEAK, 300.0, 12.0, 5.0, false);
    begin();
    assert_true(ch_eq_quiet(&eq));
    set_band(0, &band, 0);
    assert_true(ch_eq_quiet(&eq));
    fill_noise(11);
    ch_eq_run(&eq, left, right, 4800);
    assert_false(ch_eq_quiet(&eq));

    memset(left, 0, sizeof left);
    memset(right, 0, sizeof right);
    run(NULL, 0, 480);
    assert_true(ch_eq_quiet(&eq));
    for (int n = TOTAL - 480; n < TOTAL; n++) {
        assert_true(fabsf(left[n]) < 1e-10f);
    }

    set_band(0, &other, LENGTH);
    assert_false(ch_eq_quiet(&eq));
    run(NULL, 0, 480);
    assert_true(ch_eq_quiet(&eq));

    ch_eq_set_preamp(&eq, 0.5f, 0.5f, LENGTH);
    assert_false(ch_eq_quiet(&eq));
}

/// After a reset nothing is left of the signal, and every change is where it was going.
static void
test_reset(void **state)
{
    (void)state;
    static float expected[TOTAL];
    const struct ch_eq_band last = BAND(CH_EQ_PEAK, 700.0, -9.0, 1.0, false);
    uint32_t seed = 12;
    begin();
    set_band(2, &last, 0);
    ch_eq_set_preamp(&eq, 0.7f, 0.7f, 0);
    fill_noise(13);
    run(NULL, 0, 480);
    memcpy(expected, left, sizeof expected);

    begin();
    fill_noise(14);
    for (int i = 0; i < 30; i++) { // more than there are voices
        const struct ch_eq_band band = random_band(&seed);
        set_band(2, &band, LENGTH);
        ch_eq_run(&eq, left, right, 3);
    }
    set_band(2, &last, LENGTH);
    assert_true(eq.slot[2].pending_length > 0);
    ch_eq_set_preamp(&eq, 0.7f, 0.7f, LENGTH);
    ch_eq_run(&eq, left, right, 3);
    ch_eq_reset(&eq);
    assert_true(ch_eq_quiet(&eq));
    fill_noise(13);
    run(NULL, 0, 480);
    assert_memory_equal(left, expected, sizeof expected);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_response),
        cmocka_unit_test(test_noise_of_the_arithmetic),
        cmocka_unit_test(test_flat_leaves_every_bit),
        cmocka_unit_test(test_flat_again),
        cmocka_unit_test(test_preamp),
        cmocka_unit_test(test_cut_into_blocks),
        cmocka_unit_test(test_arrives),
        cmocka_unit_test(test_jumps_leave_no_residue),
        cmocka_unit_test(test_many_changes_leave_no_residue),
        cmocka_unit_test(test_effect_lasts_through_changes),
        cmocka_unit_test(test_not_finite),
        cmocka_unit_test(test_quiet),
        cmocka_unit_test(test_reset),
    };
    // All of it for each kernel that this processor has.
    int n_failed = 0;
    for (kernel = CH_EQ_KERNEL_SSE2; kernel <= CH_EQ_KERNEL_AVX2; kernel++) {
        if (ch_eq_use_kernel(&eq, kernel)) {
            print_message("kernel %d\n", (int)kernel);
            n_failed += cmocka_run_group_tests(tests, NULL, NULL);
        }
    }
    return n_failed;
}

// SPDX-License-Identifier: ISC
// tests/unit/test_eq_kernels.c — racks of every size on every kernel: against long double, and
// against each other.

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

enum { RATE_HZ = 48000, LENGTH = 960, TOTAL = 24000 };

struct take {
    float left[TOTAL], right[TOTAL];
};

static struct ch_eq eq;

static double
random_in(uint32_t *seed, double lo, double hi)
{
    *seed = *seed * 1664525u + 1013904223u;
    return lo + (hi - lo) * (double)(*seed >> 8) / 16777216.0;
}

static void
fill_noise(struct take *take, uint32_t seed)
{
    for (int i = 0; i < TOTAL; i++) {
        take->left[i] = (float)random_in(&seed, -0.5, 0.5);
        take->right[i] = (float)random_in(&seed, -0.5, 0.5);
    }
}

/// 20 Hz to 22 kHz.
static void
fill_sweep(struct take *take)
{
    const double octaves_per_frame = log2(1100.0) / TOTAL;
    double phase = 0.0;
    for (int i = 0; i < TOTAL; i++) {
        phase += 2.0 * M_PI * 20.0 / RATE_HZ * exp2(octaves_per_frame * i);
        take->left[i] = 0.5f * (float)sin(phase);
        take->right[i] = 0.5f * (float)cos(phase);
    }
}

static struct ch_eq_band
random_band(uint32_t *seed)
{
    return (struct ch_eq_band){
        .type = random_in(seed, 0.0, 1.0) < 0.7 ? CH_EQ_PEAK : CH_EQ_HIGH_SHELF,
        .freq_hz = 20.0 * pow(1000.0, random_in(seed, 0.0, 1.0)),
        .gain_db = random_in(seed, -6.0, 6.0),
        .q = 0.3 * pow(33.0, random_in(seed, 0.0, 1.0)),
    };
}

static void
set_band(uint32_t index, const struct ch_eq_band *band, uint32_t n_frames)
{
    struct ch_eq_section section;
    const uint32_t identity = one_section(band, CH_EQ_MATCHED, RATE_HZ, &section);
    ch_eq_set_section(&eq, index, &section, identity, n_frames);
}

static float
peak(const float *x)
{
    float largest = 0.0f;
    for (int n = 0; n < TOTAL; n++) {
        largest = fmaxf(largest, fabsf(x[n]));
    }
    return largest;
}

// --- against the recurrences of the biquads in long double --------------------------------------

static void
filter(const struct ch_biquad *b, long double *x)
{
    long double s1 = 0.0L, s2 = 0.0L;
    for (int n = 0; n < TOTAL; n++) {
        const long double y = b->b0 * x[n] + s1;
        s1 = b->b1 * x[n] - b->a1 * y + s2;
        s2 = b->b2 * x[n] - b->a2 * y;
        x[n] = y;
    }
}

/// Largest distance, by the peak of what is expected.
static double
distance(const float *got, const long double *expected)
{
    long double worst = 0.0L, largest = 0.0L;
    for (int n = 0; n < TOTAL; n++) {
        worst = fmaxl(worst, fabsl((long double)got[n] - expected[n]));
        largest = fmaxl(largest, fabsl(expected[n]));
    }
    return (double)(worst / largest);
}

/// Each band at its own place in the rack, whatever vector and half of it that is.
static void
rack_of(uint32_t n_bands, enum ch_eq_kernel kernel)
{
    static struct take take;
    static long double left[TOTAL], right[TOTAL];
    uint32_t seed = 100 + n_bands;
    fill_noise(&take, n_bands);
    for (int n = 0; n < TOTAL; n++) {
        left[n] = (long double)take.left[n];
        right[n] = (long double)take.right[n];
    }
    ch_eq_init(&eq);
    assert_true(ch_eq_use_kernel(&eq, kernel));
    for (uint32_t i = 0; i < n_bands; i++) {
        const struct ch_eq_band band = random_band(&seed);
        struct ch_biquad biquad;
        set_band(i, &band, 0);
        ch_eq_design_band(&band, CH_EQ_MATCHED, RATE_HZ, &biquad);
        filter(&biquad, left);
        filter(&biquad, right);
    }
    for (uint32_t frame = 0, n = 1; frame < TOTAL; frame += n, n = n % 300 + 1) {
        n = n < TOTAL - frame ? n : TOTAL - frame;
        ch_eq_run(&eq, take.left + frame, take.right + frame, n);
    }
    // The last bit of a float: 2^-24 of the peak.  The arithmetic adds next to nothing to it.
    assert_true(distance(take.left, left) < 6.1e-8);
    assert_true(distance(take.right, right) < 6.1e-8);
}

static void
test_racks_of_every_size(void **state)
{
    (void)state;
    for (enum ch_eq_kernel kernel = CH_EQ_KERNEL_SSE2; kernel <= CH_EQ_KERNEL_AVX2; kernel++) {
        for (uint32_t n_bands = 1; n_bands <= CH_EQ_BANDS_MAX; n_bands++) {
            if (ch_eq_use_kernel(&eq, kernel)) {
                rack_of(n_bands, kernel);
            }
        }
    }
}

// --- a rack of which one section changes, against two racks in a row ---------------------------

/// A band rests, changes, rests again, is one that cannot be scaled, and is gone in the end.
static void
run_moving(struct take *take, uint32_t index, uint32_t n_others, enum ch_eq_kernel kernel)
{
    static const struct ch_eq_band targets[] = {
        {.type = CH_EQ_LOW_PASS, .freq_hz = 400.0, .q = 0.7},
        {.type = CH_EQ_PEAK, .freq_hz = 60.0, .gain_db = 9.0, .q = 0.5},
        {.type = CH_EQ_LOW_PASS, .freq_hz = 30.0, .q = 0.7},
        {.type = CH_EQ_HIGH_PASS, .freq_hz = 9000.0, .q = 1.0},
        {.type = CH_EQ_PEAK, .freq_hz = 1000.0, .gain_db = 0.0, .q = 1.0},
    };
    uint32_t seed = 11;
    ch_eq_init(&eq);
    assert_true(ch_eq_use_kernel(&eq, kernel));
    for (uint32_t i = 0; i < n_others; i++) {
        const struct ch_eq_band band = random_band(&seed);
        set_band(i < index ? i : i + 1, &band, 0);
    }
    for (uint32_t frame = 0; frame < TOTAL; frame += 60) {
        if (index < CH_EQ_BANDS_MAX && frame % 4800 == 0) {
            set_band(index, &targets[frame / 4800], frame == 0 ? 0 : LENGTH);
        }
        ch_eq_run(&eq, take->left + frame, take->right + frame, 60);
    }
}

/// Largest distance, by the peak of what is expected.
static double
apart(const float *got, const float *expected)
{
    float worst = 0.0f;
    for (int n = 0; n < TOTAL; n++) {
        worst = fmaxf(worst, fabsf(got[n] - expected[n]));
    }
    return (double)(worst / peak(expected));
}

/// What a section is and does must not be seen in the states of the others.
static void
test_change_beside_sections_at_rest(void **state)
{
    (void)state;
    static struct take together, apiece;
    for (enum ch_eq_kernel kernel = CH_EQ_KERNEL_SSE2; kernel <= CH_EQ_KERNEL_AVX2; kernel++) {
        if (!ch_eq_use_kernel(&eq, kernel)) {
            continue;
        }
        // Behind the others, whose states it rescales.  Two racks in a row round to float between
        // them, once.
        fill_noise(&together, 3);
        apiece = together;
        run_moving(&together, 9, 9, kernel);
        run_moving(&apiece, CH_EQ_BANDS_MAX, 9, kernel);
        run_moving(&apiece, 9, 0, kernel);
        assert_true(apart(together.left, apiece.left) < 1.5e-7);
        assert_true(apart(together.right, apiece.right) < 1.5e-7);
    }
}

// --- against each other -------------------------------------------------------------------------

/// A rack in which a band becomes another one `per_second` times a second.
static void
run_changing(struct take *take, enum ch_eq_kernel kernel, uint32_t n_bands, uint32_t per_second)
{
    uint32_t seed = 7 * n_bands + per_second, next = 0;
    ch_eq_init(&eq);
    assert_true(ch_eq_use_kernel(&eq, kernel));
    for (uint32_t i = 0; i < n_bands; i++) {
        const struct ch_eq_band band = random_band(&seed);
        set_band(i, &band, 0);
    }
    ch_eq_set_preamp(&eq, 0.5f, 0.5f, LENGTH);
    for (uint32_t frame = 0; frame < TOTAL; frame += 60) {
        if (per_second > 0 && frame >= next) {
            const struct ch_eq_band band = random_band(&seed);
            set_band((uint32_t)random_in(&seed, 0.0, 1.0 * n_bands), &band, LENGTH);
            next += RATE_HZ / per_second;
        }
        ch_eq_run(&eq, take->left + frame, take->right + frame, 60);
    }
}

/// The tolerance: one unit in the last place of the float, and where a float near 0 is finer than
/// the arithmetic, 1e-14 of the peak, which is -280 dBFS.  Returns how many samples differ at all.
static uint32_t
compare(const float *a, const float *b)
{
    const double floor = 1e-14 * (double)peak(a);
    uint32_t n_different = 0;
    for (int n = 0; n < TOTAL; n++) {
        const double one_place = (double)(nextafterf(fabsf(a[n]), INFINITY) - fabsf(a[n]));
        assert_near((double)a[n], (double)b[n], fmax(one_place, floor));
        n_different += a[n] != b[n];
    }
    return n_different;
}

/// The states in double, where the kernels can be seen to round differently: by the largest of
/// them, or by 0 dBFS if that is more.
static double
states_apart(const struct ch_eq *a, const struct ch_eq *b, uint32_t n_bands)
{
    double worst = 0.0, largest = 1.0;
    for (uint32_t i = 0; i < n_bands; i++) {
        assert_int_equal(a->slot[i].n_voices, b->slot[i].n_voices);
        const struct ch_eq_voice *x = &a->slot[i].voice[a->slot[i].n_voices - 1];
        const struct ch_eq_voice *y = &b->slot[i].voice[b->slot[i].n_voices - 1];
        for (int c = 0; c < CH_CHANNELS; c++) {
            worst = fmax(worst, fabs(x->s2[c] - y->s2[c]));
            largest = fmax(largest, fabs(x->s2[c]));
        }
    }
    return worst / largest;
}

static void
test_kernels_agree(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {1, 5, 10, 31};
    static const uint32_t rates[] = {0, 100, 800};
    static struct take baseline, fast;
    if (!ch_eq_use_kernel(&eq, CH_EQ_KERNEL_AVX2)) {
        skip();
    }
    static struct ch_eq baseline_eq;
    uint32_t n_different = 0, n_samples = 0;
    double apart = 0.0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (size_t j = 0; j < 2 * (sizeof rates / sizeof *rates); j++) {
            if (j % 2 == 0) {
                fill_noise(&baseline, 1);
            } else {
                fill_sweep(&baseline);
            }
            memcpy(&fast, &baseline, sizeof fast);
            run_changing(&baseline, CH_EQ_KERNEL_SSE2, sizes[i], rates[j / 2]);
            baseline_eq = eq;
            run_changing(&fast, CH_EQ_KERNEL_AVX2, sizes[i], rates[j / 2]);
            n_different += compare(baseline.left, fast.left);
            n_different += compare(baseline.right, fast.right);
            n_samples += 2 * TOTAL;
            apart = fmax(apart, states_apart(&baseline_eq, &eq, sizes[i]));
        }
    }
    print_message("%u of %u samples differ, by one place\n", n_different, n_samples);
    print_message("states are %.1e apart\n", apart);
    assert_true(n_different < n_samples / 100000);
    assert_true(apart > 0.0 && apart < 1e-14);
}

static void
test_choice(void **state)
{
    (void)state;
    ch_eq_init(&eq);
    const enum ch_eq_kernel chosen = eq.kernel;
    assert_true(chosen != CH_EQ_KERNEL_AUTO);
    assert_true(ch_eq_use_kernel(&eq, CH_EQ_KERNEL_SSE2));
    assert_int_equal(eq.kernel, CH_EQ_KERNEL_SSE2);
    // The fastest is the one that is chosen, and the one that cannot run is refused.
    assert_int_equal(ch_eq_use_kernel(&eq, CH_EQ_KERNEL_AVX2), chosen == CH_EQ_KERNEL_AVX2);
    assert_int_equal(eq.kernel, chosen);
    assert_true(ch_eq_use_kernel(&eq, CH_EQ_KERNEL_AUTO));
    assert_int_equal(eq.kernel, chosen);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_racks_of_every_size),
        cmocka_unit_test(test_change_beside_sections_at_rest),
        cmocka_unit_test(test_kernels_agree),
        cmocka_unit_test(test_choice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: ISC
// tests/unit/test_limiter_sound.c — how high it comes out by libebur128, and what one could hear.

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <ebur128.h>

#include "daemon/dsp/limiter.h"
#include "daemon/dsp/ramp.h"
#include "tests/unit/figure.h"
#include "tests/unit/residue.h"

enum { RATE = 48000, TOTAL = 2 * RATE, MAX = 2 * 96000 };

static float left[MAX], right[MAX];

static double
db(double ratio)
{
    return 20.0 * log10(ratio + 1e-30);
}

static struct ch_limiter *
create(uint32_t rate_hz, double ceiling)
{
    struct ch_limiter *limiter = ch_limiter_create(rate_hz);
    assert_non_null(limiter);
    ch_limiter_set_ceiling(limiter, (float)ceiling);
    ch_limiter_reset(limiter);
    return limiter;
}

// --- true peak ----------------------------------------------------------------------------------

/// White, normal, by the sum of twelve.
static float
noise(uint32_t *seed)
{
    double sum = -6.0;
    for (int i = 0; i < 12; i++) {
        *seed = *seed * 1664525u + 1013904223u;
        sum += (double)(*seed >> 8) / 16777216.0;
    }
    return (float)sum;
}

enum material { NOISE, SQUARES, QUARTER_SINE, TONES, SPARSE, MATERIALS };

static const char *const names[MATERIALS] = {
    "noise of +18 dB", "square bursts of +8 dB", "0.25 fs sine of 0 and +6 dB at 45 degrees",
    "bursts of high tones of +12 dB", "single samples of up to +26 dB"};

static float
sample(enum material material, int n, uint32_t *seed)
{
    switch (material) {
    case NOISE: // rms as that of a sine of 0 dBFS, and 18 dB
        return 7.943f * 0.70710678f * noise(seed);
    case SQUARES:
        return n / 3000 % 2 ? (n / 50 % 2 ? 2.5f : -2.5f) : 0.1f * noise(seed);
    case QUARTER_SINE: // at first its samples are below the ceiling
        return (n < 40000 ? 1.0f : 2.0f) * (float)sin(M_PI / 2.0 * n + M_PI / 4.0);
    case TONES:
        return n / 700 % 3 == 0 ? 4.0f * (float)sin(2.0 * M_PI * (0.1 + 1e-6 * n) * n) : 0.0f;
    case SPARSE:
        return n % 701 == 0 ? (float)(n % 20) : noise(seed) * 0.1f;
    case MATERIALS:
        break;
    }
    return 0.0f;
}

static double
true_peak_db(uint32_t n_frames, uint32_t rate_hz)
{
    ebur128_state *meter = ebur128_init(2, rate_hz, EBUR128_MODE_TRUE_PEAK);
    assert_non_null(meter);
    for (uint32_t n = 0; n < n_frames; n++) {
        const float frame[] = {left[n], right[n]};
        assert_int_equal(ebur128_add_frames_float(meter, frame, 1), EBUR128_SUCCESS);
    }
    double peak, peak_right;
    assert_int_equal(ebur128_true_peak(meter, 0, &peak), EBUR128_SUCCESS);
    assert_int_equal(ebur128_true_peak(meter, 1, &peak_right), EBUR128_SUCCESS);
    ebur128_destroy(&meter);
    return db(fmax(peak, peak_right));
}

static void
test_true_peak(void **state)
{
    (void)state;
    static const uint32_t rates_hz[] = {44100, 48000, 96000};
    static const double ceilings_db[] = {-1.0, -9.0};
    for (int material = 0; material < MATERIALS; material++) {
        double worst = -100.0;
        const size_t n_turns = material == NOISE ? 30 : 6; // its worst moments are rare
        for (size_t i = 0; i < n_turns; i++) {
            const uint32_t rate_hz = rates_hz[i % 3];
            struct ch_limiter *limiter = create(rate_hz, pow(10.0, ceilings_db[i / 3 % 2] / 20.0));
            uint32_t seed = (uint32_t)i;
            for (int n = 0; n < (int)(2 * rate_hz); n++) {
                left[n] = sample((enum material)material, n, &seed);
                right[n] = sample((enum material)material, n + 31, &seed);
            }
            assert_true(true_peak_db(2 * rate_hz, rate_hz) > 1.0);
            for (uint32_t n = 0; n < 2 * rate_hz; n += 100) {
                ch_limiter_run(limiter, left + n, right + n, 100);
            }
            ch_limiter_destroy(limiter);
            worst = fmax(worst, true_peak_db(2 * rate_hz, rate_hz) - ceilings_db[i / 3 % 2]);
        }
        char what[128];
        snprintf(what, sizeof what, "%s above the ceiling, libebur128", names[material]);
        figure("limiter", what, worst, "<=", 0.1, "dB");
        assert_true(worst <= 0.1);
    }
}

// --- what one could hear ------------------------------------------------------------------------

static void
fill_sine(double hz, double amplitude)
{
    for (int n = 0; n < TOTAL; n++) {
        left[n] = right[n] = (float)(amplitude * sin(2.0 * M_PI * hz * n / RATE));
    }
}

/// A gain that moves by a raised cosine within 20 ms, as the engine's does.
static void
move_gain(int begin, float from, float to)
{
    static float gain[TOTAL];
    struct ch_ramp ramp;
    ch_ramp_snap(&ramp, from);
    ch_ramp_fill(&ramp, gain, (uint32_t)begin);
    ch_ramp_to(&ramp, to, RATE / 50);
    ch_ramp_fill(&ramp, gain + begin, (uint32_t)(TOTAL - begin));
    for (int n = 0; n < TOTAL; n++) {
        left[n] *= gain[n];
        right[n] *= gain[n];
    }
}

/// After the onset, which is a step.
static double
residue(void)
{
    return residue_db(left + 6000, TOTAL - 6000);
}

/// Bypassed and back at any place of the wave, while 6 dB are being taken off.
static void
test_bypass_leaves_no_residue(void **state)
{
    (void)state;
    double worst = -200.0;
    for (int phase = 0; phase < 480; phase += 53) {
        struct ch_limiter *limiter = create(RATE, 0.25);
        fill_sine(100.0, 0.5);
        ch_limiter_run(limiter, left, right, 8000);
        for (int n = 8000, k = 0; n < TOTAL; n += 8000 + phase, k++) {
            const int rest = TOTAL - n;
            ch_limiter_set_bypass(limiter, k % 2 == 0);
            ch_limiter_run(limiter, left + n, right + n,
                           (uint32_t)(rest < 8000 + phase ? rest : 8000 + phase));
        }
        ch_limiter_destroy(limiter);
        worst = fmax(worst, residue());
    }
    figure("limiter", "residue of bypass on and off, 6 dB of a 100 Hz sine", worst, "<=", -90.0,
           "dBFS");
    assert_true(worst <= -90.0);
}

/// From above the wave to below it and back.
static void
test_ceiling_leaves_no_residue(void **state)
{
    (void)state;
    double worst = -200.0;
    for (int phase = 0; phase < 480; phase += 53) {
        struct ch_limiter *limiter = create(RATE, CH_LIMITER_CEILING);
        fill_sine(100.0, 0.5);
        ch_limiter_run(limiter, left, right, 8000);
        for (int n = 8000, k = 0; n < TOTAL; n += 8000 + phase, k++) {
            const int rest = TOTAL - n;
            ch_limiter_set_ceiling(limiter, k % 2 == 0 ? 0.25f : CH_LIMITER_CEILING);
            ch_limiter_run(limiter, left + n, right + n,
                           (uint32_t)(rest < 8000 + phase ? rest : 8000 + phase));
        }
        ch_limiter_destroy(limiter);
        worst = fmax(worst, residue());
    }
    figure("limiter", "residue of the ceiling to -12 dBTP and back, 100 Hz sine of -6 dBFS", worst,
           "<=", -90.0, "dBFS");
    assert_true(worst <= -90.0);
}

static void
test_a_hundred_changes_a_second(void **state)
{
    (void)state;
    struct ch_limiter *limiter = create(RATE, 0.25);
    uint32_t seed = 1;
    fill_sine(100.0, 0.5);
    for (int n = 0; n < TOTAL; n += 480) {
        seed = seed * 1664525u + 1013904223u;
        ch_limiter_set_bypass(limiter, seed >> 31);
        ch_limiter_set_ceiling(limiter, 0.1f + 0.8f * (float)(seed >> 8 & 0xffff) / 65535.0f);
        ch_limiter_run(limiter, left + n, right + n, 480);
    }
    ch_limiter_destroy(limiter);
    figure("limiter", "residue of 100 changes of ceiling and bypass a second", residue(),
           "<=", -90.0, "dBFS");
    assert_true(residue() <= -90.0);
}

/// Driven 7 dB into the ceiling by a gain of +12 dB, and out again.
static void
test_engaging_leaves_no_residue(void **state)
{
    (void)state;
    double in = -200.0, out = -200.0;
    for (int phase = 0; phase < 240; phase += 17) {
        struct ch_limiter *limiter = create(RATE, CH_LIMITER_CEILING);
        fill_sine(100.0, 0.5);
        move_gain(12000 + phase, 1.0f, 3.981f);
        ch_limiter_run(limiter, left, right, TOTAL);
        ch_limiter_destroy(limiter);
        in = fmax(in, residue());

        limiter = create(RATE, CH_LIMITER_CEILING);
        fill_sine(100.0, 0.5);
        move_gain(12000 + phase, 3.981f, 1.0f);
        ch_limiter_run(limiter, left, right, TOTAL);
        ch_limiter_destroy(limiter);
        out = fmax(out, residue());
    }
    figure("limiter", "residue of a 100 Hz sine of -6 dBFS that +12 dB drive into it", in,
           "<=", -90.0, "dBFS");
    figure("limiter", "residue of the way out of it again", out, "<=", -90.0, "dBFS");
    assert_true(in <= -90.0 && out <= -90.0);
}

/// All but the fundamental, fitted over whole periods; by the level of that.
static double
distortion_db(double hz)
{
    double a = 0.0, b = 0.0, power = 0.0;
    for (int n = TOTAL - RATE; n < TOTAL; n++) {
        a += (double)left[n] * cos(2.0 * M_PI * hz * n / RATE) * 2.0 / RATE;
        b += (double)left[n] * sin(2.0 * M_PI * hz * n / RATE) * 2.0 / RATE;
    }
    for (int n = TOTAL - RATE; n < TOTAL; n++) {
        const double angle = 2.0 * M_PI * hz * n / RATE;
        const double rest = (double)left[n] - a * cos(angle) - b * sin(angle);
        power += rest * rest / RATE;
    }
    return db(sqrt(power) / sqrt((a * a + b * b) / 2.0));
}

static void
test_a_limited_bass_stays_a_sine(void **state)
{
    (void)state;
    for (int hz = 20; hz <= 100; hz += 80) {
        struct ch_limiter *limiter = create(RATE, CH_LIMITER_CEILING);
        fill_sine(hz, 2.0);
        ch_limiter_run(limiter, left, right, TOTAL);
        ch_limiter_destroy(limiter);
        char what[64];
        snprintf(what, sizeof what, "distortion of a sine that is limited by 7 dB [%d Hz]", hz);
        figure("limiter", what, distortion_db(hz), "<=", -120.0, "dB");
        assert_true(distortion_db(hz) <= -120.0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_true_peak),
        cmocka_unit_test(test_bypass_leaves_no_residue),
        cmocka_unit_test(test_ceiling_leaves_no_residue),
        cmocka_unit_test(test_a_hundred_changes_a_second),
        cmocka_unit_test(test_engaging_leaves_no_residue),
        cmocka_unit_test(test_a_limited_bass_stays_a_sine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: ISC
// tests/unit/test_tone.c — tones against their Fourier series, noise against its law.

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/dsp/tone.h"
#include "tests/unit/near.h"

#define RATE 48000u

static struct ch_tone_spec
spec_of(enum ch_tone_kind kind, double freq_hz, double level_db)
{
    return (struct ch_tone_spec){
        .kind = kind, .freq_hz = freq_hz, .end_hz = 20000.0, .level_db = level_db};
}

/// n frames made in uneven pieces, left channel.
static float *
make(const struct ch_tone_spec *spec, uint32_t rate_hz, uint64_t from, uint32_t n, float **right)
{
    struct ch_tone tone;
    ch_tone_init(&tone, spec, rate_hz);
    if (from) {
        ch_tone_seek(&tone, from);
    }
    float *stereo = malloc((size_t)n * 2 * sizeof *stereo);
    float *left = malloc((size_t)n * sizeof *left);
    assert_non_null(stereo);
    assert_non_null(left);
    const uint32_t pieces[] = {1, 777, 64, 4096, 3};
    for (uint32_t done = 0, p = 0; done < n; p++) {
        const uint32_t piece = pieces[p % 5] < n - done ? pieces[p % 5] : n - done;
        assert_int_equal(ch_tone_run(&tone, stereo + 2 * (size_t)done, piece), piece);
        done += piece;
    }
    if (right) {
        *right = malloc((size_t)n * sizeof **right);
        assert_non_null(*right);
    }
    for (uint32_t i = 0; i < n; i++) {
        left[i] = stereo[2 * i];
        if (right) {
            (*right)[i] = stereo[2 * i + 1];
        }
    }
    free(stereo);
    return left;
}

/// Amplitude and sine-phase of the partial with `cycles` whole cycles in n frames.
static double
partial(const float *x, uint32_t n, uint32_t cycles, double *as_sine)
{
    double re = 0.0, im = 0.0;
    for (uint32_t i = 0; i < n; i++) {
        const double angle = 2.0 * M_PI * (double)((uint64_t)cycles * i % n) / n;
        re += (double)x[i] * cos(angle);
        im += (double)x[i] * sin(angle);
    }
    if (as_sine) {
        *as_sine = 2.0 * im / n;
    }
    return 2.0 * hypot(re, im) / n;
}

static void
test_sine(void **state)
{
    (void)state;
    const struct ch_tone_spec spec = spec_of(CH_TONE_SINE, 997.0, -6.0);
    float *right;
    float *x = make(&spec, RATE, 0, RATE, &right);
    const double peak = pow(10.0, -0.3);
    for (uint32_t i = 0; i < RATE; i++) {
        assert_near(x[i], peak * sin(2.0 * M_PI * 997.0 * i / RATE), 1e-7);
        assert_true(x[i] == right[i]);
    }
    free(x);
    free(right);
}

/// The ideal amplitude of partial k, signed as a sine that starts at frame 0.
static double
series(enum ch_tone_kind kind, uint32_t k)
{
    const double odd_sign = k / 2 % 2 ? -1.0 : 1.0;
    switch ((int)kind) {
    case CH_TONE_SQUARE:
        return k % 2 ? 4.0 / (M_PI * k) : 0.0;
    case CH_TONE_TRIANGLE:
        return k % 2 ? odd_sign * 8.0 / (M_PI * M_PI * k * k) : 0.0;
    case CH_TONE_SAW:
        return (k % 2 ? 1.0 : -1.0) * 2.0 / (M_PI * k);
    default:
        return 0.0;
    }
}

/// One second at a whole number of Hz: every partial is one bin, and any alias falls into another.
static void
test_band_limited_shapes(void **state)
{
    (void)state;
    static const enum ch_tone_kind kinds[] = {CH_TONE_SQUARE, CH_TONE_TRIANGLE, CH_TONE_SAW};
    static const uint32_t freqs_hz[] = {50, 441, 3001, 9001};
    for (size_t t = 0; t < 3; t++) {
        for (size_t f = 0; f < 4; f++) {
            const struct ch_tone_spec spec = spec_of(kinds[t], freqs_hz[f], 0.0);
            float *x = make(&spec, RATE, 0, RATE, NULL);
            double power = 0.0;
            for (uint32_t i = 0; i < RATE; i++) {
                power += (double)x[i] * (double)x[i] / RATE;
            }
            for (uint32_t k = 1; k * freqs_hz[f] < RATE / 2; k++) {
                double sine;
                const double amplitude = partial(x, RATE, k * freqs_hz[f], &sine);
                power -= amplitude * amplitude / 2.0;
                if (k > 40 && k % 17) {
                    continue; // the sum over all is above; a sample of the small ones will do
                }
                const double ideal = series(kinds[t], k);
                const double tolerance = k * freqs_hz[f] > RATE / 4 ? 0.05 : 0.003;
                assert_near(sine, ideal, fabs(ideal) * tolerance + 2e-5);
                assert_near(amplitude, fabs(ideal), fabs(ideal) * tolerance + 2e-5);
            }
            // Whatever is left is no partial: all of it together below -80 dB.
            assert_true(fabs(power) < 1e-8);
            free(x);
        }
    }
}

static void
test_low_edges_do_not_drift(void **state)
{
    (void)state;
    const struct ch_tone_spec spec = spec_of(CH_TONE_SAW, 20.0, 0.0);
    struct ch_tone tone;
    ch_tone_init(&tone, &spec, RATE);
    float stereo[2 * 2400];
    for (int period = 0; period < 1200; period++) {
        assert_int_equal(ch_tone_run(&tone, stereo, 2400), 2400);
    }
    double mean = 0.0;
    for (uint32_t i = 0; i < 2400; i++) {
        mean += (double)stereo[2 * i] / 2400.0;
    }
    assert_near(mean, 0.0, 1e-4);
    assert_near(stereo[2 * 600], 0.5, 1e-3);
}

static void
test_seek_is_where_playing_gets(void **state)
{
    (void)state;
    for (int k = 0; k < CH_TONE_KINDS; k++) {
        if (k == CH_TONE_WHITE || k == CH_TONE_PINK || k == CH_TONE_BROWN) {
            continue;
        }
        const struct ch_tone_spec spec = spec_of((enum ch_tone_kind)k, 333.3, -3.0);
        float *all = make(&spec, RATE, 0, 60000, NULL);
        float *from = make(&spec, RATE, 40001, 19999, NULL);
        for (uint32_t i = 0; i < 19999; i++) {
            assert_near(from[i], all[40001 + i], 1e-5);
        }
        free(all);
        free(from);
    }
}

static double
rms(const float *x, uint32_t n)
{
    double sum = 0.0;
    for (uint32_t i = 0; i < n; i++) {
        sum += (double)x[i] * (double)x[i];
    }
    return sqrt(sum / n);
}

/// Power of x in the octave below `high_hz`, by a sample of its bins.
static double
octave_power_db(const float *x, uint32_t n, uint32_t rate_hz, double high_hz)
{
    double power = 0.0;
    const double low = 0.5 * high_hz * n / rate_hz;
    const double high = high_hz * n / rate_hz;
    const uint32_t count = 200;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t bin = (uint32_t)(low + (high - low) * i / count);
        const double a = partial(x, n, bin, NULL);
        power += a * a;
    }
    return 10.0 * log10(power * (high - low) / count);
}

static void
test_noise(void **state)
{
    (void)state;
    static const struct {
        enum ch_tone_kind kind;
        double octave_db; // how much more an octave holds than the one below it
    } colours[] = {{CH_TONE_WHITE, 3.01}, {CH_TONE_PINK, 0.0}, {CH_TONE_BROWN, -3.01}};
    enum { N = 1 << 18 };
    for (size_t c = 0; c < 3; c++) {
        const struct ch_tone_spec spec = spec_of(colours[c].kind, 440.0, -12.0);
        float *right;
        float *left = make(&spec, RATE, 0, N, &right);
        // A full-scale sine has an RMS of -3.01 dB.
        assert_near(20.0 * log10(rms(left, N)), -15.01,
                    colours[c].kind == CH_TONE_BROWN ? 1.5 : 0.3);
        double cross = 0.0;
        for (uint32_t i = 0; i < N; i++) {
            cross += (double)left[i] * (double)right[i] / N;
        }
        assert_true(fabs(cross) < 0.1 * rms(left, N) * rms(right, N));
        const double high = octave_power_db(left, N, RATE, 16000.0);
        const double low = octave_power_db(left, N, RATE, 250.0);
        assert_near(high - low, 6.0 * colours[c].octave_db, 2.0);
        free(left);
        free(right);
    }
}

static void
test_noise_is_deterministic(void **state)
{
    (void)state;
    const struct ch_tone_spec spec = spec_of(CH_TONE_PINK, 440.0, -12.0);
    float *a = make(&spec, RATE, 0, 1000, NULL);
    float *b = make(&spec, RATE, 0, 1000, NULL);
    float *c = make(&spec, RATE, 5000, 1000, NULL);
    assert_memory_equal(a, b, 1000 * sizeof *a);
    assert_memory_not_equal(a, c, 1000 * sizeof *a);
    free(a);
    free(b);
    free(c);
}

/// Cycles between two frames of a sweep, from the closed form of its frequency.
static void
test_sweep(void **state)
{
    (void)state;
    struct ch_tone_spec spec = spec_of(CH_TONE_SWEEP, 100.0, 0.0);
    spec.end_hz = 6400.0;
    spec.duration_s = 3.0;
    struct ch_tone tone;
    ch_tone_init(&tone, &spec, RATE);
    float *stereo = malloc(2 * 4 * RATE * sizeof *stereo);
    assert_non_null(stereo);
    assert_int_equal(ch_tone_run(&tone, stereo, 4 * RATE), 3 * RATE);
    assert_int_equal(ch_tone_run(&tone, stereo, 100), 0);
    // After half the time it has crossed three of the six octaves: 800 Hz.
    uint32_t crossings = 0;
    for (uint32_t i = 72000 - 2400; i < 72000 + 2400; i++) {
        crossings += (stereo[2 * i] < 0.0f) != (stereo[2 * i + 2] < 0.0f);
    }
    assert_near(crossings / 2.0 / 0.1, 800.0, 10.0);
    free(stereo);

    // For ever: it begins again after 10 s without a jump in phase.
    spec.duration_s = 0.0;
    spec.end_hz = 200.0;
    float *x = make(&spec, RATE, 10 * RATE - 100, 200, NULL);
    for (uint32_t i = 1; i < 200; i++) {
        assert_true(fabsf(x[i] - x[i - 1]) < 2.0f * (float)M_PI * 201.0f / RATE);
    }
    free(x);
}

static void
test_impulse(void **state)
{
    (void)state;
    const struct ch_tone_spec spec = spec_of(CH_TONE_IMPULSE, 7.0, -6.0);
    float *x = make(&spec, RATE, 0, RATE, NULL);
    uint32_t n = 0;
    for (uint32_t i = 0; i < RATE; i++) {
        if (x[i] != 0.0f) {
            assert_int_equal(i, (uint32_t)ceil(n * RATE / 7.0));
            assert_near(x[i], pow(10.0, -0.3), 1e-6);
            n++;
        }
    }
    assert_int_equal(n, 7);
    free(x);
}

static void
test_multitone(void **state)
{
    (void)state;
    const struct ch_tone_spec spec = spec_of(CH_TONE_MULTITONE, 440.0, -6.0);
    enum { N = 4 * RATE };
    float *x = make(&spec, RATE, 0, N, NULL);
    const double peak = pow(10.0, -0.3);
    double highest = 0.0;
    for (uint32_t i = 0; i < N; i++) {
        highest = fmax(highest, fabs((double)x[i]));
    }
    assert_true(highest <= peak);
    for (uint32_t k = 0; k < 10; k++) {
        assert_near(partial(x, N, 125u << k, NULL), peak / 10.0, 1e-6);
    }
    free(x);
}

static void
test_duration(void **state)
{
    (void)state;
    struct ch_tone_spec spec = spec_of(CH_TONE_SQUARE, 440.0, -6.0);
    spec.duration_s = 0.01;
    struct ch_tone tone;
    ch_tone_init(&tone, &spec, 44100);
    float stereo[2 * 1000];
    assert_int_equal(ch_tone_run(&tone, stereo, 400), 400);
    assert_int_equal(ch_tone_run(&tone, stereo, 400), 41);
    assert_int_equal(ch_tone_run(&tone, stereo, 400), 0);
    ch_tone_seek(&tone, 440);
    assert_int_equal(ch_tone_run(&tone, stereo, 400), 1);
    ch_tone_seek(&tone, 100000);
    assert_int_equal(ch_tone_run(&tone, stereo, 400), 0);
}

static void
test_names(void **state)
{
    (void)state;
    enum ch_tone_kind kind;
    assert_true(ch_tone_kind_from_name("sine", &kind));
    assert_int_equal(kind, CH_TONE_SINE);
    assert_true(ch_tone_kind_from_name("multitone", &kind));
    assert_int_equal(kind, CH_TONE_MULTITONE);
    assert_false(ch_tone_kind_from_name("Sine", &kind));
    assert_false(ch_tone_kind_from_name("", &kind));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sine),
        cmocka_unit_test(test_band_limited_shapes),
        cmocka_unit_test(test_low_edges_do_not_drift),
        cmocka_unit_test(test_seek_is_where_playing_gets),
        cmocka_unit_test(test_noise),
        cmocka_unit_test(test_noise_is_deterministic),
        cmocka_unit_test(test_sweep),
        cmocka_unit_test(test_impulse),
        cmocka_unit_test(test_multitone),
        cmocka_unit_test(test_duration),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: ISC
// tests/unit/test_limiter.c — the bound, the bits, and the gain against a plain evaluation.

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/base/units.h"
#include "daemon/dsp/limiter.h"
#include "tests/unit/near.h"

enum { TOTAL = 48000 };

static float left[TOTAL], right[TOTAL], in_left[TOTAL], in_right[TOTAL];

static const uint32_t rates_hz[] = {CH_RATE_MIN_HZ, 44100, 48000, 96000, CH_RATE_MAX_HZ};

static uint32_t
random_below(uint32_t *seed, uint32_t limit)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % limit;
}

static float
random_sample(uint32_t *seed, float peak)
{
    return peak * ((float)random_below(seed, 20001) / 10000.0f - 1.0f);
}

// What may come, from harmless to absurd.
enum signal {
    QUIET_NOISE,
    LOUD_NOISE,
    SQUARE_BURSTS,
    SPARSE_PEAKS,
    LOUD_SINE,
    HUGE_NOISE,
    SIGNALS
};

static float
sample(enum signal signal, int n, uint32_t *seed)
{
    switch (signal) {
    case QUIET_NOISE:
        return random_sample(seed, 0.5f);
    case LOUD_NOISE:
        return random_sample(seed, 8.0f);
    case SQUARE_BURSTS:
        return n / 3000 % 2 ? (n / 50 % 2 ? 2.5f : -2.5f) : random_sample(seed, 0.3f);
    case SPARSE_PEAKS:
        return random_below(seed, 700) == 0 ? random_sample(seed, 20.0f)
                                            : random_sample(seed, 1.0f);
    case LOUD_SINE:
        return 2.0f * (float)sin(0.0131 * n);
    case HUGE_NOISE:
        return random_below(seed, 50) == 0 ? random_sample(seed, FLT_MAX)
                                           : random_sample(seed, 1e-3f);
    case SIGNALS:
        break;
    }
    return 0.0f;
}

static void
fill(enum signal signal, uint32_t seed)
{
    for (int n = 0; n < TOTAL; n++) {
        left[n] = sample(signal, n, &seed);
        right[n] = sample(signal, n + 17, &seed);
    }
    memcpy(in_left, left, sizeof left);
    memcpy(in_right, right, sizeof right);
}

static void
run(struct ch_limiter *limiter, uint32_t block)
{
    for (uint32_t n = 0; n < TOTAL; n += block) {
        ch_limiter_run(limiter, left + n, right + n, TOTAL - n < block ? TOTAL - n : block);
    }
}

static struct ch_limiter *
create(uint32_t rate_hz)
{
    struct ch_limiter *limiter = ch_limiter_create(rate_hz);
    assert_non_null(limiter);
    return limiter;
}

static void
test_latency(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rates_hz / sizeof *rates_hz; i++) {
        struct ch_limiter *limiter = create(rates_hz[i]);
        assert_near(ch_limiter_latency(limiter), 0.0015 * rates_hz[i], 0.5);
        ch_limiter_set_bypass(limiter, true);
        assert_near(ch_limiter_latency(limiter), 0.0015 * rates_hz[i], 0.5);
        ch_limiter_destroy(limiter);
    }
    ch_limiter_destroy(NULL);
}

/// Up to 0.05 dB below the ceiling every bit comes out, later.
static void
test_below_the_ceiling_only_delays(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rates_hz / sizeof *rates_hz; i++) {
        struct ch_limiter *limiter = create(rates_hz[i]);
        const uint32_t latency = ch_limiter_latency(limiter);
        fill(QUIET_NOISE, 1);
        const double loud = CH_LIMITER_CEILING * pow(10.0, -0.06 / 20.0);
        for (int n = 0; n < TOTAL / 2; n++) {
            left[n] = in_left[n] = (float)(loud * sin(0.0131 * n));
            right[n] = in_right[n] *= 0.4f; // at most 2.5 times that between samples
        }
        run(limiter, 256);
        for (uint32_t n = 0; n < latency; n++) {
            assert_true(left[n] == 0.0f && right[n] == 0.0f);
        }
        assert_memory_equal(left + latency, in_left, (TOTAL - latency) * sizeof *left);
        assert_memory_equal(right + latency, in_right, (TOTAL - latency) * sizeof *right);
        assert_true(ch_limiter_take_min_gain(limiter) == 1.0f);
        ch_limiter_destroy(limiter);
    }
}

/// The promise: never above the ceiling, not by one bit.
static void
test_bound(void **state)
{
    (void)state;
    static const float ceilings[] = {1.0f, 0.8912509f, 0.1f, 0.70710677f, 0.33333334f};
    for (size_t i = 0; i < sizeof rates_hz / sizeof *rates_hz; i++) {
        for (size_t k = 0; k < sizeof ceilings / sizeof *ceilings; k++) {
            for (int signal = 0; signal < SIGNALS; signal++) {
                struct ch_limiter *limiter = create(rates_hz[i]);
                ch_limiter_set_ceiling(limiter, ceilings[k]);
                ch_limiter_reset(limiter); // the ceiling is where it goes
                fill((enum signal)signal, (uint32_t)(signal + 1));
                run(limiter, 480);
                float peak = 0.0f;
                for (int n = 0; n < TOTAL; n++) {
                    peak = fmaxf(peak, fmaxf(fabsf(left[n]), fabsf(right[n])));
                }
                assert_true(peak <= ceilings[k]);
                assert_true(signal == HUGE_NOISE || peak > 0.2f * ceilings[k]);
                ch_limiter_destroy(limiter);
            }
        }
    }
}

/// Of a ceiling that moves down it is the value when the frame came in that is kept.
static void
test_moving_ceiling(void **state)
{
    (void)state;
    struct ch_limiter *limiter = create(48000);
    const uint32_t latency = ch_limiter_latency(limiter);
    ch_limiter_set_ceiling(limiter, 1.0f);
    ch_limiter_reset(limiter);
    fill(LOUD_NOISE, 2);
    ch_limiter_run(limiter, left, right, 8192);
    ch_limiter_set_ceiling(limiter, 0.25f);
    ch_limiter_run(limiter, left + 8192, right + 8192, 8192);
    for (uint32_t n = 0; n < 8192; n++) {
        assert_true(fabsf(left[n]) <= 1.0f && fabsf(right[n]) <= 1.0f);
    }
    for (uint32_t n = 8192; n < 2 * 8192; n++) {
        const double x = ((double)n - latency - 8192.0 + 1.0) / 960.0;
        const double way = x <= 0.0 ? 0.0 : x >= 1.0 ? 1.0 : 0.5 - 0.5 * cos(M_PI * x);
        assert_true((double)fabsf(left[n]) <= 1.0 - 0.75 * way + 1e-6);
        assert_true((double)fabsf(right[n]) <= 1.0 - 0.75 * way + 1e-6);
    }
    ch_limiter_destroy(limiter);
}

enum { RATE = 48000, HALF = 10, SLOT = 97, DEFINED = 12000 };

static double
kaiser(double x)
{
    double term = 1.0, sum = 1.0;
    for (int k = 1; k < 40; k++) {
        term *= x * x / (4.0 * k * k);
        sum += term;
    }
    return sum;
}

/// Of one channel between samples: by a sinc in a Kaiser window of 20 samples, or a Hann one of 12.
static double
between(const float *x, int after, double part, bool soft)
{
    const int half = soft ? 6 : HALF;
    double sum = 0.0, weights = 0.0;
    for (int n = after - half + 1; n <= after + half; n++) {
        const double t = after + part - n, at = t / half;
        const double window = soft ? 0.5 + 0.5 * cos(M_PI * at) : kaiser(3.5 * sqrt(1.0 - at * at));
        const double w = window * sin(M_PI * t) / t;
        weights += w;
        sum += n < 0 || n >= TOTAL ? 0.0 : w * (double)x[n];
    }
    return fabs(sum / weights);
}

static double
place(int after, int eighth)
{
    double highest = 0.0;
    for (int soft = 0; soft < 1 + (eighth % 2 == 0); soft++) {
        highest = fmax(highest, between(in_left, after, eighth / 8.0, soft));
        highest = fmax(highest, between(in_right, after, eighth / 8.0, soft));
    }
    return highest;
}

/// Everything written down without any cleverness.
static void
define_gain(double ceiling, double gain[DEFINED])
{
    static double peak[DEFINED], envelope[DEFINED], box[4][DEFINED];
    static const int length[] = {16, 24, 25};
    double slow = 1.0, last = 1.0;
    for (int n = 0; n < DEFINED; n++) {
        const int at = n - HALF; // the frame whose peak is complete
        double between_behind = 0.0;
        for (int eighth = 1; eighth < 8; eighth++) {
            between_behind = fmax(between_behind, place(at, eighth));
        }
        const double sample =
            at < 0 ? 0.0 : fmax(fabs((double)in_left[at]), fabs((double)in_right[at]));
        peak[n] = fmax(sample, between_behind);
        double held = 0.0;
        for (int i = n; i >= 0 && i / SLOT > n / SLOT - 16; i--) {
            held = fmax(held, peak[i]);
        }
        const double required = held > ceiling ? ceiling / held : 1.0;
        slow += (required - slow) * (1.0 - exp(-1.0 / ((required < slow ? 0.2 : 0.4) * RATE)));
        const double back = fmin(required, slow);
        last += back > last ? (back - last) * (1.0 - exp(-1.0 / (0.05 * RATE))) : 0.0;
        last = fmin(last, required);
        envelope[n] = last;
        for (int b = 0; b < 3; b++) {
            const double *from = b == 0 ? envelope : box[b - 1];
            double sum = 0.0;
            for (int i = n - length[b] + 1; i <= n; i++) {
                sum += i < 0 ? 1.0 : from[i];
            }
            box[b][n] = sum / length[b];
        }
        gain[n] = box[2][n];
    }
}

static void
test_gain_is_as_defined(void **state)
{
    (void)state;
    static double gain[DEFINED];
    for (int signal = LOUD_NOISE; signal <= LOUD_SINE; signal++) {
        struct ch_limiter *limiter = create(RATE);
        const int latency = (int)ch_limiter_latency(limiter);
        double lowest = 1.0;
        fill((enum signal)signal, 3);
        define_gain(CH_LIMITER_CEILING * pow(10.0, -0.05 / 20.0), gain);
        ch_limiter_run(limiter, left, right, 8192);
        ch_limiter_run(limiter, left + 8192, right + 8192, DEFINED - 8192);
        for (int n = latency; n < DEFINED; n++) {
            assert_near((double)left[n], (double)in_left[n - latency] * gain[n], 2e-5);
            assert_near((double)right[n], (double)in_right[n - latency] * gain[n], 2e-5);
            lowest = fmin(lowest, gain[n]);
        }
        assert_near((double)ch_limiter_take_min_gain(limiter), lowest, 1e-5);
        assert_true(ch_limiter_take_min_gain(limiter) == 1.0f);
        ch_limiter_destroy(limiter);
    }
}

/// Both channels get one gain, so nothing moves in the stereo picture.
static void
test_channels_are_linked(void **state)
{
    (void)state;
    struct ch_limiter *limiter = create(48000);
    fill(LOUD_NOISE, 4);
    for (int n = 0; n < TOTAL; n++) {
        right[n] = 0.25f * left[n];
    }
    run(limiter, 100);
    for (int n = 0; n < TOTAL; n++) {
        assert_near((double)right[n], 0.25 * (double)left[n], 1e-7);
    }
    ch_limiter_destroy(limiter);
}

/// After a burst the gain is exactly 1 again: no drift, every bit.
static void
test_back_to_every_bit(void **state)
{
    (void)state;
    struct ch_limiter *limiter = create(8000);
    const uint32_t latency = ch_limiter_latency(limiter);
    for (int turn = 0; turn < 3; turn++) {
        fill(QUIET_NOISE, 5);
        for (int n = 0; n < TOTAL; n++) {
            left[n] = in_left[n] *= 0.5f;
            right[n] = in_right[n] *= 0.5f;
        }
        for (int n = 100; turn == 0 && n < 8000; n++) {
            left[n] *= 100.0f;
        }
        run(limiter, 64);
    }
    assert_memory_equal(left + latency, in_left, (TOTAL - latency) * sizeof *left);
    assert_memory_equal(right + latency, in_right, (TOTAL - latency) * sizeof *right);
    assert_true(ch_limiter_take_min_gain(limiter) < 0.05f);
    ch_limiter_destroy(limiter);
}

/// Part of the reduction of 6 dB that is left `ms` after a peak of `loud_frames` has gone.
static double
reduction_left(int loud_frames, int ms)
{
    enum { BEGIN = 1000 };
    struct ch_limiter *limiter = create(48000);
    ch_limiter_set_ceiling(limiter, 1.0f);
    ch_limiter_reset(limiter);
    for (int n = 0; n < TOTAL; n++) {
        const bool loud = n >= BEGIN && n < BEGIN + loud_frames;
        left[n] = right[n] = loud ? 2.0f : 0.5f;
    }
    run(limiter, 512);
    ch_limiter_destroy(limiter);
    return 2.0 * (1.0 - 2.0 * (double)left[BEGIN + loud_frames + 72 + 48 * ms]);
}

/// Held for 30 ms; after a short peak most of the way back goes fast, after long limiting none.
static void
test_release_depends_on_what_was(void **state)
{
    (void)state;
    assert_near(reduction_left(1, 25), 1.0, 0.02);
    assert_true(reduction_left(1, 150) < 0.25);
    assert_true(reduction_left(1, 150) > 0.02);
    const double long_left = reduction_left(36000, 150);
    assert_true(long_left > 0.6 && long_left < 0.9);
}

static void
test_cut_into_blocks(void **state)
{
    (void)state;
    static const uint32_t blocks[] = {1, 7, 64, 8192};
    static float whole[2][TOTAL];
    for (int signal = LOUD_NOISE; signal <= LOUD_SINE; signal++) {
        for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
            struct ch_limiter *limiter = create(48000);
            fill((enum signal)signal, 6);
            memset(left + 20000, 0, 16000 * sizeof *left); // long enough to forget
            memset(right + 20000, 0, 16000 * sizeof *right);
            ch_limiter_set_ceiling(limiter, 0.7f);
            run(limiter, blocks[i]);
            if (i == 0) {
                memcpy(whole[0], left, sizeof left);
                memcpy(whole[1], right, sizeof right);
            }
            assert_memory_equal(left, whole[0], sizeof left);
            assert_memory_equal(right, whole[1], sizeof right);
            ch_limiter_destroy(limiter);
        }
    }
}

static void
test_bypass(void **state)
{
    (void)state;
    struct ch_limiter *limiter = create(48000);
    const uint32_t latency = ch_limiter_latency(limiter);
    ch_limiter_set_bypass(limiter, true);
    assert_false(ch_limiter_in_force(limiter));
    fill(LOUD_NOISE, 7);
    run(limiter, 128);
    const uint32_t faded = 960; // 20 ms
    assert_memory_equal(left + faded, in_left + faded - latency, (TOTAL - faded) * sizeof *left);

    ch_limiter_set_bypass(limiter, false);
    fill(LOUD_NOISE, 8);
    run(limiter, 128);
    assert_true(ch_limiter_in_force(limiter));
    for (uint32_t n = faded; n < TOTAL; n++) {
        assert_true(fabsf(left[n]) <= 1.0f && fabsf(right[n]) <= 1.0f);
    }
    ch_limiter_destroy(limiter);
}

static void
test_not_finite(void **state)
{
    (void)state;
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    struct ch_limiter *limiter = create(48000);
    const uint32_t latency = ch_limiter_latency(limiter);
    fill(QUIET_NOISE, 9);
    for (uint32_t n = 0; n < TOTAL; n++) {
        left[n] = in_left[n] *= 0.5f;
        right[n] = in_right[n] *= 0.5f;
    }
    for (uint32_t n = 0; n < 300; n++) {
        left[1000 + 5 * n] = bad[n % 3];
        right[1001 + 5 * n] = bad[(n + 1) % 3];
    }
    run(limiter, 64);
    for (uint32_t n = latency; n < TOTAL; n++) {
        const uint32_t source = n - latency;
        const bool in_range = source >= 1000 && source < 2500;
        assert_true(left[n] == (in_range && source % 5 == 0 ? 0.0f : in_left[source]));
        assert_true(right[n] == (in_range && source % 5 == 1 ? 0.0f : in_right[source]));
    }
    ch_limiter_destroy(limiter);
}

static void
test_quiet_and_reset(void **state)
{
    (void)state;
    struct ch_limiter *limiter = create(48000);
    const uint32_t latency = ch_limiter_latency(limiter);
    assert_true(ch_limiter_quiet(limiter));
    fill(QUIET_NOISE, 10);
    ch_limiter_run(limiter, left, right, 100);
    assert_false(ch_limiter_quiet(limiter));
    memset(left, 0, sizeof left);
    memset(right, 0, sizeof right);
    ch_limiter_run(limiter, left, right, latency - 1);
    assert_false(ch_limiter_quiet(limiter));
    ch_limiter_run(limiter, left + latency, right + latency, 1);
    assert_true(ch_limiter_quiet(limiter));

    fill(LOUD_NOISE, 11);
    ch_limiter_run(limiter, left, right, 1000);
    memset(left, 0, sizeof left);
    memset(right, 0, sizeof right);
    ch_limiter_run(limiter, left, right, 2 * latency);
    assert_false(ch_limiter_quiet(limiter)); // the gain is still on its way
    memset(left, 0, sizeof left);
    memset(right, 0, sizeof right);
    ch_limiter_run(limiter, left, right, 12000); // for a quarter of a second at most
    assert_true(ch_limiter_quiet(limiter));

    fill(LOUD_NOISE, 12);
    ch_limiter_run(limiter, left, right, 1000);
    ch_limiter_set_bypass(limiter, true);
    ch_limiter_reset(limiter);
    assert_true(ch_limiter_quiet(limiter));
    fill(LOUD_NOISE, 13);
    run(limiter, 480);
    for (uint32_t n = 0; n < latency; n++) {
        assert_true(left[n] == 0.0f);
    }
    assert_memory_equal(left + latency, in_left, (TOTAL - latency) * sizeof *left);
    ch_limiter_destroy(limiter);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_latency),
        cmocka_unit_test(test_below_the_ceiling_only_delays),
        cmocka_unit_test(test_bound),
        cmocka_unit_test(test_moving_ceiling),
        cmocka_unit_test(test_gain_is_as_defined),
        cmocka_unit_test(test_channels_are_linked),
        cmocka_unit_test(test_back_to_every_bit),
        cmocka_unit_test(test_release_depends_on_what_was),
        cmocka_unit_test(test_cut_into_blocks),
        cmocka_unit_test(test_bypass),
        cmocka_unit_test(test_not_finite),
        cmocka_unit_test(test_quiet_and_reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

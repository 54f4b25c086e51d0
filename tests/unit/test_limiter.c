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
#include "tests/unit/residue.h"

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

/// Up to the ceiling itself, every bit comes out, later.
static void
test_below_the_ceiling_only_delays(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rates_hz / sizeof *rates_hz; i++) {
        struct ch_limiter *limiter = create(rates_hz[i]);
        const uint32_t latency = ch_limiter_latency(limiter);
        fill(QUIET_NOISE, 1);
        for (int n = 1000; n < 1100; n++) {
            left[n] = in_left[n] = n % 2 ? 1.0f : -1.0f;
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
                assert_true(signal == QUIET_NOISE || peak > 0.0f);
                ch_limiter_destroy(limiter);
            }
        }
    }
}

/// A ceiling that moves is kept as it was when the frame came in.
static void
test_moving_ceiling(void **state)
{
    (void)state;
    struct ch_limiter *limiter = create(48000);
    const uint32_t latency = ch_limiter_latency(limiter);
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

/// Minimum, release and mean written down without any cleverness.
static void
test_gain_is_as_defined(void **state)
{
    (void)state;
    enum { N = 12000, RATE = 48000, SPAN = 73 };
    static double required[N], envelope[N];
    const double release = 1.0 - exp(-1.0 / (0.1 * RATE));
    for (int signal = LOUD_NOISE; signal <= LOUD_SINE; signal++) {
        struct ch_limiter *limiter = create(RATE);
        float min_gain = 1.0f;
        fill((enum signal)signal, 3);
        ch_limiter_run(limiter, left, right, 8192);
        ch_limiter_run(limiter, left + 8192, right + 8192, N - 8192);
        for (int n = 0; n < N; n++) {
            const double peak = fmax(fabs((double)in_left[n]), fabs((double)in_right[n]));
            required[n] = peak > 1.0 ? 1.0 / peak : 1.0;
            double minimum = 1.0, sum = 0.0;
            for (int i = n < SPAN ? 0 : n - SPAN + 1; i <= n; i++) {
                minimum = fmin(minimum, required[i]);
            }
            const double before = n > 0 ? envelope[n - 1] : 1.0;
            envelope[n] = fmin(minimum, before + (minimum - before) * release);
            for (int i = n - SPAN + 1; i <= n; i++) {
                sum += i < 0 ? 1.0 : envelope[i];
            }
            const int source = n - SPAN + 1;
            const double expected = source < 0 ? 0.0 : (double)in_left[source] * sum / SPAN;
            assert_near((double)left[n], expected, 3e-6);
            min_gain = fminf(min_gain, (float)(sum / SPAN));
        }
        assert_near((double)ch_limiter_take_min_gain(limiter), (double)min_gain, 1e-6);
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
    fill(QUIET_NOISE, 5);
    for (int n = 100; n < 8000; n++) {
        left[n] *= 100.0f;
    }
    run(limiter, 64);
    const uint32_t settled = 8000 + 2 * 8000; // 20 time constants of release
    assert_memory_not_equal(left + 8100, in_left + 8100 - latency, 4000 * sizeof *left);
    assert_memory_equal(left + settled, in_left + settled - latency,
                        (TOTAL - settled) * sizeof *left);
    assert_memory_equal(right + settled, in_right + settled - latency,
                        (TOTAL - settled) * sizeof *right);
    assert_true(ch_limiter_take_min_gain(limiter) < 0.05f);
    ch_limiter_destroy(limiter);
}

/// 63 % of the way back after the time constant.
static void
test_release_time(void **state)
{
    (void)state;
    struct ch_limiter *limiter = create(48000);
    for (int n = 0; n < TOTAL; n++) {
        left[n] = right[n] = n == 2000 ? 2.0f : 0.5f;
    }
    run(limiter, 512);
    const int released = 2000 + 72; // the peak has left the window
    for (int ms = 20; ms <= 400; ms += 20) {
        const double gain = 2.0 * (double)left[released + 48 * ms];
        assert_near(gain, 1.0 - 0.5 * exp(-ms / 100.0), 0.005);
    }
    ch_limiter_destroy(limiter);
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
            memset(left + 30000, 0, 3000 * sizeof *left);
            memset(right + 30000, 0, 3000 * sizeof *right);
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
    fill(LOUD_NOISE, 7);
    run(limiter, 128);
    const uint32_t faded = 960; // 20 ms
    assert_memory_equal(left + faded, in_left + faded - latency, (TOTAL - faded) * sizeof *left);

    ch_limiter_set_bypass(limiter, false);
    fill(LOUD_NOISE, 8);
    run(limiter, 128);
    for (uint32_t n = faded; n < TOTAL; n++) {
        assert_true(fabsf(left[n]) <= 1.0f && fabsf(right[n]) <= 1.0f);
    }
    ch_limiter_destroy(limiter);
}

/// Bypass, use and ceiling while 6 dB are being taken off a sine.
static void
test_changes_leave_no_residue(void **state)
{
    (void)state;
    struct ch_limiter *limiter = create(48000);
    ch_limiter_set_ceiling(limiter, 0.25f);
    ch_limiter_reset(limiter);
    for (int n = 0; n < TOTAL; n++) {
        // Both peaks of a quadrature pair make an even envelope: the limiter itself adds nothing.
        left[n] = 0.5f * (float)sin(2.0 * M_PI * 100.0 * n / 48000.0);
        right[n] = 0.5f * (float)(n % 240 < 120 ? 1.0 : -1.0);
    }
    ch_limiter_run(limiter, left, right, 8000);
    for (int n = 8000, k = 0; n < TOTAL; n += 4000, k++) {
        if (k == 4) {
            ch_limiter_set_ceiling(limiter, 0.4f);
        }
        ch_limiter_set_bypass(limiter, k % 2 == 0);
        ch_limiter_run(limiter, left + n, right + n, 4000);
    }
    const double residue = residue_db(left + 4000, TOTAL - 4000);
    print_message("%.1f dBFS\n", residue);
    assert_true(residue < -90.0);
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
    for (int second = 0; second < 2; second++) {
        memset(left, 0, sizeof left);
        memset(right, 0, sizeof right);
        run(limiter, 480);
    }
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
        cmocka_unit_test(test_release_time),
        cmocka_unit_test(test_cut_into_blocks),
        cmocka_unit_test(test_bypass),
        cmocka_unit_test(test_changes_leave_no_residue),
        cmocka_unit_test(test_not_finite),
        cmocka_unit_test(test_quiet_and_reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

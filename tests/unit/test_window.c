// SPDX-License-Identifier: ISC
// tests/unit/test_window.c — windows against their published figures of merit.

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/dsp/window.h"
#include "tests/unit/near.h"

enum { N = 1024 };

// Heinzel, Ruediger, Schilling (2002), appendix C, and Harris (1978), table I.
static const struct {
    enum ch_window_kind kind;
    const char *name;
    double coherent_gain, enbw, scallop_db, side_lobe_db;
    double main_lobe; // bins to the first zero
} figures[] = {
    {CH_WINDOW_HANN, "hann", 0.5, 1.5, 1.42, -31.4, 2.0},
    {CH_WINDOW_BLACKMAN_HARRIS, "blackman_harris", 0.359, 2.004, 0.83, -92.0, 4.0},
    {CH_WINDOW_FLAT_TOP, "flat_top", 0.2156, 3.77, 0.01, -90.0, 5.0},
};

/// |DFT| of the window at a fraction of a bin, relative to that at 0.
static double
gain_at(const float *window, double sum, double bin)
{
    double re = 0.0, im = 0.0;
    for (int i = 0; i < N; i++) {
        re += (double)window[i] * cos(2.0 * M_PI * bin * i / N);
        im += (double)window[i] * sin(2.0 * M_PI * bin * i / N);
    }
    return 20.0 * log10(hypot(re, im) / sum);
}

static void
test_figures(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        float window[N];
        double sum, sum_sq;
        ch_window_fill(figures[i].kind, window, N, &sum, &sum_sq);
        assert_near(sum / N, figures[i].coherent_gain, 0.001);
        assert_near(N * sum_sq / (sum * sum), figures[i].enbw, 0.01);
        assert_near(-gain_at(window, sum, 0.5), figures[i].scallop_db, 0.01);
        for (double bin = figures[i].main_lobe + 0.05; bin < 40.0; bin += 0.1) {
            assert_true(gain_at(window, sum, bin) < figures[i].side_lobe_db);
        }
    }
}

static void
test_shape(void **state)
{
    (void)state;
    for (int kind = 0; kind < CH_WINDOWS; kind++) {
        float window[N];
        double sum = 0.0, sum_sq = 0.0, check = 0.0;
        ch_window_fill((enum ch_window_kind)kind, window, N, &sum, &sum_sq);
        assert_near((double)window[N / 2], 1.0, 1e-6);
        for (int i = 1; i < N; i++) {
            assert_near((double)window[i], (double)window[N - i],
                        1e-6); // periodic: symmetric about N/2
        }
        for (int i = 0; i < N; i++) {
            check += (double)window[i];
        }
        assert_near(sum, check, 1e-3);
        ch_window_fill((enum ch_window_kind)kind, window, N, NULL, NULL);
    }
}

static void
test_terms(void **state)
{
    (void)state;
    for (int kind = 0; kind < CH_WINDOWS; kind++) {
        uint32_t n_terms;
        const double *terms = ch_window_terms((enum ch_window_kind)kind, &n_terms);
        double sum = 0.0;
        for (uint32_t m = 0; m < n_terms; m++) {
            sum += terms[m];
        }
        assert_in_range(n_terms, 2, CH_WINDOW_TERMS_MAX);
        assert_near(sum, 1.0, 1e-6);
    }
}

static void
test_names(void **state)
{
    (void)state;
    enum ch_window_kind kind;
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        assert_string_equal(ch_window_name(figures[i].kind), figures[i].name);
        assert_true(ch_window_kind_from_name(figures[i].name, &kind));
        assert_int_equal(kind, figures[i].kind);
    }
    assert_false(ch_window_kind_from_name("Hann", &kind));
    assert_false(ch_window_kind_from_name("", &kind));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_figures),
        cmocka_unit_test(test_shape),
        cmocka_unit_test(test_terms),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

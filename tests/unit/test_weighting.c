// SPDX-License-Identifier: ISC
// tests/unit/test_weighting.c — A, C and Z beside the table of IEC 61672-1:2013.

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/dsp/weighting.h"
#include "tests/unit/near.h"

/// Table 3, from 10 Hz to 20 kHz in third octaves, in tenths of a decibel.
static const struct {
    int a, c;
} table[] = {{-704, -143}, {-634, -112}, {-567, -85}, {-505, -62}, {-447, -44}, {-394, -30},
             {-346, -20},  {-302, -13},  {-262, -8},  {-225, -5},  {-191, -3},  {-161, -2},
             {-134, -1},   {-109, 0},    {-86, 0},    {-66, 0},    {-48, 0},    {-32, 0},
             {-19, 0},     {-8, 0},      {0, 0},      {6, 0},      {10, -1},    {12, -2},
             {13, -3},     {12, -5},     {10, -8},    {5, -13},    {-1, -20},   {-11, -30},
             {-25, -44},   {-43, -62},   {-66, -85},  {-93, -112}};

static double
weight_db(enum ch_weighting weighting, double hz)
{
    return 10.0 * log10(ch_weighting_power(weighting, hz));
}

static void
test_table(void **state)
{
    (void)state;
    for (int i = 0; i < (int)(sizeof table / sizeof *table); i++) {
        const double hz = pow(10.0, (10 + i) / 10.0);
        assert_int_equal(lrint(10.0 * weight_db(CH_WEIGHTING_A, hz)), table[i].a);
        assert_int_equal(lrint(10.0 * weight_db(CH_WEIGHTING_C, hz)), table[i].c);
        assert_near(weight_db(CH_WEIGHTING_Z, hz), 0.0, 0.0);
    }
}

/// What the poles were chosen for.
static void
test_by_definition(void **state)
{
    (void)state;
    assert_near(weight_db(CH_WEIGHTING_A, 1000.0), 0.0, 1e-12);
    assert_near(weight_db(CH_WEIGHTING_C, 1000.0), 0.0, 1e-12);
    const double half_db = 10.0 * log10(0.5);
    assert_near(weight_db(CH_WEIGHTING_C, pow(10.0, 1.5)), half_db, 1e-6);
    assert_near(weight_db(CH_WEIGHTING_C, pow(10.0, 3.9)), half_db, 1e-6);
    const double at_fa = pow(10.0, 2.45);
    const double more_db = weight_db(CH_WEIGHTING_A, at_fa) - weight_db(CH_WEIGHTING_C, at_fa);
    const double at_high = weight_db(CH_WEIGHTING_A, 1e6) - weight_db(CH_WEIGHTING_C, 1e6);
    // Two high-passes of first order whose poles have the mean of squares 3·fA^2.
    assert_near(more_db - at_high, 20.0 * log10(1.0 / 3.0), 1e-3);
}

static void
test_ends(void **state)
{
    (void)state;
    assert_near(ch_weighting_power(CH_WEIGHTING_A, 0.0), 0.0, 0.0);
    assert_near(ch_weighting_power(CH_WEIGHTING_C, 0.0), 0.0, 0.0);
    assert_true(isfinite(weight_db(CH_WEIGHTING_A, 192000.0)));
    assert_string_equal(ch_weighting_name(CH_WEIGHTING_Z), "z");
    assert_string_equal(ch_weighting_name(CH_WEIGHTING_A), "a");
    assert_string_equal(ch_weighting_name(CH_WEIGHTING_C), "c");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_by_definition),
        cmocka_unit_test(test_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

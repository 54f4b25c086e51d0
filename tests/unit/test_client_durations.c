// SPDX-License-Identifier: ISC
// tests/unit/test_client_durations.c — counts of durations added up, and the axis they stand on.

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "client/durations.h"

static void
add_text(struct ch_durations *d, const char *json)
{
    cJSON *buckets = cJSON_Parse(json);
    assert_non_null(buckets);
    ch_durations_add_json(d, buckets);
    cJSON_Delete(buckets);
}

static void
test_adding(void **state)
{
    (void)state;
    static struct ch_durations one, other;
    ch_durations_clear(&one);
    ch_durations_clear(&other);
    add_text(&one, "[[10,11,5],[20,21,1],[40,42,7]]");
    add_text(&other, "[[5,6,1],[20,21,2],[30,31,3],[80,84,1]]");
    ch_durations_add(&one, &other);
    static const double wanted[][3] = {{5, 6, 1},   {10, 11, 5}, {20, 21, 3},
                                       {30, 31, 3}, {40, 42, 7}, {80, 84, 1}};
    assert_int_equal(one.n, sizeof wanted / sizeof *wanted);
    for (int i = 0; i < one.n; i++) {
        assert_true(one.buckets[i].low_us == wanted[i][0]);
        assert_true(one.buckets[i].high_us == wanted[i][1]);
        assert_true(one.buckets[i].count == wanted[i][2]);
    }
    assert_true(ch_durations_total(&one) == 20);
    assert_true(ch_durations_total(&other) == 7);
}

static void
test_nonsense_is_left_out(void **state)
{
    (void)state;
    static struct ch_durations d;
    ch_durations_clear(&d);
    add_text(&d, "[[1,2],null,\"x\",[3,2,1],[-1,2,1],[1,2,0],[1,2,-5],[null,2,1],{},[4,5,6]]");
    assert_int_equal(d.n, 1);
    assert_true(d.buckets[0].low_us == 4);
    ch_durations_add_json(&d, NULL);
    assert_int_equal(d.n, 1);
}

/// More kinds of buckets than there is room for: the first ones stay, in order.
static void
test_full(void **state)
{
    (void)state;
    static struct ch_durations d;
    ch_durations_clear(&d);
    for (int i = 2 * CH_DURATIONS_BUCKETS_MAX; i > 0; i--) {
        cJSON *buckets = cJSON_CreateArray();
        const double triple[3] = {i, i + 1, 1};
        cJSON_AddItemToArray(buckets, cJSON_CreateDoubleArray(triple, 3));
        ch_durations_add_json(&d, buckets);
        cJSON_Delete(buckets);
    }
    assert_int_equal(d.n, CH_DURATIONS_BUCKETS_MAX);
    for (int i = 1; i < d.n; i++) {
        assert_true(d.buckets[i].low_us > d.buckets[i - 1].low_us);
    }
    assert_true(d.buckets[d.n - 1].low_us == 2 * CH_DURATIONS_BUCKETS_MAX);
}

static void
test_axis(void **state)
{
    (void)state;
    static const struct {
        const char *buckets;
        double mark_us, min_us, max_us;
    } cases[] = {
        {"[]", NAN, 1, 1000},
        {"[[10,10.5,1],[99,101,1]]", NAN, 10, 200},
        {"[[10,10.5,1],[99,100,1]]", NAN, 10, 100},
        {"[[12,13,1]]", NAN, 10, 100},                  // never less than a decade
        {"[[12,13,1]]", 5333.333, 10, 10000},           // room right of the period
        {"[[12,13,1],[30000,31000,1]]", 667, 5, 50000}, // and of what took longer
        {"[[0.9,1,1]]", 1333.333, 0.5, 2000},           // the period alone
        {"[[0,0.016,1]]", NAN, 0.001, 0.02},            // nothing is not on the axis
        {"[[900000,1000000,1]]", 1000, 10, 1000000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static struct ch_durations d;
        ch_durations_clear(&d);
        add_text(&d, cases[i].buckets);
        struct ch_durations_axis axis = {.linear_counts = true};
        ch_durations_fit(&d, cases[i].mark_us, &axis);
        if (fabs(axis.min_us / cases[i].min_us - 1) > 1e-9 ||
            fabs(axis.max_us / cases[i].max_us - 1) > 1e-9) {
            fail_msg("%s: from %g to %g", cases[i].buckets, axis.min_us, axis.max_us);
        }
        assert_true(isnan(axis.mark_us) == isnan(cases[i].mark_us));
        assert_true(axis.linear_counts);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_adding),
        cmocka_unit_test(test_nonsense_is_left_out),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_axis),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

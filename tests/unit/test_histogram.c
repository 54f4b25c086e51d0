// SPDX-License-Identifier: ISC
// test_histogram.c — buckets tile the numbers, and quantiles are those of the sorted values.

#include "daemon/lockfree/histogram.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define N_VALUES 20000

static uint64_t
next_random(uint64_t *state)
{
    // xorshift64
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void
buckets_tile_the_numbers(void **state)
{
    (void)state;
    assert_int_equal(ch_histogram_low(0), 0);
    assert_true(ch_histogram_high(CH_HISTOGRAM_BUCKETS - 1) == UINT64_MAX);
    for (uint32_t i = 0; i < CH_HISTOGRAM_BUCKETS; i++) {
        const uint64_t low = ch_histogram_low(i), high = ch_histogram_high(i);
        assert_true(low <= high);
        assert_int_equal(ch_histogram_bucket(low), i);
        assert_int_equal(ch_histogram_bucket(high), i);
        // No wider than a sixteenth of what is in it.
        assert_true(high - low <= low / 16);
        if (i > 0) {
            assert_true(ch_histogram_high(i - 1) + 1 == low);
        }
    }
}

static int
compare(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

// The nearest rank in the sorted values, without any bucket.
static uint64_t
sorted_quantile(const uint64_t *sorted, size_t n, double fraction)
{
    size_t rank = (size_t)ceil(fraction * (double)n);
    rank = rank < 1 ? 1 : rank;
    return sorted[rank - 1];
}

enum shape { EXPONENTIAL, UNIFORM, TWO_HUMPS, WIDE, SMALL, N_SHAPES };

static uint64_t
draw(enum shape shape, uint64_t *random)
{
    const uint64_t r = next_random(random);
    switch (shape) {
    case EXPONENTIAL:
        return (uint64_t)(-20000.0 * log(((double)(r >> 11) + 1.0) / 0x1p53));
    case UNIFORM:
        return r % 1000000;
    case TWO_HUMPS:
        return r % 10 ? 5000 + r / 10 % 100 : 2000000 + r / 10 % 50000;
    case WIDE:
        return r >> (r & 63);
    case SMALL:
        return r % 20;
    case N_SHAPES:
        break;
    }
    return 0;
}

static void
quantiles_are_those_of_the_sorted_values(void **state)
{
    (void)state;
    static const double fractions[] = {0.0, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.0};
    static uint64_t values[N_VALUES];
    static struct ch_histogram histogram;
    static struct ch_histogram_copy copy;
    uint64_t random = 88172645463325252u;
    for (enum shape shape = 0; shape < N_SHAPES; shape++) {
        const size_t n = shape == SMALL ? 7 : N_VALUES;
        ch_histogram_init(&histogram);
        double sum = 0.0;
        for (size_t i = 0; i < n; i++) {
            values[i] = draw(shape, &random);
            sum += shape == WIDE ? 0.0 : (double)values[i];
            ch_histogram_add(&histogram, values[i]);
        }
        qsort(values, n, sizeof *values, compare);
        ch_histogram_read(&histogram, &copy);
        assert_int_equal(copy.n, n);
        assert_true(copy.max == values[n - 1]);
        if (shape != WIDE) {
            assert_true(fabs(ch_histogram_mean(&copy) - sum / (double)n) < 1e-6 * sum);
        }
        for (size_t i = 0; i < sizeof fractions / sizeof *fractions; i++) {
            const uint64_t right = sorted_quantile(values, n, fractions[i]);
            const uint64_t got = ch_histogram_quantile(&copy, fractions[i]);
            assert_true(got >= right);
            assert_true(got - right <= right / 16);
            assert_true(got <= copy.max);
        }
    }
}

static void
nothing_and_one(void **state)
{
    (void)state;
    static struct ch_histogram histogram;
    static struct ch_histogram_copy copy;
    ch_histogram_init(&histogram);
    ch_histogram_read(&histogram, &copy);
    assert_int_equal(copy.n, 0);
    assert_int_equal(copy.max, 0);
    assert_int_equal(ch_histogram_quantile(&copy, 0.5), 0);
    assert_true(ch_histogram_mean(&copy) == 0.0);

    ch_histogram_add(&histogram, 1000003);
    ch_histogram_read(&histogram, &copy);
    assert_int_equal(copy.n, 1);
    // Not the end of its bucket: no value was above it.
    assert_int_equal(ch_histogram_quantile(&copy, 0.0), 1000003);
    assert_int_equal(ch_histogram_quantile(&copy, 1.0), 1000003);
    assert_true(ch_histogram_mean(&copy) == 1000003.0);
}

static void
between_two_looks(void **state)
{
    (void)state;
    static struct ch_histogram histogram;
    static struct ch_histogram_copy earlier, later, between;
    ch_histogram_init(&histogram);
    ch_histogram_add(&histogram, 7000000);
    ch_histogram_read(&histogram, &earlier);
    for (uint64_t i = 1; i <= 100; i++) {
        ch_histogram_add(&histogram, i * 1000);
    }
    ch_histogram_read(&histogram, &later);
    ch_histogram_between(&earlier, &later, &between);
    assert_int_equal(between.n, 100);
    assert_int_equal(between.sum, 5050000);
    assert_in_range(between.max, 100000, 106250);
    assert_in_range(ch_histogram_quantile(&between, 0.5), 50000, 53125);
    ch_histogram_between(&later, &later, &between);
    assert_int_equal(between.n, 0);
    assert_int_equal(between.sum, 0);
}

// --- one writes, one reads

#define N_SHARED 200000

static void *
write_all(void *context)
{
    struct ch_histogram *histogram = context;
    for (uint64_t i = 1; i <= N_SHARED; i++) {
        ch_histogram_add(histogram, i);
    }
    return NULL;
}

static void
a_reader_sees_it_grow(void **state)
{
    (void)state;
    static struct ch_histogram histogram;
    static struct ch_histogram_copy copy;
    ch_histogram_init(&histogram);
    pthread_t writer;
    assert_int_equal(pthread_create(&writer, NULL, write_all, &histogram), 0);
    uint64_t seen = 0;
    while (seen < N_SHARED) {
        ch_histogram_read(&histogram, &copy);
        assert_true(copy.n >= seen && copy.n <= N_SHARED);
        assert_true(ch_histogram_quantile(&copy, 1.0) <= copy.max);
        assert_true(ch_histogram_quantile(&copy, 0.5) <= ch_histogram_quantile(&copy, 0.99));
        assert_true(ch_histogram_mean(&copy) <= (double)copy.max);
        seen = copy.n;
    }
    pthread_join(writer, NULL);
    ch_histogram_read(&histogram, &copy);
    assert_int_equal(copy.n, N_SHARED);
    assert_int_equal(copy.max, N_SHARED);
    assert_int_equal(copy.sum, (uint64_t)N_SHARED * (N_SHARED + 1) / 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buckets_tile_the_numbers),
        cmocka_unit_test(quantiles_are_those_of_the_sorted_values),
        cmocka_unit_test(nothing_and_one),
        cmocka_unit_test(between_two_looks),
        cmocka_unit_test(a_reader_sees_it_grow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

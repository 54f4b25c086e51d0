// SPDX-License-Identifier: ISC
// tests/unit/test_log.c — the time in front of a line, against the C library's calendar.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "daemon/base/log.c"

#define DAYS_IN_400_YEARS 146097

static void
test_every_day_of_400_years(void **state)
{
    (void)state;
    for (uint64_t day = 0; day < DAYS_IN_400_YEARS; day++) {
        const uint64_t ms = day * 86400000 + day * 591 % 86400000;
        const time_t s = (time_t)(ms / 1000);
        char expected[32], stamp[2 * STAMP_BYTES];
        size_t n = strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%S", gmtime(&s));
        snprintf(expected + n, sizeof expected - n, ".%03uZ", (unsigned)(ms % 1000));
        write_stamp(stamp, sizeof stamp, ms * 1000000);
        assert_string_equal(stamp, expected);
    }
}

static void
test_the_last_millisecond_of_a_leap_day(void **state)
{
    (void)state;
    char stamp[2 * STAMP_BYTES];
    write_stamp(stamp, sizeof stamp, 951868799999999999);
    assert_string_equal(stamp, "2000-02-29T23:59:59.999Z");
    write_stamp(stamp, sizeof stamp, 951868800000000000);
    assert_string_equal(stamp, "2000-03-01T00:00:00.000Z");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_day_of_400_years),
        cmocka_unit_test(test_the_last_millisecond_of_a_leap_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

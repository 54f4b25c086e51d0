// SPDX-License-Identifier: ISC
// tests/unit/test_log.c — a line is text, with the time in front by the C library's calendar.

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

static void
test_a_line_is_text(void **state)
{
    (void)state;
    static const char *const table[][2] = {
        {"a\nb\x7f\x1b[m", "a?b??[m"},
        {"\xc3\xbc \xe2\x99\xab \xf0\x9f\x8e\xb5", "\xc3\xbc \xe2\x99\xab \xf0\x9f\x8e\xb5"},
        {"cut \xc3", "cut ?"},
        {"cut \xe2\x99", "cut ??"},
        {"cut \xf0\x9f\x8e.", "cut ???."},
        {"\xfc \xff\x80", "? ??"},                            // another code page
        {"\xc2\x9b \xc2\xa0", "?? \xc2\xa0"},                 // CSI; no control
        {"\xc0\xaf \xe0\x80\xaf \xed\xa0\x80", "?? ??? ???"}, // longer than need be; half a pair
        {"\xf4\x90\x80\x80 \xf4\x8f\xbf\xbf", "???? \xf4\x8f\xbf\xbf"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char text[64];
        snprintf(text, sizeof text, "%s", table[i][0]);
        mask_what_is_no_text(text);
        assert_string_equal(text, table[i][1]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_day_of_400_years),
        cmocka_unit_test(test_the_last_millisecond_of_a_leap_day),
        cmocka_unit_test(test_a_line_is_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

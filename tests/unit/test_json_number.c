// SPDX-License-Identifier: ISC
// tests/unit/test_json_number.c — numbers: exact texts, and what printf() and strtod() say.

#include <float.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/json.h"

static void
assert_text(struct ch_buf *buf, const char *expected)
{
    assert_int_equal(ch_json_check(buf->data, buf->length, 0, NULL), CH_JSON_OK);
    ch_buf_char(buf, '\0');
    assert_false(buf->failed);
    assert_string_equal(buf->data, expected);
    ch_buf_clear(buf);
}

static void
integers(void **state)
{
    (void)state;
    static const int64_t signed_values[] = {0, -1, INT64_MIN, INT64_MAX, -9, -10, -99, -100};
    struct ch_buf buf;
    char expected[32];
    ch_buf_init(&buf);
    for (size_t i = 0; i < sizeof signed_values / sizeof *signed_values; i++) {
        ch_json_int(&buf, signed_values[i]);
        snprintf(expected, sizeof expected, "%lld", (long long)signed_values[i]);
        assert_text(&buf, expected);
    }
    // Around every power of ten.
    uint64_t power = 1;
    for (int digits = 1; digits <= 20; digits++, power *= 10) {
        for (uint64_t value = power - 1; value != power + 2; value++) {
            ch_json_uint(&buf, value);
            snprintf(expected, sizeof expected, "%llu", (unsigned long long)value);
            assert_text(&buf, expected);
        }
    }
    ch_json_uint(&buf, UINT64_MAX);
    assert_text(&buf, "18446744073709551615");
    ch_buf_fini(&buf);
}

static void
fixed(void **state)
{
    (void)state;
    static const struct {
        double value;
        int decimals;
        const char *text;
    } table[] = {
        {0, 3, "0"},
        {-0.0, 3, "0"},
        {-0.0004, 3, "0"},
        {-0.0005, 3, "-0.001"},
        {0.0005, 3, "0.001"},
        {1, 0, "1"},
        {1, 6, "1"},
        {-1, 6, "-1"},
        {1.5, 0, "2"},
        {2.5, 0, "3"},
        {-2.5, 0, "-3"},
        {0.49999999999999994, 0, "0"},
        {0.1, 1, "0.1"},
        {-12.34, 1, "-12.3"},
        {-160, 1, "-160"},
        {99.96, 1, "100"},
        {31.5, 2, "31.5"},
        {31.25, 2, "31.25"},
        {10.01, 2, "10.01"},
        {100.001, 6, "100.001"},
        {0.000001, 6, "0.000001"},
        {0.0000004, 6, "0"},
        {1.234567, 6, "1.234567"},
        {123456789.123456, 6, "123456789.123456"},
        {1000, 3, "1000"},
        {0.1, 15, "0.1"},
        {0.1, 99, "0.1"},
        {1.7, -1, "2"},
        {2251799813685248.5, 6, "2251799813685248.5"},
        {12345678901234.5, 6, "12345678901234.5"},
        {-12345678901234.5, 6, "-12345678901234.5"},
        {1234567890123456, 6, "1234567890123456"},
        {9007199254740991, 0, "9007199254740991"},
        {9007199254740991, 6, "9007199254740991"},
        {9007199254740992, 0, "9007199254740992"},
        {-1e300, 2, "-1e+300"},
        {1e21, 2, "1e+21"},
        {DBL_MIN, 6, "0"},
        {NAN, 2, "null"},
        {INFINITY, 2, "null"},
        {-INFINITY, 2, "null"},
    };
    struct ch_buf buf;
    ch_buf_init(&buf);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        ch_json_fixed(&buf, table[i].value, table[i].decimals);
        assert_text(&buf, table[i].text);
    }
    ch_buf_fini(&buf);
}

static uint64_t random_state = 88172645463325252u;

static uint64_t
next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

// What printf() says, with zeros at the end cut off.
static void
print_and_strip(char *out, size_t size, double value, int decimals)
{
    int n = snprintf(out, size, "%.*f", decimals, value);
    if (decimals > 0) {
        while (out[n - 1] == '0') {
            out[--n] = '\0';
        }
        if (out[n - 1] == '.') {
            out[--n] = '\0';
        }
    }
    if (!strcmp(out, "-0")) {
        strcpy(out, "0");
    }
}

static void
fixed_is_what_printf_says(void **state)
{
    (void)state;
    struct ch_buf buf;
    ch_buf_init(&buf);
    for (int i = 0; i < 200000; i++) {
        int decimals = (int)(next_random() % 10);
        int magnitude = (int)(next_random() % 16);
        double value = ((double)next_random() / 0x1p63 - 1) * pow(10, magnitude - 3);
        double scaled = fabs(value) * pow(10, decimals);
        if (scaled < 0x1p50 && fabs(scaled - floor(scaled) - 0.5) < 0.01) {
            continue; // next to a tie: printf() goes by the bits beyond the last digit
        }
        char expected[400];
        print_and_strip(expected, sizeof expected, value, decimals);
        if (scaled >= 0x1p50 && scaled < 0x1p54) {
            continue; // the same, where the product has no room for a fraction
        }
        ch_json_fixed(&buf, value, decimals);
        assert_text(&buf, expected);
    }
    ch_buf_fini(&buf);
}

static void
numbers(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } table[] = {
        {0, "0"},
        {-0.0, "-0"},
        {1, "1"},
        {-7, "-7"},
        {9007199254740991, "9007199254740991"},
        {9007199254740992, "9007199254740992"},
        {-9007199254740992, "-9007199254740992"},
        {0.5, "0.5"},
        {0.1, "0.1"},
        {-1.25, "-1.25"},
        {1e22, "1e+22"},
        {1e-7, "1e-07"},
        {0.1 + 0.2, "0.30000000000000004"},
        {123456.789, "123456.789"},
        {DBL_MAX, "1.7976931348623157e+308"},
        {NAN, "null"},
        {INFINITY, "null"},
    };
    struct ch_buf buf;
    ch_buf_init(&buf);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        ch_json_number(&buf, table[i].value);
        assert_text(&buf, table[i].text);
    }
    // Any double comes back bit by bit.
    for (int i = 0; i < 100000; i++) {
        uint64_t bits = next_random();
        double value;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value)) {
            continue;
        }
        ch_buf_clear(&buf);
        ch_json_number(&buf, value);
        ch_buf_char(&buf, '\0');
        double back = strtod(buf.data, NULL);
        assert_memory_equal(&back, &value, sizeof value);
    }
    ch_buf_fini(&buf);
}

static void
no_locale_changes_a_number(void **state)
{
    (void)state;
    static const char *const with_comma[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "ru_RU.UTF-8", "de_DE"};
    const char *found = NULL;
    for (size_t i = 0; i < sizeof with_comma / sizeof *with_comma && !found; i++) {
        found = setlocale(LC_NUMERIC, with_comma[i]);
    }
    if (!found) {
        skip();
    }
    struct ch_buf buf;
    ch_buf_init(&buf);
    ch_json_number(&buf, 0.5);
    assert_text(&buf, "0.5");
    ch_json_fixed(&buf, 12345678901234.5, 6);
    assert_text(&buf, "12345678901234.5");
    ch_buf_fini(&buf);
    setlocale(LC_NUMERIC, "C");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers),
        cmocka_unit_test(fixed),
        cmocka_unit_test(fixed_is_what_printf_says),
        cmocka_unit_test(numbers),
        cmocka_unit_test(no_locale_changes_a_number),
    };
    return cmocka_run_group_tests_name("json_number", tests, NULL, NULL);
}

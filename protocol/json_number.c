// SPDX-License-Identifier: ISC
// protocol/json_number.c — numbers into text: integers by hand, the rest by snprintf().

#include "protocol/json_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DIGITS_MAX = 20,   ///< of a uint64_t
    DECIMALS_MAX = 15, ///< a double holds no more
    PRINTED_BYTES = 64,
};

static const double exact_limit = 9007199254740992.0; // 2^53

// Backwards from `end`; returns where the text begins.
static char *
put_backwards(char *end, uint64_t value)
{
    static const char pairs[] = "0001020304050607080910111213141516171819"
                                "2021222324252627282930313233343536373839"
                                "4041424344454647484950515253545556575859"
                                "6061626364656667686970717273747576777879"
                                "8081828384858687888990919293949596979899";
    while (value >= 100) {
        end -= 2;
        memcpy(end, pairs + value % 100 * 2, 2);
        value /= 100;
    }
    if (value >= 10) {
        end -= 2;
        memcpy(end, pairs + value * 2, 2);
    } else {
        *--end = (char)('0' + value);
    }
    return end;
}

static char *
put_uint(char *p, uint64_t value)
{
    char digits[DIGITS_MAX];
    char *start = put_backwards(digits + DIGITS_MAX, value);
    size_t length = (size_t)(digits + DIGITS_MAX - start);
    memcpy(p, start, length);
    return p + length;
}

void
ch_json_uint(struct ch_buf *buf, uint64_t value)
{
    char *p = ch_json_reserve(buf, DIGITS_MAX);
    if (p) {
        ch_buf_commit(buf, put_uint(p, value));
    }
}

void
ch_json_int(struct ch_buf *buf, int64_t value)
{
    char *p = ch_json_reserve(buf, DIGITS_MAX + 1);
    if (!p) {
        return;
    }
    if (value < 0) {
        *p++ = '-';
    }
    uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;
    ch_buf_commit(buf, put_uint(p, magnitude));
}

// Whatever the locale has for a decimal point, JSON has '.'.
static size_t
use_point(char *text)
{
    size_t n = 0;
    for (const char *p = text; *p; p++) {
        bool of_number = (*p >= '0' && *p <= '9') || strchr("+-eE", *p);
        if (of_number) {
            text[n++] = *p;
        } else if (n > 0 && text[n - 1] != '.') {
            text[n++] = '.';
        }
    }
    text[n] = '\0';
    return n;
}

// The shortest of 15, 16 and 17 digits that reads back as the same number.
static void
write_shortest(struct ch_buf *buf, double value)
{
    char text[PRINTED_BYTES];
    int digits = 15;
    do {
        snprintf(text, sizeof text, "%.*g", digits, value);
    } while (strtod(text, NULL) != value && ++digits <= 17);
    ch_json_raw(buf, text, use_point(text));
}

void
ch_json_number(struct ch_buf *buf, double value)
{
    if (!__builtin_isfinite(value)) {
        ch_json_null(buf);
        return;
    }
    bool small = value >= -exact_limit && value <= exact_limit;
    if (small && value == (double)(int64_t)value && !(value == 0 && __builtin_signbit(value))) {
        ch_json_int(buf, (int64_t)value);
    } else {
        write_shortest(buf, value);
    }
}

// value < 2^53, so the text is short, and has so many digits that it can't be zero.
static void
write_printed(struct ch_buf *buf, double value, int decimals)
{
    char text[PRINTED_BYTES];
    snprintf(text, sizeof text, "%.*f", decimals, value);
    size_t n = use_point(text);
    if (strchr(text, '.')) {
        while (text[n - 1] == '0') {
            n--;
        }
        n -= text[n - 1] == '.';
    }
    ch_json_raw(buf, text, n);
}

void
ch_json_fixed(struct ch_buf *buf, double value, int decimals)
{
    static const double power_of_ten[DECIMALS_MAX + 1] = {
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    if (!__builtin_isfinite(value)) {
        ch_json_null(buf);
        return;
    }
    decimals = decimals < 0 ? 0 : decimals > DECIMALS_MAX ? DECIMALS_MAX : decimals;
    double magnitude = value < 0 ? -value : value;
    double scaled = magnitude * power_of_ten[decimals];
    if (magnitude >= exact_limit) {
        write_shortest(buf, value);
        return;
    }
    if (scaled >= exact_limit) {
        write_printed(buf, value, decimals);
        return;
    }
    uint64_t units = (uint64_t)scaled;
    units += scaled - (double)units >= 0.5;
    char *p = ch_json_reserve(buf, DIGITS_MAX + DECIMALS_MAX + 2);
    if (!p) {
        return;
    }
    if (value < 0 && units > 0) {
        *p++ = '-';
    }
    uint64_t one = (uint64_t)power_of_ten[decimals];
    uint64_t fraction = units % one;
    p = put_uint(p, units / one);
    if (fraction > 0) {
        for (; fraction % 10 == 0; fraction /= 10) {
            decimals--;
        }
        *p = '.';
        memset(p + 1, '0', (size_t)decimals);
        put_backwards(p + 1 + decimals, fraction);
        p += 1 + decimals;
    }
    ch_buf_commit(buf, p);
}

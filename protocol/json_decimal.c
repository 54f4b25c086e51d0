// SPDX-License-Identifier: ISC
// protocol/json_decimal.c — numbers as digits: is it finite, and the same in fewer bytes.
//
// By hand rather than by strtod(), which reads the decimal point of the locale.

#include "protocol/json_internal.h"

#include <stdio.h>
#include <string.h>

// Exponents beyond this say zero or infinity, whatever the digits.
enum { EXPONENT_MAX = 1000000000 };

static void
take_digit(struct ch_decimal *decimal, char digit, bool after_point)
{
    bool leading = decimal->n_digits == 0;
    if (leading && digit == '0') {
        decimal->exponent -= after_point;
        return;
    }
    decimal->exponent += !after_point;
    if (decimal->n_digits < CH_DECIMAL_DIGITS) {
        decimal->digits[decimal->n_digits++] = digit;
    } else {
        decimal->more |= digit != '0';
    }
}

// From behind the 'e'.
static long long
read_exponent(const char *p, const char *end)
{
    bool negative = *p == '-';
    p += *p == '-' || *p == '+';
    long long exponent = 0;
    for (; p < end && exponent < EXPONENT_MAX; p++) {
        exponent = exponent * 10 + (*p - '0');
    }
    return negative ? -exponent : exponent;
}

void
ch_decimal_read(struct ch_decimal *decimal, const char *text, size_t length)
{
    const char *p = text;
    const char *end = text + length;
    *decimal = (struct ch_decimal){.negative = *p == '-'};
    p += decimal->negative;
    bool after_point = false;
    for (; p < end && *p != 'e' && *p != 'E'; p++) {
        if (*p == '.') {
            after_point = true;
        } else {
            take_digit(decimal, *p, after_point);
        }
    }
    if (p < end) {
        decimal->exponent += read_exponent(p + 1, end);
    }
}

bool
ch_decimal_is_finite(const struct ch_decimal *decimal)
{
    // Where rounding goes to infinity: DBL_MAX and half a unit, 1.797693134862315807937…e308.
    static const char limit[] = "179769313486231580793";
    if (decimal->n_digits == 0 || decimal->exponent < 309) {
        return true;
    }
    if (decimal->exponent > 309) {
        return false;
    }
    // A text that ends within the limit is less than it.
    size_t n = decimal->n_digits < sizeof limit - 1 ? decimal->n_digits : sizeof limit - 1;
    int order = memcmp(decimal->digits, limit, n);
    return order < 0 || (order == 0 && n < sizeof limit - 1);
}

size_t
ch_decimal_write(const struct ch_decimal *decimal, char *out)
{
    char *p = out;
    if (decimal->negative) {
        *p++ = '-';
    }
    *p++ = '0';
    if (decimal->n_digits > 0) {
        *p++ = '.';
        memcpy(p, decimal->digits, decimal->n_digits);
        p += decimal->n_digits;
        if (decimal->more) {
            *p++ = '1'; // so that what lies just above a tie still rounds up
        }
        long long exponent = decimal->exponent;
        if (exponent < -EXPONENT_MAX) {
            exponent = -EXPONENT_MAX;
        }
        p += snprintf(p, (size_t)(out + CH_NUMBER_BYTES + 1 - p), "e%lld", exponent);
    }
    *p = '\0';
    return (size_t)(p - out);
}

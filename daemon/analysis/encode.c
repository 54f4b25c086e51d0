// SPDX-License-Identifier: ISC
// daemon/analysis/encode.c — decimal numbers and base64.

#include "daemon/analysis/encode.h"

#include <math.h>
#include <string.h>

static void
put(struct ch_text *text, const char *bytes, uint32_t n_bytes)
{
    if (text->full || text->capacity - text->n_bytes < n_bytes) {
        text->full = true;
        return;
    }
    memcpy(text->data + text->n_bytes, bytes, n_bytes);
    text->n_bytes += n_bytes;
}

void
ch_text_literal(struct ch_text *text, const char *literal)
{
    put(text, literal, (uint32_t)strlen(literal));
}

/// Digits are made from the last to the first, so they fill a small buffer from its end.
void
ch_text_fixed(struct ch_text *text, double value, uint32_t decimals)
{
    static const double scales[] = {1.0, 10.0, 100.0, 1000.0, 10000.0};
    if (!isfinite(value)) {
        put(text, "null", 4);
        return;
    }
    const int64_t scaled = llrint(fmax(-1e9, fmin(1e9, value)) * scales[decimals]);
    uint64_t rest = (uint64_t)(scaled < 0 ? -scaled : scaled);
    char digits[24];
    uint32_t at = sizeof digits;
    for (uint32_t i = 0; i <= decimals || rest > 0; i++) {
        if (i == decimals && decimals > 0) {
            digits[--at] = '.';
        }
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    }
    if (scaled < 0) {
        digits[--at] = '-';
    }
    put(text, digits + at, (uint32_t)sizeof digits - at);
}

void
ch_text_tenths(struct ch_text *text, float value)
{
    const long tenths = lrintf(10.0f * value);
    const uint32_t size = (uint32_t)(tenths < 0 ? -tenths : tenths);
    char digits[6];
    uint32_t n = 0;
    if (tenths < 0) {
        digits[n++] = '-';
    }
    if (size >= 1000) {
        digits[n++] = (char)('0' + size / 1000 % 10);
    }
    if (size >= 100) {
        digits[n++] = (char)('0' + size / 100 % 10);
    }
    digits[n++] = (char)('0' + size / 10 % 10);
    digits[n++] = '.';
    digits[n++] = (char)('0' + size % 10);
    put(text, digits, n);
}

void
ch_text_uint(struct ch_text *text, uint32_t value)
{
    char digits[10];
    uint32_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    put(text, digits + at, (uint32_t)sizeof digits - at);
}

void
ch_text_base64(struct ch_text *text, const uint8_t *bytes, uint32_t n_bytes)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (uint32_t i = 0; i < n_bytes; i += 3) {
        const uint32_t n = n_bytes - i;
        const uint32_t group = (uint32_t)bytes[i] << 16 |
                               (n > 1 ? (uint32_t)bytes[i + 1] << 8 : 0u) |
                               (n > 2 ? (uint32_t)bytes[i + 2] : 0u);
        const char quad[4] = {alphabet[group >> 18], alphabet[group >> 12 & 63],
                              n > 1 ? alphabet[group >> 6 & 63] : '=',
                              n > 2 ? alphabet[group & 63] : '='};
        put(text, quad, sizeof quad);
    }
}

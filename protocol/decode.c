// SPDX-License-Identifier: ISC
// protocol/decode.c — which encoding a text is in, and from it to UTF-8.

#include "protocol/decode.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/json.h"

#define REPLACEMENT 0xfffdu
/// Bytes of UTF-8 that one byte can become, and one unit of UTF-16.
#define GROWTH 3

/// Units of UTF-16, low byte first or last.
struct units {
    const unsigned char *at, *end;
    int low; ///< the byte of a unit that is its low one
};

static char *
put(char *p, uint32_t code)
{
    if (code == 0) {
        code = REPLACEMENT;
    }
    if (code < 0x80) {
        *p++ = (char)code;
    } else if (code < 0x800) {
        *p++ = (char)(0xc0 | code >> 6);
        *p++ = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        *p++ = (char)(0xe0 | code >> 12);
        *p++ = (char)(0x80 | (code >> 6 & 0x3f));
        *p++ = (char)(0x80 | (code & 0x3f));
    } else {
        *p++ = (char)(0xf0 | code >> 18);
        *p++ = (char)(0x80 | (code >> 12 & 0x3f));
        *p++ = (char)(0x80 | (code >> 6 & 0x3f));
        *p++ = (char)(0x80 | (code & 0x3f));
    }
    return p;
}

static uint32_t
peek(const struct units *units)
{
    return (uint32_t)(units->at[units->low] | units->at[1 - units->low] << 8);
}

static char *
from_utf16(char *p, struct units units)
{
    for (; units.end - units.at >= 2; units.at += 2) {
        uint32_t code = peek(&units);
        if (code >= 0xd800 && code < 0xdc00 && units.end - units.at >= 4) {
            const struct units next = {units.at + 2, units.end, units.low};
            const uint32_t second = peek(&next);
            if (second >= 0xdc00 && second < 0xe000) {
                code = 0x10000 + ((code - 0xd800) << 10) + (second - 0xdc00);
                units.at += 2;
            }
        }
        p = put(p, code >= 0xd800 && code < 0xe000 ? REPLACEMENT : code);
    }
    return units.at < units.end ? put(p, REPLACEMENT) : p;
}

static char *
from_1252(char *p, const unsigned char *at, const unsigned char *end)
{
    // 80…9F; the five that stand for nothing are what they are in Latin-1.
    static const uint16_t upper[32] = {
        0x20ac, 0x81,   0x201a, 0x192,  0x201e, 0x2026, 0x2020, 0x2021, 0x2c6,  0x2030, 0x160,
        0x2039, 0x152,  0x8d,   0x17d,  0x8f,   0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
        0x2013, 0x2014, 0x2dc,  0x2122, 0x161,  0x203a, 0x153,  0x9d,   0x17e,  0x178};
    for (; at < end; at++) {
        p = put(p, *at >= 0x80 && *at < 0xa0 ? upper[*at - 0x80] : *at);
    }
    return p;
}

static char *
from_utf8(char *p, const unsigned char *at, const unsigned char *end)
{
    for (; at < end; at++) {
        if (*at) {
            *p++ = (char)*at;
        } else {
            p = put(p, REPLACEMENT);
        }
    }
    return p;
}

char *
ch_text_to_utf8(const char *bytes, size_t n_bytes, size_t *length)
{
    const unsigned char *at = (const unsigned char *)bytes;
    const unsigned char *const end = n_bytes ? at + n_bytes : at;
    char *out = malloc(GROWTH * n_bytes + 1);
    if (!out) {
        return NULL;
    }
    const bool low_mark = n_bytes >= 2 && at[0] == 0xff && at[1] == 0xfe;
    const bool high_mark = n_bytes >= 2 && at[0] == 0xfe && at[1] == 0xff;
    const bool low_letter = n_bytes >= 2 && at[0] && !at[1];
    const bool high_letter = n_bytes >= 2 && !at[0] && at[1];
    char *p;
    if (low_mark || high_mark || low_letter || high_letter) {
        const unsigned char *first = low_mark || high_mark ? at + 2 : at;
        p = from_utf16(out, (struct units){first, end, low_mark || low_letter ? 0 : 1});
    } else if (ch_utf8_valid(bytes, n_bytes)) {
        const bool mark = n_bytes >= 3 && !memcmp(at, "\xef\xbb\xbf", 3);
        p = from_utf8(out, mark ? at + 3 : at, end);
    } else {
        p = from_1252(out, at, end);
    }
    *p = '\0';
    *length = (size_t)(p - out);
    return out;
}

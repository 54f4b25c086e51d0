// SPDX-License-Identifier: ISC
// protocol/utf8.c — well-formed UTF-8, by table 3-7 of the Unicode standard.

#include "protocol/json_internal.h"

#include <string.h>

int
ch_utf8_step(const unsigned char *p, const unsigned char *end)
{
    unsigned char first = *p;
    if (first < 0x80) {
        return 1;
    }
    // The first byte says how many follow and narrows the second one: nothing overlong, no
    // surrogates, nothing above U+10FFFF.
    unsigned char low = 0x80;
    unsigned char high = 0xbf;
    int length;
    if (first < 0xc2) {
        return -1;
    } else if (first < 0xe0) {
        length = 2;
    } else if (first < 0xf0) {
        length = 3;
        low = first == 0xe0 ? 0xa0 : low;
        high = first == 0xed ? 0x9f : high;
    } else if (first < 0xf5) {
        length = 4;
        low = first == 0xf0 ? 0x90 : low;
        high = first == 0xf4 ? 0x8f : high;
    } else {
        return -1;
    }
    for (int i = 1; i < length; i++) {
        if (end - p <= i || p[i] < low || p[i] > high) {
            return -i;
        }
        low = 0x80;
        high = 0xbf;
    }
    return length;
}

bool
ch_utf8_valid(const char *text, size_t length)
{
    const unsigned char *p = (const unsigned char *)text;
    const unsigned char *const end = length ? p + length : p;
    while (p < end) {
        uint64_t eight;
        if (end - p >= 8 && (memcpy(&eight, p, 8), !(eight & 0x8080808080808080u))) {
            p += 8;
            continue;
        }
        int step = ch_utf8_step(p, end);
        if (step < 0) {
            return false;
        }
        p += step;
    }
    return true;
}

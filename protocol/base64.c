// SPDX-License-Identifier: ISC
// protocol/base64.c — RFC 4648 section 4, with padding.

#include "protocol/json_internal.h"

static char *
put_group(char *p, unsigned group, int n_chars)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int i = 0; i < 4; i++) {
        *p++ = i < n_chars ? alphabet[group >> (18 - 6 * i) & 63] : '=';
    }
    return p;
}

void
ch_json_base64(struct ch_buf *buf, const void *bytes, size_t length)
{
    const unsigned char *s = bytes;
    char *p = ch_json_reserve(buf, length / 3 * 4 + 4 + 2);
    if (!p) {
        return;
    }
    *p++ = '"';
    for (; length >= 3; s += 3, length -= 3) {
        p = put_group(p, (unsigned)s[0] << 16 | (unsigned)s[1] << 8 | s[2], 4);
    }
    if (length == 2) {
        p = put_group(p, (unsigned)s[0] << 16 | (unsigned)s[1] << 8, 3);
    } else if (length == 1) {
        p = put_group(p, (unsigned)s[0] << 16, 2);
    }
    *p++ = '"';
    ch_buf_commit(buf, p);
}

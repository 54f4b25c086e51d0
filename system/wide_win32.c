// SPDX-License-Identifier: ISC
// system/wide_win32.c — the conversions, strict but for lone surrogates.

#include "system/wide_win32.h"

#include <windows.h>

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/// One character from `*at`, which moves on; UINT32_MAX where there is none.
static uint32_t
take(const unsigned char **at)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    const unsigned char *p = *at;
    const unsigned more = p[0] < 0x80   ? 0
                          : p[0] < 0xC2 ? 4
                          : p[0] < 0xE0 ? 1
                          : p[0] < 0xF0 ? 2
                          : p[0] < 0xF5 ? 3
                                        : 4;
    if (more == 4) {
        return UINT32_MAX;
    }
    uint32_t c = more ? p[0] & (0x3Fu >> more) : p[0];
    for (unsigned i = 1; i <= more; i++) {
        if ((p[i] & 0xC0) != 0x80) {
            return UINT32_MAX;
        }
        c = c << 6 | (p[i] & 0x3Fu);
    }
    *at = p + more + 1;
    return c < least[more] || c > 0x10FFFF ? UINT32_MAX : c;
}

wchar_t *
ch_wide(const char *text)
{
    // No character takes more units than bytes.
    wchar_t *wide = calloc(strlen(text) + 1, sizeof *wide);
    if (!wide) {
        errno = ENOMEM;
        return NULL;
    }
    size_t n = 0;
    for (const unsigned char *at = (const unsigned char *)text; *at;) {
        const uint32_t c = take(&at);
        if (c == UINT32_MAX) {
            free(wide);
            errno = EILSEQ;
            return NULL;
        }
        if (c >= 0x10000) {
            wide[n++] = (wchar_t)(0xD800 + ((c - 0x10000) >> 10));
            wide[n++] = (wchar_t)(0xDC00 + ((c - 0x10000) & 0x3FF));
        } else {
            wide[n++] = (wchar_t)c;
        }
    }
    return wide;
}

static size_t
put(uint32_t c, unsigned char out[4])
{
    if (c < 0x80) {
        out[0] = (unsigned char)c;
        return 1;
    }
    const size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char first[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = n; i-- > 1; c >>= 6) {
        out[i] = (unsigned char)(0x80 | (c & 0x3F));
    }
    out[0] = (unsigned char)(first[n] | c);
    return n;
}

size_t
ch_narrow(const wchar_t *text, char *out, size_t bytes)
{
    size_t n = 0;
    for (size_t i = 0; text[i]; i++) {
        uint32_t c = text[i];
        const uint32_t next = text[i + 1];
        if (c >= 0xD800 && c < 0xDC00 && next >= 0xDC00 && next < 0xE000) {
            c = 0x10000 + ((c - 0xD800) << 10) + (next - 0xDC00);
            i++;
        }
        unsigned char one[4];
        const size_t n_one = put(c, one);
        if (n + n_one < bytes) {
            memcpy(out + n, one, n_one);
        }
        n += n_one;
    }
    if (bytes > 0) {
        out[n < bytes ? n : 0] = '\0';
    }
    return n + 1;
}

char *
ch_narrow_new(const wchar_t *text)
{
    const size_t bytes = ch_narrow(text, NULL, 0);
    char *out = malloc(bytes);
    if (!out) {
        errno = ENOMEM;
        return NULL;
    }
    ch_narrow(text, out, bytes);
    return out;
}

/// The prefix that takes a full path past the limit of 260; "" of devices and what has it already.
static const wchar_t *
prefix_of(const wchar_t *full, size_t *n_left_out)
{
    *n_left_out = 0;
    if (full[0] == L'\\' && full[1] == L'\\') {
        if ((full[2] == L'?' || full[2] == L'.') && full[3] == L'\\') {
            return L"";
        }
        *n_left_out = 1;
        return L"\\\\?\\UNC";
    }
    return L"\\\\?\\";
}

wchar_t *
ch_wide_path(const char *path)
{
    if (!*path) {
        errno = ENOENT;
        return NULL;
    }
    wchar_t *wide = ch_wide(path);
    if (!wide) {
        return NULL;
    }
    const DWORD n_full = GetFullPathNameW(wide, 0, NULL, NULL);
    wchar_t *full = n_full ? calloc(n_full + 1, sizeof *full) : NULL;
    const DWORD n = full ? GetFullPathNameW(wide, n_full + 1, full, NULL) : 0;
    free(wide);
    wchar_t *out = NULL;
    if (n == 0 || n > n_full) {
        errno = n_full && !full ? ENOMEM : ENOENT;
    } else {
        size_t n_left_out;
        const wchar_t *prefix = prefix_of(full, &n_left_out);
        out = calloc(wcslen(prefix) + n + 1, sizeof *out);
        if (out) {
            wcscpy(out, prefix);
            wcscat(out, full + n_left_out);
        } else {
            errno = ENOMEM;
        }
    }
    free(full);
    return out;
}

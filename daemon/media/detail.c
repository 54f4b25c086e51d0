// SPDX-License-Identifier: ISC
// daemon/media/detail.c — short names for long paths, and sentences of bounded length.

#include "daemon/media/detail.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct ch_name
ch_name_of(const char *uri)
{
    struct ch_name name;
    const size_t length = strlen(uri);
    if (length < sizeof name.text) {
        memcpy(name.text, uri, length + 1);
        return name;
    }
    static const char ellipsis[] = "…";
    const char *end = uri + length - (sizeof name.text - sizeof ellipsis);
    while (((unsigned char)*end & 0xc0) == 0x80) {
        end++; // not in the middle of a character
    }
    snprintf(name.text, sizeof name.text, "%s%s", ellipsis, end);
    return name;
}

void
ch_detail_set(char *detail, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(detail, CH_DETAIL_BYTES, fmt, args);
    va_end(args);
}

// SPDX-License-Identifier: ISC
// protocol/buf.c — a byte string that grows.

#include "protocol/json_internal.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_BYTES = 256 };

void
ch_buf_init(struct ch_buf *buf)
{
    *buf = (struct ch_buf){0};
}

void
ch_buf_fini(struct ch_buf *buf)
{
    free(buf->data);
    ch_buf_init(buf);
}

bool
ch_buf_grow(struct ch_buf *buf, size_t n_bytes)
{
    if (buf->failed || n_bytes > SIZE_MAX / 4 || buf->length > SIZE_MAX / 4) {
        buf->failed = true;
        return false;
    }
    size_t capacity = buf->capacity ? buf->capacity : FIRST_BYTES;
    while (capacity - buf->length < n_bytes) {
        capacity *= 2;
    }
    char *data = realloc(buf->data, capacity);
    if (!data) {
        buf->failed = true;
        return false;
    }
    buf->data = data;
    buf->capacity = capacity;
    return true;
}

void
ch_buf_append(struct ch_buf *buf, const void *bytes, size_t length)
{
    if (length == 0) {
        return;
    }
    char *p = ch_buf_reserve(buf, length);
    if (p) {
        memcpy(p, bytes, length);
        buf->length += length;
    }
}

void
ch_buf_text(struct ch_buf *buf, const char *text)
{
    ch_buf_append(buf, text, strlen(text));
}

void
ch_buf_char(struct ch_buf *buf, char c)
{
    char *p = ch_buf_reserve(buf, 1);
    if (p) {
        *p = c;
        buf->length++;
    }
}

void
ch_buf_clear(struct ch_buf *buf)
{
    buf->length = 0;
    buf->failed = false;
}

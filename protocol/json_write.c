// SPDX-License-Identifier: ISC
// protocol/json_write.c — structure and strings; numbers are in json_number.c.

#include "protocol/json_internal.h"

#include <string.h>

static bool
needs_comma(const struct ch_buf *buf)
{
    if (buf->length == 0) {
        return false;
    }
    switch (buf->data[buf->length - 1]) {
    case '{':
    case '[':
    case ':':
    case ',':
    case '\n': // the line before
        return false;
    default:
        return true;
    }
}

char *
ch_json_reserve(struct ch_buf *buf, size_t n_bytes)
{
    char *p = ch_buf_reserve(buf, n_bytes + 1);
    if (p && needs_comma(buf)) {
        *p++ = ',';
    }
    return p;
}

// --- structure -------------------------------------------------------------------------------

void
ch_json_raw(struct ch_buf *buf, const char *text, size_t length)
{
    char *p = ch_json_reserve(buf, length);
    if (p) {
        memcpy(p, text, length);
        ch_buf_commit(buf, p + length);
    }
}

void
ch_json_begin_object(struct ch_buf *buf)
{
    ch_json_raw(buf, "{", 1);
}

void
ch_json_end_object(struct ch_buf *buf)
{
    ch_buf_char(buf, '}');
}

void
ch_json_begin_array(struct ch_buf *buf)
{
    ch_json_raw(buf, "[", 1);
}

void
ch_json_end_array(struct ch_buf *buf)
{
    ch_buf_char(buf, ']');
}

void
ch_json_key(struct ch_buf *buf, const char *key)
{
    size_t length = strlen(key);
    char *p = ch_json_reserve(buf, length + 3);
    if (p) {
        *p++ = '"';
        memcpy(p, key, length);
        p += length;
        *p++ = '"';
        *p++ = ':';
        ch_buf_commit(buf, p);
    }
}

void
ch_json_null(struct ch_buf *buf)
{
    ch_json_raw(buf, "null", 4);
}

void
ch_json_bool(struct ch_buf *buf, bool value)
{
    ch_json_raw(buf, value ? "true" : "false", value ? 4 : 5);
}

// --- strings ---------------------------------------------------------------------------------

static const char hex_digits[] = "0123456789abcdef";

enum { ESCAPE_BYTES_MAX = 6 };

static bool
is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

static char *
put_replacement(char *p)
{
    memcpy(p, "\xef\xbf\xbd", 3); // U+FFFD
    return p + 3;
}

// `c` is a quote, a backslash or a control character.  U+0000 the reader would refuse.
static char *
put_escape(char *p, unsigned char c)
{
    static const char letters[0x20] = {
        ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
    if (c == '\0') {
        return put_replacement(p);
    }
    *p++ = '\\';
    if (c >= 0x20) {
        *p++ = (char)c;
    } else if (letters[c]) {
        *p++ = letters[c];
    } else {
        memcpy(p, "u00", 3);
        p[3] = hex_digits[c >> 4];
        p[4] = hex_digits[c & 15];
        p += 5;
    }
    return p;
}

void
ch_json_string_n(struct ch_buf *buf, const char *text, size_t length)
{
    const unsigned char *s = (const unsigned char *)text;
    const unsigned char *const end = length ? s + length : s;
    char *p = ch_json_reserve(buf, length + 2);
    if (!p) {
        return;
    }
    *p++ = '"';
    while (s < end) {
        // Always room for what is left, as it is, and the closing quote.
        while (s < end && is_plain(*s)) {
            *p++ = (char)*s++;
        }
        if (s == end) {
            break;
        }
        int step = ch_utf8_step(s, end);
        if (step > 1) {
            memcpy(p, s, (size_t)step);
            p += step;
            s += step;
            continue;
        }
        ch_buf_commit(buf, p);
        p = ch_buf_reserve(buf, ESCAPE_BYTES_MAX + (size_t)(end - s) + 1);
        if (!p) {
            return;
        }
        p = step < 0 ? put_replacement(p) : put_escape(p, *s);
        s += step < 0 ? -step : 1;
    }
    *p++ = '"';
    ch_buf_commit(buf, p);
}

void
ch_json_string(struct ch_buf *buf, const char *text)
{
    if (text) {
        ch_json_string_n(buf, text, strlen(text));
    } else {
        ch_json_null(buf);
    }
}

// --- trees -----------------------------------------------------------------------------------

// Recursion is as deep as the parser let the tree become.
static void
write_children(struct ch_buf *buf, const cJSON *parent, bool with_keys)
{
    for (const cJSON *child = parent->child; child; child = child->next) {
        if (with_keys) {
            ch_json_string(buf, child->string ? child->string : "");
            ch_buf_char(buf, ':');
        }
        ch_json_value(buf, child);
    }
}

void
ch_json_value(struct ch_buf *buf, const cJSON *value)
{
    if (cJSON_IsString(value)) {
        ch_json_string(buf, value->valuestring);
    } else if (cJSON_IsNumber(value)) {
        ch_json_number(buf, value->valuedouble);
    } else if (cJSON_IsBool(value)) {
        ch_json_bool(buf, cJSON_IsTrue(value));
    } else if (cJSON_IsArray(value)) {
        ch_json_begin_array(buf);
        write_children(buf, value, false);
        ch_json_end_array(buf);
    } else if (cJSON_IsObject(value)) {
        ch_json_begin_object(buf);
        write_children(buf, value, true);
        ch_json_end_object(buf);
    } else {
        ch_json_null(buf);
    }
}

// --- key and value ---------------------------------------------------------------------------

void
ch_json_kv_null(struct ch_buf *buf, const char *key)
{
    ch_json_key(buf, key);
    ch_json_null(buf);
}

void
ch_json_kv_bool(struct ch_buf *buf, const char *key, bool value)
{
    ch_json_key(buf, key);
    ch_json_bool(buf, value);
}

void
ch_json_kv_uint(struct ch_buf *buf, const char *key, uint64_t value)
{
    ch_json_key(buf, key);
    ch_json_uint(buf, value);
}

void
ch_json_kv_fixed(struct ch_buf *buf, const char *key, double value, int decimals)
{
    ch_json_key(buf, key);
    ch_json_fixed(buf, value, decimals);
}

void
ch_json_kv_string(struct ch_buf *buf, const char *key, const char *text)
{
    ch_json_key(buf, key);
    ch_json_string(buf, text);
}

// SPDX-License-Identifier: ISC
// protocol/json_check.c — the grammar of RFC 8259 in one pass, a bit per level, no recursion.

#include "protocol/json_internal.h"

#include <string.h>

enum { LEVELS_MAX = CJSON_NESTING_LIMIT };

struct scanner {
    const unsigned char *p, *end;
    unsigned depth;
    uint64_t is_object[LEVELS_MAX / 64 + 1]; ///< a bit per open level
    bool long_number;
};

// What may come next.
enum place {
    BEFORE_VALUE,
    BEFORE_FIRST_VALUE, ///< after '[': the array may end
    BEFORE_KEY,
    BEFORE_FIRST_KEY, ///< after '{': the object may end
    AFTER_VALUE,
};

const char *
ch_json_verdict_text(enum ch_json_verdict verdict)
{
    switch (verdict) {
    case CH_JSON_OK:
        return "well-formed JSON";
    case CH_JSON_SYNTAX:
        return "not well-formed JSON";
    case CH_JSON_BAD_UTF8:
        return "not well-formed UTF-8";
    case CH_JSON_TOO_DEEP:
        return "arrays and objects are nested too deeply";
    case CH_JSON_NUL:
        return "a string holds U+0000";
    case CH_JSON_TOO_BIG:
        return "a number is too big for a double";
    case CH_JSON_NO_MEMORY:
        return "out of memory";
    }
    return "unknown verdict";
}

static void
skip_space(struct scanner *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r')) {
        s->p++;
    }
}

static bool
in_object(const struct scanner *s)
{
    unsigned level = s->depth - 1;
    return s->is_object[level / 64] >> (level % 64) & 1;
}

static void
push(struct scanner *s, bool object)
{
    uint64_t bit = UINT64_C(1) << (s->depth % 64);
    uint64_t *word = &s->is_object[s->depth / 64];
    *word = object ? *word | bit : *word & ~bit;
    s->depth++;
}

// Four hex digits at p, or -1.
static int
hex4(const unsigned char *p, const unsigned char *end)
{
    if (end - p < 4) {
        return -1;
    }
    int value = 0;
    for (int i = 0; i < 4; i++) {
        int c = p[i];
        int lower = c | 0x20;
        if (c >= '0' && c <= '9') {
            value = value * 16 + c - '0';
        } else if (lower >= 'a' && lower <= 'f') {
            value = value * 16 + lower - 'a' + 10;
        } else {
            return -1;
        }
    }
    return value;
}

// At "\u".  Surrogates stand for a character in pairs only.
static enum ch_json_verdict
scan_unicode_escape(struct scanner *s)
{
    int unit = hex4(s->p + 2, s->end);
    if (unit < 0 || (unit >= 0xdc00 && unit <= 0xdfff)) {
        return CH_JSON_SYNTAX;
    }
    if (unit == 0) {
        return CH_JSON_NUL;
    }
    if (unit < 0xd800 || unit > 0xdbff) {
        s->p += 6;
        return CH_JSON_OK;
    }
    if (s->end - s->p < 12 || s->p[6] != '\\' || s->p[7] != 'u') {
        return CH_JSON_SYNTAX;
    }
    unit = hex4(s->p + 8, s->end);
    if (unit < 0xdc00 || unit > 0xdfff) {
        return CH_JSON_SYNTAX;
    }
    s->p += 12;
    return CH_JSON_OK;
}

static enum ch_json_verdict
scan_escape(struct scanner *s)
{
    if (s->end - s->p < 2) {
        return CH_JSON_SYNTAX;
    }
    switch (s->p[1]) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        s->p += 2;
        return CH_JSON_OK;
    case 'u':
        return scan_unicode_escape(s);
    default:
        return CH_JSON_SYNTAX;
    }
}

static enum ch_json_verdict
scan_multibyte(struct scanner *s)
{
    int step = ch_utf8_step(s->p, s->end);
    if (step < 0) {
        return CH_JSON_BAD_UTF8;
    }
    s->p += step;
    return CH_JSON_OK;
}

static bool
is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

// At the opening quote.
static enum ch_json_verdict
scan_string(struct scanner *s)
{
    s->p++;
    for (;;) {
        while (s->p < s->end && is_plain(*s->p)) {
            s->p++;
        }
        if (s->p == s->end || *s->p < 0x20) {
            return CH_JSON_SYNTAX;
        }
        if (*s->p == '"') {
            s->p++;
            return CH_JSON_OK;
        }
        enum ch_json_verdict verdict = *s->p == '\\' ? scan_escape(s) : scan_multibyte(s);
        if (verdict != CH_JSON_OK) {
            return verdict;
        }
    }
}

// One digit or more.
static bool
skip_digits(struct scanner *s)
{
    const unsigned char *start = s->p;
    while (s->p < s->end && *s->p >= '0' && *s->p <= '9') {
        s->p++;
    }
    return s->p > start;
}

static bool
skip_char(struct scanner *s, unsigned char c)
{
    bool here = s->p < s->end && *s->p == c;
    s->p += here;
    return here;
}

static enum ch_json_verdict
scan_number(struct scanner *s)
{
    const unsigned char *start = s->p;
    skip_char(s, '-');
    if (!skip_char(s, '0') && !skip_digits(s)) {
        return CH_JSON_SYNTAX;
    }
    if (skip_char(s, '.') && !skip_digits(s)) {
        return CH_JSON_SYNTAX;
    }
    bool has_exponent = skip_char(s, 'e') || skip_char(s, 'E');
    if (has_exponent) {
        if (!skip_char(s, '+')) {
            skip_char(s, '-');
        }
        if (!skip_digits(s)) {
            return CH_JSON_SYNTAX;
        }
    }
    size_t length = (size_t)(s->p - start);
    if (has_exponent || length > CH_NUMBER_BYTES) {
        struct ch_decimal decimal;
        ch_decimal_read(&decimal, (const char *)start, length);
        if (!ch_decimal_is_finite(&decimal)) {
            s->p = start;
            return CH_JSON_TOO_BIG;
        }
        s->long_number |= length > CH_NUMBER_BYTES;
    }
    return CH_JSON_OK;
}

static enum ch_json_verdict
scan_word(struct scanner *s, const char *word, size_t length)
{
    if ((size_t)(s->end - s->p) < length || memcmp(s->p, word, length) != 0) {
        return CH_JSON_SYNTAX;
    }
    s->p += length;
    return CH_JSON_OK;
}

static enum ch_json_verdict
scan_scalar(struct scanner *s)
{
    switch (*s->p) {
    case '"':
        return scan_string(s);
    case 't':
        return scan_word(s, "true", 4);
    case 'f':
        return scan_word(s, "false", 5);
    case 'n':
        return scan_word(s, "null", 4);
    default:
        return scan_number(s);
    }
}

static enum ch_json_verdict
scan_value(struct scanner *s, unsigned max_depth, enum place *place)
{
    bool object = *s->p == '{';
    if (!object && *s->p != '[') {
        *place = AFTER_VALUE;
        return scan_scalar(s);
    }
    if (s->depth >= max_depth) {
        return CH_JSON_TOO_DEEP;
    }
    push(s, object);
    s->p++;
    *place = object ? BEFORE_FIRST_KEY : BEFORE_FIRST_VALUE;
    return CH_JSON_OK;
}

static enum ch_json_verdict
scan_key(struct scanner *s, enum place *place)
{
    if (*s->p != '"') {
        return CH_JSON_SYNTAX;
    }
    enum ch_json_verdict verdict = scan_string(s);
    if (verdict == CH_JSON_OK) {
        skip_space(s);
        *place = BEFORE_VALUE;
        verdict = skip_char(s, ':') ? CH_JSON_OK : CH_JSON_SYNTAX;
    }
    return verdict;
}

// At ',' or the end of the container, if the text is right.
static enum ch_json_verdict
scan_separator(struct scanner *s, enum place *place)
{
    if (s->depth == 0) {
        return CH_JSON_SYNTAX;
    }
    bool object = in_object(s);
    if (skip_char(s, ',')) {
        *place = object ? BEFORE_KEY : BEFORE_VALUE;
        return CH_JSON_OK;
    }
    if (skip_char(s, object ? '}' : ']')) {
        s->depth--;
        *place = AFTER_VALUE;
        return CH_JSON_OK;
    }
    return CH_JSON_SYNTAX;
}

static enum ch_json_verdict
scan_text(struct scanner *s, unsigned max_depth)
{
    enum place place = BEFORE_VALUE;
    for (skip_space(s); s->p < s->end; skip_space(s)) {
        enum ch_json_verdict verdict = CH_JSON_OK;
        switch (place) {
        case BEFORE_FIRST_VALUE:
        case BEFORE_FIRST_KEY:
            if (*s->p == ']' || *s->p == '}') {
                verdict = scan_separator(s, &place);
            } else {
                verdict = place == BEFORE_FIRST_KEY ? scan_key(s, &place)
                                                    : scan_value(s, max_depth, &place);
            }
            break;
        case BEFORE_VALUE:
            verdict = scan_value(s, max_depth, &place);
            break;
        case BEFORE_KEY:
            verdict = scan_key(s, &place);
            break;
        case AFTER_VALUE:
            verdict = scan_separator(s, &place);
            break;
        }
        if (verdict != CH_JSON_OK) {
            return verdict;
        }
    }
    return place == AFTER_VALUE && s->depth == 0 ? CH_JSON_OK : CH_JSON_SYNTAX;
}

enum ch_json_verdict
ch_json_scan(const char *text, size_t length, unsigned max_depth, struct ch_json_facts *facts)
{
    const unsigned char *start = (const unsigned char *)text;
    struct scanner s = {.p = start, .end = length ? start + length : start};
    enum ch_json_verdict verdict = scan_text(&s, max_depth < LEVELS_MAX ? max_depth : LEVELS_MAX);
    facts->long_number = s.long_number;
    facts->at = length - (size_t)(s.end - s.p);
    return verdict;
}

enum ch_json_verdict
ch_json_check(const char *text, size_t length, unsigned max_depth, size_t *at)
{
    struct ch_json_facts facts;
    enum ch_json_verdict verdict = ch_json_scan(text, length, max_depth, &facts);
    if (at) {
        *at = facts.at;
    }
    return verdict;
}

// SPDX-License-Identifier: ISC
// protocol/json_parse.c — checked text into a tree.
//
// All that ch_json_check() accepts, cJSON takes, but for numbers of more than 63 bytes: these are
// rewritten with 40 digits first, which is all that a double can tell apart.

#include "protocol/json_internal.h"

#include <stdlib.h>
#include <string.h>

static size_t
number_length(const char *p, const char *end)
{
    const char *start = p;
    while (p < end && ((*p >= '0' && *p <= '9') || (*p && strchr("+-.eE", *p)))) {
        p++;
    }
    return (size_t)(p - start);
}

// From the opening quote to behind the closing one.
static char *
skip_string(char *p)
{
    for (p++; *p != '"'; p++) {
        p += *p == '\\';
    }
    return p + 1;
}

// Shorten the long numbers of a valid text where they stand; spaces fill the gap.
static void
shorten_numbers(char *text, size_t length)
{
    char *const end = text + length;
    for (char *p = text; p < end;) {
        if (*p == '"') {
            p = skip_string(p);
            continue;
        }
        if (*p != '-' && (*p < '0' || *p > '9')) {
            p++;
            continue;
        }
        size_t n = number_length(p, end);
        if (n > CH_NUMBER_BYTES) {
            struct ch_decimal decimal;
            char brief[CH_NUMBER_BYTES + 1];
            ch_decimal_read(&decimal, p, n);
            size_t n_brief = ch_decimal_write(&decimal, brief);
            memcpy(p, brief, n_brief);
            memset(p + n_brief, ' ', n - n_brief);
        }
        p += n;
    }
}

static cJSON *
parse_long_numbers(const char *text, size_t length)
{
    char *copy = malloc(length);
    if (!copy) {
        return NULL;
    }
    memcpy(copy, text, length);
    shorten_numbers(copy, length);
    cJSON *tree = cJSON_ParseWithLength(copy, length);
    free(copy);
    return tree;
}

enum ch_json_verdict
ch_json_parse(const char *text, size_t length, unsigned max_depth, cJSON **out, size_t *at)
{
    struct ch_json_facts facts;
    enum ch_json_verdict verdict = ch_json_scan(text, length, max_depth, &facts);
    *out = NULL;
    if (at) {
        *at = facts.at;
    }
    if (verdict != CH_JSON_OK) {
        return verdict;
    }
    *out =
        facts.long_number ? parse_long_numbers(text, length) : cJSON_ParseWithLength(text, length);
    return *out ? CH_JSON_OK : CH_JSON_NO_MEMORY;
}

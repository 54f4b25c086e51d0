// SPDX-License-Identifier: ISC
// daemon/media/uri.c — schemes, percent-encoding and the parameters of tones.

#include "daemon/media/uri.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "daemon/media/detail.h"
#include "system/path.h"

// --- files -------------------------------------------------------------------------------------

static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum ch_status
set_path(struct ch_uri *out, const char *path, char *detail)
{
    if (strlen(path) >= sizeof out->path) {
        ch_detail_set(detail, "path longer than %zu bytes: %s", sizeof out->path - 1,
                      ch_name_of(path).text);
        return CH_INVALID;
    }
    out->kind = CH_URI_FILE;
    strcpy(out->path, path);
    ch_path_normalise(out->path);
    return CH_OK;
}

static enum ch_status
parse_file(struct ch_uri *out, const char *text, const char *rest, char *detail)
{
    if (!strncmp(rest, "//", 2)) {
        rest += 2;
        const size_t host = strcspn(rest, "/");
        const bool here = host == 0 || (host == 9 && !strncasecmp(rest, "localhost", host));
        if (!here && !ch_path_has_servers()) {
            ch_detail_set(detail, "not a file of this computer: %s", ch_name_of(text).text);
            return CH_INVALID;
        }
        // With its "//" a server's name is the beginning of the path.
        rest = here ? rest + host : rest - 2;
    }
    if (*rest != '/') {
        ch_detail_set(detail, "not an absolute path: %s (write file:///path)",
                      ch_name_of(text).text);
        return CH_INVALID;
    }
    char path[CH_URI_BYTES];
    size_t n = 0;
    for (; *rest && n < sizeof path; n++) {
        if (*rest != '%') {
            path[n] = *rest++;
            continue;
        }
        const int high = hex_digit(rest[1]);
        const int low = high < 0 ? -1 : hex_digit(rest[2]);
        if (low < 0 || high * 16 + low == 0) {
            ch_detail_set(detail, "bad percent-encoding (a plain %% is written %%25): %s",
                          ch_name_of(text).text);
            return CH_INVALID;
        }
        path[n] = (char)(unsigned char)(high * 16 + low);
        rest += 3;
    }
    if (n == sizeof path) {
        ch_detail_set(detail, "path longer than %zu bytes: %s", sizeof path - 1,
                      ch_name_of(text).text);
        return CH_INVALID;
    }
    path[n] = '\0';
    ch_path_from_uri(path);
    if (!ch_path_is_absolute(path)) {
        ch_detail_set(detail, "not an absolute path: %s", ch_name_of(text).text);
        return CH_INVALID;
    }
    return set_path(out, path, detail);
}

// --- tones -------------------------------------------------------------------------------------

#define ALL_KINDS (~0u)
#define KIND(id)  (1u << CH_TONE_##id)

static const struct tone_param {
    const char *name;
    double min, max;
    size_t offset;  ///< of a double in struct ch_tone_spec
    unsigned kinds; ///< that know it
} tone_params[] = {
    {"hz", 0.1, 192000.0, offsetof(struct ch_tone_spec, freq_hz),
     KIND(SINE) | KIND(SQUARE) | KIND(SAW) | KIND(TRIANGLE) | KIND(SWEEP) | KIND(IMPULSE)},
    {"db", -150.0, 0.0, offsetof(struct ch_tone_spec, level_db), ALL_KINDS},
    {"s", 0.001, 1e6, offsetof(struct ch_tone_spec, duration_s), ALL_KINDS},
    {"to", 0.1, 192000.0, offsetof(struct ch_tone_spec, end_hz), KIND(SWEEP)},
};

static const struct tone_param *
find_param(const char *name)
{
    for (size_t i = 0; i < sizeof tone_params / sizeof *tone_params; i++) {
        if (!strcmp(tone_params[i].name, name)) {
            return &tone_params[i];
        }
    }
    return NULL;
}

/// A plain decimal number and nothing else: no "inf", "0x10" or spaces.
static bool
parse_number(const char *text, double *value)
{
    if (!*text || strspn(text, "+-.0123456789eE") != strlen(text)) {
        return false;
    }
    char *end;
    *value = strtod(text, &end);
    return *end == '\0' && isfinite(*value);
}

static const char *
kind_name(enum ch_tone_kind kind)
{
    static const char *const names[CH_TONE_KINDS] = {
#define X(id, name) [CH_TONE_##id] = name,
        CH_TONE_MAP(X)
#undef X
    };
    return names[kind];
}

static enum ch_status
parse_param(struct ch_tone_spec *spec, char *assignment, char *detail)
{
    char *value_text = strchr(assignment, '=');
    if (!value_text) {
        ch_detail_set(detail, "tone: \"%s\" is not name=value", ch_name_of(assignment).text);
        return CH_INVALID;
    }
    *value_text++ = '\0';
    const struct tone_param *param = find_param(assignment);
    if (!param) {
        ch_detail_set(detail, "tone: no parameter \"%s\" (there are hz, db, s and to)",
                      ch_name_of(assignment).text);
        return CH_INVALID;
    }
    if (!(param->kinds & (1u << spec->kind))) {
        ch_detail_set(detail, "tone:%s has no parameter \"%s\"", kind_name(spec->kind),
                      param->name);
        return CH_INVALID;
    }
    double value;
    if (!parse_number(value_text, &value)) {
        ch_detail_set(detail, "tone: %s=%s is not a number", param->name,
                      ch_name_of(value_text).text);
        return CH_INVALID;
    }
    if (value < param->min || value > param->max) {
        ch_detail_set(detail, "tone: %s=%s is not within %g…%g", param->name,
                      ch_name_of(value_text).text, param->min, param->max);
        return CH_INVALID;
    }
    memcpy((char *)spec + param->offset, &value, sizeof value);
    return CH_OK;
}

static void
list_kinds(char *detail, const char *unknown)
{
    ch_detail_set(detail, "no tone \"%s\"; there are", ch_name_of(unknown).text);
    for (int i = 0; i < CH_TONE_KINDS; i++) {
        const size_t n = strlen(detail);
        snprintf(detail + n, CH_DETAIL_BYTES - n, " %s", kind_name((enum ch_tone_kind)i));
    }
}

static enum ch_status
parse_tone(struct ch_uri *out, const char *rest, char *detail)
{
    char text[256];
    if (strlen(rest) >= sizeof text) {
        ch_detail_set(detail, "tone: too long: %s", ch_name_of(rest).text);
        return CH_INVALID;
    }
    strcpy(text, rest);
    char *params = strchr(text, '?');
    if (params) {
        *params++ = '\0';
    }
    out->kind = CH_URI_TONE;
    out->tone = (struct ch_tone_spec){.freq_hz = 440.0, .end_hz = 20000.0, .level_db = -20.0};
    if (!ch_tone_kind_from_name(text, &out->tone.kind)) {
        list_kinds(detail, text);
        return CH_INVALID;
    }
    char *save = NULL;
    for (char *one = params ? strtok_r(params, "&", &save) : NULL; one;
         one = strtok_r(NULL, "&", &save)) {
        const enum ch_status status = parse_param(&out->tone, one, detail);
        if (status) {
            return status;
        }
    }
    return CH_OK;
}

// --- all ---------------------------------------------------------------------------------------

/// Length of "scheme" in "scheme:…", 0 if there is none.
static size_t
scheme_length(const char *text)
{
    size_t n = 0;
    while (isalnum((unsigned char)text[n]) || (n && text[n] && strchr("+-.", text[n]))) {
        n++;
    }
    return n && isalpha((unsigned char)text[0]) && text[n] == ':' ? n : 0;
}

static bool
is_scheme(const char *text, size_t length, const char *name)
{
    return strlen(name) == length && !strncasecmp(text, name, length);
}

enum ch_status
ch_uri_parse(struct ch_uri *out, const char *text, char *detail)
{
    memset(out, 0, sizeof *out);
    detail[0] = '\0';
    if (ch_path_is_absolute(text)) {
        return set_path(out, text, detail);
    }
    const size_t n = scheme_length(text);
    if (is_scheme(text, n, "file")) {
        return parse_file(out, text, text + n + 1, detail);
    }
    if (is_scheme(text, n, "tone")) {
        return parse_tone(out, text + n + 1, detail);
    }
    static const char *const later[] = {"input", "http", "https"};
    for (size_t i = 0; i < sizeof later / sizeof *later; i++) {
        if (is_scheme(text, n, later[i])) {
            ch_detail_set(detail, "%s: can not be played by this version: %s", later[i],
                          ch_name_of(text).text);
            return CH_UNAVAILABLE;
        }
    }
    if (!text[0]) {
        ch_detail_set(detail, "an empty URI");
    } else {
        ch_detail_set(detail, "neither an absolute path nor a file: or tone: URI: %s",
                      ch_name_of(text).text);
    }
    return CH_INVALID;
}

// SPDX-License-Identifier: ISC
// client/values.c — the words of a command line as numbers, and numbers as people read them.

#include "client/values.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/// A hundred years: beyond it a position is a typing mistake, and its digits would not survive.
#define SEEK_MAX_S 3.2e9

/// strtod() for decimal numbers; *end is `text` itself if there is none.
static double
parse_decimal(const char *text, const char **end)
{
    const char *p = text;
    if (*p == '+' || *p == '-') {
        p++;
    }
    // strtod() would also take spaces, "inf", "nan" and "0x10".
    if ((*p != '.' && (*p < '0' || *p > '9')) || (p[0] == '0' && (p[1] == 'x' || p[1] == 'X'))) {
        *end = text;
        return 0;
    }
    char *stop;
    double value = strtod(text, &stop);
    *end = stop;
    return value;
}

bool
ch_value_number(const char *text, double *out)
{
    const char *end;
    double value = parse_decimal(text, &end);
    if (end == text || *end != '\0' || !isfinite(value)) {
        return false;
    }
    *out = value;
    return true;
}

bool
ch_value_integer(const char *text, int64_t min, int64_t max, int64_t *out)
{
    const char *digits = *text == '-' || *text == '+' ? text + 1 : text;
    if (*digits < '0' || *digits > '9') {
        return false;
    }
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (*end != '\0' || errno == ERANGE || value < min || value > max) {
        return false;
    }
    *out = value;
    return true;
}

bool
ch_value_gain_db(const char *text, double *out)
{
    const char *end;
    double value;
    if (strncasecmp(text, "-inf", 4) == 0) {
        value = -INFINITY;
        end = text + 4;
    } else {
        value = parse_decimal(text, &end);
        if (end == text || !isfinite(value)) {
            return false;
        }
    }
    if (*end != '\0' && strcasecmp(end, "dB") != 0) {
        return false;
    }
    *out = value;
    return true;
}

bool
ch_value_on_off(const char *text, bool *out)
{
    if (strcmp(text, "on") != 0 && strcmp(text, "off") != 0) {
        return false;
    }
    *out = text[1] == 'n';
    return true;
}

/// Whole hours or minutes before a colon: digits only, six at most.
static bool
parse_sexagesimal(const char **text, unsigned *out)
{
    unsigned value = 0;
    int n_digits = 0;
    for (; **text >= '0' && **text <= '9'; (*text)++, n_digits++) {
        value = value * 10 + (unsigned)(**text - '0');
        if (n_digits == 6) {
            return false;
        }
    }
    *out = value;
    return n_digits > 0;
}

bool
ch_value_seek(const char *text, struct ch_seek *out)
{
    const char *p = text;
    bool relative = *p == '+' || *p == '-';
    double sign = *p == '-' ? -1.0 : 1.0;
    if (relative) {
        p++;
    }
    double whole_s = 0;
    int n_colons = 0;
    for (const char *colon; (colon = strchr(p, ':')) != NULL; p = colon + 1, n_colons++) {
        unsigned value;
        const char *q = p;
        if (n_colons == 2 || !parse_sexagesimal(&q, &value) || q != colon ||
            (n_colons > 0 && value > 59)) {
            return false;
        }
        whole_s = whole_s * 60 + value;
    }
    double seconds;
    if (*p == '+' || *p == '-' || !ch_value_number(p, &seconds) ||
        (n_colons > 0 && seconds >= 60)) {
        return false;
    }
    seconds += whole_s * 60;
    if (seconds > SEEK_MAX_S) {
        return false;
    }
    *out = (struct ch_seek){.relative = relative, .seconds = sign * seconds};
    return true;
}

void
ch_value_time(double seconds, char *out)
{
    if (!(seconds >= 0) || seconds > SEEK_MAX_S) {
        snprintf(out, CH_TIME_BYTES, "-:--");
        return;
    }
    unsigned long total = (unsigned long)seconds;
    unsigned long h = total / 3600;
    unsigned long m = total / 60 % 60;
    unsigned long s = total % 60;
    if (h > 0) {
        snprintf(out, CH_TIME_BYTES, "%lu:%02lu:%02lu", h, m, s);
    } else {
        snprintf(out, CH_TIME_BYTES, "%lu:%02lu", m, s);
    }
}

void
ch_value_hz(double hz, char *out)
{
    if (hz >= 1000) {
        snprintf(out, CH_TIME_BYTES, "%.6g kHz", hz / 1000);
    } else {
        snprintf(out, CH_TIME_BYTES, "%.6g Hz", hz);
    }
}

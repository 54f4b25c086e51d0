// SPDX-License-Identifier: ISC
// daemon/eqtext/words.c — words and numbers, without a locale.

#include "daemon/eqtext/words.h"

#include <math.h>
#include <string.h>

#define DIGITS_MAX 40

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char
lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool
is_letter(char c)
{
    return lower(c) >= 'a' && lower(c) <= 'z';
}

bool
ch_words_same(const char *a, const char *b)
{
    while (*a && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

bool
ch_words_tidy(char out[CH_WORDS_LINE_BYTES], const char *text, size_t length)
{
    // No-break, thin, figure and narrow no-break spaces; the minus sign and the figure dash.
    static const struct {
        const char *bytes, *text;
    } odd[] = {{"\xC2\xA0", " "},     {"\xE2\x80\x89", " "}, {"\xE2\x80\x87", " "},
               {"\xE2\x80\xAF", " "}, {"\xE2\x88\x92", "-"}, {"\xE2\x80\x92", "-"}};
    size_t n = 0;
    for (size_t i = 0; i < length; n++) {
        if (n + 1 == CH_WORDS_LINE_BYTES) {
            return false;
        }
        out[n] = text[i] == '\t' || !text[i] ? ' ' : text[i];
        size_t taken = 1;
        for (size_t k = 0; k < sizeof odd / sizeof *odd; k++) {
            const size_t bytes = strlen(odd[k].bytes);
            if (i + bytes <= length && !memcmp(text + i, odd[k].bytes, bytes)) {
                out[n] = odd[k].text[0];
                taken = bytes;
            }
        }
        i += taken;
    }
    out[n] = '\0';
    return true;
}

void
ch_words_blanks(const char **at)
{
    while (**at == ' ') {
        (*at)++;
    }
}

bool
ch_words_word(const char **at, char word[CH_WORD_BYTES])
{
    ch_words_blanks(at);
    size_t n = 0;
    if (!is_letter(**at)) {
        return false;
    }
    for (; is_letter(**at) || is_digit(**at) || **at == '_'; (*at)++) {
        if (n + 1 < CH_WORD_BYTES) {
            word[n++] = **at;
        }
    }
    word[n] = '\0';
    return true;
}

bool
ch_words_skip(const char **at, const char *word)
{
    const char *p = *at;
    char found[CH_WORD_BYTES];
    if (!ch_words_word(&p, found) || !ch_words_same(found, word)) {
        return false;
    }
    *at = p;
    return true;
}

// Three digits follow, and no fourth.
static bool
three_digits(const char *p)
{
    return is_digit(p[0]) && is_digit(p[1]) && is_digit(p[2]) && !is_digit(p[3]);
}

struct digits {
    char text[DIGITS_MAX];
    size_t n;
    size_t n_points, n_commas;
    char last_mark; ///< '.' or ',': the one that stands last
    size_t after;   ///< digits behind it
};

static bool
take_digits(const char **at, bool groups, struct digits *out)
{
    const char *p = *at;
    bool any = false;
    memset(out, 0, sizeof *out);
    for (;; p++) {
        if (groups && any && (*p == ' ' || *p == '\'') && three_digits(p + 1)) {
            continue;
        }
        if (is_digit(*p)) {
            any = true;
            out->after++;
        } else if (*p == '.' || *p == ',') {
            *(*p == '.' ? &out->n_points : &out->n_commas) += 1;
            out->last_mark = *p;
            out->after = 0;
        } else {
            break;
        }
        if (out->n == DIGITS_MAX) {
            return false;
        }
        out->text[out->n++] = *p;
    }
    *at = p;
    return any;
}

// The mark that stands before the fraction, or 0.
static char
fraction_mark(const struct digits *digits)
{
    if (digits->n_points && digits->n_commas) {
        return digits->last_mark;
    }
    return digits->n_points + digits->n_commas == 1 ? digits->last_mark : 0;
}

static int
exponent(const char **at)
{
    const char *p = *at;
    if (lower(*p) != 'e') {
        return 0;
    }
    p++;
    const int sign = *p == '-' ? -1 : 1;
    p += *p == '-' || *p == '+';
    if (!is_digit(*p)) {
        return 0;
    }
    int value = 0;
    for (; is_digit(*p); p++) {
        value = value < 1000 ? value * 10 + (*p - '0') : value;
    }
    *at = p;
    return sign * value;
}

static double
value_of(const struct digits *digits, char mark, int power)
{
    double value = 0.0;
    bool fraction = false;
    for (size_t i = 0; i < digits->n; i++) {
        if (is_digit(digits->text[i])) {
            value = value * 10.0 + (digits->text[i] - '0');
            power -= fraction;
        } else if (digits->text[i] == mark) {
            fraction = true;
        }
    }
    // One rounding for all numbers of up to 15 digits and a fraction of up to 22 (Clinger).
    return power < 0 ? value / pow(10.0, -power) : value * pow(10.0, power);
}

static bool
take_sign(const char **at)
{
    ch_words_blanks(at);
    const bool negative = **at == '-';
    *at += **at == '-' || **at == '+';
    return negative;
}

bool
ch_words_number(const char **at, double *value)
{
    struct digits digits;
    const bool negative = take_sign(at);
    if (!take_digits(at, false, &digits) || digits.n_points + digits.n_commas > 1) {
        return false;
    }
    *value = value_of(&digits, fraction_mark(&digits), exponent(at));
    *value = negative ? -*value : *value;
    return isfinite(*value);
}

bool
ch_words_frequency(const char **at, double *freq_hz)
{
    struct digits digits;
    if (take_sign(at) || !take_digits(at, true, &digits)) {
        return false;
    }
    const int power = exponent(at);
    const bool kilo = ch_words_skip(at, "kHz") || ch_words_skip(at, "k");
    if (!kilo) {
        ch_words_skip(at, "Hz");
    }
    char mark = fraction_mark(&digits);
    // "1,200 Hz" is what an English program makes of 1200.
    if (mark == ',' && !digits.n_points && digits.after == 3 && !kilo && digits.text[0] != '0' &&
        digits.n <= 6) {
        mark = 0;
    }
    *freq_hz = value_of(&digits, mark, power) * (kilo ? 1000.0 : 1.0);
    return isfinite(*freq_hz);
}

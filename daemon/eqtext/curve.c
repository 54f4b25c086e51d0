// SPDX-License-Identifier: ISC
// daemon/eqtext/curve.c — "20 0; 21 0.1; …": a curve of points, and what lies between them.

#include <math.h>
#include <string.h>

#include "daemon/eqtext/internal.h"
#include "daemon/eqtext/words.h"

// One pair; false and a note if it is none.
static bool
take_point(struct ch_eqtext_reading *r, const char *text, size_t length,
           const struct ch_eqtext_line *line)
{
    struct ch_eqtext_notes *notes = &r->out->notes;
    char copy[CH_WORDS_LINE_BYTES];
    struct ch_eqtext_point point;
    const char *at = copy;
    const int shown = (int)(length < 40 ? length : 40);
    if (!ch_words_tidy(copy, text, length) || !ch_words_number(&at, &point.freq_hz) ||
        !ch_words_number(&at, &point.gain_db) || (ch_words_blanks(&at), *at)) {
        ch_eqtext_note(notes, line, "'%.*s' is no pair of a frequency and a gain", shown, text);
    } else if (!(point.freq_hz > 0.0) || fabs(point.gain_db) > 120.0) {
        ch_eqtext_note(notes, line, "'%.*s' is no point of a curve", shown, text);
    } else if (r->n_points && point.freq_hz <= r->points[r->n_points - 1].freq_hz) {
        ch_eqtext_note(notes, line, "%g Hz is not above the point before it", point.freq_hz);
    } else if (r->n_points == CH_EQTEXT_POINTS_MAX) {
        ch_eqtext_note(notes, line, "a curve can have %d points", CH_EQTEXT_POINTS_MAX);
    } else {
        r->points[r->n_points++] = point;
        return true;
    }
    return false;
}

void
ch_eqtext_parse_points(struct ch_eqtext_reading *r, const char *text,
                       const struct ch_eqtext_line *line)
{
    const char *end = line->text + line->length;
    if (r->n_points && memchr(line->text, ';', line->length)) {
        ch_eqtext_note(&r->out->notes, line, "one curve can be fitted, and there is one already");
        return;
    }
    if (!r->n_points) {
        r->curve_line = *line;
    }
    const uint32_t n_before = r->n_points + r->out->notes.n;
    while (text < end) {
        const char *mark = memchr(text, ';', (size_t)(end - text));
        const char *stop = mark ? mark : end;
        const char *p = text;
        while (p < stop && (*p == ' ' || *p == '\t')) {
            p++;
        }
        if (p < stop) {
            take_point(r, p, (size_t)(stop - p), line);
        }
        text = stop + 1;
    }
    if (r->n_points + r->out->notes.n == n_before) {
        ch_eqtext_note(&r->out->notes, line, "there are no points in it");
    }
}

double
ch_eqtext_curve_db(const struct ch_eqtext_point *points, uint32_t n_points, double freq_hz)
{
    uint32_t low = 0, high = n_points - 1;
    if (freq_hz <= points[low].freq_hz) {
        return points[low].gain_db;
    }
    if (freq_hz >= points[high].freq_hz) {
        return points[high].gain_db;
    }
    while (high - low > 1) {
        const uint32_t middle = (low + high) / 2;
        *(points[middle].freq_hz <= freq_hz ? &low : &high) = middle;
    }
    const struct ch_eqtext_point *a = &points[low], *b = &points[high];
    const double t = log(freq_hz / a->freq_hz) / log(b->freq_hz / a->freq_hz);
    return a->gain_db + t * (b->gain_db - a->gain_db);
}

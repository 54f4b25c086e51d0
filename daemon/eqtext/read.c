// SPDX-License-Identifier: ISC
// daemon/eqtext/read.c — which format a text is in, and what all readers end with.

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/units.h"
#include "daemon/eqtext/internal.h"
#include "daemon/eqtext/words.h"

/// Sections beyond the first of each band that the engine has for all bands together.
#define EXTRA_SECTIONS (CH_EQ_SECTIONS_MAX - CH_EQ_BANDS_MAX)
/// Fewer make no curve.
#define FIT_BANDS_MIN 4
#define PREAMP_MIN_DB (-60.0)
#define PREAMP_MAX_DB 24.0

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\0';
}

bool
ch_eqtext_next_line(struct ch_eqtext_reading *r, struct ch_eqtext_line *line)
{
    if (r->next >= r->end) {
        return false;
    }
    const char *begin = r->next;
    const char *end = begin;
    while (end < r->end && *end != '\n' && !(*end == '\r' && end + 1 < r->end && end[1] != '\n')) {
        end++;
    }
    r->next = end + 1;
    line->number = ++r->last_line;
    while (begin < end && is_blank(*begin)) {
        begin++;
    }
    while (end > begin && is_blank(end[-1])) {
        end--;
    }
    line->text = begin;
    line->length = (size_t)(end - begin);
    return true;
}

bool
ch_eqtext_add_band(struct ch_eqtext_reading *r, const struct ch_eq_band *band, unsigned channels,
                   const struct ch_eqtext_line *line)
{
    struct ch_eqtext_notes *notes = &r->out->notes;
    if (!(band->freq_hz >= FREQ_MIN_HZ && band->freq_hz <= FREQ_MAX_HZ)) {
        ch_eqtext_note(notes, line, "the frequency must be %g to %g Hz, not %g", FREQ_MIN_HZ,
                       FREQ_MAX_HZ, band->freq_hz);
    } else if (!(fabs(band->gain_db) <= CH_EQ_GAIN_MAX_DB)) {
        ch_eqtext_note(notes, line, "the gain must be %g to %g dB, not %g", -CH_EQ_GAIN_MAX_DB,
                       CH_EQ_GAIN_MAX_DB, band->gain_db);
    } else if (!(band->q >= Q_MIN && band->q <= Q_MAX)) {
        ch_eqtext_note(notes, line, "Q must be %g to %g, not %g", Q_MIN, Q_MAX, band->q);
    } else if (r->n_raw == CH_EQTEXT_RAW_MAX) {
        ch_eqtext_note(notes, line, "it is beyond the %d filters that are looked at",
                       CH_EQTEXT_RAW_MAX);
    } else {
        r->raw[r->n_raw++] =
            (struct ch_eqtext_raw){.band = *band, .channels = channels, .line = *line};
        return true;
    }
    return false;
}

void
ch_eqtext_add_gain(struct ch_eqtext_reading *r, double gain_db, unsigned channels,
                   const struct ch_eqtext_line *line)
{
    for (unsigned i = 0; i < 2; i++) {
        if (channels & CH_EQ_LEFT << i) {
            r->gain_db[i] += gain_db;
            r->has_gain[i] = true;
        }
    }
    if (channels != CH_EQ_BOTH) {
        r->gain_line = *line;
    }
    r->out->n_used++;
}

// --- the end -----------------------------------------------------------------------------------

static bool
same_band(const struct ch_eq_band *a, const struct ch_eq_band *b)
{
    return a->type == b->type && a->freq_hz == b->freq_hz && a->gain_db == b->gain_db &&
           a->q == b->q && a->slope == b->slope && a->order == b->order && a->family == b->family &&
           a->bypass == b->bypass;
}

// What left and right have each for itself becomes one band of both.
static void
join_channels(struct ch_eqtext_reading *r)
{
    for (uint32_t i = 0; i < r->n_raw; i++) {
        struct ch_eqtext_raw *first = &r->raw[i];
        for (uint32_t k = i + 1; first->channels && first->channels != CH_EQ_BOTH && k < r->n_raw;
             k++) {
            struct ch_eqtext_raw *second = &r->raw[k];
            if (second->channels == (first->channels ^ CH_EQ_BOTH) &&
                same_band(&first->band, &second->band)) {
                first->channels = CH_EQ_BOTH;
                second->channels = 0;
                r->out->n_used++;
            }
        }
    }
}

static void
take_bands(struct ch_eqtext_reading *r)
{
    struct ch_eqtext *out = r->out;
    uint32_t n_extra = 0;
    for (uint32_t i = 0; i < r->n_raw; i++) {
        const struct ch_eqtext_raw *raw = &r->raw[i];
        if (!raw->channels) {
            continue;
        }
        const uint32_t extra = ch_eq_band_sections(&raw->band) - 1;
        if (out->n_bands == CH_EQ_BANDS_MAX) {
            ch_eqtext_note(&out->notes, &raw->line, "there are %d bands already", CH_EQ_BANDS_MAX);
        } else if (n_extra + extra > EXTRA_SECTIONS) {
            ch_eqtext_note(&out->notes, &raw->line,
                           "filters of high order and tilts need too many sections");
        } else {
            struct ch_eq_band *band = &out->bands[out->n_bands++];
            *band = raw->band;
            band->bypass_left = !(raw->channels & CH_EQ_LEFT);
            band->bypass_right = !(raw->channels & CH_EQ_RIGHT);
            n_extra += extra;
            out->n_used++;
        }
    }
}

// By more than a dB.
static bool
falls_below_the_fit(const struct ch_eqtext_reading *r)
{
    const double edge_db = ch_eqtext_curve_db(r->points, r->n_points, CH_EQTEXT_FIT_LOW_HZ);
    bool falls = false;
    for (uint32_t i = 0; i < r->n_points && r->points[i].freq_hz < CH_EQTEXT_FIT_LOW_HZ; i++) {
        falls |= fabs(r->points[i].gain_db - edge_db) > 1.0;
    }
    return falls;
}

static void
take_curve(struct ch_eqtext_reading *r)
{
    struct ch_eqtext *out = r->out;
    if (!r->n_points) {
        return;
    }
    if (!r->fits) {
        out->fitted = r->n_points > 1;
        return;
    }
    const uint32_t n_free = CH_EQ_BANDS_MAX - out->n_bands;
    double offset_db = 0.0;
    const double error_db = n_free < FIT_BANDS_MIN
                                ? -1.0
                                : ch_eqtext_fit(r->points, r->n_points, r->design, r->rate_hz,
                                                n_free, out->bands + out->n_bands, &offset_db);
    if (error_db < 0.0) {
        ch_eqtext_note(&out->notes, &r->curve_line, "%s",
                       n_free < FIT_BANDS_MIN ? "the filters leave too few bands to fit a curve"
                                              : "a curve needs two points at least");
        return;
    }
    if (falls_below_the_fit(r)) {
        ch_eqtext_note(&out->notes, &r->curve_line, "what it does below %g Hz is left out",
                       CH_EQTEXT_FIT_LOW_HZ);
    }
    double highest_db = -INFINITY;
    for (uint32_t i = 0; i < r->n_points; i++) {
        highest_db = fmax(highest_db, r->points[i].gain_db);
    }
    // A curve below 0 dB has its preamp in it; of one above, the level is nobody's wish.
    if (highest_db <= 0.0 || r->has_gain[0]) {
        ch_eqtext_add_gain(r, offset_db, CH_EQ_BOTH, &r->curve_line);
    } else {
        out->n_used++;
    }
    out->n_bands += n_free;
    out->fitted = true;
    out->fit_error_db = error_db;
}

static void
take_gain(struct ch_eqtext_reading *r)
{
    struct ch_eqtext *out = r->out;
    out->has_preamp = r->has_gain[0] || r->has_gain[1];
    if (fabs(r->gain_db[0] - r->gain_db[1]) > 1e-9) {
        ch_eqtext_note(&out->notes, &r->gain_line,
                       "left has %g dB and right %g: the preamp is one for both, %g is taken",
                       r->gain_db[0], r->gain_db[1], fmin(r->gain_db[0], r->gain_db[1]));
    }
    out->preamp_db = fmin(r->gain_db[0], r->gain_db[1]);
    if (!(out->preamp_db >= PREAMP_MIN_DB && out->preamp_db <= PREAMP_MAX_DB)) {
        const struct ch_eqtext_line nowhere = {"", 0, r->last_line};
        ch_eqtext_note(&out->notes, &nowhere,
                       "the gains add up to %g dB; a preamp must be %g to %g, %g is taken",
                       out->preamp_db, PREAMP_MIN_DB, PREAMP_MAX_DB,
                       fmax(fmin(out->preamp_db, PREAMP_MAX_DB), PREAMP_MIN_DB));
        out->preamp_db = fmax(fmin(out->preamp_db, PREAMP_MAX_DB), PREAMP_MIN_DB);
    }
}

// --- the beginning -----------------------------------------------------------------------------

static bool
begins(const struct ch_eqtext_line *line, const char *word)
{
    const size_t length = strlen(word);
    return line->length >= length && !memcmp(line->text, word, length);
}

static enum ch_eqtext_format
recognise(struct ch_eqtext_reading r)
{
    enum ch_eqtext_format format = CH_EQTEXT_APO;
    struct ch_eqtext_line line;
    while (ch_eqtext_next_line(&r, &line)) {
        if (begins(&line, "Filter Settings file") || begins(&line, "Room EQ V") ||
            begins(&line, "Number Enabled") || begins(&line, "Number\tEnabled")) {
            return CH_EQTEXT_REW;
        }
        if (begins(&line, "filters:") || begins(&line, "pipeline:")) {
            return CH_EQTEXT_CAMILLADSP;
        }
        if (begins(&line, "Filter") || begins(&line, "Preamp")) {
            return CH_EQTEXT_APO;
        }
        if (begins(&line, "GraphicEQ")) {
            format = CH_EQTEXT_GRAPHIC;
        }
    }
    return format;
}

static void
read_as(struct ch_eqtext_reading *r, enum ch_eqtext_format format)
{
    switch (format) {
    case CH_EQTEXT_AUTO:
    case CH_EQTEXT_APO:
    case CH_EQTEXT_GRAPHIC:
        ch_eqtext_read_apo(r);
        break;
    case CH_EQTEXT_REW:
        ch_eqtext_read_rew(r);
        break;
    case CH_EQTEXT_CAMILLADSP:
        ch_eqtext_read_camilladsp(r);
        break;
    }
}

static void
read_text(struct ch_eqtext_reading r, size_t length, enum ch_eqtext_format format)
{
    struct ch_eqtext *out = r.out;
    const char *text = r.text;
    memset(out, 0, sizeof *out);
    r.end = text + length;
    if (length >= 3 && !memcmp(text, "\xEF\xBB\xBF", 3)) {
        r.text += 3; // a byte order mark
    }
    r.next = r.text;
    out->format = format == CH_EQTEXT_AUTO ? recognise(r) : format;
    r.raw = calloc(CH_EQTEXT_RAW_MAX, sizeof *r.raw);
    r.points = calloc(CH_EQTEXT_POINTS_MAX, sizeof *r.points);
    if (r.raw && r.points) {
        read_as(&r, out->format);
        join_channels(&r);
        take_bands(&r);
        take_curve(&r);
        take_gain(&r);
    } else {
        const struct ch_eqtext_line nowhere = {"", 0, 1};
        ch_eqtext_note(&out->notes, &nowhere, "there is no memory to read it");
    }
    free(r.raw);
    free(r.points);
}

void
ch_eqtext_read(struct ch_eqtext *out, const char *text, size_t length, enum ch_eqtext_format format,
               enum ch_eq_design design, uint32_t rate_hz)
{
    read_text(
        (struct ch_eqtext_reading){
            .out = out, .design = design, .rate_hz = rate_hz, .fits = true, .text = text},
        length, format);
}

bool
ch_eqtext_look(struct ch_eqtext *out, const char *text, size_t length)
{
    read_text(
        (struct ch_eqtext_reading){
            .out = out, .design = CH_EQ_RBJ, .rate_hz = CH_RATE_MIN_HZ, .text = text},
        length, CH_EQTEXT_AUTO);
    return out->n_bands || out->has_preamp || out->fitted;
}

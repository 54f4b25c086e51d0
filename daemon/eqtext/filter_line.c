// SPDX-License-Identifier: ISC
// daemon/eqtext/filter_line.c — "ON PK Fc 63 Hz Gain -5 dB Q 4": a filter of Equalizer APO or REW.
//
// What a line leaves open is decided as Equalizer APO decides it: low, high and band passes have Q
// 0.7071, notches 30, shelves the slope 0.9.  LS and HS with a slope or a Q name the corner of the
// shelf, S·12 dB per octave away from the middle; LSC and HSC its middle.

#include <math.h>
#include <string.h>

#include "daemon/eqtext/internal.h"
#include "daemon/eqtext/words.h"

#define NOTCH_Q      30.0
#define SHELF_SLOPE  0.9
#define SLOPE_ONE_DB 12.0 ///< dB per octave of S = 1
#define CORNER_DB_S  80.0

static const struct kind {
    const char *name;
    enum ch_eq_type type;
    double q; ///< if none is given; 0: it must be; shelves: by slope
    uint32_t order;
    bool corner; ///< Fc is the corner of a shelf
} kinds[] = {
    {"PK", CH_EQ_PEAK, 0.0, 2, false},
    {"PEQ", CH_EQ_PEAK, 0.0, 2, false},
    {"PA", CH_EQ_PEAK, 0.0, 2, false},
    {"Modal", CH_EQ_PEAK, 0.0, 2, false},
    {"LP", CH_EQ_LOW_PASS, M_SQRT1_2, 2, false},
    {"LPQ", CH_EQ_LOW_PASS, M_SQRT1_2, 2, false},
    {"LP1", CH_EQ_LOW_PASS, M_SQRT1_2, 1, false},
    {"HP", CH_EQ_HIGH_PASS, M_SQRT1_2, 2, false},
    {"HPQ", CH_EQ_HIGH_PASS, M_SQRT1_2, 2, false},
    {"HP1", CH_EQ_HIGH_PASS, M_SQRT1_2, 1, false},
    {"BP", CH_EQ_BAND_PASS, M_SQRT1_2, 2, false},
    {"LS", CH_EQ_LOW_SHELF, 0.0, 2, true},
    {"HS", CH_EQ_HIGH_SHELF, 0.0, 2, true},
    {"LSC", CH_EQ_LOW_SHELF, 0.0, 2, false},
    {"HSC", CH_EQ_HIGH_SHELF, 0.0, 2, false},
    {"LSQ", CH_EQ_LOW_SHELF, 0.0, 2, false},
    {"HSQ", CH_EQ_HIGH_SHELF, 0.0, 2, false},
    {"LP_Q", CH_EQ_LOW_PASS, M_SQRT1_2, 2, false},
    {"HP_Q", CH_EQ_HIGH_PASS, M_SQRT1_2, 2, false},
    {"LS_Q", CH_EQ_LOW_SHELF, 0.0, 2, false},
    {"HS_Q", CH_EQ_HIGH_SHELF, 0.0, 2, false},
    {"NO", CH_EQ_NOTCH, NOTCH_Q, 2, false},
    {"Notch", CH_EQ_NOTCH, NOTCH_Q, 2, false},
    {"AP", CH_EQ_ALL_PASS, 0.0, 2, false},
    {"AP1", CH_EQ_ALL_PASS, M_SQRT1_2, 1, false},
    {"AP2", CH_EQ_ALL_PASS, 0.0, 2, false},
};

static const struct kind *
find_kind(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (ch_words_same(name, kinds[i].name)) {
            return &kinds[i];
        }
    }
    return NULL;
}

static bool
is_shelf(enum ch_eq_type type)
{
    return type == CH_EQ_LOW_SHELF || type == CH_EQ_HIGH_SHELF;
}

bool
ch_eqtext_has_gain(enum ch_eq_type type)
{
    return type == CH_EQ_PEAK || is_shelf(type);
}

bool
ch_eqtext_filter_type(const char *name, struct ch_eq_band *band)
{
    const struct kind *kind = find_kind(name);
    if (!kind) {
        return false;
    }
    *band = (struct ch_eq_band){.type = kind->type, .q = kind->q, .order = kind->order};
    if (is_shelf(kind->type)) {
        band->slope = SHELF_SLOPE;
    }
    return true;
}

/// What stands behind the type; NAN: it does not.
struct fields {
    double freq_hz, gain_db, q, octaves, slope_db;
};

static bool
refuse(char *why, const char *text)
{
    snprintf(why, CH_EQTEXT_WHY_BYTES, "%s", text);
    return false;
}

// "T60 target 300 ms" of a modal filter: what Q was made of.
static bool
skip_decay(const char **at)
{
    double ms;
    if (!ch_words_skip(at, "T60")) {
        return false;
    }
    ch_words_skip(at, "target");
    if (ch_words_number(at, &ms)) {
        ch_words_skip(at, "ms");
    }
    return true;
}

// REW: "LS Q Fc 40 Hz …" names the middle; "LP Q" and "HP Q" are but names.
static bool
skip_middle(const char **at)
{
    const char *p = *at, *next;
    if (!ch_words_skip(&p, "Q") || (next = p, !ch_words_skip(&next, "Fc"))) {
        return false;
    }
    *at = p;
    return true;
}

// Behringer's DSP1124P: "BW/60 9.0" is nine sixtieths of an octave.
static bool
take_sixtieths(const char **at, double *octaves)
{
    double sixtieths;
    *at += strlen("/60");
    if (!ch_words_number(at, &sixtieths)) {
        return false;
    }
    *octaves = sixtieths / 60.0;
    return *octaves > 0.0;
}

// Of that program: the frequency as its two dials show it, "(  40 -2)".
static bool
skip_dials(const char **at)
{
    const char *end = **at == '(' ? strchr(*at, ')') : NULL;
    *at = end ? end + 1 : *at;
    return end != NULL;
}

static bool
take_bandwidth(const char **at, double *octaves)
{
    if (!strncmp(*at, "/60", 3)) {
        return take_sixtieths(at, octaves);
    }
    const bool unit = ch_words_skip(at, "Oct");
    if (!ch_words_number(at, octaves)) {
        return false;
    }
    if (**at == '/') { // "1/3"
        double divisor;
        (*at)++;
        if (!ch_words_number(at, &divisor) || divisor <= 0.0) {
            return false;
        }
        *octaves /= divisor;
    }
    return (ch_words_skip(at, "Oct") || unit) && *octaves > 0.0;
}

static bool
take_field(const char **at, struct fields *fields, char *why)
{
    char word[CH_WORD_BYTES];
    const char *begin = *at;
    if (skip_decay(at) || skip_dials(at)) {
        return true;
    }
    if (!ch_words_word(at, word)) {
        // A number without a name is the slope of a shelf: "LSC 6 dB Fc …".
        if (!ch_words_number(at, &fields->slope_db) || !ch_words_skip(at, "dB")) {
            snprintf(why, CH_EQTEXT_WHY_BYTES, "'%.40s' is not understood", begin);
            return false;
        }
        return true;
    }
    if (ch_words_same(word, "Fc")) {
        return ch_words_frequency(at, &fields->freq_hz) || refuse(why, "no number follows Fc");
    }
    if (ch_words_same(word, "Gain")) {
        if (!ch_words_number(at, &fields->gain_db)) {
            return refuse(why, "no number follows Gain");
        }
        ch_words_skip(at, "dB");
        return true;
    }
    if (ch_words_same(word, "Q")) {
        return ch_words_number(at, &fields->q) || refuse(why, "no number follows Q");
    }
    if (ch_words_same(word, "BW")) {
        return take_bandwidth(at, &fields->octaves) || refuse(why, "BW must be in octaves");
    }
    snprintf(why, CH_EQTEXT_WHY_BYTES, "'%s' is not understood", word);
    return false;
}

// --- the width ---------------------------------------------------------------------------------

double
ch_eqtext_q_from_slope(double slope, double gain_db)
{
    const double a = pow(10.0, gain_db / 40.0);
    return 1.0 / sqrt((a + 1.0 / a) * (1.0 / slope - 1.0) + 2.0);
}

double
ch_eqtext_slope_from_q(double q, double gain_db)
{
    const double a = pow(10.0, gain_db / 40.0);
    return 1.0 / ((1.0 / (q * q) - 2.0) / (a + 1.0 / a) + 1.0);
}

double
ch_eqtext_q_from_octaves(double octaves, double freq_hz, uint32_t rate_hz)
{
    const double w0 = 2.0 * M_PI * fmin(freq_hz, 0.49 * rate_hz) / rate_hz;
    return 0.5 / sinh(0.5 * M_LN2 * octaves * w0 / sin(w0));
}

static bool
set_shelf(struct ch_eq_band *band, const struct fields *fields, bool corner, char *why)
{
    if (!isnan(fields->octaves)) {
        return refuse(why, "a bandwidth says nothing of a shelf: it takes a slope or Q");
    }
    double slope = SHELF_SLOPE;
    if (!isnan(fields->slope_db)) {
        slope = fields->slope_db / SLOPE_ONE_DB;
    } else if (!isnan(fields->q)) {
        slope = ch_eqtext_slope_from_q(fields->q, band->gain_db);
    } else {
        corner = false;
    }
    if (corner) {
        if (!(slope > 0.0)) {
            return refuse(why, "no corner belongs to this Q and gain; LSC and HSC name the middle");
        }
        const double factor = pow(10.0, fabs(band->gain_db) / CORNER_DB_S / slope);
        band->freq_hz *= band->type == CH_EQ_LOW_SHELF ? factor : 1.0 / factor;
    }
    const bool by_q = isnan(fields->slope_db) && !isnan(fields->q);
    if (by_q || slope > 1.0) {
        band->q = by_q ? fields->q : ch_eqtext_q_from_slope(slope, band->gain_db);
        band->slope = 0.0;
        return isfinite(band->q) || refuse(why, "no shelf is so steep");
    }
    band->slope = slope;
    band->q = M_SQRT1_2;
    return slope > 0.0 || refuse(why, "a slope must be above 0 dB per octave");
}

static bool
set_width(struct ch_eq_band *band, const struct fields *fields, uint32_t rate_hz, char *why)
{
    if (!isnan(fields->slope_db)) {
        return refuse(why, "a slope belongs to a shelf");
    }
    if (!isnan(fields->q)) {
        band->q = fields->q;
    } else if (!isnan(fields->octaves)) {
        band->q = ch_eqtext_q_from_octaves(fields->octaves, band->freq_hz, rate_hz);
    }
    return band->q > 0.0 || refuse(why, "it needs Q, or BW Oct");
}

bool
ch_eqtext_parse_filter(const char *text, uint32_t rate_hz, struct ch_eq_band *band, bool *empty,
                       char *why)
{
    struct fields fields = {NAN, NAN, NAN, NAN, NAN};
    char name[CH_WORD_BYTES];
    const char *at = text;
    *empty = false;
    const bool off = ch_words_skip(&at, "OFF");
    if (!off && !ch_words_skip(&at, "ON")) {
        return refuse(why, "it says neither ON nor OFF");
    }
    if (!ch_words_word(&at, name)) {
        *empty = !*at;
        return refuse(why, "it names no type of filter");
    }
    if (ch_words_same(name, "None")) {
        *empty = true;
        return false;
    }
    if (ch_words_same(name, "All") && ch_words_skip(&at, "pass")) {
        strcpy(name, "AP");
    }
    const struct kind *kind = find_kind(name);
    if (!kind) {
        snprintf(why, CH_EQTEXT_WHY_BYTES, "there is no filter type '%s' here", name);
        return false;
    }
    ch_eqtext_filter_type(name, band);
    const bool corner = !skip_middle(&at) && kind->corner;
    for (ch_words_blanks(&at); *at && *at != '#'; ch_words_blanks(&at)) {
        if (!take_field(&at, &fields, why)) {
            return false;
        }
    }
    if (isnan(fields.freq_hz)) {
        return refuse(why, "it has no Fc");
    }
    if (ch_eqtext_has_gain(kind->type) && isnan(fields.gain_db)) {
        return refuse(why, "it has no Gain");
    }
    band->freq_hz = fields.freq_hz;
    band->gain_db = ch_eqtext_has_gain(kind->type) ? fields.gain_db : 0.0;
    band->bypass = off;
    return is_shelf(kind->type) ? set_shelf(band, &fields, corner, why)
                                : set_width(band, &fields, rate_hz, why);
}

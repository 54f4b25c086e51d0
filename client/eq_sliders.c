// SPDX-License-Identifier: ISC
// client/eq_sliders.c — the sliders of the graphic equaliser, drawn and by name.

#include "client/eq_sliders.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "client/fields.h"
#include "client/output.h"
#include "client/values.h"

#define TOP_DB     12
#define ROW_DB     2
#define LINE_BYTES 512
/// A word means the nearest slider if that is so close: 60 is the slider at 63 Hz.
#define NEAR_RATIO 1.06
/// From so many sliders on they stand close, and every third has its label: one in an octave.
#define MANY          16
#define LABELLED_FROM 2
#define LABELLED_EACH 3

/// How sliders stand on a line: each has a cell, its bar in the middle.
struct cells {
    int n, width, bar;
};

void
ch_slider_label(double hz, char *out)
{
    if (hz >= 1000) {
        snprintf(out, CH_SLIDER_BYTES, "%.4gk", hz / 1000);
    } else {
        snprintf(out, CH_SLIDER_BYTES, "%.4g", hz);
    }
}

static bool
parse_hz(const char *word, double *hz)
{
    char digits[32];
    size_t n = strlen(word);
    if (n > 2 && strcasecmp(word + n - 2, "hz") == 0) {
        n -= 2;
    }
    const bool kilo = n > 1 && (word[n - 1] == 'k' || word[n - 1] == 'K');
    n -= kilo;
    if (n == 0 || n >= sizeof digits || strchr("+-", word[0])) {
        return false;
    }
    memcpy(digits, word, n);
    digits[n] = '\0';
    if (!ch_value_number(digits, hz)) {
        return false;
    }
    *hz *= kilo ? 1000 : 1;
    return *hz > 0;
}

bool
ch_slider_is_word(const char *word)
{
    double hz;
    return parse_hz(word, &hz);
}

int
ch_slider_find(const cJSON *graphic, const char *word)
{
    const cJSON *centres = ch_field(graphic, "centres_hz");
    double hz, nearest = log(NEAR_RATIO);
    int found = -1;
    if (!parse_hz(word, &hz)) {
        return -1;
    }
    for (int i = 0; i < cJSON_GetArraySize(centres); i++) {
        const double distance = fabs(log(ch_element_number(centres, i, 1) / hz));
        if (distance < nearest) {
            nearest = distance;
            found = i;
        }
    }
    return found;
}

// --- the picture --------------------------------------------------------------------------------

static void
append(char *line, const char *text)
{
    const size_t n = strlen(line);
    snprintf(line + n, LINE_BYTES - n, "%s", text);
}

/// What of a bar is seen in the row of row_db: rows are ROW_DB high, bars end in steps of half one.
static const char *
glyph(double gain_db, int row_db, bool utf8)
{
    const int db = (int)lround(gain_db);
    const int beyond = row_db > 0 ? db - row_db : row_db - db;
    if (row_db == 0) {
        return utf8 ? "─" : "-";
    }
    if (beyond >= 0) {
        return utf8 ? "█" : "#";
    }
    if (beyond == -1 && db != 0 && (db > 0) == (row_db > 0)) {
        return utf8 ? row_db > 0 ? "▄" : "▀" : ":";
    }
    return " ";
}

static void
print_row(const cJSON *gains, const struct cells *cells, int row_db)
{
    const bool utf8 = ch_out_utf8();
    const char *space = row_db == 0 ? utf8 ? "─" : "-" : " ";
    char line[LINE_BYTES] = "", label[16] = "";
    for (int i = 0; i < cells->n; i++) {
        const char *bar = glyph(ch_element_number(gains, i, 0), row_db, utf8);
        const int left = (cells->width - cells->bar) / 2;
        for (int column = 0; column < cells->width; column++) {
            append(line, column >= left && column < left + cells->bar ? bar : space);
        }
    }
    if (row_db % 6 == 0) {
        snprintf(label, sizeof label, row_db ? "%+d" : "%d", row_db);
    }
    ch_out("%5s %s%s\n", label, row_db == 0 ? utf8 ? "┼" : "+" : utf8 ? "│" : "|", line);
}

/// Text in the middle of some columns.
static void
append_centred(char *line, const char *text, int width)
{
    const int left = (width - (int)strlen(text)) / 2;
    char cell[64];
    snprintf(cell, sizeof cell, "%*s%-*s", left > 0 ? left : 0, "", width - (left > 0 ? left : 0),
             text);
    append(line, cell);
}

static void
print_labels(const cJSON *centres, const struct cells *cells)
{
    char line[LINE_BYTES] = "", label[CH_SLIDER_BYTES];
    if (cells->n < MANY) {
        for (int i = 0; i < cells->n; i++) {
            ch_slider_label(ch_element_number(centres, i, 0), label);
            append_centred(line, label, cells->width);
        }
    } else {
        // The cell of a label is that of the slider and of its two neighbours.
        append_centred(line, "", (LABELLED_FROM - 1) * cells->width);
        for (int i = LABELLED_FROM; i + 1 < cells->n; i += LABELLED_EACH) {
            ch_slider_label(ch_element_number(centres, i, 0), label);
            append_centred(line, label, LABELLED_EACH * cells->width);
        }
    }
    ch_out("   Hz  %s\n", line);
}

static void
print_gains(const cJSON *gains, const struct cells *cells)
{
    char line[LINE_BYTES] = "", text[16];
    for (int i = 0; i < cells->n; i++) {
        const double gain_db = ch_element_number(gains, i, 0);
        snprintf(text, sizeof text, gain_db == 0 ? "%.0f" : "%+.3g", gain_db);
        append_centred(line, text, cells->width);
    }
    ch_out("   dB  %s\n", line);
}

static void
print_picture(const cJSON *graphic)
{
    const cJSON *gains = ch_field(graphic, "gains_db");
    const int n = cJSON_GetArraySize(gains);
    const struct cells cells = {n, n < MANY ? 6 : 2, n < MANY ? 2 : 1};
    ch_out("\n");
    for (int row_db = TOP_DB; row_db >= -TOP_DB; row_db -= ROW_DB) {
        print_row(gains, &cells, row_db);
    }
    print_labels(ch_field(graphic, "centres_hz"), &cells);
    if (n < MANY) {
        print_gains(gains, &cells);
    }
}

static void
print_layouts(const cJSON *layouts)
{
    ch_out("no sliders now; there are these:\n");
    const cJSON *layout;
    cJSON_ArrayForEach(layout, layouts)
    {
        const cJSON *centres = ch_field(layout, "centres_hz");
        const int n = cJSON_GetArraySize(centres);
        const char *name = ch_field_string(layout, "layout");
        char first[CH_SLIDER_BYTES], last[CH_SLIDER_BYTES];
        ch_slider_label(ch_element_number(centres, 0, 0), first);
        ch_slider_label(ch_element_number(centres, n - 1, 0), last);
        ch_out("  %-6s %3d, %s to %s Hz\n", name ? name : "?", n, first, last);
    }
}

void
ch_sliders_print(const cJSON *answer)
{
    const cJSON *graphic = ch_field(answer, "graphic");
    if (cJSON_IsObject(graphic)) {
        const char *layout = ch_field_string(graphic, "layout");
        ch_out("%s, %d sliders\n", layout ? layout : "?",
               cJSON_GetArraySize(ch_field(graphic, "gains_db")));
        print_picture(graphic);
    } else {
        print_layouts(ch_field(answer, "layouts"));
    }
}

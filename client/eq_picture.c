// SPDX-License-Identifier: ISC
// client/eq_picture.c — the equaliser for people: a line, a table, a curve.

#include "client/eq_picture.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "client/axis.h"
#include "client/canvas.h"
#include "client/describe.h"
#include "client/fields.h"
#include "client/output.h"
#include "client/report.h"
#include "client/values.h"

#define CURVE_COLUMNS     64
#define CURVE_COLUMNS_MIN 16
#define CURVE_ROWS        9
/// What stands beside the curve: "  +12 |" and " Hz".
#define MARGIN 10
/// Of the curve in each column of dots, so that a narrow band does not fall between two.
#define POINTS_PER_DOT 8

/// As wide as the terminal leaves it, 64 at most.
static int
curve_columns(void)
{
    const int columns = ch_out_columns() - MARGIN;
    return columns > CURVE_COLUMNS       ? CURVE_COLUMNS
           : columns < CURVE_COLUMNS_MIN ? CURVE_COLUMNS_MIN
                                         : columns;
}

/// Of a band or of the whole; "" = heard on both channels.
static const char *
bypass_text(const cJSON *of)
{
    const bool left = ch_field_bool(of, "bypass_left"), right = ch_field_bool(of, "bypass_right");
    return ch_field_bool(of, "bypass") || (left && right) ? "bypassed"
           : left                                         ? "bypassed left"
           : right                                        ? "bypassed right"
                                                          : "";
}

void
ch_eq_print_summary(const cJSON *eq)
{
    char preamp[32];
    ch_describe_db(ch_field_db(eq, "preamp_db"), preamp, sizeof preamp);
    int n = cJSON_GetArraySize(ch_field(eq, "bands"));
    const char *bypass = bypass_text(eq);
    ch_out("eq %s, %d band%s, preamp %s%s\n", *bypass ? bypass : "on", n, n == 1 ? "" : "s", preamp,
           ch_field_bool(eq, "preamp_auto") ? " (auto)" : "");
}

/// What makes it as wide or as steep as it is: "1.41", "S 0.5", "order 4 butterworth".
static void
shape_text(const cJSON *band, char *text, size_t size)
{
    const char *family = ch_field_string(band, "family");
    const double order = ch_field_number(band, "order", 2);
    const double slope = ch_field_number(band, "slope", NAN);
    const bool by_q = !family || strcmp(family, "q") == 0;
    if (!isnan(slope)) {
        snprintf(text, size, "S %.3g", slope);
    } else if (!by_q) {
        snprintf(text, size, "order %.0f %s", order, family);
    } else if (order != 2) {
        snprintf(text, size, "order %.0f", order);
    } else {
        snprintf(text, size, "%.3g", ch_field_number(band, "q", 0));
    }
}

int
ch_eq_warn_of_ignored(const cJSON *result, const char *path)
{
    int n = 0;
    const cJSON *ignored;
    cJSON_ArrayForEach(ignored, ch_field(result, "ignored"))
    {
        const char *text = ch_field_string(ignored, "text");
        const char *why = ch_field_string(ignored, "why");
        ch_warn("%s:%.0f: %s: %s", path, ch_field_number(ignored, "line", 0), why ? why : "?",
                text ? text : "");
        n++;
    }
    const int more = (int)ch_field_number(result, "n_ignored", n) - n;
    if (more > 0) {
        ch_warn("%s: %d more lines can't be used", path, more);
    }
    return n;
}

void
ch_eq_print_bands(const cJSON *eq)
{
    ch_out("  %5s  %-10s %12s %10s %7s\n", "INDEX", "TYPE", "FREQUENCY", "GAIN", "Q");
    const cJSON *band;
    cJSON_ArrayForEach(band, ch_field(eq, "bands"))
    {
        const char *type = ch_field_string(band, "type");
        const char *bypass = bypass_text(band);
        char hz[CH_TIME_BYTES], gain[32], shape[48];
        shape_text(band, shape, sizeof shape);
        ch_value_hz(ch_field_number(band, "freq_hz", 0), hz);
        ch_describe_db(ch_field_db(band, "gain_db"), gain, sizeof gain);
        ch_out("  %5.0f  %-10s %12s %10s %7s%s%s\n", ch_field_number(band, "index", 0),
               type ? type : "?", hz, gain, shape, *bypass ? "  " : "", bypass);
    }
}

void
ch_eq_ask_curve(struct ch_buf *params, int n_points)
{
    ch_json_kv_uint(params, "points",
                    n_points > 4096 ? 4096
                    : n_points > 0  ? (uint64_t)n_points
                                    : (uint64_t)(2 * POINTS_PER_DOT * curve_columns()));
}

/// Half the height of the picture: whole 6 dB, 12 at least, that hold the curve.  Filters go down
/// without end, so below it may leave the picture.
static double
range_db(const cJSON *gains, double highest)
{
    const double lowest_shown = -24;
    const cJSON *item;
    cJSON_ArrayForEach(item, gains)
    {
        double db = cJSON_IsNumber(item) ? item->valuedouble : 0;
        highest = fmax(highest, fmax(db, -fmax(db, lowest_shown)));
    }
    return ceil(highest / 6 - 1e-9) * 6;
}

/// All that the points of a column of dots reach, and what joins it to the column before.
static void
draw(struct ch_canvas *canvas, const cJSON *gains, double range)
{
    const double n_dots = CURVE_ROWS * 4;
    int i = 0, y_before = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, gains)
    {
        double db = cJSON_IsNumber(item) ? item->valuedouble : -INFINITY;
        db = fmin(fmax(db, -1.2 * range), 1.2 * range);
        const int x = i / POINTS_PER_DOT, y = (int)floor((1 - db / range) * n_dots / 2);
        if (i % POINTS_PER_DOT == 0) {
            ch_canvas_step(canvas, x, x == 0 ? y : y_before, y);
        } else {
            for (int dot = y < y_before ? y : y_before; dot <= (y < y_before ? y_before : y);
                 dot++) {
                ch_canvas_dot(canvas, x, dot);
            }
        }
        y_before = y;
        i++;
    }
    for (int x = 0; x < 2 * canvas->n_columns; x += 4) {
        ch_canvas_dot(canvas, x, (int)(n_dots / 2));
    }
}

static void
print_row(const struct ch_canvas *canvas, int row, double range)
{
    const bool utf8 = ch_out_utf8();
    char line[CURVE_COLUMNS * 3 + 1];
    char *out = line;
    for (int column = 0; column < canvas->n_columns; column++) {
        uint32_t glyph = ch_canvas_glyph(canvas, column, row, utf8);
        if (glyph < 0x80) {
            *out++ = (char)glyph;
        } else { // a Braille pattern: three bytes of UTF-8
            *out++ = (char)(0xe0 | (glyph >> 12));
            *out++ = (char)(0x80 | ((glyph >> 6) & 0x3f));
            *out++ = (char)(0x80 | (glyph & 0x3f));
        }
    }
    *out = '\0';
    char label[16] = "";
    if (row == 0 || row == CURVE_ROWS / 2 || row == CURVE_ROWS - 1) {
        double db = row == 0 ? range : row == CURVE_ROWS / 2 ? 0 : -range;
        snprintf(label, sizeof label, db == 0 ? "%.0f" : "%+.0f", db);
    }
    ch_out("%5s %s%s\n", label, utf8 ? "│" : "|", line);
}

int
ch_eq_print_curve(const cJSON *response)
{
    const cJSON *gains = ch_field(response, "gains_db");
    const cJSON *of_right = ch_field(response, "gains_right_db"); // if it is another curve
    struct ch_canvas canvas;
    const cJSON *freqs = ch_field(response, "freqs_hz");
    // As many as were asked for, whatever has become of the terminal since.
    const int n_points = cJSON_GetArraySize(freqs);
    const int n_columns = n_points / (2 * POINTS_PER_DOT);
    if (n_columns < 1 || n_columns > CURVE_COLUMNS) {
        return ch_fail("INTERNAL", "the answer holds %d points of the curve", n_points);
    }
    if (!ch_canvas_create(&canvas, n_columns, CURVE_ROWS)) {
        return ch_fail_memory();
    }
    const double range = range_db(of_right, range_db(gains, 12));
    draw(&canvas, gains, range);
    draw(&canvas, of_right, range);
    ch_out("\n");
    for (int row = 0; row < CURVE_ROWS; row++) {
        print_row(&canvas, row, range);
    }
    ch_canvas_destroy(&canvas);
    const struct ch_axis axis = {ch_element_number(freqs, 0, 20),
                                 ch_element_number(freqs, n_points - 1, 20000), false, n_columns};
    char labels[CURVE_COLUMNS + 1];
    ch_axis_labels(&axis, labels);
    ch_out("   dB  %s Hz\n", labels);
    return CH_EXIT_OK;
}

// SPDX-License-Identifier: ISC
// client/plot.c — drawing a plot with cairo.

#include "client/plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/axis.h"
#include "client/cairo_api.h"
#include "client/report.h"
#include "client/write_file.h"

#define SIDE_MIN_X 320
#define SIDE_MIN_Y 200
#define SIDE_MAX   8192
#define MARGIN     16
#define LABELS_MAX 64

struct colour {
    double red, green, blue;
};

// A palette that colour-blind people tell apart (M. Okabe, K. Ito, "Color Universal Design").
static const struct colour palette[] = {
    {0.00, 0.45, 0.70}, {0.84, 0.37, 0.00}, {0.00, 0.62, 0.45}, {0.80, 0.47, 0.65}};
static const struct colour ink = {0.13, 0.14, 0.16}, grid = {0.87, 0.88, 0.90},
                           zero = {0.55, 0.57, 0.60}, paper = {1, 1, 1};

/// What is drawn on, and where the curves go in it.
struct sheet {
    struct ch_cairo_api api;
    cairo_t *cr;
    const struct ch_plot *plot;
    double x, y, width, height; ///< of the field
    double font_size;
};

bool
ch_plot_size_parse(const char *text, struct ch_plot_size *out)
{
    int used = 0;
    return sscanf(text, "%dx%d%n", &out->width, &out->height, &used) == 2 && text[used] == '\0' &&
           out->width >= SIDE_MIN_X && out->height >= SIDE_MIN_Y && out->width <= SIDE_MAX &&
           out->height <= SIDE_MAX;
}

// --- places --------------------------------------------------------------------------------------

static double
x_of(const struct sheet *sheet, double hz)
{
    const struct ch_plot *plot = sheet->plot;
    const struct ch_axis axis = {plot->min_hz, plot->max_hz, plot->linear, 1};
    const double lowest = plot->linear ? plot->min_hz : plot->min_hz * 1e-3;
    return sheet->x + ch_axis_column(&axis, fmax(hz, lowest)) * sheet->width;
}

/// A little outside of the field at most: far coordinates wear rasterisers out.
static double
y_of(const struct sheet *sheet, double db)
{
    const struct ch_plot *plot = sheet->plot;
    double part = (plot->max_db - db) / (plot->max_db - plot->min_db);
    part = part < -0.1 ? -0.1 : part > 1.1 || isnan(part) ? 1.1 : part;
    return sheet->y + part * sheet->height;
}

static void
choose(const struct sheet *sheet, struct colour colour, double opacity)
{
    sheet->api.set_source_rgba(sheet->cr, colour.red, colour.green, colour.blue, opacity);
}

// --- text ----------------------------------------------------------------------------------------

static double
text_width(const struct sheet *sheet, const char *text)
{
    cairo_text_extents_t extents;
    sheet->api.text_extents(sheet->cr, text, &extents);
    return extents.x_advance;
}

/// `place` 0: begins at x, 0.5: centred, 1: ends there.
static void
put_text(const struct sheet *sheet, double x, double y, double place, const char *text)
{
    sheet->api.move_to(sheet->cr, x - place * text_width(sheet, text), y);
    sheet->api.show_text(sheet->cr, text);
}

static void
use_font(struct sheet *sheet, double size, bool bold)
{
    sheet->api.select_font_face(sheet->cr, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                                bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    sheet->api.set_font_size(sheet->cr, size);
}

// --- axes ----------------------------------------------------------------------------------------

static void
draw_line(const struct sheet *sheet, double x1, double y1, double x2, double y2)
{
    // On the middle of pixels a line of one pixel is sharp.
    sheet->api.move_to(sheet->cr, floor(x1) + 0.5, floor(y1) + 0.5);
    sheet->api.line_to(sheet->cr, floor(x2) + 0.5, floor(y2) + 0.5);
    sheet->api.stroke(sheet->cr);
}

/// 1, 2, 3, 5, 6 or 10 dB and so on: the smallest step that leaves room for its numbers.
static double
db_step(const struct sheet *sheet)
{
    static const double steps[] = {1, 2, 3, 6, 10, 12, 20, 30, 60};
    const double span = sheet->plot->max_db - sheet->plot->min_db;
    const size_t n = sizeof steps / sizeof *steps;
    size_t i = 0;
    while (i + 1 < n && sheet->height * steps[i] / span < 2.2 * sheet->font_size) {
        i++;
    }
    return steps[i];
}

static void
draw_levels(const struct sheet *sheet)
{
    const double step = db_step(sheet);
    for (double db = ceil(sheet->plot->min_db / step) * step; db <= sheet->plot->max_db + 1e-9;
         db += step) {
        const double y = y_of(sheet, db);
        choose(sheet, fabs(db) < 1e-9 ? zero : grid, 1);
        draw_line(sheet, sheet->x, y, sheet->x + sheet->width, y);
        char label[32];
        snprintf(label, sizeof label, sheet->plot->min_db < 0 && db > 0 ? "+%g" : "%g", db);
        choose(sheet, ink, 1);
        put_text(sheet, sheet->x - 8, y + 0.35 * sheet->font_size, 1, label);
    }
}

/// A line for each 1, 2, … 9 of a decade, or for each number if linear.
static void
draw_frequency_lines(const struct sheet *sheet)
{
    const struct ch_plot *plot = sheet->plot;
    choose(sheet, grid, 1);
    if (plot->linear) {
        return;
    }
    for (double decade = pow(10, floor(log10(plot->min_hz))); decade <= plot->max_hz;
         decade *= 10) {
        for (int i = 1; i < 10; i++) {
            const double hz = i * decade;
            if (hz >= plot->min_hz * 0.9999 && hz <= plot->max_hz * 1.0001) {
                draw_line(sheet, x_of(sheet, hz), sheet->y, x_of(sheet, hz),
                          sheet->y + sheet->height);
            }
        }
    }
}

/// The numbers stand where a terminal as wide would have them.
static void
draw_frequencies(const struct sheet *sheet)
{
    const int n_columns = (int)(sheet->width / (0.75 * sheet->font_size));
    struct ch_axis axis = {sheet->plot->min_hz, sheet->plot->max_hz, sheet->plot->linear,
                           n_columns};
    char *labels = malloc((size_t)n_columns + 1);
    if (!labels) {
        return;
    }
    ch_axis_labels(&axis, labels);
    choose(sheet, ink, 1);
    char *rest = NULL;
    for (char *label = strtok_r(labels, " ", &rest); label; label = strtok_r(NULL, " ", &rest)) {
        double hz = strtod(label, NULL) * (strchr(label, 'k') ? 1000 : 1);
        double place = hz <= sheet->plot->min_hz ? 0 : hz >= sheet->plot->max_hz ? 1 : 0.5;
        put_text(sheet, x_of(sheet, hz), sheet->y + sheet->height + 1.5 * sheet->font_size, place,
                 label);
    }
    free(labels);
}

static void
draw_frame(const struct sheet *sheet)
{
    choose(sheet, zero, 1);
    sheet->api.rectangle(sheet->cr, floor(sheet->x) + 0.5, floor(sheet->y) + 0.5,
                         floor(sheet->width), floor(sheet->height));
    sheet->api.stroke(sheet->cr);
    choose(sheet, ink, 1);
    put_text(sheet, sheet->x - 8, sheet->y - 0.8 * sheet->font_size, 1, "dB");
    put_text(sheet, sheet->x - 8, sheet->y + sheet->height + 1.5 * sheet->font_size, 1, "Hz");
}

// --- curves --------------------------------------------------------------------------------------

static void
trace(const struct sheet *sheet, const struct ch_plot_series *series)
{
    for (int i = 0; i < series->n; i++) {
        const double x = x_of(sheet, series->hz[i]), y = y_of(sheet, series->db[i]);
        if (i == 0) {
            sheet->api.move_to(sheet->cr, x, y);
        } else {
            sheet->api.line_to(sheet->cr, x, y);
        }
        if (series->style == CH_PLOT_STEPS) {
            sheet->api.line_to(sheet->cr, x_of(sheet, series->hz[i + 1]), y);
        }
    }
}

static void
draw_bars(const struct sheet *sheet, const struct ch_plot_series *series)
{
    const double bottom = sheet->y + sheet->height;
    for (int i = 0; i < series->n; i++) {
        const double x = x_of(sheet, series->hz[i]);
        const double width = x_of(sheet, series->hz[i + 1]) - x;
        const double gap = width > 4 ? 1 : 0;
        const double y = y_of(sheet, series->db[i]);
        if (y < bottom) {
            sheet->api.rectangle(sheet->cr, x, y, width - gap, bottom - y);
        }
    }
    sheet->api.fill(sheet->cr);
}

static void
draw_area(const struct sheet *sheet, const struct ch_plot_series *series, struct colour colour)
{
    choose(sheet, colour, 0.15);
    trace(sheet, series);
    sheet->api.line_to(sheet->cr, x_of(sheet, series->hz[series->n - 1]), y_of(sheet, 0));
    sheet->api.line_to(sheet->cr, x_of(sheet, series->hz[0]), y_of(sheet, 0));
    sheet->api.fill(sheet->cr);
}

static void
draw_series(const struct sheet *sheet, const struct ch_plot_series *series)
{
    const struct colour colour =
        palette[(size_t)series->colour % (sizeof palette / sizeof *palette)];
    if (series->n < 1) {
        return;
    }
    switch (series->style) {
    case CH_PLOT_BARS:
        choose(sheet, colour, 0.7);
        draw_bars(sheet, series);
        return;
    case CH_PLOT_DOTS:
        choose(sheet, colour, 1);
        for (int i = 0; i < series->n; i++) {
            sheet->api.rectangle(sheet->cr, x_of(sheet, series->hz[i]) - 3,
                                 y_of(sheet, series->db[i]) - 3, 6, 6);
        }
        sheet->api.fill(sheet->cr);
        return;
    case CH_PLOT_AREA:
        draw_area(sheet, series, colour);
        break;
    case CH_PLOT_STEPS:
    case CH_PLOT_LINE:
        break;
    }
    choose(sheet, colour, 1);
    sheet->api.set_line_width(sheet->cr, series->style == CH_PLOT_STEPS ? 1.2 : 2);
    trace(sheet, series);
    sheet->api.stroke(sheet->cr);
    sheet->api.set_line_width(sheet->cr, 1);
}

static void
draw_legend(const struct sheet *sheet)
{
    double x = sheet->x + sheet->width - 10;
    const double y = sheet->y + 1.7 * sheet->font_size;
    for (int i = sheet->plot->n_series - 1; i >= 0; i--) {
        const struct ch_plot_series *series = &sheet->plot->series[i];
        if (!series->name) {
            continue;
        }
        choose(sheet, ink, 1);
        put_text(sheet, x, y, 1, series->name);
        x -= text_width(sheet, series->name) + 1.2 * sheet->font_size;
        choose(sheet, palette[(size_t)series->colour % (sizeof palette / sizeof *palette)], 1);
        sheet->api.rectangle(sheet->cr, x, y - 0.75 * sheet->font_size, 0.8 * sheet->font_size,
                             0.8 * sheet->font_size);
        sheet->api.fill(sheet->cr);
        x -= 1.5 * sheet->font_size;
    }
}

static void
draw_head(struct sheet *sheet)
{
    const double y = sheet->y - 1.1 * sheet->font_size;
    choose(sheet, ink, 1);
    if (sheet->plot->note) {
        put_text(sheet, sheet->x + sheet->width, y, 1, sheet->plot->note);
    }
    if (sheet->plot->title) {
        use_font(sheet, 1.15 * sheet->font_size, true);
        put_text(sheet, sheet->x, y, 0, sheet->plot->title);
        use_font(sheet, sheet->font_size, false);
    }
}

static void
draw(struct sheet *sheet, struct ch_plot_size size)
{
    sheet->font_size = fmin(fmax(size.width / 80.0, 11), 28);
    use_font(sheet, sheet->font_size, false);
    choose(sheet, paper, 1);
    sheet->api.paint(sheet->cr);
    sheet->x = MARGIN + 3.2 * sheet->font_size;
    sheet->y = MARGIN + 2.6 * sheet->font_size;
    sheet->width = size.width - sheet->x - MARGIN - sheet->font_size;
    sheet->height = size.height - sheet->y - MARGIN - 2.0 * sheet->font_size;
    sheet->api.set_line_width(sheet->cr, 1);
    sheet->api.set_line_join(sheet->cr, CAIRO_LINE_JOIN_ROUND);
    draw_frequency_lines(sheet);
    draw_levels(sheet);
    draw_frequencies(sheet);
    sheet->api.save(sheet->cr);
    sheet->api.rectangle(sheet->cr, sheet->x, sheet->y, sheet->width, sheet->height);
    sheet->api.clip(sheet->cr);
    for (int i = 0; i < sheet->plot->n_series; i++) {
        draw_series(sheet, &sheet->plot->series[i]);
    }
    sheet->api.restore(sheet->cr);
    draw_frame(sheet);
    draw_legend(sheet);
    draw_head(sheet);
}

// --- the file ------------------------------------------------------------------------------------

static cairo_status_t
append(void *closure, const unsigned char *bytes, unsigned int n)
{
    return ch_write_file_put(closure, bytes, n) ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

int
ch_plot_write(const struct ch_plot *plot, struct ch_plot_size size, const char *path)
{
    struct sheet sheet = {.plot = plot};
    char why[256];
    if (!ch_cairo_api_load(&sheet.api, why, sizeof why)) {
        return ch_fail("UNAVAILABLE", "%s", why);
    }
    cairo_surface_t *surface =
        sheet.api.image_surface_create(CAIRO_FORMAT_RGB24, size.width, size.height);
    sheet.cr = sheet.api.create(surface);
    draw(&sheet, size);
    cairo_status_t status = sheet.api.status(sheet.cr);
    int rc = CH_EXIT_OK;
    struct ch_write_file file;
    if (status != CAIRO_STATUS_SUCCESS) {
        rc = ch_fail("INTERNAL", "the picture can't be drawn: %s",
                     sheet.api.status_to_string(status));
    } else if ((rc = ch_write_file_open(&file, path)) == CH_EXIT_OK) {
        status = sheet.api.surface_write_to_png_stream(surface, append, &file);
        rc = ch_write_file_close(&file, status == CAIRO_STATUS_SUCCESS);
    }
    sheet.api.destroy(sheet.cr);
    sheet.api.surface_destroy(surface);
    return rc;
}

// SPDX-License-Identifier: ISC
// client/view_spectrum.c — the live spectrum: bars of eighth blocks, or a line of dots.
//
// Bands are laid over the columns in proportion, so that the frequencies below stand where they
// belong whatever the number of bands; by default there are as many as columns.

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/axis.h"
#include "client/canvas.h"
#include "client/fields.h"
#include "client/live.h"
#include "client/report.h"
#include "client/view.h"

#define BANDS_MIN     8
#define BANDS_MAX     512
#define FLOOR_DB      (-90.0)
#define RATE_HZ       30
#define SMOOTHING_MS  40
#define PEAK_HOLD_MS  1000
#define LABEL_COLUMNS 5 ///< of the dB axis at the left
#define CHANNELS_MAX  2

/// One channel's values in dBFS.
struct lane {
    int n_bands;
    float bands[BANDS_MAX];
    bool has_peaks;
    float peaks[BANDS_MAX];
};

struct spectrum {
    struct ch_frame_options options; ///< the user's, with our defaults
    bool bands_from_width;
    bool as_line;
    bool linear;
    double fmin_hz, fmax_hz;
    int n_lanes;
    struct lane lanes[CHANNELS_MAX];
};

static const char *const help_lines[] = {"l", "a line", "b", "bars", NULL};

// --- frames -------------------------------------------------------------------------------------

static int
read_values(const cJSON *array, float out[BANDS_MAX])
{
    int n = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, array)
    {
        if (n < BANDS_MAX) {
            out[n++] = cJSON_IsNumber(item) ? (float)item->valuedouble : -1000.0f;
        }
    }
    return n;
}

static void
read_lane(struct lane *lane, const cJSON *bands, const cJSON *peaks)
{
    lane->n_bands = read_values(bands, lane->bands);
    lane->has_peaks = peaks && read_values(peaks, lane->peaks) == lane->n_bands;
}

static void
on_frame(void *self, const cJSON *data)
{
    struct spectrum *s = self;
    const cJSON *bands = ch_field(data, "bands");
    const cJSON *peaks = ch_field(data, "peaks");
    if (!cJSON_IsArray(cJSON_GetArrayItem(bands, 0))) {
        s->n_lanes = 1;
        read_lane(&s->lanes[0], bands, peaks);
        return;
    }
    s->n_lanes = CHANNELS_MAX;
    for (int i = 0; i < CHANNELS_MAX; i++) {
        read_lane(&s->lanes[i], cJSON_GetArrayItem(bands, i), cJSON_GetArrayItem(peaks, i));
    }
}

static void
on_silence(void *self)
{
    struct spectrum *s = self;
    for (int lane = 0; lane < CHANNELS_MAX; lane++) {
        for (int i = 0; i < BANDS_MAX; i++) {
            s->lanes[lane].bands[i] = -1000.0f;
        }
        s->lanes[lane].has_peaks = false;
    }
}

static void
on_description(void *self, const cJSON *description)
{
    struct spectrum *s = self;
    const cJSON *edges = ch_field(description, "edges_hz");
    const char *scale = ch_field_string(description, "scale");
    int n = cJSON_GetArraySize(edges);
    double fmin_hz = ch_element_number(edges, 0, 0);
    double fmax_hz = ch_element_number(edges, n - 1, 0);
    if (n > 1 && fmin_hz >= 0 && fmax_hz > fmin_hz) {
        s->fmin_hz = fmin_hz;
        s->fmax_hz = fmax_hz;
        s->linear = (scale && strcmp(scale, "linear") == 0) || fmin_hz == 0;
    }
}

static void
write_params(void *self, struct ch_buf *params)
{
    const struct spectrum *s = self;
    ch_frame_options_write(&s->options, params);
}

/// Where the bars go: without the labels, if they have room.
static struct ch_rect
plot_room(struct ch_rect room)
{
    if (room.width >= 4 * LABEL_COLUMNS) {
        room.x += LABEL_COLUMNS;
        room.width -= LABEL_COLUMNS;
    }
    if (room.height >= 4) {
        room.height -= 1;
    }
    return room;
}

static bool
on_resize(void *self, struct ch_rect room)
{
    struct spectrum *s = self;
    if (!s->bands_from_width) {
        return false;
    }
    int64_t n = plot_room(room).width;
    n = n < BANDS_MIN ? BANDS_MIN : n > BANDS_MAX ? BANDS_MAX : n;
    bool other = n != s->options.bands;
    s->options.bands = n;
    return other;
}

static bool
on_key(void *self, int key)
{
    struct spectrum *s = self;
    if (key != 'l' && key != 'b') {
        return false;
    }
    s->as_line = key == 'l';
    return true;
}

// --- drawing ------------------------------------------------------------------------------------

/// 0 at the floor, 1 at full scale.
static double
place_of(double db)
{
    double place = 1.0 - db / FLOOR_DB;
    return place < 0 ? 0 : place > 1 ? 1 : place;
}

/// The loudest band of a column; one band if they are fewer than columns.
static double
column_db(const float *values, int n_bands, int column, int n_columns)
{
    int from = (int)((int64_t)column * n_bands / n_columns);
    int to = (int)((int64_t)(column + 1) * n_bands / n_columns);
    double db = values[from];
    for (int i = from + 1; i < to; i++) {
        db = fmax(db, values[i]);
    }
    return db;
}

/// Wide bars have a column of space between them.
static bool
is_gap(int n_bands, int column, int n_columns)
{
    return n_columns >= 3 * n_bands &&
           (int64_t)column * n_bands / n_columns != (int64_t)(column + 1) * n_bands / n_columns;
}

static uint32_t
bar_glyph(int eighths)
{
    static const char ascii[] = " ..::|||#";
    return ch_term_utf8() && eighths > 0 ? 0x2580u + (uint32_t)eighths : (uint32_t)ascii[eighths];
}

/// A mark at that height inside its cell.
static uint32_t
peak_glyph(int eighths)
{
    if (!ch_term_utf8()) {
        return '-';
    }
    return eighths < 3 ? 0x2581u : eighths < 6 ? 0x2500u : 0x2594u;
}

static void
draw_bar(const struct ch_rect *room, int column, double db)
{
    int eighths = (int)lround(place_of(db) * room->height * 8);
    for (int row = 0; eighths > 0; row++, eighths -= 8) {
        ch_term_put(room->y + room->height - 1 - row, room->x + column,
                    bar_glyph(eighths > 8 ? 8 : eighths),
                    ch_term_gradient((row + 0.5) / room->height));
    }
}

static void
draw_peak(const struct ch_rect *room, int column, double bar_db, double peak_db)
{
    int bar = (int)lround(place_of(bar_db) * room->height * 8);
    int peak = (int)lround(place_of(peak_db) * room->height * 8);
    int row = peak / 8;
    // Inside the bar it can't be seen, and at the floor it means nothing.
    if (peak == 0 || row >= room->height || row * 8 < bar) {
        return;
    }
    ch_term_put(room->y + room->height - 1 - row, room->x + column, peak_glyph(peak % 8),
                ch_term_gradient((row + 0.5) / room->height));
}

static void
draw_bars(const struct lane *lane, struct ch_rect room)
{
    for (int column = 0; column < room.width; column++) {
        if (is_gap(lane->n_bands, column, room.width)) {
            continue;
        }
        double db = column_db(lane->bands, lane->n_bands, column, room.width);
        draw_bar(&room, column, db);
        if (lane->has_peaks) {
            draw_peak(&room, column, db, column_db(lane->peaks, lane->n_bands, column, room.width));
        }
    }
}

/// Between the middles of two bands the line is straight.
static double
line_db(const struct lane *lane, double part)
{
    double at = part * lane->n_bands - 0.5;
    at = at < 0 ? 0 : at > lane->n_bands - 1 ? lane->n_bands - 1 : at;
    int from = (int)at;
    int to = from + 1 < lane->n_bands ? from + 1 : from;
    return lane->bands[from] + (at - from) * (lane->bands[to] - lane->bands[from]);
}

static void
draw_line(const struct lane *lane, struct ch_rect room)
{
    struct ch_canvas canvas;
    if (!ch_canvas_create(&canvas, room.width, room.height)) {
        return;
    }
    int n_x = 2 * room.width;
    int n_y = 4 * room.height;
    int y_before = 0;
    for (int x = 0; x < n_x; x++) {
        int y = n_y - 1 - (int)lround(place_of(line_db(lane, (x + 0.5) / n_x)) * (n_y - 1));
        ch_canvas_step(&canvas, x, x == 0 ? y : y_before, y);
        y_before = y;
    }
    for (int row = 0; row < room.height; row++) {
        attr_t attributes = ch_term_gradient((room.height - row - 0.5) / room.height);
        for (int column = 0; column < room.width; column++) {
            uint32_t glyph = ch_canvas_glyph(&canvas, column, row, ch_term_utf8());
            if (glyph != ' ') {
                ch_term_put(room.y + row, room.x + column, glyph, attributes);
            }
        }
    }
    ch_canvas_destroy(&canvas);
}

/// dB at the left, with a faint line across where each number stands.
static void
draw_levels(struct ch_rect plot)
{
    static const int steps[] = {5, 10, 15, 30, 45, 90};
    size_t i = 0;
    while (i + 1 < sizeof steps / sizeof *steps && plot.height * steps[i] < 3 * -FLOOR_DB) {
        i++;
    }
    for (int db = 0; db >= (int)FLOOR_DB; db -= steps[i]) {
        // The number stands in the row that a bar of that height reaches into.
        int row = plot.height - (int)ceil(place_of(db) * plot.height - 1e-9);
        row = row >= plot.height ? plot.height - 1 : row;
        if (plot.x >= LABEL_COLUMNS) {
            char label[16];
            snprintf(label, sizeof label, "%*d", LABEL_COLUMNS - 1, db);
            ch_term_text(plot.y + row, plot.x - LABEL_COLUMNS, LABEL_COLUMNS - 1, ch_term_faint(),
                         label);
        }
        for (int x = 0; x < plot.width; x++) {
            ch_term_put(plot.y + row, plot.x + x, ch_term_utf8() ? 0x2508 : '.', ch_term_faint());
        }
    }
}

static void
draw_frequencies(const struct spectrum *s, struct ch_rect plot)
{
    char labels[BANDS_MAX * 2 + 1];
    int n = plot.width < BANDS_MAX * 2 ? plot.width : BANDS_MAX * 2;
    struct ch_axis axis = {s->fmin_hz, s->fmax_hz, s->linear, n};
    ch_axis_labels(&axis, labels);
    ch_term_text(plot.y + plot.height, plot.x, n, ch_term_faint(), labels);
}

static void
draw_lane_name(const struct spectrum *s, int lane, struct ch_rect plot)
{
    static const char *const names[2][CHANNELS_MAX] = {{"left", "right"}, {"mid", "side"}};
    bool mid_side = s->options.channels && strcmp(s->options.channels, "mid_side") == 0;
    const char *name = names[mid_side][lane];
    int n = (int)strlen(name);
    if (plot.width > 4 * n) {
        ch_term_text(plot.y, plot.x + plot.width - n, n, A_BOLD, name);
    }
}

static void
draw(void *self, struct ch_rect room)
{
    const struct spectrum *s = self;
    struct ch_rect plot = plot_room(room);
    if (plot.height < 1 || plot.width < 1) {
        return;
    }
    if (plot.height < room.height) {
        draw_frequencies(s, plot);
        if (plot.x >= LABEL_COLUMNS) {
            ch_term_text(plot.y + plot.height, 0, LABEL_COLUMNS - 1, ch_term_faint(), "  Hz");
        }
    }
    // Two channels stand one above the other.
    int n_lanes = plot.height >= 2 ? s->n_lanes : 1;
    plot.height /= n_lanes;
    for (int i = 0; i < n_lanes; i++, plot.y += plot.height) {
        draw_levels(plot);
        if (s->lanes[i].n_bands > 0 && s->as_line) {
            draw_line(&s->lanes[i], plot);
        } else if (s->lanes[i].n_bands > 0) {
            draw_bars(&s->lanes[i], plot);
        }
        if (n_lanes > 1) {
            draw_lane_name(s, i, plot);
        }
    }
}

int
ch_view_spectrum(const struct ch_invocation *inv, const struct ch_frame_options *options)
{
    static const struct ch_picture picture = {"spectrum", help_lines, write_params, on_description,
                                              on_frame,   on_resize,  on_silence,   on_key,
                                              draw,       -1,         NULL};
    struct spectrum *s = calloc(1, sizeof *s);
    if (!s) {
        return ch_fail_memory();
    }
    s->options = *options;
    s->bands_from_width = options->bands == 0;
    s->fmin_hz = 20;
    s->fmax_hz = 20000;
    s->n_lanes = 1;
    if (options->rate_hz == 0) {
        s->options.rate_hz = RATE_HZ;
    }
    if (options->smoothing_ms < 0) {
        s->options.smoothing_ms = SMOOTHING_MS;
    }
    if (options->peak_hold_ms < 0) {
        s->options.peak_hold_ms = PEAK_HOLD_MS;
    }
    int rc = ch_live_run(inv->socket, &picture, s, options->count);
    free(s);
    return rc;
}

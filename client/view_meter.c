// SPDX-License-Identifier: ISC
// client/view_meter.c — the live meter: RMS as a bar, peak as a mark, loudness below.

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "client/fields.h"
#include "client/live.h"
#include "client/view.h"

#define FLOOR_DB      (-60.0)
#define RATE_HZ       30
#define NAME_COLUMNS  6    ///< left of a bar
#define VALUE_COLUMNS 8    ///< right of it
#define FALL_DB_S     20.0 ///< of the peak marks, after PEAK_HOLD_S
#define PEAK_HOLD_S   1.0
#define NOTHING_DB    (-INFINITY)

/// One bar: what it shows now and the mark that stays a while.
struct gauge {
    double level_db;
    double mark_db;
    double marked_at_s;
};

struct meter {
    struct ch_frame_options options;
    double last_at_s;
    struct gauge channels[2]; ///< level: RMS, mark: peak
    double peak_dbfs[2], true_peak_dbtp[2];
    double max_true_peak_dbtp;
    double momentary_lufs, short_term_lufs, integrated_lufs, range_lu;
};

static const char *const help_lines[] = {"r", "reset maxima, integrated loudness and range", NULL};

static void
reset(struct meter *m)
{
    m->max_true_peak_dbtp = NOTHING_DB;
    m->integrated_lufs = NOTHING_DB;
    m->range_lu = 0;
}

static void
on_silence(void *self)
{
    struct meter *m = self;
    for (int i = 0; i < 2; i++) {
        m->channels[i].level_db = m->channels[i].mark_db = NOTHING_DB;
        m->peak_dbfs[i] = m->true_peak_dbtp[i] = NOTHING_DB;
    }
    m->momentary_lufs = NOTHING_DB;
    m->short_term_lufs = NOTHING_DB;
}

static void
on_frame(void *self, const cJSON *data)
{
    struct meter *m = self;
    double now_s = ch_live_now_s();
    double passed_s = now_s - m->last_at_s;
    m->last_at_s = now_s;
    for (int i = 0; i < 2; i++) {
        struct gauge *g = &m->channels[i];
        g->level_db = ch_element_db(ch_field(data, "rms_dbfs"), i);
        m->peak_dbfs[i] = ch_element_db(ch_field(data, "peak_dbfs"), i);
        m->true_peak_dbtp[i] = ch_element_db(ch_field(data, "true_peak_dbtp"), i);
        m->max_true_peak_dbtp = fmax(m->max_true_peak_dbtp, m->true_peak_dbtp[i]);
        if (now_s - g->marked_at_s > PEAK_HOLD_S) {
            g->mark_db -= FALL_DB_S * passed_s;
        }
        if (m->peak_dbfs[i] >= g->mark_db) {
            g->mark_db = m->peak_dbfs[i];
            g->marked_at_s = now_s;
        }
    }
    m->momentary_lufs = ch_field_db(data, "momentary_lufs");
    m->short_term_lufs = ch_field_db(data, "short_term_lufs");
    m->integrated_lufs = ch_field_db(data, "integrated_lufs");
    m->range_lu = ch_field_number(data, "lra_lu", 0);
}

static void
on_description(void *self, const cJSON *description)
{
    (void)self;
    (void)description;
}

static void
write_params(void *self, struct ch_buf *params)
{
    const struct meter *m = self;
    ch_frame_options_write(&m->options, params);
}

static bool
on_resize(void *self, struct ch_rect room)
{
    (void)self;
    (void)room;
    return false;
}

static bool
on_key(void *self, int key)
{
    if (key != 'r') {
        return false;
    }
    reset(self);
    return true;
}

// --- drawing ------------------------------------------------------------------------------------

static double
place_of(double db)
{
    double place = 1.0 - db / FLOOR_DB;
    return place < 0 ? 0 : place > 1 ? 1 : place;
}

static void
format_level(double db, char *out, size_t out_bytes)
{
    if (db > -200) {
        snprintf(out, out_bytes, "%*.1f", VALUE_COLUMNS, db);
    } else {
        snprintf(out, out_bytes, "%*s", VALUE_COLUMNS, "-inf");
    }
}

/// Of `eighths` eighths, from the left.
static uint32_t
bar_glyph(int eighths)
{
    if (!ch_term_utf8()) {
        return eighths >= 4 ? '#' : ' ';
    }
    return eighths > 0 ? 0x2590u - (uint32_t)eighths : ' ';
}

static struct ch_rect
bar_room(struct ch_rect room, int row)
{
    return (struct ch_rect){room.y + row, room.x + NAME_COLUMNS, 1,
                            room.width - NAME_COLUMNS - VALUE_COLUMNS - 1};
}

static void
draw_bar(struct ch_rect bar, double level_db, double mark_db)
{
    int eighths = (int)lround(place_of(level_db) * bar.width * 8);
    for (int column = 0; eighths > 0; column++, eighths -= 8) {
        ch_term_put(bar.y, bar.x + column, bar_glyph(eighths > 8 ? 8 : eighths),
                    ch_term_gradient((column + 0.5) / bar.width));
    }
    int mark = (int)(place_of(mark_db) * bar.width);
    mark = mark >= bar.width ? bar.width - 1 : mark;
    if (place_of(mark_db) > 0) {
        ch_term_put(bar.y, bar.x + mark, ch_term_utf8() ? 0x2503 : '|',
                    A_BOLD | ch_term_gradient((mark + 0.5) / bar.width));
    }
}

static void
draw_gauge(struct ch_rect room, int row, const char *name, double level_db, double mark_db,
           double value_db)
{
    if (row >= room.height) {
        return;
    }
    struct ch_rect bar = bar_room(room, row);
    if (bar.width < 4) { // no room for both: the bar alone
        bar = (struct ch_rect){room.y + row, room.x, 1, room.width};
        draw_bar(bar, level_db, mark_db);
        return;
    }
    char value[32];
    format_level(value_db, value, sizeof value);
    ch_term_text(bar.y, room.x, NAME_COLUMNS - 1, A_BOLD, name);
    draw_bar(bar, level_db, mark_db);
    ch_term_text(bar.y, bar.x + bar.width + 1, VALUE_COLUMNS, A_NORMAL, value);
}

static void
draw_scale(struct ch_rect room, int row)
{
    struct ch_rect bar = bar_room(room, row);
    if (row >= room.height || bar.width < 4) {
        return;
    }
    int step = bar.width >= 42 ? 10 : bar.width >= 24 ? 20 : 60;
    for (int db = (int)FLOOR_DB; db <= 0; db += step) {
        char label[16];
        int n = snprintf(label, sizeof label, "%d", db);
        int x = (int)(place_of(db) * bar.width) - n / 2;
        x = x < 0 ? 0 : x + n > bar.width ? bar.width - n : x;
        ch_term_text(bar.y, bar.x + x, n, ch_term_faint(), label);
    }
}

static void
draw_numbers(const struct meter *m, struct ch_rect room, int row)
{
    const struct {
        const char *name, *unit;
        double left, right;
    } pairs[] = {
        {"peak", "dBFS", m->peak_dbfs[0], m->peak_dbfs[1]},
        {"RMS", "dBFS", m->channels[0].level_db, m->channels[1].level_db},
        {"true peak", "dBTP", m->true_peak_dbtp[0], m->true_peak_dbtp[1]},
    };
    char left[32], right[32], line[160];
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++, row++) {
        if (row >= room.height) {
            return;
        }
        format_level(pairs[i].left, left, sizeof left);
        format_level(pairs[i].right, right, sizeof right);
        snprintf(line, sizeof line, "%-10s%s%s %s", pairs[i].name, left, right, pairs[i].unit);
        ch_term_text(room.y + row, room.x, room.width, A_NORMAL, line);
    }
    if (row < room.height) {
        format_level(m->max_true_peak_dbtp, left, sizeof left);
        snprintf(line, sizeof line, "%-10s%s%*s dBTP", "highest", left, VALUE_COLUMNS, "");
        attr_t loud = m->max_true_peak_dbtp > -1 ? A_BOLD | ch_term_gradient(1) : A_NORMAL;
        ch_term_text(room.y + row++, room.x, room.width, loud, line);
    }
    if (row < room.height) {
        format_level(m->range_lu, left, sizeof left);
        snprintf(line, sizeof line, "%-10s%s%*s LU", "LRA", left, VALUE_COLUMNS, "");
        ch_term_text(room.y + row, room.x, room.width, A_NORMAL, line);
    }
}

static void
draw(void *self, struct ch_rect room)
{
    const struct meter *m = self;
    int row = room.height >= 6 ? 1 : 0;
    static const char *const names[2] = {"L", "R"};
    for (int i = 0; i < 2; i++, row++) {
        draw_gauge(room, row, names[i], m->channels[i].level_db, m->channels[i].mark_db,
                   m->peak_dbfs[i]);
    }
    draw_scale(room, row++);
    row += room.height >= 14;
    draw_gauge(room, row++, "LU M", m->momentary_lufs, NOTHING_DB, m->momentary_lufs);
    draw_gauge(room, row++, "LU S", m->short_term_lufs, NOTHING_DB, m->short_term_lufs);
    draw_gauge(room, row++, "LU I", m->integrated_lufs, NOTHING_DB, m->integrated_lufs);
    row += room.height >= 14;
    draw_numbers(m, room, row);
}

int
ch_view_meter(const struct ch_invocation *inv, const struct ch_frame_options *options)
{
    static const struct ch_picture picture = {"meter",  help_lines, write_params, on_description,
                                              on_frame, on_resize,  on_silence,   on_key,
                                              draw,     -1,         "meter.reset"};
    struct meter m = {.options = *options, .integrated_lufs = NOTHING_DB};
    if (options->rate_hz == 0) {
        m.options.rate_hz = RATE_HZ;
    }
    on_silence(&m);
    reset(&m);
    return ch_live_run(inv->socket, &picture, &m, options->count);
}

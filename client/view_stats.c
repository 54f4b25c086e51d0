// SPDX-License-Identifier: ISC
// client/view_stats.c — the live statistics: a line for each fact, and the callback's times below.

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/durations.h"
#include "client/fields.h"
#include "client/live.h"
#include "client/report.h"
#include "client/stats_lines.h"
#include "client/view.h"

#define TICK_MS       1000 ///< of how long ago something was, while the device stands
#define RECENT_S      10.0
#define NAME_COLUMNS  11
#define VALUE_COLUMNS 9
#define UNIT_COLUMNS  4 ///< with the space on both sides of what stands in it
#define REST_COLUMNS  41
#define BAR_MIN       8
#define BAR_MAX       50
#define HEIGHT_MIN    3 ///< of the histogram: a title, a row, the axis

struct stats {
    struct ch_frame_options options;
    cJSON *frame; ///< the last; NULL: none yet
    struct ch_durations total;
    /// The time since begun_at_s, and as long before: shown together they never begin from nothing.
    struct ch_durations recent, before;
    double begun_at_s;
    bool show_recent, linear_counts;
};

static const char *const help_lines[] = {"t", "recent or all times", "y", "counts log or linear",
                                         NULL};

// --- frames -------------------------------------------------------------------------------------

static void
take_recent(struct stats *s, const cJSON *buckets)
{
    double now_s = ch_live_now_s();
    if (now_s - s->begun_at_s > RECENT_S / 2) {
        s->before = s->recent;
        ch_durations_clear(&s->recent);
        s->begun_at_s = now_s;
    }
    ch_durations_add_json(&s->recent, buckets);
}

static void
on_frame(void *self, const cJSON *data)
{
    struct stats *s = self;
    cJSON *copy = cJSON_Duplicate(data, true);
    if (!copy) {
        return; // the one before stays
    }
    cJSON_Delete(s->frame);
    s->frame = copy;
    ch_durations_clear(&s->total);
    ch_durations_add_json(&s->total, ch_field(data, "histogram"));
    take_recent(s, ch_field(ch_field(data, "recent"), "histogram"));
}

static void
on_description(void *self, const cJSON *description)
{
    (void)self;
    (void)description;
}

/// Callbacks go on without music.
static void
on_silence(void *self)
{
    (void)self;
}

static void
write_params(void *self, struct ch_buf *params)
{
    const struct stats *s = self;
    ch_frame_options_write(&s->options, params);
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
    struct stats *s = self;
    if (key == 't') {
        s->show_recent = !s->show_recent;
    } else if (key == 'y') {
        s->linear_counts = !s->linear_counts;
    } else {
        return false;
    }
    return true;
}

// --- drawing ------------------------------------------------------------------------------------

static uint32_t
bar_glyph(int eighths)
{
    if (!ch_term_utf8()) {
        return eighths >= 4 ? '#' : '.';
    }
    return eighths > 0 ? 0x2590u - (uint32_t)eighths : 0x00b7;
}

/// Full length for what is whole or more; the rest of its way is dotted.
static void
draw_bar(int y, int x, int width, double part, double danger)
{
    int eighths = (int)lround(fmin(fmax(part, 0), 1) * width * 8);
    // What is more than nothing is seen.
    eighths = part > 0 && eighths == 0 ? 1 : eighths;
    for (int column = 0; column < width; column++, eighths -= 8) {
        int n = eighths > 8 ? 8 : eighths < 0 ? 0 : eighths;
        ch_term_put(y, x + column, bar_glyph(n),
                    n > 0 ? ch_term_gradient(danger) : ch_term_faint());
    }
}

/// Columns of the bars: what numbers and words leave, or none.
static int
bar_columns(int width)
{
    int n = width - NAME_COLUMNS - VALUE_COLUMNS - UNIT_COLUMNS - REST_COLUMNS;
    return n < BAR_MIN ? 0 : n > BAR_MAX ? BAR_MAX : n;
}

static void
draw_line(const struct ch_stats_line *line, int y, int width)
{
    attr_t attributes = line->alarm ? A_BOLD | ch_term_gradient(1) : A_NORMAL;
    int x = 0;
    ch_term_text(y, x, width < NAME_COLUMNS ? width : NAME_COLUMNS - 1, A_BOLD, line->name);
    x += NAME_COLUMNS;
    int n = (int)strlen(line->value);
    int indent = n < VALUE_COLUMNS ? VALUE_COLUMNS - n : 0;
    ch_term_text(y, x + indent, width - x - indent, attributes, line->value);
    x += VALUE_COLUMNS + 1;
    ch_term_text(y, x, width - x, ch_term_faint(), line->unit);
    x += UNIT_COLUMNS - 1;
    int bar = bar_columns(width);
    if (bar > 0 && isfinite(line->part)) {
        draw_bar(y, x + 1, bar, line->part, line->danger);
        x += bar + 1;
    }
    ch_term_text(y, x + 1, width - x - 1, attributes, line->rest);
}

static void
draw_title(const struct stats *s, const struct ch_durations *h, int y, int width)
{
    char text[160];
    snprintf(text, sizeof text, "%.0f callbacks %s, counts %s", ch_durations_total(h),
             s->show_recent ? "of the last 5 to 10 s" : "since the start",
             s->linear_counts ? "linear" : "logarithmic");
    int used = ch_term_text(y, 0, width, A_BOLD, "times");
    ch_term_text(y, used + 1, width - used - 1, ch_term_faint(), text);
}

static void
draw_histogram(const struct stats *s, struct ch_rect room)
{
    if (room.height < HEIGHT_MIN) {
        return;
    }
    struct ch_durations shown = s->total;
    if (s->show_recent) {
        shown = s->recent;
        ch_durations_add(&shown, &s->before);
    }
    // Of all times in both cases, so that the axis stands still.
    struct ch_durations_axis axis;
    ch_durations_fit(&s->total, ch_field_number(ch_field(s->frame, "device"), "period_us", NAN),
                     &axis);
    axis.linear_counts = s->linear_counts;
    draw_title(s, &shown, room.y, room.width);
    room.y++;
    room.height--;
    ch_durations_draw(&shown, &axis, room);
}

/// Rows between the groups of lines, if the histogram has its room without them.
static int
gap_rows(const struct ch_stats_line *lines, int n, int height)
{
    int n_groups = 0;
    for (int i = 0; i < n; i++) {
        n_groups += lines[i].group;
    }
    return height >= n + n_groups + 1 + 10;
}

static void
draw(void *self, struct ch_rect room)
{
    const struct stats *s = self;
    if (!s->frame) {
        return;
    }
    struct ch_stats_line lines[CH_STATS_LINES_MAX];
    int n = ch_stats_lines(s->frame, ch_live_now_s() * 1e9, lines);
    int gap = gap_rows(lines, n, room.height);
    int row = 0;
    for (int i = 0; i < n && row < room.height; i++, row++) {
        row += lines[i].group ? gap : 0;
        draw_line(&lines[i], room.y + row, room.width);
    }
    row += gap;
    draw_histogram(s, (struct ch_rect){room.y + row, room.x, room.height - row, room.width});
}

int
ch_view_stats(const struct ch_invocation *inv, const struct ch_frame_options *options)
{
    static const struct ch_picture picture = {"rt",     help_lines, write_params, on_description,
                                              on_frame, on_resize,  on_silence,   on_key,
                                              draw,     TICK_MS,    NULL};
    struct stats *s = calloc(1, sizeof *s);
    if (!s) {
        return ch_fail_memory();
    }
    s->options = *options;
    s->begun_at_s = ch_live_now_s();
    int rc = ch_live_run(inv->socket, &picture, s, options->count);
    cJSON_Delete(s->frame);
    free(s);
    return rc;
}

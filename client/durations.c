// SPDX-License-Identifier: ISC
// client/durations.c — counts of durations: taken from frames, added up, drawn over a log axis.

#include "client/durations.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "client/fields.h"
#include "client/output.h"

#define COLUMNS_MAX 1024
#define SHORTEST_US 1e-3 ///< an axis of logarithms has no zero

// --- counts -------------------------------------------------------------------------------------

void
ch_durations_clear(struct ch_durations *h)
{
    h->n = 0;
}

/// Buckets are the daemon's, so two that overlap are the same.
static void
add_bucket(struct ch_durations *h, struct ch_durations_bucket bucket)
{
    int at = h->n;
    while (at > 0 && h->buckets[at - 1].low_us >= bucket.low_us) {
        at--;
    }
    if (at < h->n && h->buckets[at].low_us == bucket.low_us) {
        h->buckets[at].count += bucket.count;
    } else if (h->n < CH_DURATIONS_BUCKETS_MAX) {
        memmove(&h->buckets[at + 1], &h->buckets[at], (size_t)(h->n - at) * sizeof *h->buckets);
        h->buckets[at] = bucket;
        h->n++;
    }
}

void
ch_durations_add_json(struct ch_durations *h, const cJSON *buckets)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, buckets)
    {
        struct ch_durations_bucket bucket = {ch_element_number(item, 0, NAN),
                                             ch_element_number(item, 1, NAN),
                                             ch_element_number(item, 2, NAN)};
        if (bucket.low_us >= 0 && bucket.high_us >= bucket.low_us && bucket.count > 0) {
            add_bucket(h, bucket);
        }
    }
}

void
ch_durations_add(struct ch_durations *h, const struct ch_durations *other)
{
    for (int i = 0; i < other->n; i++) {
        add_bucket(h, other->buckets[i]);
    }
}

double
ch_durations_total(const struct ch_durations *h)
{
    double total = 0;
    for (int i = 0; i < h->n; i++) {
        total += h->buckets[i].count;
    }
    return total;
}

// --- the axis -----------------------------------------------------------------------------------

/// The nearest of 1, 2, 5, 10, 20, … that is not above (or not below) `us`.
static double
round_to_125(double us, bool up)
{
    double decade = pow(10, floor(log10(us) + 1e-9));
    static const double steps[] = {1, 2, 5, 10};
    double below = decade;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        double step = steps[i] * decade;
        if (step >= us * (1 - 1e-9)) {
            return up || step <= us * (1 + 1e-9) ? step : below;
        }
        below = step;
    }
    return below;
}

void
ch_durations_fit(const struct ch_durations *h, double mark_us, struct ch_durations_axis *axis)
{
    double min_us = h->n > 0 ? h->buckets[0].low_us : 1;
    double max_us = h->n > 0 ? h->buckets[h->n - 1].high_us : 1000;
    axis->mark_us = mark_us > 0 ? mark_us : NAN;
    if (mark_us > 0) {
        // A little more than the period at its right, so that the mark stands free.
        max_us = fmax(max_us, mark_us * 1.5);
        min_us = fmin(min_us, mark_us / 100);
    }
    axis->min_us = round_to_125(fmax(min_us, SHORTEST_US), false);
    axis->max_us = round_to_125(fmax(max_us, axis->min_us * 10), true);
}

/// In columns from the left edge; may lie outside.
static double
column_of(const struct ch_durations_axis *axis, double us, int n_columns)
{
    double part = log(fmax(us, SHORTEST_US) / axis->min_us) / log(axis->max_us / axis->min_us);
    return part * n_columns;
}

static double
middle_us(const struct ch_durations_axis *axis, int column, int n_columns)
{
    return axis->min_us * pow(axis->max_us / axis->min_us, (column + 0.5) / n_columns);
}

static int
format_us(double us, char *out, size_t out_bytes)
{
    if (us >= 1e6) {
        return snprintf(out, out_bytes, "%g s", us / 1e6);
    }
    if (us >= 1e3) {
        return snprintf(out, out_bytes, "%g ms", us / 1e3);
    }
    return snprintf(out, out_bytes, "%g %s", us, ch_out_utf8() ? "µs" : "us");
}

/// Put a number under its place, unless that would touch another.
static void
draw_number(const struct ch_durations_axis *axis, double us, struct ch_rect line, bool *taken)
{
    char label[32];
    format_us(us, label, sizeof label);
    int n = ch_term_text_width(label);
    int begin = (int)column_of(axis, us, line.width) - n / 2;
    begin = begin < 0 ? 0 : begin + n > line.width ? line.width - n : begin;
    for (int i = begin > 0 ? begin - 1 : 0; i < line.width && i <= begin + n; i++) {
        if (taken[i]) {
            return;
        }
    }
    if (begin < 0) {
        return;
    }
    memset(taken + begin, true, (size_t)n);
    ch_term_text(line.y, line.x + begin, n, ch_term_faint(), label);
}

static void
draw_numbers(const struct ch_durations_axis *axis, struct ch_rect line)
{
    bool taken[COLUMNS_MAX] = {false};
    // Whole decades first, so that where space is short they are what stays.
    static const double order[] = {1, 2, 5};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        for (double us = 1e-3; us < 1e10; us *= 10) {
            double at = order[i] * us;
            if (at >= axis->min_us * (1 - 1e-9) && at <= axis->max_us * (1 + 1e-9)) {
                draw_number(axis, at, line, taken);
            }
        }
    }
}

// --- bars ---------------------------------------------------------------------------------------

/// Lay the buckets over the columns; one that reaches over several is shared among them.
static double
fill_columns(const struct ch_durations *h, const struct ch_durations_axis *axis, double *columns,
             int n_columns)
{
    for (int i = 0; i < n_columns; i++) {
        columns[i] = 0;
    }
    for (int i = 0; i < h->n; i++) {
        const struct ch_durations_bucket *b = &h->buckets[i];
        double from = fmin(fmax(column_of(axis, b->low_us, n_columns), 0), n_columns - 1e-6);
        double to = fmin(fmax(column_of(axis, b->high_us, n_columns), from), n_columns - 1e-6);
        for (int c = (int)from; c <= (int)to; c++) {
            double share = to > from ? (fmin(to, c + 1) - fmax(from, c)) / (to - from) : 1;
            columns[c] += b->count * share;
        }
    }
    double most = 0;
    for (int i = 0; i < n_columns; i++) {
        most = fmax(most, columns[i]);
    }
    return most;
}

static uint32_t
bar_glyph(int eighths)
{
    static const char ascii[] = " ..::|||#";
    return ch_term_utf8() && eighths > 0 ? 0x2580u + (uint32_t)eighths : (uint32_t)ascii[eighths];
}

/// What was counted at all is seen.
static int
height_in_eighths(double count, double most, bool linear, int n_rows)
{
    if (count <= 0) {
        return 0;
    }
    double part = linear ? count / most : log1p(count) / log1p(most);
    int eighths = (int)lround(part * n_rows * 8);
    return eighths < 1 ? 1 : eighths;
}

static void
draw_mark(const struct ch_durations_axis *axis, struct ch_rect plot)
{
    if (!(axis->mark_us > 0)) {
        return;
    }
    int column = (int)column_of(axis, axis->mark_us, plot.width);
    if (column < 0 || column >= plot.width) {
        return;
    }
    for (int row = 0; row < plot.height; row++) {
        ch_term_put(plot.y + row, plot.x + column, ch_term_utf8() ? 0x2502 : '|', A_NORMAL);
    }
    static const char name[] = "period";
    const int n = (int)sizeof name - 1;
    if (column > n) {
        ch_term_text(plot.y, plot.x + column - n - 1, n, A_NORMAL, name);
    }
}

void
ch_durations_draw(const struct ch_durations *h, const struct ch_durations_axis *axis,
                  struct ch_rect room)
{
    struct ch_rect plot = room;
    plot.height -= 1;
    plot.width = plot.width > COLUMNS_MAX ? COLUMNS_MAX : plot.width;
    if (plot.height < 1 || plot.width < 8) {
        return;
    }
    double columns[COLUMNS_MAX];
    double most = fill_columns(h, axis, columns, plot.width);
    draw_mark(axis, plot);
    for (int c = 0; c < plot.width; c++) {
        int eighths = height_in_eighths(columns[c], most, axis->linear_counts, plot.height);
        attr_t colour = ch_term_gradient(middle_us(axis, c, plot.width) / axis->mark_us);
        for (int row = plot.height - 1; eighths > 0; row--, eighths -= 8) {
            ch_term_put(plot.y + row, plot.x + c, bar_glyph(eighths > 8 ? 8 : eighths), colour);
        }
    }
    draw_numbers(axis, (struct ch_rect){plot.y + plot.height, plot.x, 1, plot.width});
}

// SPDX-License-Identifier: ISC
// client/axis.c — where a frequency stands on a horizontal axis, and the numbers under it.

#include "client/axis.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

double
ch_axis_column(const struct ch_axis *axis, double hz)
{
    double part = axis->linear ? (hz - axis->min_hz) / (axis->max_hz - axis->min_hz)
                               : log(hz / axis->min_hz) / log(axis->max_hz / axis->min_hz);
    return part * axis->n_columns;
}

double
ch_axis_hz(const struct ch_axis *axis, double column)
{
    double part = column / axis->n_columns;
    return axis->linear ? axis->min_hz + part * (axis->max_hz - axis->min_hz)
                        : axis->min_hz * pow(axis->max_hz / axis->min_hz, part);
}

static void
format_hz(double hz, char *out, size_t out_bytes)
{
    if (hz >= 1000) {
        snprintf(out, out_bytes, "%gk", hz / 1000);
    } else {
        snprintf(out, out_bytes, "%g", hz);
    }
}

static void
place(const struct ch_axis *axis, double hz, char *out)
{
    double column = ch_axis_column(axis, hz);
    char label[32];
    format_hz(hz, label, sizeof label);
    int n = (int)strlen(label);
    if (!(column >= 0 && column <= axis->n_columns) || n > axis->n_columns) {
        return;
    }
    int begin = (int)column - n / 2;
    begin = begin < 0 ? 0 : begin;
    begin = begin + n > axis->n_columns ? axis->n_columns - n : begin;
    int from = begin > 0 ? begin - 1 : 0;
    int to = begin + n < axis->n_columns ? begin + n : axis->n_columns - 1;
    for (int i = from; i <= to; i++) {
        if (out[i] != ' ') {
            return;
        }
    }
    memcpy(out + begin, label, (size_t)n);
}

void
ch_axis_labels(const struct ch_axis *axis, char *out)
{
    memset(out, ' ', (size_t)axis->n_columns);
    out[axis->n_columns] = '\0';
    // Whole decades first, so that where space is short they are what stays.
    static const double log_order[] = {1, 2, 5, 3, 7};
    static const double decades[] = {1000, 100, 10000, 10, 100000};
    if (!axis->linear) {
        for (size_t m = 0; m < sizeof log_order / sizeof *log_order; m++) {
            for (size_t d = 0; d < sizeof decades / sizeof *decades; d++) {
                // 3 and 7 only where a decade is wide
                if (m < 3 || axis->n_columns > 40 * log10(axis->max_hz / axis->min_hz)) {
                    place(axis, log_order[m] * decades[d], out);
                }
            }
        }
        return;
    }
    // A step of 1, 2 or 5 times a power of ten that leaves some eight columns to each.
    double wanted = (axis->max_hz - axis->min_hz) * 8 / (axis->n_columns > 8 ? axis->n_columns : 8);
    double step = pow(10, floor(log10(wanted)));
    step *= wanted / step > 5 ? 10 : wanted / step > 2 ? 5 : wanted / step > 1 ? 2 : 1;
    for (double hz = ceil(axis->min_hz / step) * step; hz <= axis->max_hz; hz += step) {
        place(axis, hz, out);
    }
}

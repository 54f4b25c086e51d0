// SPDX-License-Identifier: ISC
// client/scan_progress.c — a bar, the time that is left, and the file's name, in one line.

#include "client/scan_progress.h"

#include <stdio.h>
#include <string.h>

#include "client/output.h"
#include "client/values.h"
#include "system/clock.h"
#include "system/console.h"

#define BAR_COLUMNS 20
/// Before so much is done, nothing can be said of the rest.
#define ETA_FRACTION 0.005

static double
now_s(void)
{
    return (double)ch_sys_mono_ns() * 1e-9;
}

void
ch_scan_progress_begin(struct ch_scan_progress *progress, size_t n_total)
{
    *progress = (struct ch_scan_progress){
        .shown = ch_sys_is_terminal(fileno(stderr)), .began_s = now_s(), .n_total = n_total};
}

void
ch_scan_progress_clear(struct ch_scan_progress *progress)
{
    if (progress->drawn) {
        ch_out_erase_error_line();
        fflush(stderr);
        progress->drawn = false;
    }
}

/// As many bytes of `text` as fit in n columns, whole characters; one column each.
static int
fitting(const char *text, int n)
{
    int bytes = 0;
    while (text[bytes] && n-- > 0) {
        bytes++;
        while ((text[bytes] & 0xc0) == 0x80) {
            bytes++;
        }
    }
    return bytes;
}

void
ch_scan_progress_draw(struct ch_scan_progress *progress)
{
    if (!progress->shown || progress->n_total == 0) {
        return;
    }
    const size_t n = progress->n_before + progress->n_done;
    const double part = ((double)n + progress->fraction) / (double)progress->n_total;
    char left[CH_TIME_BYTES] = "-:--";
    if (part > ETA_FRACTION) {
        ch_value_time((now_s() - progress->began_s) * (1.0 - part) / part, left);
    }
    char bar[3 * BAR_COLUMNS + 1] = "";
    const int full = (int)(part * BAR_COLUMNS + 0.5);
    for (int i = 0; i < BAR_COLUMNS; i++) {
        strcat(bar, i < full ? (ch_out_utf8() ? "█" : "#") : (ch_out_utf8() ? "░" : "."));
    }
    char head[192];
    snprintf(head, sizeof head, "%3.0f %%  %zu/%zu  %s left  ", 100.0 * part, n, progress->n_total,
             left);
    const int room = ch_out_error_columns() - BAR_COLUMNS - 2 - (int)strlen(head) - 1;
    ch_out_erase_error_line();
    fprintf(stderr, "%s  %s%.*s", bar, head, fitting(progress->name, room > 0 ? room : 0),
            progress->name);
    fflush(stderr);
    progress->drawn = true;
}

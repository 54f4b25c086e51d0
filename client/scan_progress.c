// SPDX-License-Identifier: ISC
// client/scan_progress.c — a bar, the time that is left, and the file's name, in one line.

#include "client/scan_progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/output.h"
#include "client/term_system.h"
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

/// Whether there is a terminal, and one on which a line can be taken back.
static bool
can_be_shown(void)
{
    const char *kind = getenv("TERM");
    return ch_sys_is_terminal(fileno(stderr)) && !(kind && strcmp(kind, "dumb") == 0);
}

void
ch_scan_progress_begin(struct ch_scan_progress *progress, size_t n_total)
{
    *progress =
        (struct ch_scan_progress){.shown = can_be_shown(), .began_s = now_s(), .n_total = n_total};
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

/// As many bytes of `text` as fit in n columns, whole characters.
static int
fitting(const char *text, int n)
{
    const char *end = text;
    while (*end) {
        const char *next = end;
        int width;
        (void)ch_term_character(&next, &width);
        if (width > n) {
            break;
        }
        n -= width;
        end = next;
    }
    return (int)(end - text);
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
    char line[512];
    snprintf(line, sizeof line, "%s  %3.0f %%  %zu/%zu  %s left  %s", bar, 100.0 * part, n,
             progress->n_total, left, progress->name);
    ch_out_erase_error_line();
    // In the last column some terminals begin a new line.
    fprintf(stderr, "%.*s", fitting(line, ch_out_error_columns() - 1), line);
    fflush(stderr);
    progress->drawn = true;
}

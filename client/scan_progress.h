// SPDX-License-Identifier: ISC
// client/scan_progress.h — the line that says how far a scan is, on a terminal's stderr.

#ifndef CH_CLIENT_SCAN_PROGRESS_H
#define CH_CLIENT_SCAN_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

struct ch_scan_progress {
    bool shown; ///< there is a terminal to show it on
    bool drawn; ///< it stands there now
    double began_s;
    size_t n_total;  ///< files in all
    size_t n_before; ///< files of what was finished before
    size_t n_done;   ///< of what is being scanned
    double fraction; ///< of the file after those
    char name[256];  ///< of that file
};

void ch_scan_progress_begin(struct ch_scan_progress *progress, size_t n_total);
void ch_scan_progress_draw(struct ch_scan_progress *progress);
/// Take it away, so that something else can be printed.
void ch_scan_progress_clear(struct ch_scan_progress *progress);

#endif

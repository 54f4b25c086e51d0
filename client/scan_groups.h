// SPDX-License-Identifier: ISC
// client/scan_groups.h — what a scan is asked for: folders, each an album, and single files.

#ifndef CH_CLIENT_SCAN_GROUPS_H
#define CH_CLIENT_SCAN_GROUPS_H

#include <stdbool.h>
#include <stddef.h>

#include "client/uris.h"

struct ch_scan_group {
    char *folder; ///< owned; NULL = files named one by one, which are no album
    struct ch_uris uris;
};

struct ch_scan_groups {
    struct ch_scan_group *items; ///< owned
    size_t count, capacity;
    size_t n_files; ///< of all of them
};

/// The words of a command line; a folder stands for all folders below it that hold audio files.
/// Prints the problem and returns the exit code.
int ch_scan_groups_collect(struct ch_scan_groups *groups, char *const *words, int n_words);
void ch_scan_groups_fini(struct ch_scan_groups *groups);

#endif

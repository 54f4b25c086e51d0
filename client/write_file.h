// SPDX-License-Identifier: ISC
// client/write_file.h — a file that is there as a whole, or as it was.

#ifndef CH_CLIENT_WRITE_FILE_H
#define CH_CLIENT_WRITE_FILE_H

#include <stdbool.h>
#include <stdio.h>

struct ch_write_file {
    FILE *out;
    const char *path; ///< borrowed; "-" is stdout
    char *draft;      ///< beside it, until it is whole; NULL: written in place
    int error;        ///< errno of the first write that failed
};

/// "-" is stdout, and what is no plain file (a pipe, /dev/null) is written to as it is.  An exit
/// code, after a message if it is an error.
int ch_write_file_open(struct ch_write_file *file, const char *path);

/// False if it can't be written; ch_write_file_close() says why.
bool ch_write_file_put(struct ch_write_file *file, const void *bytes, size_t n_bytes);

/// Put it in its place if `whole` and all could be written, else leave what was there.
int ch_write_file_close(struct ch_write_file *file, bool whole);

#endif

// SPDX-License-Identifier: ISC
// client/uris.h — what people name on a command line, as the list of URIs the daemon takes.
//
// A relative path is made absolute against the working directory of the client (the daemon has
// another one), a directory becomes its audio files in natural order, a playlist its entries.

#ifndef CH_CLIENT_URIS_H
#define CH_CLIENT_URIS_H

#include <stdbool.h>
#include <stddef.h>

struct ch_uris {
    char **items; ///< owned; UTF-8: a path that isn't travels as file:// with percent signs
    size_t count, capacity;
};

struct ch_uris_problem {
    const char *name; ///< of the protocol's errors: NOT_FOUND, DENIED, …
    char text[4608];
};

/// Append what `word` names.  False: nothing may be done with the list but ch_uris_fini(), and
/// `problem` says why.  A playlist's entry that is missing is warned of and left out.
bool ch_uris_add(struct ch_uris *uris, const char *word, struct ch_uris_problem *problem);

/// All words; prints the problem and returns the exit code.
int ch_uris_collect(struct ch_uris *uris, char *const *words, int n_words);

void ch_uris_fini(struct ch_uris *uris);

// --- pieces, for those who want one -----------------------------------------------------------

/// strcmp() order, but digits count as numbers ("2" before "10") and letters without case.
int ch_natural_compare(const char *a, const char *b);

/// Whether the name ends like an audio file that the daemon can read.
bool ch_is_audio_name(const char *name);

/// An absolute path without "//" and "."; ".." goes where that doesn't change which file it is
/// (behind a symbolic link it would).  NULL without memory, else the caller's.
char *ch_path_absolute(const char *folder, const char *path);

#endif

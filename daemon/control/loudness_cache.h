// SPDX-License-Identifier: ISC
// daemon/control/loudness_cache.h — what scans have found, kept across runs.                 [main]
//
// One line of text for each measurement, appended in one write; the last line of a path counts.  A
// line that makes no sense is passed over, and the file is written anew when most of it is of no
// use any more.  It lies in $CACHE_DIRECTORY (a service's own), else in $XDG_CACHE_HOME/chant or
// ~/.cache/chant; where none can be written, it is kept in memory alone.

#ifndef CH_CONTROL_LOUDNESS_CACHE_H
#define CH_CONTROL_LOUDNESS_CACHE_H

#include <stdbool.h>

#include "daemon/media/loudness_scan.h"

struct ch_loudness_cache;

/// Reads what there is.  NULL without memory; the functions below take that for an empty one.
struct ch_loudness_cache *ch_loudness_cache_open(void);
void ch_loudness_cache_close(struct ch_loudness_cache *cache);

/// Borrowed until the next put; NULL = not known.
const struct ch_loudness_measured *ch_loudness_cache_find(const struct ch_loudness_cache *cache,
                                                          const char *path);
void ch_loudness_cache_put(struct ch_loudness_cache *cache, const char *path,
                           const struct ch_loudness_measured *measured);

/// For tests and for people: where it is kept; "" = in memory alone.
const char *ch_loudness_cache_path(const struct ch_loudness_cache *cache);

#endif

// SPDX-License-Identifier: ISC
// daemon/media/loudness_resolve.h — from an item's order and its file to its gain.       [worker]

#ifndef CH_MEDIA_LOUDNESS_RESOLVE_H
#define CH_MEDIA_LOUDNESS_RESOLVE_H

#include <stdbool.h>

#include "daemon/media/loudness_gain.h"
#include "daemon/media/media.h"

/// Tags count before what a scan has found.  With AUTO, a file beside it may be opened.
struct ch_loudness_applied ch_loudness_resolve(const struct ch_loudness_order *order,
                                               const char *uri, const struct ch_media_info *info);

/// False if there is no such file.
bool ch_file_identify(const char *path, struct ch_file_identity *identity);
bool ch_file_is_same(const struct ch_file_identity *a, const struct ch_file_identity *b);

#endif

// SPDX-License-Identifier: ISC
// daemon/media/detail.h — sentences that say why a piece of sound could not be had.        [any]

#ifndef CH_MEDIA_DETAIL_H
#define CH_MEDIA_DETAIL_H

#include "daemon/base/attributes.h"
#include "daemon/media/media.h"

#define CH_NAME_BYTES 128

/// A path or URI as it may stand in a sentence: of a long one the end, whole characters only.
struct ch_name {
    char text[CH_NAME_BYTES];
};

struct ch_name ch_name_of(const char *uri);

/// Write a sentence to `detail` of CH_DETAIL_BYTES.
void ch_detail_set(char *detail, const char *fmt, ...) CH_PRINTF(2, 3);

#endif

// SPDX-License-Identifier: ISC
// daemon/media/loudness_tags.h — the loudness that a file says it has.                   [worker]
//
// libsndfile knows titles but not these, so they are read by the library of each format, from the
// headers alone.  A build without one of them finds no such tags in its files.

#ifndef CH_MEDIA_LOUDNESS_TAGS_H
#define CH_MEDIA_LOUDNESS_TAGS_H

#include <stddef.h>

#include "daemon/media/loudness_gain.h"

/// `format` as in struct ch_media_info.  What can't be read has no tags.
struct ch_loudness_facts ch_loudness_read_tags(const char *path, const char *format);

// One library each; what they find goes to ch_loudness_take_tag().
void ch_loudness_read_flac(const char *path, struct ch_loudness_tags *tags);
void ch_loudness_read_vorbis(const char *path, struct ch_loudness_tags *tags);
void ch_loudness_read_opus(const char *path, struct ch_loudness_tags *tags);
void ch_loudness_read_mpeg(const char *path, struct ch_loudness_tags *tags);

/// "NAME=value", of `n` bytes or up to its NUL, whichever is first.
void ch_loudness_take_comment(struct ch_loudness_tags *tags, const char *comment, size_t n);

#endif

// SPDX-License-Identifier: ISC
// daemon/media/loudness_tags.c — which library reads the tags of which format.

#include "daemon/media/loudness_tags.h"

#include <string.h>

#include "config.h"

#define VALUE_MAX 64

void
ch_loudness_take_comment(struct ch_loudness_tags *tags, const char *comment, size_t n)
{
    const char *equals = memchr(comment, '=', n < VALUE_MAX ? n : VALUE_MAX);
    if (!equals) {
        return;
    }
    // A copy, because not every library ends it with a NUL; a number needs no more of it.
    char value[VALUE_MAX];
    const size_t n_name = (size_t)(equals - comment);
    const size_t n_value = strnlen(equals + 1, n - n_name - 1);
    const size_t n_copied = n_value < sizeof value ? n_value : sizeof value - 1;
    memcpy(value, equals + 1, n_copied);
    value[n_copied] = '\0';
    ch_loudness_take_tag(tags, comment, n_name, value);
}

struct ch_loudness_facts
ch_loudness_read_tags(const char *path, const char *format)
{
    struct ch_loudness_tags tags = {0};
    bool r128_first = false;
#ifdef HAVE_FLAC
    if (!strcmp(format, "FLAC")) {
        ch_loudness_read_flac(path, &tags);
    }
#endif
#ifdef HAVE_VORBISFILE
    if (!strcmp(format, "Ogg Vorbis")) {
        ch_loudness_read_vorbis(path, &tags);
    }
#endif
#ifdef HAVE_OPUSFILE
    if (!strcmp(format, "Ogg Opus")) {
        ch_loudness_read_opus(path, &tags);
        r128_first = true;
    }
#endif
#ifdef HAVE_MPG123
    if (!strcmp(format, "MP3")) {
        ch_loudness_read_mpeg(path, &tags);
    }
#endif
    (void)path;
    (void)format;
    return ch_loudness_facts_from_tags(&tags, r128_first);
}

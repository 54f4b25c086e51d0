// SPDX-License-Identifier: ISC
// daemon/media/loudness_opus.c — tags of Ogg Opus, through libopusfile.                  [worker]
//
// R128_*_GAIN comes on top of the output gain in the header (RFC 7845 §5.2.1), and that one is
// applied by libsndfile as it decodes.

#include <opusfile.h>

#include "daemon/media/loudness_tags.h"

void
ch_loudness_read_opus(const char *path, struct ch_loudness_tags *tags)
{
    OggOpusFile *opus = op_test_file(path, NULL); // only the headers
    if (!opus) {
        return;
    }
    const OpusTags *comments = op_tags(opus, -1);
    for (int i = 0; comments && i < comments->comments; i++) {
        ch_loudness_take_comment(tags, comments->user_comments[i],
                                 (size_t)comments->comment_lengths[i]);
    }
    op_free(opus);
}

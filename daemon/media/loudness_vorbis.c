// SPDX-License-Identifier: ISC
// daemon/media/loudness_vorbis.c — tags of Ogg Vorbis, through libvorbisfile.            [worker]

#include <stdio.h>

#define OV_EXCLUDE_STATIC_CALLBACKS
#include <vorbis/vorbisfile.h>

#include "daemon/media/loudness_tags.h"

#include "system/file.h"

void
ch_loudness_read_vorbis(const char *path, struct ch_loudness_tags *tags)
{
    FILE *file = ch_sys_fopen(path, "r");
    OggVorbis_File vorbis;
    // Only the headers: ov_open() would go through the whole file.
    if (!file || ov_test(file, &vorbis, NULL, 0)) {
        if (file) {
            fclose(file);
        }
        return;
    }
    const vorbis_comment *comments = ov_comment(&vorbis, -1);
    for (int i = 0; comments && i < comments->comments; i++) {
        ch_loudness_take_comment(tags, comments->user_comments[i],
                                 (size_t)comments->comment_lengths[i]);
    }
    ov_clear(&vorbis); // closes the file
}

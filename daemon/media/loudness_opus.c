// SPDX-License-Identifier: ISC
// daemon/media/loudness_opus.c — tags of Ogg Opus, through libopusfile.                  [worker]
//
// R128_*_GAIN comes on top of the output gain in the header (RFC 7845 §5.2.1), and that one is
// applied by libsndfile as it decodes.

#include <fcntl.h>
#include <opusfile.h>
#include <stdint.h>

#include "daemon/media/loudness_tags.h"

#include "system/file.h"

// The stream is a descriptor + 1, so that none is NULL.
static int
fd_of(void *stream)
{
    return (int)(intptr_t)stream - 1;
}

static int
on_read(void *stream, unsigned char *bytes, int n)
{
    return (int)ch_sys_read(fd_of(stream), bytes, (size_t)n);
}

static int
on_seek(void *stream, opus_int64 offset, int whence)
{
    return ch_sys_seek(fd_of(stream), offset, whence) < 0 ? -1 : 0;
}

static opus_int64
on_tell(void *stream)
{
    return ch_sys_seek(fd_of(stream), 0, SEEK_CUR);
}

void
ch_loudness_read_opus(const char *path, struct ch_loudness_tags *tags)
{
    static const OpusFileCallbacks callbacks = {.read = on_read, .seek = on_seek, .tell = on_tell};
    const int fd = ch_sys_open(path, O_RDONLY, 0);
    void *stream = (void *)(intptr_t)(fd + 1);
    // Only the headers.
    OggOpusFile *opus = fd < 0 ? NULL : op_test_callbacks(stream, &callbacks, NULL, 0, NULL);
    if (!opus) {
        if (fd >= 0) {
            ch_sys_close(fd);
        }
        return;
    }
    const OpusTags *comments = op_tags(opus, -1);
    for (int i = 0; comments && i < comments->comments; i++) {
        ch_loudness_take_comment(tags, comments->user_comments[i],
                                 (size_t)comments->comment_lengths[i]);
    }
    op_free(opus);
    ch_sys_close(fd);
}

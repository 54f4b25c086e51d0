// SPDX-License-Identifier: ISC
// daemon/media/loudness_mpeg.c — TXXX frames of the ID3v2 tag of MP3, through libmpg123. [worker]

#include <fcntl.h>
#include <mpg123.h>
#include <string.h>

#include "daemon/media/loudness_tags.h"

#include "system/file.h"

static void
take_texts(mpg123_handle *mpg, struct ch_loudness_tags *tags)
{
    mpg123_id3v1 *v1 = NULL;
    mpg123_id3v2 *v2 = NULL;
    if (mpg123_id3(mpg, &v1, &v2) != MPG123_OK || !v2) {
        return;
    }
    for (size_t i = 0; i < v2->extras; i++) {
        const mpg123_text *text = &v2->extra[i];
        if (text->description.p && text->text.p) {
            ch_loudness_take_tag(tags, text->description.p, strlen(text->description.p),
                                 text->text.p);
        }
    }
}

void
ch_loudness_read_mpeg(const char *path, struct ch_loudness_tags *tags)
{
    mpg123_handle *mpg = mpg123_new(NULL, NULL);
    if (!mpg) {
        return;
    }
    mpg123_param(mpg, MPG123_ADD_FLAGS, MPG123_QUIET, 0.0);
    // Resynchronising without a limit would read all of a file that is something else.
    mpg123_param(mpg, MPG123_RESYNC_LIMIT, 4096, 0.0);
    long rate_hz;
    int channels, encoding;
    // The tag lies before the first frame, which has been looked for when the format is known.
    const int fd = ch_sys_open(path, O_RDONLY, 0);
    if (fd >= 0 && mpg123_open_fd(mpg, fd) == MPG123_OK) {
        (void)mpg123_getformat(mpg, &rate_hz, &channels, &encoding);
        take_texts(mpg, tags);
        mpg123_close(mpg);
    }
    mpg123_delete(mpg);
    if (fd >= 0) {
        ch_sys_close(fd);
    }
}

// SPDX-License-Identifier: ISC
// daemon/media/loudness_flac.c — tags of FLAC, through libFLAC.                        [worker]

#include <FLAC/stream_decoder.h>

#include "daemon/media/loudness_tags.h"

#include "system/file.h"

static FLAC__StreamDecoderWriteStatus
on_sound(const FLAC__StreamDecoder *decoder, const FLAC__Frame *frame,
         const FLAC__int32 *const buffer[], void *context)
{
    (void)decoder, (void)frame, (void)buffer, (void)context;
    return FLAC__STREAM_DECODER_WRITE_STATUS_ABORT;
}

static void
on_metadata(const FLAC__StreamDecoder *decoder, const FLAC__StreamMetadata *metadata, void *context)
{
    (void)decoder;
    if (metadata->type != FLAC__METADATA_TYPE_VORBIS_COMMENT) {
        return;
    }
    const FLAC__StreamMetadata_VorbisComment *comments = &metadata->data.vorbis_comment;
    for (uint32_t i = 0; i < comments->num_comments; i++) {
        const FLAC__StreamMetadata_VorbisComment_Entry *entry = &comments->comments[i];
        if (entry->entry) {
            ch_loudness_take_comment(context, (const char *)entry->entry, entry->length);
        }
    }
}

static void
on_error(const FLAC__StreamDecoder *decoder, FLAC__StreamDecoderErrorStatus status, void *context)
{
    (void)decoder, (void)status, (void)context;
}

void
ch_loudness_read_flac(const char *path, struct ch_loudness_tags *tags)
{
    FLAC__StreamDecoder *decoder = FLAC__stream_decoder_new();
    if (!decoder) {
        return;
    }
    // Pictures, which may be large, are skipped over.
    FLAC__stream_decoder_set_metadata_ignore_all(decoder);
    FLAC__stream_decoder_set_metadata_respond(decoder, FLAC__METADATA_TYPE_VORBIS_COMMENT);
    FILE *file = ch_sys_fopen(path, "r");
    if (file && FLAC__stream_decoder_init_FILE(decoder, file, on_sound, on_metadata, on_error,
                                               tags) == FLAC__STREAM_DECODER_INIT_STATUS_OK) {
        FLAC__stream_decoder_process_until_end_of_metadata(decoder);
        FLAC__stream_decoder_finish(decoder); // closes the file
    } else if (file) {
        fclose(file);
    }
    FLAC__stream_decoder_delete(decoder);
}

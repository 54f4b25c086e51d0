// SPDX-License-Identifier: ISC
// daemon/media/media.h — what is known of a piece of sound.  Plain data, passed between threads.

#ifndef CH_MEDIA_MEDIA_H
#define CH_MEDIA_MEDIA_H

#include <stdint.h>

#define CH_TAG_BYTES 256
#define CH_URI_BYTES 4096
/// Of a sentence that says why something failed.
#define CH_DETAIL_BYTES 256

/// Text is UTF-8 or, as found in bad files, anything; always terminated; "" = unknown.
struct ch_media_info {
    double duration_s; ///< < 0 = unknown or endless
    uint32_t rate_hz;  ///< of the source
    uint32_t channels; ///< of the source
    uint32_t bits;     ///< of the source's samples; 0 where the word has no meaning (lossy)
    char format[32];   ///< "FLAC", "WAV", "AIFF", "Ogg Vorbis", "Ogg Opus", "MP3", "tone", …
    char title[CH_TAG_BYTES];
    char artist[CH_TAG_BYTES];
    char album[CH_TAG_BYTES];
    char track[16];
    char date[32];
};

#endif

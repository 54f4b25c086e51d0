// SPDX-License-Identifier: ISC
// tests/unit/source_files.h — whole files read through a source, and the formats that are tried.

#ifndef CH_TESTS_UNIT_SOURCE_FILES_H
#define CH_TESTS_UNIT_SOURCE_FILES_H

#include "daemon/media/source.h"
#include "tests/unit/sound_files.h"

#define SECONDS 2u
#define WAV_16  (SF_FORMAT_WAV | SF_FORMAT_PCM_16)

/// What is in the file, all of it.
struct decoded {
    struct ch_media_info info;
    float *stereo;
    uint64_t n_frames;
    enum ch_status status; ///< CH_END, or why it stopped
    char detail[CH_DETAIL_BYTES];
};

static inline struct ch_source *
open_source(const char *uri)
{
    struct ch_source *source;
    char detail[CH_DETAIL_BYTES];
    const enum ch_status status = ch_source_open(&source, uri, 48000, detail);
    if (status) {
        print_error("%s: %s\n", uri, detail);
    }
    assert_int_equal(status, CH_OK);
    return source;
}

static inline struct decoded
read_rest(struct ch_source *source)
{
    struct decoded d = {.info = *ch_source_info(source)};
    enum { STEP = 3000, MOST = 1 << 20 };
    d.stereo = malloc((size_t)(MOST + STEP) * 2 * sizeof *d.stereo);
    assert_non_null(d.stereo);
    do {
        uint32_t n;
        d.status = ch_source_read(source, d.stereo + 2 * d.n_frames, STEP, &n, d.detail);
        d.n_frames += n;
        assert_true(n == STEP || d.status == CH_OK || d.status == CH_END ||
                    d.status == CH_DECODE_FAILED);
    } while (d.status == CH_OK && d.n_frames < MOST);
    return d;
}

static inline struct decoded
decode(const char *uri)
{
    struct ch_source *source = open_source(uri);
    const struct decoded d = read_rest(source);
    ch_source_close(source);
    return d;
}

static const struct {
    const char *name, *command; // that makes it of s.wav
    const char *format;
    uint32_t bits, rate_hz;
} formats[] = {
    {"s.wav", "true", "WAV", 16, 44100},
    {"s.flac", "flac -s -f s.wav", "FLAC", 16, 44100},
    {"s.aiff", "sox s.wav s.aiff", "AIFF", 16, 44100},
    {"s.ogg", "oggenc -Q -q 6 -o s.ogg s.wav", "Ogg Vorbis", 0, 44100},
    {"s.opus", "opusenc --quiet --bitrate 192 s.wav s.opus", "Ogg Opus", 0, 48000},
    {"s.mp3", "lame --quiet -b 192 s.wav s.mp3", "MP3", 0, 44100},
    {"v.mp3", "lame --quiet -V 2 s.wav v.mp3", "MP3", 0, 44100},
    {"f.mp3", "ffmpeg -v error -y -i s.wav f.mp3", "MP3", 0, 44100},
    {"p.flac", "ffmpeg -v error -y -i s.wav -f flac - | cat >p.flac", "FLAC", 16, 44100},
    {"s.au", "sox s.wav s.au", "AU (Sun/NeXT)", 16, 44100},
};

#endif

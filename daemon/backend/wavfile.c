// SPDX-License-Identifier: ISC
// daemon/backend/wavfile.c — float planes to interleaved WAV frames, through libsndfile.

#include "daemon/backend/wavfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/backend/common.h"
#include "system/file.h"

// Frames that wait in memory: small periods would cost a system call each.
#define CHUNK 4096
#define BATCH 256

// A RIFF size has 32 bits; this much is left for everything that is not audio.
#define AUDIO_BYTES_MAX (UINT32_MAX - 4096u)

static const struct {
    const char *name;
    int subtype;
    uint32_t bytes; // per sample
} formats[] = {
    [CH_WAV_F32] = {"f32", SF_FORMAT_FLOAT, 4},
    [CH_WAV_S16] = {"s16", SF_FORMAT_PCM_16, 2},
    [CH_WAV_S24] = {"s24", SF_FORMAT_PCM_24, 3},
};

struct ch_wavfile {
    SNDFILE *sndfile;
    int fd;
    enum ch_wav_format format;
    struct ch_dither dither;
    uint64_t n_frames; // accepted
    enum ch_status failed;
    uint32_t n_waiting;
    union {
        float f32[CHUNK * CH_CHANNELS];
        short s16[CHUNK * CH_CHANNELS];
        int s24[CHUNK * CH_CHANNELS]; // in the upper three bytes
    } waiting;
    char path[];
};

bool
ch_wav_format_from_name(const char *name, enum ch_wav_format *format)
{
    for (unsigned i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (!strcmp(name, formats[i].name)) {
            *format = (enum ch_wav_format)i;
            return true;
        }
    }
    return false;
}

static enum ch_status
system_failure(const char *path, const char *verb, int err, char *detail)
{
    snprintf(detail, CH_DETAIL_BYTES, "%.160s cannot be %s: %s", path, verb, strerror(err));
    const enum ch_status status = ch_status_from_errno(err);
    return status == CH_NOT_FOUND || status == CH_INTERNAL ? CH_NO_DEVICE : status;
}

enum ch_status
ch_wavfile_open(struct ch_wavfile **out, const char *path, enum ch_wav_format format,
                enum ch_dither_mode dither, uint32_t rate_hz, char *detail)
{
    *out = NULL;
    struct ch_wavfile *file = calloc(1, sizeof *file + strlen(path) + 1);
    if (!file) {
        snprintf(detail, CH_DETAIL_BYTES, "no memory to write %.160s", path);
        return CH_NO_MEMORY;
    }
    strcpy(file->path, path);
    file->format = format;
    ch_dither_init(&file->dither, dither, rate_hz);

    enum ch_status status;
    file->fd = ch_sys_open(path, O_RDWR | O_CREAT | O_TRUNC, 0666);
    if (file->fd < 0) {
        status = system_failure(path, "written", errno, detail);
        goto err_file;
    }
    SF_INFO info = {.samplerate = (int)rate_hz,
                    .channels = CH_CHANNELS,
                    .format = SF_FORMAT_WAV | formats[format].subtype};
    file->sndfile = sf_open_fd(file->fd, SFM_WRITE, &info, SF_FALSE);
    if (!file->sndfile) {
        snprintf(detail, CH_DETAIL_BYTES, "%.160s cannot be written: %s", path, sf_strerror(NULL));
        status = CH_NO_DEVICE;
        ch_sys_close(file->fd);
        goto err_file;
    }
    // The PEAK chunk holds the time of day.
    sf_command(file->sndfile, SFC_SET_ADD_PEAK_CHUNK, NULL, SF_FALSE);
    *out = file;
    return CH_OK;

err_file:
    free(file);
    return status;
}

static void
take_floats(struct ch_wavfile *file, float *const planes[CH_CHANNELS], uint32_t n_frames)
{
    float *out = &file->waiting.f32[file->n_waiting * CH_CHANNELS];
    for (uint32_t i = 0; i < n_frames; i++) {
        for (uint32_t channel = 0; channel < CH_CHANNELS; channel++) {
            out[i * CH_CHANNELS + channel] = planes[channel][i];
        }
    }
}

static void
take_integers(struct ch_wavfile *file, float *const planes[CH_CHANNELS], uint32_t n_frames)
{
    const bool wide = file->format == CH_WAV_S24;
    int32_t values[BATCH * CH_CHANNELS];
    for (uint32_t done = 0; done < n_frames;) {
        const uint32_t n = n_frames - done < BATCH ? n_frames - done : BATCH;
        float *const from[CH_CHANNELS] = {planes[0] + done, planes[1] + done};
        ch_dither_run(&file->dither, wide ? 24 : 16, from, n, values);
        const uint32_t first = (file->n_waiting + done) * CH_CHANNELS;
        for (uint32_t i = 0; i < n * CH_CHANNELS; i++) {
            if (wide) {
                file->waiting.s24[first + i] = values[i] * 256;
            } else {
                file->waiting.s16[first + i] = (short)values[i];
            }
        }
        done += n;
    }
}

static void
take(struct ch_wavfile *file, float *const planes[CH_CHANNELS], uint32_t from, uint32_t n_frames)
{
    float *const begin[CH_CHANNELS] = {planes[0] + from, planes[1] + from};
    switch (file->format) {
    case CH_WAV_F32:
        take_floats(file, begin, n_frames);
        break;
    case CH_WAV_S16:
    case CH_WAV_S24:
        take_integers(file, begin, n_frames);
        break;
    }
    file->n_waiting += n_frames;
}

static enum ch_status
flush(struct ch_wavfile *file, char *detail)
{
    enum ch_status status = CH_OK;
    const sf_count_t n = (sf_count_t)file->n_waiting;
    file->n_waiting = 0;
    sf_count_t n_written = 0;
    errno = 0;
    switch (file->format) {
    case CH_WAV_F32:
        n_written = sf_writef_float(file->sndfile, file->waiting.f32, n);
        break;
    case CH_WAV_S16:
        n_written = sf_writef_short(file->sndfile, file->waiting.s16, n);
        break;
    case CH_WAV_S24:
        n_written = sf_writef_int(file->sndfile, file->waiting.s24, n);
        break;
    }
    if (n_written != n) {
        // A disk that fills up in the middle of a write gives a short one, without an error.
        status = system_failure(file->path, "written any further", errno ? errno : ENOSPC, detail);
        file->failed = status;
    }
    return status;
}

static bool
is_full(const struct ch_wavfile *file, uint32_t n_frames)
{
    return (file->n_frames + n_frames) * CH_CHANNELS * formats[file->format].bytes >
           AUDIO_BYTES_MAX;
}

enum ch_status
ch_wavfile_write(struct ch_wavfile *file, float *const planes[CH_CHANNELS], uint32_t n_frames,
                 char *detail)
{
    if (file->failed) {
        snprintf(detail, CH_DETAIL_BYTES, "%.160s was given up after an error", file->path);
        return file->failed;
    }
    if (is_full(file, n_frames)) {
        snprintf(detail, CH_DETAIL_BYTES,
                 "%.160s has reached 4 GiB, the most a WAV file holds; begin another", file->path);
        file->failed = CH_OUT_OF_RANGE;
        return file->failed;
    }
    for (uint32_t done = 0; done < n_frames;) {
        const uint32_t room = CHUNK - file->n_waiting;
        const uint32_t n = n_frames - done < room ? n_frames - done : room;
        take(file, planes, done, n);
        done += n;
        if (file->n_waiting == CHUNK && flush(file, detail) != CH_OK) {
            return file->failed;
        }
    }
    file->n_frames += n_frames;
    return CH_OK;
}

uint64_t
ch_wavfile_n_frames(const struct ch_wavfile *file)
{
    return file->n_frames;
}

enum ch_status
ch_wavfile_close(struct ch_wavfile *file, char *detail)
{
    if (!file) {
        return CH_OK;
    }
    enum ch_status status = file->n_waiting ? flush(file, detail) : CH_OK;
    const int err = sf_close(file->sndfile);
    ch_sys_close(file->fd);
    if (err && status == CH_OK) {
        snprintf(detail, CH_DETAIL_BYTES, "%.160s could not be finished: %s", file->path,
                 sf_error_number(err));
        status = CH_NO_DEVICE;
    }
    free(file);
    return status;
}

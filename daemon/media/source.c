// SPDX-License-Identifier: ISC
// daemon/media/source.c — what all kinds of source share: limits, mixdown, repair, and the end.

#include "daemon/media/source.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "daemon/base/log.h"
#include "daemon/media/detail.h"
#include "daemon/media/source_kind.h"
#include "daemon/media/uri.h"

#define RATE_MIN_HZ 1000
#define RATE_MAX_HZ 768000
#define CHUNK       1024 ///< frames that are mixed down at a time

struct ch_source {
    const struct ch_source_kind *kind;
    void *state; ///< of the kind
    struct ch_source_common common;
    struct ch_name name;  ///< for sentences
    uint64_t position;    ///< frame that is read next
    uint64_t n_repaired;  ///< samples that were no numbers
    enum ch_status ended; ///< CH_OK while there may be more
    float *samples;       ///< CHUNK frames of all channels; NULL for stereo
};

static const struct ch_source_kind *const kinds[] = {
    [CH_URI_FILE] = &ch_source_sndfile,
    [CH_URI_TONE] = &ch_source_tone,
};

static enum ch_status
check_limits(const struct ch_media_info *info, const char *name, char *detail)
{
    if (info->rate_hz < RATE_MIN_HZ || info->rate_hz > RATE_MAX_HZ) {
        ch_detail_set(detail, "%s has a rate of %u Hz; %d…%d can be played", name, info->rate_hz,
                      RATE_MIN_HZ, RATE_MAX_HZ);
        return CH_UNSUPPORTED_FORMAT;
    }
    if (info->channels < 1 || info->channels > CH_MIXDOWN_CHANNELS_MAX) {
        ch_detail_set(detail, "%s has %u channels; at most %d can be played", name, info->channels,
                      CH_MIXDOWN_CHANNELS_MAX);
        return CH_UNSUPPORTED_FORMAT;
    }
    return CH_OK;
}

enum ch_status
ch_source_open(struct ch_source **out, const char *text, uint32_t rate_hz, char *detail)
{
    *out = NULL;
    detail[0] = '\0';
    struct ch_uri *uri = malloc(sizeof *uri);
    struct ch_source *source = calloc(1, sizeof *source);
    enum ch_status status = CH_NO_MEMORY;
    if (!uri || !source) {
        ch_detail_set(detail, "%s: out of memory", ch_name_of(text).text);
        goto err_alloc;
    }
    status = ch_uri_parse(uri, text, detail);
    if (status) {
        goto err_alloc;
    }
    source->kind = kinds[uri->kind];
    source->name = ch_name_of(uri->kind == CH_URI_FILE ? uri->path : text);
    status = source->kind->open(&source->state, &source->common, uri, source->name.text, rate_hz,
                                detail);
    if (status) {
        goto err_alloc;
    }
    struct ch_media_info *info = &source->common.info;
    status = check_limits(info, source->name.text, detail);
    if (status) {
        goto err_state;
    }
    info->duration_s = source->common.length == UINT64_MAX
                           ? -1.0
                           : (double)source->common.length / (double)info->rate_hz;
    if (info->channels != 2) {
        source->samples = malloc((size_t)CHUNK * info->channels * sizeof *source->samples);
        if (!source->samples) {
            ch_detail_set(detail, "%s: out of memory", source->name.text);
            status = CH_NO_MEMORY;
            goto err_state;
        }
    }
    free(uri);
    *out = source;
    return CH_OK;

err_state:
    source->kind->close(source->state);
err_alloc:
    free(source);
    free(uri);
    return status;
}

void
ch_source_close(struct ch_source *source)
{
    if (source) {
        source->kind->close(source->state);
        free(source->samples);
        free(source);
    }
}

const struct ch_media_info *
ch_source_info(const struct ch_source *source)
{
    return &source->common.info;
}

uint64_t
ch_source_length(const struct ch_source *source)
{
    return source->common.length;
}

/// NaN and infinity become silence; said once.
static void
repair(struct ch_source *source, float *samples, uint32_t n_samples)
{
    // Branch-free first, because it is nearly always all there is to do.
    uint32_t n_bad = 0;
    for (uint32_t i = 0; i < n_samples; i++) {
        n_bad += !(fabsf(samples[i]) <= FLT_MAX);
    }
    if (!n_bad) {
        return;
    }
    for (uint32_t i = 0; i < n_samples; i++) {
        samples[i] = fabsf(samples[i]) <= FLT_MAX ? samples[i] : 0.0f;
    }
    if (!source->n_repaired) {
        ch_warning("%s: from %.3f s on there are samples that are not numbers; they are silenced",
                   source->name.text,
                   (double)source->position / (double)source->common.info.rate_hz);
    }
    source->n_repaired += n_bad;
}

/// Frames of the kind, repaired.
static uint32_t
read_channels(struct ch_source *source, float *samples, uint32_t n_frames)
{
    const uint32_t n = source->kind->read(source->state, samples, n_frames);
    repair(source, samples, n * source->common.info.channels);
    source->position += n;
    return n;
}

/// And mixed down.
static uint32_t
read_stereo(struct ch_source *source, float *stereo, uint32_t n_frames)
{
    float *samples = source->samples ? source->samples : stereo;
    const uint32_t n = read_channels(source, samples, n_frames);
    if (source->samples) {
        ch_mixdown_run(source->common.matrix, source->common.info.channels, samples, stereo, n);
    }
    return n;
}

/// The kind gave less than was asked for: is that the end, or did it break off?
static enum ch_status
judge_end(const struct ch_source *source, char *detail)
{
    const struct ch_source_common *common = &source->common;
    const double rate_hz = (double)common->info.rate_hz;
    const double position_s = (double)source->position / rate_hz;
    const char *complaint = source->kind->complaint(source->state);
    if (common->length == UINT64_MAX) {
        if (!common->ends_marked && !complaint && source->position > 0) {
            return CH_END;
        }
        ch_detail_set(detail, "%s: ended after %.3f s without the mark of its end%s%s",
                      source->name.text, position_s, complaint ? ": " : "",
                      complaint ? complaint : "");
        return CH_DECODE_FAILED;
    }
    if (source->position >= common->length || (common->length_is_a_hint && !complaint)) {
        return CH_END;
    }
    ch_detail_set(detail, "%s: ended after %.3f s of %.3f s%s%s", source->name.text, position_s,
                  (double)common->length / rate_hz, complaint ? ": " : "",
                  complaint ? complaint : "");
    return CH_DECODE_FAILED;
}

enum ch_status
ch_source_read(struct ch_source *source, float *stereo, uint32_t n_frames, uint32_t *n_read,
               char *detail)
{
    *n_read = 0;
    while (!source->ended && *n_read < n_frames) {
        const uint32_t left = n_frames - *n_read;
        const uint32_t ask = source->samples && left > CHUNK ? CHUNK : left;
        const uint32_t n = read_stereo(source, stereo + 2 * (size_t)*n_read, ask);
        *n_read += n;
        if (n < ask) {
            source->ended = judge_end(source, detail);
            return *n_read && source->ended == CH_END ? CH_OK : source->ended;
        }
    }
    return *n_read || !n_frames ? CH_OK : source->ended;
}

enum ch_status
ch_source_read_channels(struct ch_source *source, float *samples, uint32_t n_frames,
                        uint32_t *n_read, char *detail)
{
    *n_read = source->ended ? 0 : read_channels(source, samples, n_frames);
    if (!source->ended && *n_read < n_frames) {
        source->ended = judge_end(source, detail);
        return *n_read && source->ended == CH_END ? CH_OK : source->ended;
    }
    return *n_read || !n_frames ? CH_OK : source->ended;
}

enum ch_channel_part
ch_source_part(const struct ch_source *source, uint32_t channel)
{
    return source->common.part[channel];
}

/// Decode and drop.
static bool
skip_to(struct ch_source *source, uint64_t frame)
{
    float stereo[2 * 256];
    while (source->position < frame) {
        const uint64_t left = frame - source->position;
        if (!read_stereo(source, stereo, left < 256 ? (uint32_t)left : 256)) {
            return false;
        }
    }
    return source->position == frame;
}

enum ch_status
ch_source_seek(struct ch_source *source, uint64_t frame)
{
    if (frame > source->common.length) {
        frame = source->common.length;
    }
    if (frame == source->position) {
        return CH_OK;
    }
    source->ended = CH_OK;
    if (frame == source->common.length) {
        // Nothing is read from there; not every decoder can go there.
        source->position = frame;
        source->ended = CH_END;
        return CH_OK;
    }
    source->position = source->kind->seek(source->state, frame);
    if (!skip_to(source, frame)) {
        source->ended = CH_DECODE_FAILED;
    }
    return source->ended;
}

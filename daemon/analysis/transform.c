// SPDX-License-Identifier: ISC
// daemon/analysis/transform.c — sound → channels → history → FFT, when somebody asks.

#include "daemon/analysis/transform.h"

#include <stdlib.h>
#include <string.h>

static bool
is_of(const struct ch_transform *transform, const struct ch_transform_key *key)
{
    const struct ch_transform_key *own = &transform->key;
    return own->tap == key->tap && own->channels == key->channels && own->rate_hz == key->rate_hz &&
           own->n == key->n && own->factor == key->factor;
}

static void
destroy(struct ch_transform *transform)
{
    for (uint32_t c = 0; c < transform->n_channels; c++) {
        ch_history_fini(&transform->history[c]);
        ch_fft_destroy(transform->fft[c]);
    }
    free(transform);
}

static enum ch_status
create(struct ch_transform **out, const struct ch_transform_key *key)
{
    struct ch_transform *transform = calloc(1, sizeof *transform);
    if (!transform) {
        return CH_NO_MEMORY;
    }
    transform->key = *key;
    transform->n_channels = key->channels == CH_SPECTRUM_MIX ? 1 : 2;
    transform->stale = true;
    enum ch_status status = CH_OK;
    for (uint32_t c = 0; c < transform->n_channels && status == CH_OK; c++) {
        status = ch_history_init(&transform->history[c], key->n, key->factor);
        if (status == CH_OK) {
            status = ch_fft_create(&transform->fft[c], key->n);
        }
    }
    if (status != CH_OK) {
        destroy(transform);
        return status;
    }
    *out = transform;
    return CH_OK;
}

enum ch_status
ch_transform_get(struct ch_transform **out, struct ch_transforms *shelf,
                 const struct ch_transform_key *key)
{
    struct ch_transform *transform = shelf ? shelf->first : NULL;
    while (transform && !is_of(transform, key)) {
        transform = transform->next;
    }
    if (!transform) {
        const enum ch_status status = create(&transform, key);
        if (status != CH_OK) {
            return status;
        }
        if (shelf) {
            transform->shelf = shelf;
            transform->next = shelf->first;
            shelf->first = transform;
        }
    }
    transform->n_users++;
    *out = transform;
    return CH_OK;
}

void
ch_transform_unref(struct ch_transform *transform)
{
    if (!transform || --transform->n_users > 0) {
        return;
    }
    if (transform->shelf) {
        struct ch_transform **at = &transform->shelf->first;
        while (*at != transform) {
            at = &(*at)->next;
        }
        *at = transform->next;
    }
    destroy(transform);
}

/// What each channel is made of.
static const struct {
    float left, right;
} matrix[][CH_CHANNELS] = {
    [CH_SPECTRUM_MIX] = {{0.5f, 0.5f}, {0.0f, 0.0f}},
    [CH_SPECTRUM_EACH] = {{1.0f, 0.0f}, {0.0f, 1.0f}},
    [CH_SPECTRUM_MID_SIDE] = {{0.5f, 0.5f}, {0.5f, -0.5f}},
};

static void
pick(float *samples, enum ch_spectrum_channels channels, uint32_t c,
     const struct ch_pcm_frame *frames, uint32_t n_frames)
{
    const float left = matrix[channels][c].left, right = matrix[channels][c].right;
    for (uint32_t i = 0; i < n_frames; i++) {
        samples[i] = left * frames[i].left + right * frames[i].right;
    }
}

static void
push_chunk(struct ch_transform *transform, const struct ch_pcm_frame *frames, uint32_t n_frames)
{
    float samples[CH_HISTORY_PUSH_MAX];
    memset(samples, 0, n_frames * sizeof *samples);
    for (uint32_t c = 0; c < transform->n_channels; c++) {
        if (frames) {
            pick(samples, transform->key.channels, c, frames, n_frames);
        }
        ch_history_push(&transform->history[c], samples, n_frames);
    }
}

void
ch_transform_push(struct ch_transform *transform, const struct ch_pcm_frame *frames,
                  uint32_t n_frames, uint64_t serial)
{
    if (transform->serial == serial) {
        return;
    }
    transform->serial = serial;
    transform->stale = true;
    while (n_frames > 0) {
        const uint32_t n = n_frames < CH_HISTORY_PUSH_MAX ? n_frames : CH_HISTORY_PUSH_MAX;
        push_chunk(transform, frames, n);
        frames = frames ? frames + n : NULL;
        n_frames -= n;
    }
}

void
ch_transform_reset(struct ch_transform *transform)
{
    for (uint32_t c = 0; c < transform->n_channels; c++) {
        ch_history_reset(&transform->history[c]);
    }
    transform->stale = true;
}

const float *
ch_transform_bins(struct ch_transform *transform, uint32_t channel)
{
    if (transform->stale) {
        for (uint32_t c = 0; c < transform->n_channels; c++) {
            ch_history_copy(&transform->history[c], ch_fft_input(transform->fft[c]));
            ch_fft_run(transform->fft[c]);
        }
        transform->stale = false;
        transform->n_runs++;
    }
    return ch_fft_output(transform->fft[channel]);
}

uint32_t
ch_transform_age(const struct ch_transform *transform)
{
    return transform->key.n * transform->key.factor / 2 + ch_history_delay(&transform->history[0]);
}

uint32_t
ch_transform_span(const struct ch_transform *transform)
{
    return transform->key.n * transform->key.factor + transform->history[0].n_taps;
}

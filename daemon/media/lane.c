// SPDX-License-Identifier: ISC
// daemon/media/lane.c — source and resampler in one, and where in the ring they are.

#include "daemon/media/lane.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/units.h"
#include "daemon/media/detail.h"
#include "daemon/media/loudness_resolve.h"

/// What a resampler hears before the first frame that counts.  Its filter is about as long.
#define PRE_ROLL_S 0.05
/// Of what breaks off in mid-sound, so that it doesn't click.
#define BREAK_FADE_S 0.01

static uint64_t
start_frame_of(const struct ch_stream_item *item, const struct ch_source *source)
{
    const double frame = rint(item->start_s * (double)ch_source_info(source)->rate_hz);
    const uint64_t length = ch_source_length(source);
    if (!(frame > 0.0)) {
        return 0;
    }
    return frame < 0x1p60 && (uint64_t)frame < length ? (uint64_t)frame : length;
}

enum ch_status
ch_lane_open(struct ch_lane **out, const struct ch_stream_item *item, uint32_t engine_hz,
             char *detail)
{
    *out = NULL;
    struct ch_lane *lane = calloc(1, sizeof *lane);
    if (!lane) {
        ch_detail_set(detail, "%s: out of memory", ch_name_of(item->uri).text);
        return CH_NO_MEMORY;
    }
    const enum ch_status status = ch_source_open(&lane->source, item->uri, engine_hz, detail);
    if (status) {
        free(lane);
        return status;
    }
    lane->source_hz = ch_source_info(lane->source)->rate_hz;
    lane->engine_hz = engine_hz;
    lane->item_id = item->id;
    lane->crossfade_s = item->crossfade_s;
    lane->start_frame = start_frame_of(item, lane->source);
    lane->loudness = ch_loudness_resolve(&item->loudness, item->uri, ch_source_info(lane->source));
    lane->gain =
        lane->loudness.gain_db != 0.0 ? (float)ch_linear_from_db(lane->loudness.gain_db) : 1.0f;
    *out = lane;
    return CH_OK;
}

void
ch_lane_close(struct ch_lane *lane)
{
    if (lane) {
        ch_resampler_destroy(lane->resampler);
        ch_source_close(lane->source);
        free(lane);
    }
}

static uint64_t
resampled(const struct ch_lane *lane, uint64_t n_in)
{
    return ch_resampled_frames(n_in, lane->source_hz, lane->engine_hz);
}

static uint32_t
common_divisor(uint32_t a, uint32_t b)
{
    while (b) {
        const uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/// Source frames to feed before the first one.  Where that can be done in little more than
/// PRE_ROLL_S, a number that lasts whole output frames, so that the item begins exactly on one.
static uint64_t
pre_roll(const struct ch_lane *lane)
{
    if (lane->source_hz == lane->engine_hz) {
        return 0;
    }
    uint64_t n = (uint64_t)ceil(PRE_ROLL_S * lane->source_hz);
    const uint32_t unit = lane->source_hz / common_divisor(lane->source_hz, lane->engine_hz);
    if (unit <= lane->source_hz / 4) {
        n = (n + unit - 1) / unit * unit;
    }
    return n <= lane->start_frame ? n : 0;
}

static enum ch_status
seek(struct ch_lane *lane, uint64_t frame, char *detail)
{
    const enum ch_status status = ch_source_seek(lane->source, frame);
    if (status) {
        ch_detail_set(detail, "can not go to %.3f s: the file is damaged or can't be searched",
                      (double)frame / lane->source_hz);
    }
    return status;
}

enum ch_status
ch_lane_start(struct ch_lane *lane, uint64_t ring_frame, char *detail)
{
    const uint64_t n_before = pre_roll(lane);
    enum ch_status status = seek(lane, lane->start_frame - n_before, detail);
    if (status) {
        return status;
    }
    status = ch_resampler_create(&lane->resampler, lane->source_hz, lane->engine_hz);
    if (status) {
        ch_detail_set(detail, "no resampler from %u to %u Hz: %s", lane->source_hz, lane->engine_hz,
                      ch_strerror(status));
        return status;
    }
    lane->n_drop = resampled(lane, n_before);
    lane->base = ring_frame - lane->n_drop;
    lane->fed_at = n_before;
    lane->began = ring_frame;
    return CH_OK;
}

enum ch_status
ch_lane_follow(struct ch_lane *lane, struct ch_lane *before, char *detail)
{
    const enum ch_status status = seek(lane, lane->start_frame, detail);
    if (status) {
        return status;
    }
    lane->resampler = before->resampler;
    before->resampler = NULL;
    lane->base = before->base;
    lane->n_drop = before->n_drop;
    lane->n_fed = before->n_fed;
    lane->fed_at = before->n_fed;
    lane->began = lane->base + resampled(lane, lane->fed_at);
    return CH_OK;
}

/// What broke off sinks to silence from where it was, along a raised cosine.
static uint32_t
fill_with_fade(struct ch_lane *lane)
{
    const uint32_t length = (uint32_t)(BREAK_FADE_S * lane->source_hz);
    uint32_t n = 0;
    for (; n < CH_LANE_CHUNK && lane->fade_left; n++, lane->fade_left--) {
        const double done = 1.0 - (double)lane->fade_left / length;
        const float gain = (float)(0.5 + 0.5 * cos(3.14159265358979 * done));
        lane->in[2 * n] = gain * lane->last[0];
        lane->in[2 * n + 1] = gain * lane->last[1];
    }
    return n;
}

/// A gain of 1 leaves every bit as it is.
static void
apply_gain(float gain, float *stereo, uint32_t n_frames)
{
    if (gain != 1.0f) {
        for (uint32_t i = 0; i < 2 * n_frames; i++) {
            stereo[i] *= gain;
        }
    }
}

/// More decoded frames in lane->in; false at the end.
static bool
refill(struct ch_lane *lane)
{
    lane->in_at = 0;
    lane->in_n = 0;
    if (!lane->ended) {
        lane->ended =
            ch_source_read(lane->source, lane->in, CH_LANE_CHUNK, &lane->in_n, lane->detail);
        apply_gain(lane->gain, lane->in, lane->in_n);
        if (lane->in_n) {
            memcpy(lane->last, lane->in + 2 * (size_t)(lane->in_n - 1), sizeof lane->last);
        }
        const bool sounds = lane->last[0] != 0.0f || lane->last[1] != 0.0f;
        if (lane->ended == CH_DECODE_FAILED && sounds) {
            lane->fade_left = (uint32_t)(BREAK_FADE_S * lane->source_hz);
        }
    }
    if (!lane->in_n) {
        lane->in_n = fill_with_fade(lane);
    }
    return lane->in_n > 0;
}

/// Forget what is pre-roll of the `n` frames in `stereo`; what remains is moved to its beginning.
static uint32_t
drop_pre_roll(struct ch_lane *lane, float *stereo, uint32_t n)
{
    const uint32_t n_drop = lane->n_drop < n ? (uint32_t)lane->n_drop : n;
    if (n_drop) {
        lane->n_drop -= n_drop;
        memmove(stereo, stereo + 2 * (size_t)n_drop, (size_t)(n - n_drop) * 2 * sizeof *stereo);
    }
    return n - n_drop;
}

uint32_t
ch_lane_pull(struct ch_lane *lane, float *stereo, uint32_t n_frames)
{
    uint32_t n = 0;
    while (n < n_frames) {
        if (lane->in_at == lane->in_n && !refill(lane)) {
            break;
        }
        uint32_t n_used;
        float *out = stereo + 2 * (size_t)n;
        const uint32_t made =
            ch_resampler_run(lane->resampler, lane->in + 2 * (size_t)lane->in_at,
                             lane->in_n - lane->in_at, &n_used, out, n_frames - n);
        lane->in_at += n_used;
        lane->n_fed += n_used;
        n += drop_pre_roll(lane, out, made);
    }
    return n;
}

uint32_t
ch_lane_drain(struct ch_lane *lane, float *stereo, uint32_t n_frames)
{
    uint32_t n = 0;
    while (!n && n_frames) {
        const uint32_t made = ch_resampler_drain(lane->resampler, stereo, n_frames);
        if (!made) {
            break;
        }
        n = drop_pre_roll(lane, stereo, made);
    }
    return n;
}

uint64_t
ch_lane_length(const struct ch_lane *lane)
{
    const uint64_t length = ch_source_length(lane->source);
    return length == UINT64_MAX ? UINT64_MAX : resampled(lane, length - lane->start_frame);
}

uint64_t
ch_lane_end(const struct ch_lane *lane)
{
    const uint64_t length = ch_source_length(lane->source);
    if (length == UINT64_MAX) {
        return UINT64_MAX;
    }
    const uint64_t fed_in_all = lane->fed_at + length - lane->start_frame;
    return lane->base + resampled(lane, fed_in_all);
}

uint64_t
ch_lane_item_frame(const struct ch_lane *lane)
{
    return resampled(lane, lane->start_frame);
}

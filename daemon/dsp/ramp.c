// SPDX-License-Identifier: ISC
// daemon/dsp/ramp.c — superposed raised-cosine ramps, frame by frame.                         [rt]
//
// value = target - sum of delta·(1 - shape)·hurry over the running ramps, where hurry is the
// product of (1 - shape) of the newer ones that hurry the older.  Time is counted in frames and a
// fill is cut where a ramp ends, so the values do not depend on how a signal is cut into blocks.

#include "daemon/dsp/ramp.h"

#define CHUNK_FRAMES 64

/// 0 at x<=0, 1 at x>=1, raised cosine between; error below 3e-11, the ends exact.
///
/// With t = x - 1/2 the shape is 1/2 + sin(pi·t)/2: an odd polynomial in t, interpolated at
/// Chebyshev points of t^2 under the condition that t = 1/2 gives 1/2.
CH_RT static double
raised_cosine(double x)
{
    const double inside = x < 1.0 ? x : 1.0;
    const double t = (inside > 0.0 ? inside : 0.0) - 0.5;
    const double u = t * t;
    double sum = -0.003486307127120691;
    sum = sum * u + 0.04100689809245737;
    sum = sum * u - 0.2996218491942498;
    sum = sum * u + 1.2750812507245037;
    sum = sum * u - 2.5838563682547835;
    sum = sum * u + 1.5707963266882048;
    return 0.5 + t * sum;
}

/// The shape after `position` of `length` frames; exactly 1 from position = length on.
CH_RT static double
shape_at(uint32_t position, uint32_t length)
{
    return position < length ? raised_cosine((double)position / (double)length) : 1.0;
}

CH_RT float
ch_raised_cosine(float x)
{
    return (float)raised_cosine((double)x);
}

CH_RT void
ch_ramp_snap(struct ch_ramp *ramp, float value)
{
    ramp->target = value;
    ramp->pending = value;
    ramp->pending_length = 0;
    ramp->n_active = 0;
}

/// Whether a ramp that begins now would be done before some of those that run.
CH_RT static bool
is_quicker(const struct ch_ramp *ramp, uint32_t n_frames)
{
    bool quicker = false;
    for (uint32_t i = 0; i < ramp->n_active; i++) {
        quicker |= ramp->slot[i].length - ramp->slot[i].position > n_frames;
    }
    return quicker;
}

/// False if there is no room.
CH_RT static bool
start(struct ch_ramp *ramp, float target, uint32_t n_frames)
{
    const bool hurries = is_quicker(ramp, n_frames);
    const uint32_t i = ramp->n_active;
    if (i >= CH_RAMP_SLOTS + (hurries ? 1 : 0)) {
        return false;
    }
    ramp->slot[i].delta = target - ramp->target;
    ramp->slot[i].position = 0;
    ramp->slot[i].length = n_frames;
    ramp->slot[i].hurries = hurries;
    ramp->n_active = i + 1;
    ramp->target = target;
    ramp->pending_length = 0;
    return true;
}

CH_RT void
ch_ramp_to(struct ch_ramp *ramp, float target, uint32_t n_frames)
{
    const uint32_t length = n_frames > 0 ? n_frames : 1;
    if (target == ramp->target) {
        ramp->pending_length = 0;
    } else if (!start(ramp, target, length)) {
        ramp->pending = target;
        ramp->pending_length = length;
    }
}

CH_RT float
ch_ramp_goal(const struct ch_ramp *ramp)
{
    return ramp->pending_length > 0 ? ramp->pending : ramp->target;
}

/// Frames for which the set of running ramps stays what it is.
CH_RT static uint32_t
frames_to_next_end(const struct ch_ramp *ramp)
{
    uint32_t n = CHUNK_FRAMES;
    for (uint32_t i = 0; i < ramp->n_active; i++) {
        const uint32_t left = ramp->slot[i].length - ramp->slot[i].position;
        n = left < n ? left : n;
    }
    return n;
}

/// Advance, forget ramps at their end, and let the waiting target begin in the place of one.
CH_RT static void
advance(struct ch_ramp *ramp, uint32_t n_frames)
{
    uint32_t n_kept = 0;
    for (uint32_t i = 0; i < ramp->n_active; i++) {
        ramp->slot[i].position += n_frames;
        if (ramp->slot[i].position < ramp->slot[i].length) {
            ramp->slot[n_kept++] = ramp->slot[i];
        } else if (ramp->slot[i].hurries) {
            n_kept = 0;
        }
    }
    ramp->n_active = n_kept;
    if (ramp->pending_length > 0) {
        (void)start(ramp, ramp->pending, ramp->pending_length);
    }
}

/// At most CHUNK_FRAMES, no ramp ending before the last of them.
CH_RT static void
fill_chunk(const struct ch_ramp *ramp, float *values, uint32_t n_frames)
{
    double sum[CHUNK_FRAMES], hurry[CHUNK_FRAMES];
    for (uint32_t n = 0; n < n_frames; n++) {
        sum[n] = (double)ramp->target;
        hurry[n] = 1.0;
    }
    for (uint32_t i = ramp->n_active; i-- > 0;) {
        const double delta = (double)ramp->slot[i].delta;
        const uint32_t position = ramp->slot[i].position + 1;
        const uint32_t length = ramp->slot[i].length;
        const bool hurries = ramp->slot[i].hurries;
        for (uint32_t n = 0; n < n_frames; n++) {
            const double left = (1.0 - shape_at(position + n, length)) * hurry[n];
            sum[n] -= delta * left;
            hurry[n] = hurries ? left : hurry[n];
        }
    }
    for (uint32_t n = 0; n < n_frames; n++) {
        values[n] = (float)sum[n];
    }
}

CH_RT void
ch_ramp_fill(struct ch_ramp *ramp, float *values, uint32_t n_frames)
{
    uint32_t done = 0;
    while (done < n_frames && ramp->n_active > 0) {
        const uint32_t left = n_frames - done;
        const uint32_t until_end = frames_to_next_end(ramp);
        const uint32_t n = left < until_end ? left : until_end;
        fill_chunk(ramp, values + done, n);
        advance(ramp, n);
        done += n;
    }
    for (; done < n_frames; done++) {
        values[done] = ramp->target;
    }
}

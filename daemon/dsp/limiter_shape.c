// SPDX-License-Identifier: ISC
// daemon/dsp/limiter_shape.c — from peaks to a gain that is low enough and smooth.            [rt]
//
//     maximum   h = the largest peak of the last 30 ms, look-ahead included
//     required  r = min(1, ceiling / h)
//     slow      s follows r in 200 ms down and 400 ms up
//     envelope  e = r where that falls, else towards min(r, s) in 50 ms: e <= r
//     gain      G = e through three moving averages, which reach over `span` frames in all
//
// The hold makes the gain of a steady tone constant down to 17 Hz, and the ceiling comes in behind
// it, so that a ceiling that moves smoothly makes a gain that does.  After a short peak the gain is
// back soon, after much limiting it follows slowly.  Lengths of the averages are what leaves least
// above 2 kHz of a bass that is driven into the ceiling: 16, 24 and 25 frames at 48 kHz, -93 dBFS.

#include "daemon/dsp/limiter_state.h"

/// The last of the way back is one step of -120 dB, itself spread over the averages.
#define WAY_END 1e-6

/// -200 dBFS.
#define SILENCE 1e-10f

CH_RT void
ch_limiter_rest(struct ch_limiter *limiter)
{
    for (uint32_t i = 0; i < CH_LIMITER_BOXES; i++) {
        struct ch_limiter_box *box = &limiter->box[i];
        const int64_t one = box->full / (int64_t)box->length;
        if (box->total != box->full) {
            for (uint32_t k = 0; k < box->length; k++) {
                box->ring[k] = one;
            }
            box->total = box->full;
        }
    }
    for (uint32_t i = 0; i < CH_LIMITER_HOLD_SLOTS; i++) {
        limiter->hold[i] = 0.0f;
    }
    limiter->hold_max = 0.0f;
    limiter->held = 0.0f;
    limiter->envelope = 1.0;
    limiter->slow = 1.0;
    limiter->n_idle = 0;
    limiter->resting = true;
}

/// A slot holds the largest of its frames; the oldest is forgotten as a whole.
CH_RT static void
next_slot(struct ch_limiter *limiter)
{
    limiter->hold_at = 0;
    limiter->hold_slot = ch_limiter_wrap(limiter->hold_slot + 1, CH_LIMITER_HOLD_SLOTS);
    limiter->hold[limiter->hold_slot] = 0.0f;
    float largest = 0.0f;
    for (uint32_t i = 0; i < CH_LIMITER_HOLD_SLOTS; i++) {
        largest = limiter->hold[i] > largest ? limiter->hold[i] : largest;
    }
    limiter->hold_max = largest;
}

/// The largest peak of all slots at each frame: of `hold_frames` times all slots but one at least,
/// which is more than the look-ahead.
CH_RT static void
hold(struct ch_limiter *limiter, const float *peak, float *high, uint32_t n_frames)
{
    for (uint32_t done = 0; done < n_frames;) {
        const uint32_t left = n_frames - done, room = limiter->hold_frames - limiter->hold_at;
        const uint32_t end = done + (left < room ? left : room);
        const float before = limiter->hold_max;
        float slot = limiter->hold[limiter->hold_slot];
        limiter->hold_at += end - done;
        for (; done < end; done++) {
            slot = peak[done] > slot ? peak[done] : slot;
            high[done] = slot > before ? slot : before;
        }
        limiter->hold[limiter->hold_slot] = slot;
        limiter->held = slot > before ? slot : before;
        if (limiter->hold_at == limiter->hold_frames) {
            next_slot(limiter);
        }
    }
}

CH_RT static void
require(const float *high, const float *ceiling, double *gain, uint32_t n_frames)
{
    for (uint32_t n = 0; n < n_frames; n++) {
        gain[n] = high[n] > ceiling[n] ? (double)ceiling[n] / (double)high[n] : 1.0;
    }
}

/// `part` of the way from one to the other, and the last of it at once.
CH_RT static inline double
approach(double from, double to, double part)
{
    const double way = to - from;
    return way <= WAY_END && way >= -WAY_END ? to : from + way * part;
}

/// In place: from what is required to the envelope.
CH_RT static void
release(struct ch_limiter *limiter, double *gain, uint32_t n_frames)
{
    const double down = limiter->slow_down, up = limiter->slow_up, fast = limiter->fast;
    double slow = limiter->slow, envelope = limiter->envelope;
    for (uint32_t n = 0; n < n_frames; n++) {
        slow = approach(slow, gain[n], gain[n] < slow ? down : up);
        const double back = gain[n] < slow ? gain[n] : slow;
        const double raised = back > envelope ? approach(envelope, back, fast) : envelope;
        envelope = gain[n] < raised ? gain[n] : raised;
        gain[n] = envelope;
    }
    limiter->slow = slow;
    limiter->envelope = envelope;
}

/// In place: sums of the last `length` values.
CH_RT static void
add_up(struct ch_limiter_box *box, int64_t *value, uint32_t n_frames)
{
    int64_t total = box->total;
    for (uint32_t done = 0; done < n_frames;) {
        const uint32_t left = n_frames - done, to_end = box->length - box->at;
        const uint32_t n = left < to_end ? left : to_end;
        int64_t *const oldest = box->ring + box->at;
        for (uint32_t i = 0; i < n; i++) {
            const int64_t newest = value[done + i];
            total += newest - oldest[i];
            oldest[i] = newest;
            value[done + i] = total;
        }
        box->at = ch_limiter_wrap(box->at + n, box->length);
        done += n;
    }
    box->total = total;
}

/// In place: from the envelope to the gain.
CH_RT static void
average(struct ch_limiter *limiter, double *gain, uint32_t n_frames)
{
    int64_t value[CH_LIMITER_CHUNK];
    for (uint32_t n = 0; n < n_frames; n++) {
        value[n] = (int64_t)(gain[n] * (double)CH_LIMITER_ONE);
    }
    for (uint32_t i = 0; i < CH_LIMITER_BOXES; i++) {
        add_up(&limiter->box[i], value, n_frames);
    }
    const double full = (double)limiter->box[CH_LIMITER_BOXES - 1].full;
    for (uint32_t n = 0; n < n_frames; n++) {
        gain[n] = (double)value[n] / full;
    }
}

CH_RT static bool
is_at_rest(const struct ch_limiter *limiter)
{
    for (uint32_t i = 0; i < CH_LIMITER_BOXES; i++) {
        if (limiter->box[i].total != limiter->box[i].full) {
            return false;
        }
    }
    return limiter->envelope == 1.0 && limiter->slow == 1.0 && ch_ramp_settled(&limiter->ceiling) &&
           limiter->held <= limiter->ceiling.target;
}

CH_RT static void
shape(struct ch_limiter *limiter, const float *peak, double *gain, uint32_t n_frames)
{
    float ceiling[CH_LIMITER_CHUNK], high[CH_LIMITER_CHUNK];
    ch_ramp_fill(&limiter->ceiling, ceiling, n_frames);
    hold(limiter, peak, high, n_frames);
    require(high, ceiling, gain, n_frames);
    release(limiter, gain, n_frames);
    average(limiter, gain, n_frames);
}

/// Frames until it has been silent for so long that nobody hears where the gain goes.
CH_RT static uint32_t
frames_to_forget(struct ch_limiter *limiter, const float *peak, uint32_t n_frames)
{
    uint32_t n_last = 0;
    while (n_last < n_frames && peak[n_frames - 1 - n_last] < SILENCE) {
        n_last++;
    }
    if (n_last < n_frames) {
        limiter->n_idle = n_last; // the chunk alone is shorter than that
        return n_frames;
    }
    limiter->n_idle += n_frames;
    return limiter->n_idle < limiter->forget_frames
               ? n_frames
               : n_frames - (limiter->n_idle - limiter->forget_frames);
}

CH_RT void
ch_limiter_shape(struct ch_limiter *limiter, const float *peak, double *gain, uint32_t n_frames)
{
    const uint32_t n = frames_to_forget(limiter, peak, n_frames);
    shape(limiter, peak, gain, n);
    if (limiter->n_idle >= limiter->forget_frames) {
        ch_limiter_rest(limiter);
    }
    if (n < n_frames) {
        shape(limiter, peak + n, gain + n, n_frames - n);
    }
    limiter->resting = is_at_rest(limiter);
    if (limiter->resting) {
        ch_limiter_rest(limiter);
    }
}

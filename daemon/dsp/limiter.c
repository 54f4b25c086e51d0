// SPDX-License-Identifier: ISC
// daemon/dsp/limiter.c — look-ahead true-peak limiting with a provable bound.                 [rt]
//
// Every gain in the mean that a frame leaves with (limiter_shape.c) was taken while the frame's own
// peak was inside the window of the maximum, so each is <= ceiling / peak and so is the mean.
// Rounding: gains are rounded down to fixed point and summed exactly; the mean and the product are
// double, within 1e-15 of a product <= ceiling, and the nearest float to that is at most the
// ceiling, which is a float.  For the samples this needs no clamp; between them the sound follows
// the product as closely as the gain is smooth, and MARGIN is for what the detector cannot see.
//
// Three ways through, by how high the sound is: so low that nothing between its samples can reach
// the ceiling (samples alone are looked at), in reach of the ceiling (the detector runs), above it
// or not long ago above it (the gain is shaped).  All three give the same bits where they meet.

#include "daemon/dsp/limiter.h"

#include <math.h>

#include "daemon/dsp/limiter_state.h"

/// -0.05 dB: of a sine of 0.45 times the rate, eight places between samples may miss 0.14 dB.
#define MARGIN 0.99426

/// -200 dBFS.
#define SILENCE 1e-10f

typedef ch_limiter_v4 v4;
typedef ch_limiter_v4_anywhere v4_anywhere;
typedef ch_limiter_v4i v4i;

CH_RT uint32_t
ch_limiter_latency(const struct ch_limiter *limiter)
{
    return limiter->latency;
}

CH_RT void
ch_limiter_set_ceiling(struct ch_limiter *limiter, float ceiling)
{
    ch_ramp_to(&limiter->ceiling, (float)((double)ceiling * MARGIN), limiter->ramp_frames);
}

CH_RT void
ch_limiter_set_bypass(struct ch_limiter *limiter, bool bypass)
{
    ch_ramp_to(&limiter->limit, bypass ? 0.0f : 1.0f, limiter->ramp_frames);
}

CH_RT bool
ch_limiter_in_force(const struct ch_limiter *limiter)
{
    return ch_ramp_settled(&limiter->limit) && limiter->limit.target == 1.0f;
}

CH_RT void
ch_limiter_reset(struct ch_limiter *limiter)
{
    for (uint32_t i = 0; i < limiter->latency; i++) {
        limiter->delay[i] = (struct ch_limiter_frame){0.0f, 0.0f};
    }
    limiter->n_silent = limiter->latency;
    limiter->recent[0] = 0.0f;
    limiter->recent[1] = 0.0f;
    limiter->n_recent = 0;
    ch_ramp_snap(&limiter->ceiling, ch_ramp_goal(&limiter->ceiling));
    ch_ramp_snap(&limiter->limit, ch_ramp_goal(&limiter->limit));
    ch_limiter_rest(limiter);
}

CH_RT static v4
load4(const float *x)
{
    return *(const v4_anywhere *)x;
}

CH_RT static void
store4(float *x, v4 value)
{
    *(v4_anywhere *)x = value;
}

CH_RT static v4
magnitude4(v4 x)
{
    return (v4)((v4i)x & 0x7fffffff);
}

/// The largest sample, or NaN if something is not finite: 0·x is 0 for every finite x and NaN
/// otherwise.
CH_RT static float
scan(const float *left, const float *right, uint32_t n_frames)
{
    v4 largest4 = {0.0f}, check4 = {0.0f};
    uint32_t n = 0;
    for (; n + 4 <= n_frames; n += 4) {
        const v4 l = load4(left + n), r = load4(right + n);
        check4 += l * 0.0f + r * 0.0f;
        largest4 = ch_limiter_larger4(ch_limiter_larger4(magnitude4(l), magnitude4(r)), largest4);
    }
    float largest = 0.0f, check = 0.0f;
    for (int i = 0; i < 4; i++) {
        largest = largest4[i] > largest ? largest4[i] : largest;
        check += check4[i];
    }
    for (; n < n_frames; n++) {
        const float l = fabsf(left[n]), r = fabsf(right[n]);
        largest = l > largest ? l : largest;
        largest = r > largest ? r : largest;
        check += left[n] * 0.0f + right[n] * 0.0f;
    }
    return check == 0.0f ? largest : NAN;
}

/// Samples that are not finite become 0: nothing behind this repairs them.
CH_RT static void
repair(float *x, uint32_t n_frames)
{
    for (uint32_t n = 0; n < n_frames; n++) {
        x[n] = x[n] * 0.0f == 0.0f ? x[n] : 0.0f;
    }
}

CH_RT static void
count_silence(struct ch_limiter *limiter, const float *left, const float *right, uint32_t n_frames)
{
    uint32_t n = 0;
    while (n < n_frames && fabsf(left[n_frames - 1 - n]) < SILENCE &&
           fabsf(right[n_frames - 1 - n]) < SILENCE) {
        n++;
    }
    const uint32_t run = n == n_frames ? limiter->n_silent + n : n;
    limiter->n_silent = run < limiter->latency ? run : limiter->latency;
}

/// The largest sample in the windows of the frames that come in, or of somewhat more than that.
CH_RT static float
note_recent(struct ch_limiter *limiter, float largest, uint32_t n_frames)
{
    float *recent = limiter->recent;
    recent[1] = largest > recent[1] ? largest : recent[1];
    const float all = recent[0] > recent[1] ? recent[0] : recent[1];
    limiter->n_recent += n_frames;
    if (limiter->n_recent >= 2 * limiter->half) {
        recent[0] = recent[1];
        recent[1] = 0.0f;
        limiter->n_recent = 0;
    }
    return all;
}

CH_RT static void
soften(struct ch_limiter *limiter, double *gain, uint32_t n_frames)
{
    float limit[CH_LIMITER_CHUNK];
    if (ch_ramp_settled(&limiter->limit) && limiter->limit.target == 1.0f) {
        return;
    }
    ch_ramp_fill(&limiter->limit, limit, n_frames);
    for (uint32_t n = 0; n < n_frames; n++) {
        gain[n] = limit[n] == 1.0f ? gain[n] : 1.0 - (1.0 - gain[n]) * (double)limit[n];
    }
}

/// left and right for what is in `place`, and the other way round.
CH_RT static void
exchange(struct ch_limiter_frame *place, float *left, float *right, uint32_t n_frames)
{
    uint32_t n = 0;
    for (; n + 4 <= n_frames; n += 4) {
        float *frames = (float *)&place[n];
        const v4 l = load4(left + n), r = load4(right + n);
        const v4 first = load4(frames), second = load4(frames + 4);
        store4(left + n, __builtin_shufflevector(first, second, 0, 2, 4, 6));
        store4(right + n, __builtin_shufflevector(first, second, 1, 3, 5, 7));
        store4(frames, __builtin_shufflevector(l, r, 0, 4, 1, 5));
        store4(frames + 4, __builtin_shufflevector(l, r, 2, 6, 3, 7));
    }
    for (; n < n_frames; n++) {
        const struct ch_limiter_frame in = {left[n], right[n]};
        left[n] = place[n].left;
        right[n] = place[n].right;
        place[n] = in;
    }
}

/// Frames come in and those of `latency` frames ago leave.
CH_RT static void
delay(struct ch_limiter *limiter, float *left, float *right, uint32_t n_frames)
{
    while (n_frames > 0) {
        const uint32_t to_end = limiter->latency - limiter->delay_at;
        const uint32_t n = n_frames < to_end ? n_frames : to_end;
        exchange(&limiter->delay[limiter->delay_at], left, right, n);
        limiter->delay_at = ch_limiter_wrap(limiter->delay_at + n, limiter->latency);
        left += n;
        right += n;
        n_frames -= n;
    }
}

CH_RT static void
apply(struct ch_limiter *limiter, const double *gain, float *left, float *right, uint32_t n_frames)
{
    double lowest = (double)limiter->min_gain;
    for (uint32_t n = 0; n < n_frames; n++) {
        left[n] = (float)((double)left[n] * gain[n]);
        right[n] = (float)((double)right[n] * gain[n]);
        lowest = gain[n] < lowest ? gain[n] : lowest;
    }
    limiter->min_gain = (float)lowest;
}

/// Nothing in what is looked at reaches the ceiling: only time goes on.
CH_RT static void
stay_at_rest(struct ch_limiter *limiter, uint32_t n_frames)
{
    limiter->hold_at = (limiter->hold_at + n_frames) % limiter->hold_frames;
}

/// Whether the gain may stay 1 for what comes in now; else its peaks are in `peak`.
CH_RT static bool
rests(struct ch_limiter *limiter, const float *left, const float *right, float reach, float *peak,
      uint32_t n_frames)
{
    const bool can_rest = limiter->resting && ch_ramp_settled(&limiter->ceiling);
    if (can_rest && reach * limiter->taps_sum <= limiter->ceiling.target) {
        return true;
    }
    ch_limiter_detect(limiter, left, right, peak, n_frames);
    if (!can_rest) {
        return false;
    }
    float highest = 0.0f;
    for (uint32_t n = 0; n < n_frames; n++) {
        highest = peak[n] > highest ? peak[n] : highest;
    }
    return highest <= limiter->ceiling.target;
}

/// At most CH_LIMITER_CHUNK.
CH_RT static void
run_chunk(struct ch_limiter *limiter, float *left, float *right, uint32_t n_frames)
{
    float peak[CH_LIMITER_CHUNK];
    double gain[CH_LIMITER_CHUNK];
    float largest = scan(left, right, n_frames);
    if (isnan(largest)) {
        repair(left, n_frames);
        repair(right, n_frames);
        largest = scan(left, right, n_frames);
    }
    count_silence(limiter, left, right, n_frames);

    const float reach = note_recent(limiter, largest, n_frames);
    const bool at_rest = rests(limiter, left, right, reach, peak, n_frames);
    if (at_rest) {
        stay_at_rest(limiter, n_frames);
    } else {
        ch_limiter_shape(limiter, peak, gain, n_frames);
    }
    delay(limiter, left, right, n_frames);
    if (!at_rest) {
        soften(limiter, gain, n_frames);
        apply(limiter, gain, left, right, n_frames);
    } else if (!ch_ramp_settled(&limiter->limit)) {
        float unused[CH_LIMITER_CHUNK];
        ch_ramp_fill(&limiter->limit, unused, n_frames);
    }
}

CH_RT void
ch_limiter_run(struct ch_limiter *limiter, float *left, float *right, uint32_t n_frames)
{
    for (uint32_t done = 0; done < n_frames; done += CH_LIMITER_CHUNK) {
        const uint32_t rest_frames = n_frames - done;
        const uint32_t n = rest_frames < CH_LIMITER_CHUNK ? rest_frames : CH_LIMITER_CHUNK;
        run_chunk(limiter, left + done, right + done, n);
    }
}

CH_RT float
ch_limiter_take_min_gain(struct ch_limiter *limiter)
{
    const float gain = limiter->min_gain;
    limiter->min_gain = 1.0f;
    return gain;
}

CH_RT bool
ch_limiter_quiet(const struct ch_limiter *limiter)
{
    return limiter->resting && limiter->n_silent >= limiter->latency &&
           ch_ramp_settled(&limiter->ceiling) && ch_ramp_settled(&limiter->limit);
}

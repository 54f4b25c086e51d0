// SPDX-License-Identifier: ISC
// daemon/dsp/limiter.c — look-ahead limiting with a provable bound.                           [rt]
//
//     required  r = min(1, ceiling / peak), for each frame as it comes in
//     minimum   m = the smallest r of the last `span` frames
//     envelope  e = m where that falls, else an exponential way up to it: e <= m
//     gain      G = mean of the last `span` envelopes, for the frame of `latency` frames ago
//
// Every envelope in that mean was taken while the leaving frame was inside the window of the
// minimum, so each is <= its r and so is G.  Rounding: envelopes are rounded down to fixed point
// and summed exactly; G and the product are double, within 4e-16 of |x|·r <= ceiling, and the
// nearest float to that is at most the ceiling, which is a float.  No clamp is needed.  At rest the
// sum is full to the last bit and G exactly 1.

#include "daemon/dsp/limiter.h"

#include <math.h>

#include "daemon/dsp/limiter_state.h"

#define CHUNK_FRAMES 64

/// The last of the way back is one step of -120 dB, itself spread over the average.
#define RELEASE_END 1e-6

/// -200 dBFS.
#define SILENCE 1e-10f

typedef float v4 __attribute__((vector_size(16), may_alias));
typedef float v4_anywhere __attribute__((vector_size(16), may_alias, aligned(4)));
typedef int32_t v4i __attribute__((vector_size(16), may_alias));

CH_RT uint32_t
ch_limiter_latency(const struct ch_limiter *limiter)
{
    return limiter->latency;
}

CH_RT void
ch_limiter_set_ceiling(struct ch_limiter *limiter, float ceiling)
{
    ch_ramp_to(&limiter->ceiling, ceiling, limiter->ramp_frames);
}

CH_RT void
ch_limiter_set_bypass(struct ch_limiter *limiter, bool bypass)
{
    ch_ramp_to(&limiter->limit, bypass ? 0.0f : 1.0f, limiter->ramp_frames);
}

CH_RT static void
rest(struct ch_limiter *limiter)
{
    for (uint32_t i = 0; i < limiter->span; i++) {
        limiter->average[i] = CH_LIMITER_ONE;
    }
    limiter->sum = limiter->full;
    limiter->envelope = 1.0;
    limiter->n_lows = 0;
    limiter->resting = true;
}

CH_RT void
ch_limiter_reset(struct ch_limiter *limiter)
{
    for (uint32_t i = 0; i < limiter->latency; i++) {
        limiter->delay[i] = (struct ch_limiter_frame){0.0f, 0.0f};
    }
    limiter->n_silent = limiter->latency;
    ch_ramp_snap(&limiter->ceiling, ch_ramp_goal(&limiter->ceiling));
    ch_ramp_snap(&limiter->limit, ch_ramp_goal(&limiter->limit));
    rest(limiter);
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

CH_RT static v4
larger4(v4 a, v4 b)
{
    const v4i first = a > b;
    return (v4)(((v4i)a & first) | ((v4i)b & ~first));
}

/// What the ceiling is held against: the larger sample of a frame.  Returns the largest of all, or
/// NaN if something is not finite: 0·x is 0 for every finite x and NaN otherwise.
CH_RT static float
detect(const float *left, const float *right, float *peak, uint32_t n_frames)
{
    v4 largest4 = {0.0f}, check4 = {0.0f};
    uint32_t n = 0;
    for (; n + 4 <= n_frames; n += 4) {
        const v4 l = load4(left + n), r = load4(right + n);
        const v4 larger = larger4(magnitude4(l), magnitude4(r));
        check4 += l * 0.0f + r * 0.0f;
        largest4 = larger4(larger, largest4);
        store4(peak + n, larger);
    }
    float largest = 0.0f, check = 0.0f;
    for (int i = 0; i < 4; i++) {
        largest = largest4[i] > largest ? largest4[i] : largest;
        check += check4[i];
    }
    for (; n < n_frames; n++) {
        const float l = fabsf(left[n]);
        const float r = fabsf(right[n]);
        peak[n] = l > r ? l : r;
        largest = peak[n] > largest ? peak[n] : largest;
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
count_silence(struct ch_limiter *limiter, const float *peak, uint32_t n_frames)
{
    uint32_t n = 0;
    while (n < n_frames && peak[n_frames - 1 - n] < SILENCE) {
        n++;
    }
    const uint32_t run = n == n_frames ? limiter->n_silent + n : n;
    limiter->n_silent = run < limiter->latency ? run : limiter->latency;
}

CH_RT static uint32_t
wrap(uint32_t index, uint32_t size)
{
    return index < size ? index : index - size;
}

/// The smallest gain of the last `span` frames, `gain` being that of the newest.  The ring keeps
/// only those that can still become the smallest: each is lower than all that came after it.
CH_RT static double
sliding_minimum(struct ch_limiter *limiter, double gain)
{
    const uint32_t span = limiter->span;
    if (limiter->n_lows > 0 && limiter->now - limiter->low[limiter->low_first].frame >= span) {
        limiter->low_first = wrap(limiter->low_first + 1, span);
        limiter->n_lows--;
    }
    while (limiter->n_lows > 0 &&
           limiter->low[wrap(limiter->low_first + limiter->n_lows - 1, span)].gain >= gain) {
        limiter->n_lows--;
    }
    const uint32_t last = wrap(limiter->low_first + limiter->n_lows, span);
    limiter->low[last] = (struct ch_limiter_low){gain, limiter->now};
    limiter->n_lows++;
    return limiter->low[limiter->low_first].gain;
}

CH_RT static double
envelope(struct ch_limiter *limiter, double minimum)
{
    const double way = minimum - limiter->envelope;
    if (way <= RELEASE_END) {
        limiter->envelope = minimum;
    } else {
        limiter->envelope += way * limiter->release;
    }
    return limiter->envelope;
}

CH_RT static double
average(struct ch_limiter *limiter, double gain)
{
    const int64_t newest = (int64_t)(gain * (double)CH_LIMITER_ONE);
    limiter->sum += newest - limiter->average[limiter->average_at];
    limiter->average[limiter->average_at] = newest;
    limiter->average_at = wrap(limiter->average_at + 1, limiter->span);
    return (double)limiter->sum / (double)limiter->full;
}

/// The gain for the frame that leaves when a frame of this peak comes in.
CH_RT static double
next_gain(struct ch_limiter *limiter, float peak, float ceiling)
{
    const double required = peak > ceiling ? (double)ceiling / (double)peak : 1.0;
    const double gain = average(limiter, envelope(limiter, sliding_minimum(limiter, required)));
    limiter->now++;
    return gain;
}

CH_RT static void
fill_gains(struct ch_limiter *limiter, const float *peak, double *gain, uint32_t n_frames)
{
    float ceiling[CHUNK_FRAMES];
    ch_ramp_fill(&limiter->ceiling, ceiling, n_frames);
    for (uint32_t n = 0; n < n_frames; n++) {
        gain[n] = next_gain(limiter, peak[n], ceiling[n]);
    }
    limiter->resting = limiter->sum == limiter->full && limiter->envelope == 1.0 &&
                       limiter->low[limiter->low_first].gain == 1.0;
    if (limiter->resting) {
        limiter->n_lows = 0;
    }
}

CH_RT static void
soften(struct ch_limiter *limiter, double *gain, uint32_t n_frames)
{
    float limit[CHUNK_FRAMES];
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
        limiter->delay_at = wrap(limiter->delay_at + n, limiter->latency);
        left += n;
        right += n;
        n_frames -= n;
    }
}

CH_RT static void
apply(struct ch_limiter *limiter, const double *gain, float *left, float *right, uint32_t n_frames)
{
    for (uint32_t n = 0; n < n_frames; n++) {
        left[n] = (float)((double)left[n] * gain[n]);
        right[n] = (float)((double)right[n] * gain[n]);
        const float rounded = (float)gain[n];
        limiter->min_gain = rounded < limiter->min_gain ? rounded : limiter->min_gain;
    }
}

/// At most CHUNK_FRAMES.
CH_RT static void
run_chunk(struct ch_limiter *limiter, float *left, float *right, uint32_t n_frames)
{
    float peak[CHUNK_FRAMES];
    double gain[CHUNK_FRAMES];
    float largest = detect(left, right, peak, n_frames);
    if (isnan(largest)) {
        repair(left, n_frames);
        repair(right, n_frames);
        largest = detect(left, right, peak, n_frames);
    }
    count_silence(limiter, peak, n_frames);

    const bool below = ch_ramp_settled(&limiter->ceiling) && largest <= limiter->ceiling.target;
    const bool idle = limiter->resting && below && ch_ramp_settled(&limiter->limit);
    if (!idle) {
        fill_gains(limiter, peak, gain, n_frames);
        soften(limiter, gain, n_frames);
    }
    delay(limiter, left, right, n_frames);
    if (!idle) {
        apply(limiter, gain, left, right, n_frames);
    }
}

CH_RT void
ch_limiter_run(struct ch_limiter *limiter, float *left, float *right, uint32_t n_frames)
{
    for (uint32_t done = 0; done < n_frames; done += CHUNK_FRAMES) {
        const uint32_t rest_frames = n_frames - done;
        const uint32_t n = rest_frames < CHUNK_FRAMES ? rest_frames : CHUNK_FRAMES;
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

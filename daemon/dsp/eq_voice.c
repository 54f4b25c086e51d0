// SPDX-License-Identifier: ISC
// daemon/dsp/eq_voice.c — the state-variable kernel, both channels in one vector.             [rt]
//
// Simper's trapezoidal section, with v1 the band-pass and v2 the low-pass output:
//
//     v1 = (s1 + g·(x - s2)) / (1 + g·(g + k))      s1 <- 2·v1 - s1
//     v2 = s2 + g·v1                                s2 <- 2·v2 - s2
//     y  = mh·x + (mb - k·mh)·v1 + (ml - mh)·v2
//
// Written for t = 2·v1 and s2 + new s2 = 2·v2, the factors 2 go into the coefficients.

#include "daemon/dsp/eq_voice.h"

/// -600 dBFS.
#define FLUSH_BELOW 1e-30

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/// The coefficients, spread over the channels.
struct spread {
    ch_v2 a1, a2, g, m0, m1, m2;
};

CH_RT void
ch_eq_voice_init(struct ch_eq_voice *voice, const struct ch_eq_section *section, bool identity)
{
    *voice = (struct ch_eq_voice){.m0 = 1.0, .identity = identity};
    if (!identity) {
        voice->a1 = 2.0 / (1.0 + section->g * (section->g + section->k));
        voice->a2 = voice->a1 * section->g;
        voice->g = section->g;
        voice->m0 = section->mh;
        voice->m1 = 0.5 * (section->mb - section->k * section->mh);
        voice->m2 = 0.5 * (section->ml - section->mh);
    }
}

CH_RT bool
ch_eq_voice_same(const struct ch_eq_voice *a, const struct ch_eq_voice *b)
{
    return a->identity == b->identity && a->a1 == b->a1 && a->g == b->g && a->m0 == b->m0 &&
           a->m1 == b->m1 && a->m2 == b->m2;
}

CH_RT void
ch_eq_voice_clear(struct ch_eq_voice *voice)
{
    for (int c = 0; c < CH_CHANNELS; c++) {
        voice->s1[c] = 0.0;
        voice->s2[c] = 0.0;
    }
}

CH_RT static double
magnitude(double x)
{
    return x < 0.0 ? -x : x;
}

CH_RT static double
state_sum(const struct ch_eq_voice *voice)
{
    double sum = 0.0;
    for (int c = 0; c < CH_CHANNELS; c++) {
        sum += magnitude(voice->s1[c]) + magnitude(voice->s2[c]);
    }
    return sum;
}

CH_RT double
ch_eq_voice_level(const struct ch_eq_voice *voice)
{
    return 2.0 * (magnitude(voice->m1) + magnitude(voice->m2)) * state_sum(voice);
}

CH_RT void
ch_eq_voice_flush(struct ch_eq_voice *voice)
{
    if (state_sum(voice) < FLUSH_BELOW) {
        ch_eq_voice_clear(voice);
    }
}

ALWAYS_INLINE CH_RT ch_v2
spread(double x)
{
    return (ch_v2){x, x};
}

ALWAYS_INLINE CH_RT struct spread
spread_voice(const struct ch_eq_voice *voice)
{
    return (struct spread){
        .a1 = spread(voice->a1),
        .a2 = spread(voice->a2),
        .g = spread(voice->g),
        .m0 = spread(voice->m0),
        .m1 = spread(voice->m1),
        .m2 = spread(voice->m2),
    };
}

ALWAYS_INLINE CH_RT ch_v2
tick(const struct spread *k, ch_v2 *s1, ch_v2 *s2, ch_v2 x)
{
    const ch_v2 t = k->a1 * *s1 + k->a2 * (x - *s2);
    const ch_v2 next2 = *s2 + k->g * t;
    const ch_v2 y = k->m0 * x + k->m1 * t + k->m2 * (*s2 + next2);
    *s1 = t - *s1;
    *s2 = next2;
    return y;
}

ALWAYS_INLINE CH_RT ch_v2
load_state(const double *state)
{
    return (ch_v2){state[0], state[1]};
}

ALWAYS_INLINE CH_RT void
store_state(double *state, ch_v2 value)
{
    state[0] = value[0];
    state[1] = value[1];
}

/// `count` is a constant wherever this is inlined: its loops unroll and the states live in
/// registers.  The sections take a frame one after the other, but the processor begins the next
/// frame in the first of them meanwhile.
ALWAYS_INLINE CH_RT void
run_group(struct ch_eq_voice *const *voice, const uint32_t count, ch_v2 *x, uint32_t n_frames)
{
    struct spread k[CH_EQ_GROUP];
    ch_v2 s1[CH_EQ_GROUP], s2[CH_EQ_GROUP];
    for (uint32_t i = 0; i < count; i++) {
        k[i] = spread_voice(voice[i]);
        s1[i] = load_state(voice[i]->s1);
        s2[i] = load_state(voice[i]->s2);
    }
    for (uint32_t n = 0; n < n_frames; n++) {
        ch_v2 y = x[n];
#pragma GCC unroll 3
        for (uint32_t i = 0; i < count; i++) {
            y = tick(&k[i], &s1[i], &s2[i], y);
        }
        x[n] = y;
    }
    for (uint32_t i = 0; i < count; i++) {
        store_state(voice[i]->s1, s1[i]);
        store_state(voice[i]->s2, s2[i]);
    }
}

CH_RT void
ch_eq_voice_run(struct ch_eq_voice *const *voice, uint32_t n_voices, ch_v2 *x, uint32_t n_frames)
{
    switch (n_voices) {
    case 1:
        run_group(voice, 1, x, n_frames);
        break;
    case 2:
        run_group(voice, 2, x, n_frames);
        break;
    case 3:
        run_group(voice, 3, x, n_frames);
        break;
    }
}

CH_RT void
ch_eq_voice_add(struct ch_eq_voice *voice, const ch_v2 *x, const double *feed, const double *leave,
                ch_v2 *sum, uint32_t n_frames)
{
    if (voice->identity) {
        for (uint32_t n = 0; n < n_frames; n++) {
            sum[n] += spread(feed[n]) * x[n];
        }
        return;
    }
    const struct spread k = spread_voice(voice);
    ch_v2 s1 = load_state(voice->s1);
    ch_v2 s2 = load_state(voice->s2);
    for (uint32_t n = 0; n < n_frames; n++) {
        sum[n] += spread(leave[n]) * tick(&k, &s1, &s2, spread(feed[n]) * x[n]);
    }
    store_state(voice->s1, s1);
    store_state(voice->s2, s2);
}

// SPDX-License-Identifier: ISC
// daemon/dsp/eq_kernel_strands.h — a changing section: its voices, side by side.              [rt]
//
// Each vector has BANDS voices of the same section and adds what they make of the input to a sum.
// Voices that are still fed hear a share of the input; tails hear none, which saves a part of the
// work, and a share of what they put out is heard.

#ifndef CH_DSP_EQ_KERNEL_STRANDS_H
#define CH_DSP_EQ_KERNEL_STRANDS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "daemon/dsp/eq_kernel_lanes.h"

/// Vectors of one pass.  Waiting for each other costs a pass more than the states that do not fit
/// into registers.
#define FED_MAX   2
#define TAILS_MAX 4

/// A voice, and how much of the input it hears or of its output is heard, frame by frame.
struct strand {
    struct ch_eq_voice *voice;
    const double *share;
};

/// tick() with no input.
ALWAYS_INLINE CH_RT vec
tick_tail(const struct coefficients *k, vec *s1, vec *s2)
{
    const vec memory = k->m1 * *s1;
    const vec y = MULADD(k->m2, *s2, memory);
    *s1 = MULADD(k->c, *s1, SPREAD(0.0)) - *s2;
    *s2 = MULADD(k->k, *s1, *s2);
    return y;
}

static const vec ones[ROW] = {[0 ... ROW - 1] = SPREAD(1.0)};
static const vec zeros[GRID_FRAMES];

/// from, from - 1, …
ALWAYS_INLINE CH_RT vec
count_down(double from)
{
    return join((v2){from, from - 1.0}, (v2){from - 2.0, from - 3.0});
}

/// What is left of a step from 0 to 1 with level slope and curvature at both ends: 26 dB less above
/// 2 kHz than a raised cosine of the same 20 ms, which a section that boosts has use for.  Exactly
/// 0 from position = length on.
///
/// With m frames of L to go it is (m/L)^3·(10 - 15·m/L + 6·(m/L)^2).
CH_RT static inline const vec *
fill_rest(uint32_t position, uint32_t length, vec *rest, uint32_t n_frames)
{
    const uint32_t left = length - position;
    const uint32_t n_moving = left < n_frames ? left : n_frames;
    if (n_moving == 0) {
        return zeros;
    }
    const double r = 1.0 / (double)length, cubed = r * r * r;
    const vec m3 = SPREAD(10.0 * cubed), m4 = SPREAD(-15.0 * cubed * r);
    const vec m5 = SPREAD(6.0 * cubed * r * r);
    vec m = count_down((double)left - 1.0);
    uint32_t n = 0;
    for (; n < n_moving; n += LANES) {
        rest[n / LANES] = m * m * m * MULADD(MULADD(m5, m, m4), m, m3);
        m -= (double)LANES;
    }
    double *frame = (double *)rest;
    for (uint32_t i = n_moving; i < n; i++) {
        frame[i] = 0.0;
    }
    for (; n < n_frames; n += LANES) {
        rest[n / LANES] = SPREAD(0.0);
    }
    return rest;
}

/// Of two voices, each its own lanes: two broadcasts and a blend.
ALWAYS_INLINE CH_RT vec
share_at(const struct strand *strand, uint32_t n)
{
    const vec a = SPREAD(strand[0].share[n]);
    const vec b = SPREAD(strand[BANDS - 1].share[n]);
    return choose(a, b);
}

/// The next `count` vectors of strands, fed ones or tails.
ALWAYS_INLINE CH_RT void
load_strands(const struct strand *strand, const uint32_t count, struct coefficients *k, vec *s1,
             vec *s2)
{
    UNROLL
    for (uint32_t i = 0; i < count; i++) {
        const struct ch_eq_voice *a = strand[BANDS * i].voice;
        const struct ch_eq_voice *b = strand[BANDS * i + BANDS - 1].voice;
        k[i] = load_coefficients(a, b);
        s1[i] = join(pair(a->s1), pair(b->s1));
        s2[i] = join(pair(a->s2), pair(b->s2));
    }
}

ALWAYS_INLINE CH_RT void
store_strands(const struct strand *strand, const uint32_t count, const vec *s1, const vec *s2)
{
    UNROLL
    for (uint32_t i = 0; i < count; i++) {
        store_states(strand[BANDS * i].voice, lower(s1[i]), lower(s2[i]));
        store_states(strand[BANDS * i + BANDS - 1].voice, upper(s1[i]), upper(s2[i]));
    }
}

/// out = sum + what the strands make of x, where out may be x.  The counts are constants, of
/// vectors; fed strands are followed by tails.
ALWAYS_INLINE CH_RT void
add_strands(const struct strand *fed, const uint32_t n_fed, const struct strand *tail,
            const uint32_t n_tails, const v2 *x, const v2 *sum, v2 *out, uint32_t n_frames)
{
    struct coefficients k[FED_MAX], tail_k[TAILS_MAX];
    vec s1[FED_MAX], s2[FED_MAX], tail_s1[TAILS_MAX], tail_s2[TAILS_MAX];
    load_strands(fed, n_fed, k, s1, s2);
    load_strands(tail, n_tails, tail_k, tail_s1, tail_s2);
    for (uint32_t n = 0; n < n_frames; n++) {
        vec total = SPREAD(0.0);
        UNROLL
        for (uint32_t i = 0; i < n_tails; i++) {
            const vec y = tick_tail(&tail_k[i], &tail_s1[i], &tail_s2[i]);
            total = MULADD(share_at(tail + BANDS * i, n), y, total);
        }
        UNROLL
        for (uint32_t i = 0; i < n_fed; i++) {
            const vec in = share_at(fed + BANDS * i, n) * join(x[n], x[n]);
            total += tick(&k[i], &s1[i], &s2[i], in);
        }
        out[n] = sum[n] + fold(total);
    }
    store_strands(fed, n_fed, s1, s2);
    store_strands(tail, n_tails, tail_s1, tail_s2);
}

ALWAYS_INLINE CH_RT void
add_fed(const struct strand *fed, const uint32_t n_fed, const struct strand *tail, uint32_t n_tails,
        const v2 *x, const v2 *sum, v2 *out, uint32_t n_frames)
{
    switch (n_tails) {
    case 0:
        add_strands(fed, n_fed, tail, 0, x, sum, out, n_frames);
        break;
    case 1:
        add_strands(fed, n_fed, tail, 1, x, sum, out, n_frames);
        break;
    case 2:
        add_strands(fed, n_fed, tail, 2, x, sum, out, n_frames);
        break;
    case 3:
        add_strands(fed, n_fed, tail, 3, x, sum, out, n_frames);
        break;
    case 4:
        add_strands(fed, n_fed, tail, 4, x, sum, out, n_frames);
        break;
    }
}

/// Full vectors: `list` has room for one more strand.  Returns how many vectors.
CH_RT static inline uint32_t
pad(struct strand *list, uint32_t n_strands, struct ch_eq_voice *nobody)
{
    if (n_strands % BANDS != 0) {
        ch_eq_voice_init(nobody, NULL, CH_EQ_BOTH);
        list[n_strands++] = (struct strand){nobody, (const double *)zeros};
    }
    return n_strands / BANDS;
}

/// In place, in as many passes as it takes; the last one puts the sum where the input was.
CH_RT static inline void
run_strands(const struct strand *fed, uint32_t n_fed, const struct strand *tail, uint32_t n_tails,
            v2 *x, uint32_t n_frames)
{
    v2 partial[GRID_FRAMES];
    const v2 *sum = (const v2 *)zeros;
    while (n_fed > 0 || n_tails > 0) {
        const uint32_t f = n_fed < FED_MAX ? n_fed : FED_MAX;
        const uint32_t t = n_tails < TAILS_MAX ? n_tails : TAILS_MAX;
        v2 *out = f == n_fed && t == n_tails ? x : partial;
        switch (f) {
        case 0:
            add_fed(fed, 0, tail, t, x, sum, out, n_frames);
            break;
        case 1:
            add_fed(fed, 1, tail, t, x, sum, out, n_frames);
            break;
        case 2:
            add_fed(fed, 2, tail, t, x, sum, out, n_frames);
            break;
        }
        fed += BANDS * f;
        tail += BANDS * t;
        n_fed -= f;
        n_tails -= t;
        sum = partial;
    }
}

CH_RT static inline void
advance(uint32_t *position, uint32_t length, uint32_t n_frames)
{
    const uint32_t left = length - *position;
    *position += left < n_frames ? left : n_frames;
}

CH_RT static inline void
multiply(vec *values, const vec *by, uint32_t n_frames)
{
    for (uint32_t n = 0; n < n_frames; n += LANES) {
        values[n / LANES] *= by[n / LANES];
    }
}

/// Voice i is fed with way_in(i) - way_in(i + 1): the sum over all voices is 1.  Which voices are
/// tails is decided on the grid, so that lanes and order of summing do not depend on the chunk.
CH_RT static inline void
run_changing(struct ch_eq_slot *slot, v2 *x, uint32_t n_frames)
{
    vec share[CH_EQ_VOICES][ROW], rests[2][ROW], hurry[ROW];
    struct strand fed[CH_EQ_VOICES + 1], tails[CH_EQ_VOICES + 1];
    struct ch_eq_voice nobody[2];
    uint32_t n_fed = 0, n_tails = 0;

    uint32_t n_arrived = 0;
    bool hurried = false;

    const vec *next = ones;
    for (uint32_t i = slot->n_voices; i-- > 0;) {
        struct ch_eq_voice *voice = &slot->voice[i];
        const vec *rest = zeros, *leave = ones;
        if (!voice->tail) {
            rest = fill_rest(voice->position, voice->length, rests[i % 2], n_frames);
            if (hurried && rest != zeros) {
                multiply(rests[i % 2], hurry, n_frames);
            }
            for (uint32_t n = 0; n < n_frames; n += LANES) {
                share[i][n / LANES] = next[n / LANES] - rest[n / LANES];
            }
            advance(&voice->position, voice->length, n_frames);
            if (voice->hurries) {
                memcpy(hurry, rest, sizeof hurry);
                hurried = true;
                n_arrived = voice->position == voice->length && i > n_arrived ? i : n_arrived;
            }
            fed[n_fed++] = (struct strand){voice, (const double *)share[i]};
        } else {
            if (voice->leave_length > 0) {
                leave = fill_rest(voice->leave_position, voice->leave_length, share[i], n_frames);
                advance(&voice->leave_position, voice->leave_length, n_frames);
            }
            tails[n_tails++] = (struct strand){voice, (const double *)leave};
        }
        next = rest;
    }
    for (uint32_t i = 0; i < n_arrived; i++) {
        slot->voice[i].position = slot->voice[i].length;
    }
    const uint32_t fed_vectors = pad(fed, n_fed, &nobody[0]);
    const uint32_t tail_vectors = pad(tails, n_tails, &nobody[1]);
    run_strands(fed, fed_vectors, tails, tail_vectors, x, n_frames);
}

#endif

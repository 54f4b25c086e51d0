// SPDX-License-Identifier: ISC
// daemon/dsp/eq_kernel_body.h — one chunk through the rack, for vectors of BANDS sections.    [rt]
//
// Included once by each eq_kernel_*.c, which says how many sections share a vector (both channels
// of each) and how to multiply and add.
//
// Sections at rest are a cascade.  The vectors follow each other on the same frame and need no
// shuffling: of 10 sections, the lower halves of five vectors are sections 1 to 5 and the upper
// halves sections 6 to 10, on the frame of LAG frames ago that the lower halves have left in its
// place.  Nothing is late: a chunk ends with LAG rounds for the upper halves alone.
//
// The voices of a changing section are parallel: each vector adds BANDS of them to a sum.

#ifndef CH_DSP_EQ_KERNEL_BODY_H
#define CH_DSP_EQ_KERNEL_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/dsp/eq_kernel.h"

#ifndef BANDS
#    define BANDS           1
#    define MULADD(a, b, c) ((a) * (b) + (c))
#endif

#define GRID_FRAMES   CH_EQ_GRID_FRAMES
#define LANES         (2 * BANDS)
#define ALWAYS_INLINE static inline __attribute__((always_inline))

/// Frames by which upper halves follow: long enough that what the lower halves stored has arrived.
#define LAG 4

/// Vectors of one pass: each keeps two registers of state, and there are 16 registers.
#define CASCADE_MAX  5
#define PARALLEL_MAX 4

/// Both channels of a frame.
typedef double v2 __attribute__((vector_size(16), may_alias));
typedef double vec __attribute__((vector_size(16 * BANDS), may_alias));
typedef float v4f __attribute__((vector_size(16), may_alias));
typedef float v4f_anywhere __attribute__((vector_size(16), may_alias, aligned(4)));

union lanes {
    vec v;
    double d[LANES];
};

struct coefficients {
    union lanes c, k, m0, m1, m2;
};

/// A voice, and how much of the input it hears or of its output is heard, frame by frame.
struct strand {
    struct ch_eq_voice *voice;
    const double *share;
};

enum kind { FED, STAYING, LEAVING };

#if BANDS == 2
ALWAYS_INLINE CH_RT vec
join(v2 low, v2 high)
{
    return __builtin_shufflevector(low, high, 0, 1, 2, 3);
}

ALWAYS_INLINE CH_RT v2
lower(vec x)
{
    return __builtin_shufflevector(x, x, 0, 1);
}

ALWAYS_INLINE CH_RT v2
upper(vec x)
{
    return __builtin_shufflevector(x, x, 2, 3);
}
#endif

// --- sections at rest, in series ----------------------------------------------------------------

ALWAYS_INLINE CH_RT void
load_band(const struct ch_eq_voice *voice, uint32_t band, struct coefficients *k)
{
    for (uint32_t i = 2 * band; i < 2 * band + 2; i++) {
        k->c.d[i] = voice->c;
        k->k.d[i] = voice->k;
        k->m0.d[i] = voice->m0;
        k->m1.d[i] = voice->m1;
        k->m2.d[i] = voice->m2;
    }
}

ALWAYS_INLINE CH_RT void
load_states(const struct ch_eq_voice *voice, uint32_t band, union lanes *s1, union lanes *s2)
{
    for (uint32_t i = 0; i < 2; i++) {
        s1->d[2 * band + i] = voice->s1[i];
        s2->d[2 * band + i] = voice->s2[i];
    }
}

ALWAYS_INLINE CH_RT void
store_states(struct ch_eq_voice *voice, uint32_t band, const union lanes *s1, const union lanes *s2)
{
    for (uint32_t i = 0; i < 2; i++) {
        voice->s1[i] = s1->d[2 * band + i];
        voice->s2[i] = s2->d[2 * band + i];
    }
}

/// Around the loop it is 7 cycles from state to state: a multiply-add and a subtraction.
ALWAYS_INLINE CH_RT vec
tick(const struct coefficients *k, vec *s1, vec *s2, vec x)
{
    const vec memory = k->m1.v * *s1;
    const vec y = MULADD(k->m0.v, x, MULADD(k->m2.v, *s2, memory));
    *s1 = MULADD(k->c.v, *s1, x) - *s2;
    *s2 = MULADD(k->k.v, *s1, *s2);
    return y;
}

ALWAYS_INLINE CH_RT vec
frame_at(const v2 *x, ptrdiff_t lag)
{
#if BANDS == 2
    return join(x[0], x[-lag]);
#else
    (void)lag;
    return x[0];
#endif
}

ALWAYS_INLINE CH_RT void
put_frame(v2 *x, ptrdiff_t lag, vec y)
{
#if BANDS == 2
    x[0] = lower(y);
    x[-lag] = upper(y);
#else
    (void)lag;
    x[0] = y;
#endif
}

/// `count` is a constant wherever this is inlined: its loops unroll and the states live in
/// registers.
ALWAYS_INLINE CH_RT void
cascade_frames(const struct coefficients *k, union lanes *states1, union lanes *states2,
               const uint32_t count, v2 *x, ptrdiff_t lag, uint32_t n_frames)
{
    vec s1[CASCADE_MAX], s2[CASCADE_MAX];
    for (uint32_t i = 0; i < count; i++) {
        s1[i] = states1[i].v;
        s2[i] = states2[i].v;
    }
    for (uint32_t n = 0; n < n_frames; n++) {
        vec y = frame_at(x + n, lag);
#pragma GCC unroll 5
        for (uint32_t i = 0; i < count; i++) {
            y = tick(&k[i], &s1[i], &s2[i], y);
        }
        put_frame(x + n, lag, y);
    }
    for (uint32_t i = 0; i < count; i++) {
        states1[i].v = s1[i];
        states2[i].v = s2[i];
    }
}

/// voice[band * count + i] is in vector i.
ALWAYS_INLINE CH_RT void
cascade(struct ch_eq_voice *const *voice, const uint32_t count, v2 *x, uint32_t n_frames)
{
    struct coefficients k[CASCADE_MAX];
    union lanes s1[CASCADE_MAX], s2[CASCADE_MAX];
    for (uint32_t v = 0; v < BANDS * count; v++) {
        load_band(voice[v], v / count, &k[v % count]);
        load_states(voice[v], v / count, &s1[v % count], &s2[v % count]);
    }
#if BANDS == 1
    cascade_frames(k, s1, s2, count, x, 0, n_frames);
#else
    // The lower halves alone, both, and the upper halves alone; the loop keeps it one copy of the
    // code.  What a half has made of no frame is thrown away.
    const uint32_t lag = n_frames < LAG ? n_frames : LAG;
    const uint32_t from[] = {0, lag, n_frames, n_frames + lag};
    for (uint32_t phase = 0; phase < 3; phase++) {
        cascade_frames(k, s1, s2, count, x + from[phase], (ptrdiff_t)lag,
                       from[phase + 1] - from[phase]);
        for (uint32_t i = 0; i < count && phase == 0; i++) {
            load_states(voice[count + i], 1, &s1[i], &s2[i]);
        }
        for (uint32_t i = 0; i < count && phase == 1; i++) {
            store_states(voice[i], 0, &s1[i], &s2[i]);
        }
    }
#endif
    for (uint32_t i = 0; i < count; i++) {
        store_states(voice[(BANDS - 1) * count + i], BANDS - 1, &s1[i], &s2[i]);
    }
}

/// Any number of voices at rest, in passes as even as they can be.
CH_RT static inline void
run_cascade(struct ch_eq_voice **voice, uint32_t n_voices, v2 *x, uint32_t n_frames)
{
    struct ch_eq_voice through = {.m0 = 1.0, .identity = true};
    if (n_voices % BANDS != 0) {
        voice[n_voices++] = &through;
    }
    uint32_t n_vectors = n_voices / BANDS;
    while (n_vectors > 0) {
        const uint32_t n_passes = (n_vectors + CASCADE_MAX - 1) / CASCADE_MAX;
        const uint32_t count = (n_vectors + n_passes - 1) / n_passes;
        switch (count) {
        case 1:
            cascade(voice, 1, x, n_frames);
            break;
        case 2:
            cascade(voice, 2, x, n_frames);
            break;
        case 3:
            cascade(voice, 3, x, n_frames);
            break;
        case 4:
            cascade(voice, 4, x, n_frames);
            break;
        case 5:
            cascade(voice, 5, x, n_frames);
            break;
        }
        voice += BANDS * count;
        n_vectors -= count;
    }
}

// --- the voices of a changing section, in parallel ----------------------------------------------

/// What is left of a step from 0 to 1 with level slope and curvature at both ends: 26 dB less above
/// 2 kHz than a raised cosine of the same 20 ms, which a section that boosts has use for.  Exactly
/// 0 from position = length on.
CH_RT static inline void
fill_rest(uint32_t position, uint32_t length, vec *rest, uint32_t n_frames)
{
    const uint32_t left = length - position;
    const uint32_t n_moving = left < n_frames ? left : n_frames;
    const double per_frame = n_moving > 0 ? 1.0 / (double)length : 0.0;
    union lanes to_go;
    for (uint32_t i = 0; i < LANES; i++) {
        to_go.d[i] = (double)left - 1.0 - (double)i;
    }
    uint32_t n = 0;
    for (; n < n_moving; n += LANES) {
        const vec r = to_go.v * per_frame;
        rest[n / LANES] =
            r * r * r * MULADD(r, MULADD(r, (vec){} + 6.0, (vec){} - 15.0), (vec){} + 10.0);
        to_go.v -= (double)LANES;
    }
    double *scalar = (double *)rest;
    for (uint32_t i = n_moving; i < n; i++) {
        scalar[i] = 0.0;
    }
    for (; n < n_frames; n += LANES) {
        rest[n / LANES] = (vec){};
    }
}

ALWAYS_INLINE CH_RT vec
share_at(const struct strand *strand, uint32_t n)
{
#if BANDS == 2
    const double a = strand[0].share[n];
    const double b = strand[1].share[n];
    return (vec){a, a, b, b};
#else
    return (vec){} + strand[0].share[n];
#endif
}

ALWAYS_INLINE CH_RT vec
spread_frame(v2 x)
{
#if BANDS == 2
    return join(x, x);
#else
    return x;
#endif
}

/// strand[BANDS * i + band] is in vector i.
ALWAYS_INLINE CH_RT void
add_strands(const struct strand *strand, const uint32_t count, const enum kind kind, const v2 *x,
            vec *sum, uint32_t n_frames)
{
    struct coefficients k[PARALLEL_MAX];
    union lanes states1[PARALLEL_MAX], states2[PARALLEL_MAX];
    vec s1[PARALLEL_MAX], s2[PARALLEL_MAX];
    for (uint32_t v = 0; v < BANDS * count; v++) {
        load_band(strand[v].voice, v % BANDS, &k[v / BANDS]);
        load_states(strand[v].voice, v % BANDS, &states1[v / BANDS], &states2[v / BANDS]);
    }
    for (uint32_t i = 0; i < count; i++) {
        s1[i] = states1[i].v;
        s2[i] = states2[i].v;
    }
    for (uint32_t n = 0; n < n_frames; n++) {
        vec total = sum[n];
#pragma GCC unroll 4
        for (uint32_t i = 0; i < count; i++) {
            switch (kind) {
            case FED:
                total += tick(&k[i], &s1[i], &s2[i],
                              share_at(strand + BANDS * i, n) * spread_frame(x[n]));
                break;
            case STAYING:
                total += tick(&k[i], &s1[i], &s2[i], (vec){});
                break;
            case LEAVING:
                total = MULADD(share_at(strand + BANDS * i, n),
                               tick(&k[i], &s1[i], &s2[i], (vec){}), total);
                break;
            }
        }
        sum[n] = total;
    }
    for (uint32_t i = 0; i < count; i++) {
        states1[i].v = s1[i];
        states2[i].v = s2[i];
    }
    for (uint32_t v = 0; v < BANDS * count; v++) {
        store_states(strand[v].voice, v % BANDS, &states1[v / BANDS], &states2[v / BANDS]);
    }
}

/// There is room for one more strand at the end of the list.
ALWAYS_INLINE CH_RT void
add_kind(struct strand *strand, uint32_t n_strands, const enum kind kind, const v2 *x, vec *sum,
         uint32_t n_frames)
{
    static const double nothing[GRID_FRAMES];
    struct ch_eq_voice nobody = {.identity = true};
    if (n_strands % BANDS != 0) {
        strand[n_strands++] = (struct strand){&nobody, nothing};
    }
    for (uint32_t left = n_strands / BANDS; left > 0;) {
        const uint32_t count = left < PARALLEL_MAX ? left : PARALLEL_MAX;
        switch (count) {
        case 1:
            add_strands(strand, 1, kind, x, sum, n_frames);
            break;
        case 2:
            add_strands(strand, 2, kind, x, sum, n_frames);
            break;
        case 3:
            add_strands(strand, 3, kind, x, sum, n_frames);
            break;
        case 4:
            add_strands(strand, 4, kind, x, sum, n_frames);
            break;
        }
        strand += BANDS * count;
        left -= count;
    }
}

CH_RT static inline void
advance(uint32_t *position, uint32_t length, uint32_t n_frames)
{
    const uint32_t left = length - *position;
    *position += left < n_frames ? left : n_frames;
}

/// Voice i is fed with way_in(i) - way_in(i + 1): the sum over all voices is 1.  Which voices are
/// tails is decided on the grid, so that lanes and order of summing do not depend on the chunk.
CH_RT static inline void
run_changing(struct ch_eq_slot *slot, v2 *x, uint32_t n_frames)
{
    enum { N_VECTORS = GRID_FRAMES / LANES };
    vec share[CH_EQ_VOICES][N_VECTORS], rest[N_VECTORS], next_rest[N_VECTORS];
    vec sum[GRID_FRAMES];
    struct strand fed[CH_EQ_VOICES + 1], staying[CH_EQ_VOICES + 1], leaving[CH_EQ_VOICES + 1];
    uint32_t n_fed = 0, n_staying = 0, n_leaving = 0;

    for (uint32_t n = 0; n < n_frames; n += LANES) {
        next_rest[n / LANES] = (vec){} + 1.0;
    }
    for (uint32_t i = slot->n_voices; i-- > 0;) {
        struct ch_eq_voice *voice = &slot->voice[i];
        const struct strand strand = {voice, (const double *)share[i]};
        if (!voice->tail) {
            fill_rest(voice->position, voice->length, rest, n_frames);
            for (uint32_t n = 0; n < n_frames; n += LANES) {
                share[i][n / LANES] = next_rest[n / LANES] - rest[n / LANES];
                next_rest[n / LANES] = rest[n / LANES];
            }
            advance(&voice->position, voice->length, n_frames);
            fed[n_fed++] = strand;
        } else {
            for (uint32_t n = 0; n < n_frames; n += LANES) {
                next_rest[n / LANES] = (vec){};
            }
            if (voice->leave_length == 0) {
                staying[n_staying++] = strand;
            } else {
                fill_rest(voice->leave_position, voice->leave_length, share[i], n_frames);
                advance(&voice->leave_position, voice->leave_length, n_frames);
                leaving[n_leaving++] = strand;
            }
        }
    }
    for (uint32_t n = 0; n < n_frames; n++) {
        sum[n] = (vec){};
    }
    add_kind(staying, n_staying, STAYING, x, sum, n_frames);
    add_kind(leaving, n_leaving, LEAVING, x, sum, n_frames);
    add_kind(fed, n_fed, FED, x, sum, n_frames);
    for (uint32_t n = 0; n < n_frames; n++) {
#if BANDS == 2
        x[n] = lower(sum[n]) + upper(sum[n]);
#else
        x[n] = sum[n];
#endif
    }
}

/// The sections in the order of the rack; neighbours at rest go through the cascade together.
CH_RT static inline void
run_sections(struct ch_eq *eq, v2 *x, uint32_t n_frames)
{
    struct ch_eq_voice *resting[CH_EQ_BANDS_MAX + 1];
    uint32_t n_resting = 0;
    for (uint32_t left = eq->running; left != 0; left &= left - 1) {
        struct ch_eq_slot *slot = &eq->slot[__builtin_ctz(left)];
        if (slot->n_voices > 1) {
            run_cascade(resting, n_resting, x, n_frames);
            n_resting = 0;
            run_changing(slot, x, n_frames);
        } else {
            resting[n_resting++] = &slot->voice[0];
        }
    }
    run_cascade(resting, n_resting, x, n_frames);
}

// --- between single and double precision --------------------------------------------------------

/// What is not finite becomes 0.
CH_RT static inline void
repair(struct ch_eq *eq, float *x, uint32_t n_frames)
{
    uint32_t n_bad = 0;
    for (uint32_t n = 0; n < n_frames; n++) {
        if (!(x[n] * 0.0f == 0.0f)) {
            x[n] = 0.0f;
            n_bad++;
        }
    }
    eq->n_resets += n_bad > 0;
}

/// 0·x is 0 for every finite x and NaN otherwise.
ALWAYS_INLINE CH_RT bool
is_zero(v4f x)
{
    return x[0] + x[1] + x[2] + x[3] == 0.0f;
}

/// x[0] and x[1], from frames that are interleaved.
ALWAYS_INLINE CH_RT void
widen(v4f frames, double gain, v2 *x)
{
#if BANDS == 2
    *(vec *)x = __builtin_convertvector(frames, vec) * gain;
#else
    x[0] = (v2){(double)frames[0], (double)frames[1]} * gain;
    x[1] = (v2){(double)frames[2], (double)frames[3]} * gain;
#endif
}

ALWAYS_INLINE CH_RT v4f
narrow(const v2 *x)
{
#if BANDS == 2
    return __builtin_convertvector(*(const vec *)x, v4f);
#else
    return (v4f){(float)x[0][0], (float)x[0][1], (float)x[1][0], (float)x[1][1]};
#endif
}

/// False if something was not finite.
CH_RT static inline bool
widen_all(const float *left, const float *right, double gain, v2 *x, uint32_t n_frames)
{
    v4f zeros = {};
    uint32_t n = 0;
    for (; n + 4 <= n_frames; n += 4) {
        const v4f l = *(const v4f_anywhere *)(left + n);
        const v4f r = *(const v4f_anywhere *)(right + n);
        zeros += l * 0.0f + r * 0.0f;
        widen(__builtin_shufflevector(l, r, 0, 4, 1, 5), gain, x + n);
        widen(__builtin_shufflevector(l, r, 2, 6, 3, 7), gain, x + n + 2);
    }
    for (; n < n_frames; n++) {
        zeros[0] += left[n] * 0.0f + right[n] * 0.0f;
        x[n] = (v2){(double)left[n], (double)right[n]} * gain;
    }
    return is_zero(zeros);
}

CH_RT static inline bool
narrow_all(const v2 *x, float *left, float *right, uint32_t n_frames)
{
    v4f zeros = {};
    uint32_t n = 0;
    for (; n + 4 <= n_frames; n += 4) {
        const v4f first = narrow(x + n);
        const v4f second = narrow(x + n + 2);
        zeros += first * 0.0f + second * 0.0f;
        *(v4f_anywhere *)(left + n) = __builtin_shufflevector(first, second, 0, 2, 4, 6);
        *(v4f_anywhere *)(right + n) = __builtin_shufflevector(first, second, 1, 3, 5, 7);
    }
    for (; n < n_frames; n++) {
        left[n] = (float)x[n][0];
        right[n] = (float)x[n][1];
        zeros[0] += left[n] * 0.0f + right[n] * 0.0f;
    }
    return is_zero(zeros);
}

CH_RT static inline void
fade_in_preamp(struct ch_eq *eq, v2 *x, uint32_t n_frames)
{
    float preamp[GRID_FRAMES];
    ch_ramp_fill(&eq->preamp, preamp, n_frames);
    for (uint32_t n = 0; n < n_frames; n++) {
        x[n] *= (double)preamp[n];
    }
}

CH_RT static inline void
run_chunk(struct ch_eq *eq, float *left, float *right, uint32_t n_frames)
{
    // With room for the rounds in which one half of the vectors has no frame.
    v2 frames[LAG + GRID_FRAMES + LAG] __attribute__((aligned(32)));
    v2 *x = frames + LAG;
    const bool settled = ch_ramp_settled(&eq->preamp);
    const double gain = settled ? (double)eq->preamp.target : 1.0;
    for (uint32_t n = 0; n < LAG; n++) {
        frames[n] = (v2){};
        x[n_frames + n] = (v2){};
    }
    if (!widen_all(left, right, gain, x, n_frames)) {
        repair(eq, left, n_frames);
        repair(eq, right, n_frames);
        widen_all(left, right, gain, x, n_frames);
    }
    if (!settled) {
        fade_in_preamp(eq, x, n_frames);
    }
    run_sections(eq, x, n_frames);
    if (!narrow_all(x, left, right, n_frames)) {
        repair(eq, left, n_frames);
        repair(eq, right, n_frames);
    }
}

#endif

// SPDX-License-Identifier: ISC
// daemon/dsp/eq_kernel_body.h — one chunk through the rack, for vectors of BANDS sections.    [rt]
//
// Sections at rest are a cascade.  Its vectors follow each other on the same frame and need no
// shuffling: of 10 sections, the lower halves of five vectors are sections 1 to 5 and the upper
// halves sections 6 to 10, on the frame of LAG frames ago that the lower halves have left in its
// place.  Nothing is late: a chunk ends with LAG rounds for the upper halves alone.

#ifndef CH_DSP_EQ_KERNEL_BODY_H
#define CH_DSP_EQ_KERNEL_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/dsp/eq_kernel_lanes.h"
#include "daemon/dsp/eq_kernel_strands.h"

/// Frames by which upper halves follow: long enough that what the lower halves stored has arrived.
#define LAG 4

/// Vectors of one pass: each keeps two registers of state, and there are 16 registers.
#define CASCADE_MAX 5

typedef float v4f __attribute__((vector_size(16), may_alias));
typedef float v4f_anywhere __attribute__((vector_size(16), may_alias, aligned(4)));

// --- sections at rest, in series ----------------------------------------------------------------

/// `count` is a constant wherever this is inlined: its loops unroll and the states live in
/// registers.
ALWAYS_INLINE CH_RT void
cascade_frames(const struct coefficients *k, vec *s1, vec *s2, const uint32_t count, v2 *x,
               ptrdiff_t lag, uint32_t n_frames)
{
    for (uint32_t n = 0; n < n_frames; n++, x++) {
        vec y = join(x[0], x[-lag]);
        UNROLL
        for (uint32_t i = 0; i < count; i++) {
            y = tick_cascaded(&k[i], &s1[i], &s2[i], y);
        }
        x[0] = lower(y);
        if (BANDS > 1) {
            x[-lag] = upper(y);
        }
    }
}

/// The lower halves of the vectors are the first `count` voices, the upper halves the others.
ALWAYS_INLINE CH_RT void
cascade(struct ch_eq_voice *const *voice, const uint32_t count, v2 *x, uint32_t n_frames)
{
    struct ch_eq_voice *const *other = voice + (BANDS - 1) * count;
    struct coefficients k[CASCADE_MAX];
    vec s1[CASCADE_MAX], s2[CASCADE_MAX];
    UNROLL
    for (uint32_t i = 0; i < count; i++) {
        k[i] = load_cascaded(voice[i], other[i]);
        s1[i] = join(pair(voice[i]->s1), (v2){});
        s2[i] = join(pair(voice[i]->s2), (v2){});
    }
    // The lower halves alone, both, and the upper halves alone.  What a half has made of no frame
    // is thrown away.
    const uint32_t lag = BANDS == 1 ? 0 : n_frames < LAG ? n_frames : LAG;
    if (BANDS > 1) {
        cascade_frames(k, s1, s2, count, x, (ptrdiff_t)lag, lag);
        UNROLL
        for (uint32_t i = 0; i < count; i++) {
            s1[i] = join(lower(s1[i]), pair(other[i]->s1));
            s2[i] = join(lower(s2[i]), pair(other[i]->s2));
        }
    }
    cascade_frames(k, s1, s2, count, x + lag, (ptrdiff_t)lag, n_frames - lag);
    UNROLL
    for (uint32_t i = 0; i < count; i++) {
        store_states(voice[i], lower(s1[i]), lower(s2[i]));
    }
    if (BANDS > 1) {
        cascade_frames(k, s1, s2, count, x + n_frames, (ptrdiff_t)lag, lag);
        UNROLL
        for (uint32_t i = 0; i < count; i++) {
            store_states(other[i], upper(s1[i]), upper(s2[i]));
        }
    }
}

/// Any number of voices at rest, in passes as even as they can be.
CH_RT static inline void
run_cascade(struct ch_eq_voice **voice, uint32_t n_voices, v2 *x, uint32_t n_frames)
{
    struct ch_eq_voice through;
    if (n_voices % BANDS != 0) {
        ch_eq_voice_init(&through, NULL, CH_EQ_BOTH);
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

/// The sections in the order of the rack; neighbours in the cascade go through it together.
CH_RT static inline void
run_sections(struct ch_eq *eq, v2 *x, uint32_t n_frames)
{
    struct ch_eq_voice *resting[CH_EQ_SECTIONS_MAX + 1];
    uint32_t n_resting = 0;
    for (uint64_t left = eq->running; left != 0; left &= left - 1) {
        struct ch_eq_slot *slot = &eq->slot[__builtin_ctzll(left)];
        if (slot->in_cascade) {
            resting[n_resting++] = &slot->voice[0];
        } else {
            run_cascade(resting, n_resting, x, n_frames);
            n_resting = 0;
            run_changing(slot, x, n_frames);
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
widen(v4f frames, vec gain, v2 *x)
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
widen_all(const float *left, const float *right, v2 gain, v2 *x, uint32_t n_frames)
{
    const vec gains = join(gain, gain);
    v4f check = {};
    uint32_t n = 0;
    for (; n + 4 <= n_frames; n += 4) {
        const v4f l = *(const v4f_anywhere *)(left + n);
        const v4f r = *(const v4f_anywhere *)(right + n);
        check += l * 0.0f + r * 0.0f;
        widen(__builtin_shufflevector(l, r, 0, 4, 1, 5), gains, x + n);
        widen(__builtin_shufflevector(l, r, 2, 6, 3, 7), gains, x + n + 2);
    }
    for (; n < n_frames; n++) {
        check[0] += left[n] * 0.0f + right[n] * 0.0f;
        x[n] = (v2){(double)left[n], (double)right[n]} * gain;
    }
    return is_zero(check);
}

CH_RT static inline bool
narrow_all(const v2 *x, float *left, float *right, uint32_t n_frames)
{
    v4f check = {};
    uint32_t n = 0;
    for (; n + 4 <= n_frames; n += 4) {
        const v4f first = narrow(x + n);
        const v4f second = narrow(x + n + 2);
        check += first * 0.0f + second * 0.0f;
        *(v4f_anywhere *)(left + n) = __builtin_shufflevector(first, second, 0, 2, 4, 6);
        *(v4f_anywhere *)(right + n) = __builtin_shufflevector(first, second, 1, 3, 5, 7);
    }
    for (; n < n_frames; n++) {
        left[n] = (float)x[n][0];
        right[n] = (float)x[n][1];
        check[0] += left[n] * 0.0f + right[n] * 0.0f;
    }
    return is_zero(check);
}

CH_RT static inline void
fade_in_preamp(struct ch_eq *eq, v2 *x, uint32_t n_frames)
{
    float left[GRID_FRAMES], right[GRID_FRAMES];
    ch_ramp_fill(&eq->preamp[0], left, n_frames);
    ch_ramp_fill(&eq->preamp[1], right, n_frames);
    for (uint32_t n = 0; n < n_frames; n++) {
        x[n] *= (v2){(double)left[n], (double)right[n]};
    }
}

CH_RT static inline void
run_chunk(struct ch_eq *eq, float *left, float *right, uint32_t n_frames)
{
    // With room for the rounds in which one half of the vectors has no frame.
    v2 frames[LAG + GRID_FRAMES + LAG] __attribute__((aligned(32)));
    v2 *x = frames + LAG;
    const bool settled = ch_ramp_settled(&eq->preamp[0]) && ch_ramp_settled(&eq->preamp[1]);
    v2 gain = pair(eq->gain);
    if (settled) {
        gain *= (v2){(double)eq->preamp[0].target, (double)eq->preamp[1].target};
    }
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

// SPDX-License-Identifier: ISC
// daemon/dsp/eq_voice.c — a section as the kernels want it: two integrators in one loop.      [rt]
//
//     y  = m0·x + m1·s1 + m2·s2
//     s1 <- c·s1 + x - s2
//     s2 <- s2 + k·(new s1)
//
// The transfer function of the trapezoidal state-variable section (g, k, mh, mb, ml), exactly, with
// as many multiplications as a direct form.  Its poles are those of 1 - (1 + c - k)/z + c/z^2, so
// with h = 1 / (1 + g·(g + k_section))
//
//     c = 1 - 2·h·g·k_section        k = 4·h·g^2
//
// where k is small at low frequencies and stored as it is, not as the difference of numbers near 2;
// that, and an s2 that is a low-pass output of gain 1, keeps the noise of the arithmetic where the
// state-variable section has it.  Comparing numerators, with m0 what comes out at once:
//
//     m0 = h·(mh + g·mb + g^2·ml)    m1 = 2·h·g·(mb - k_section·m0)    m2 = ml - m0
//
// In a cascade m0 is taken out: y = x + n1·s1 + n2·s2 with n = m/m0, and one gain before the first
// section is the product of all m0.  The states of a section are then those of its true
// input, times its scale: the m0 of itself and of all that follow.
//
// s1 is larger than s2 by up to 1/sqrt(k), which weighs it below.

#include "daemon/dsp/eq_voice.h"

#include <math.h>

/// -600 dBFS.
#define FLUSH_BELOW 1e-30

#define SCALABLE 0x1p15

/// The coefficients of one channel; those of identity have been there before.
CH_RT static void
set_coefficients(struct ch_eq_voice *voice, int c, const struct ch_eq_section *section)
{
    const double g = section->g;
    const double h = 1.0 / (1.0 + g * (g + section->k));
    const double m0 = h * (section->mh + g * (section->mb + g * section->ml));
    voice->c[c] = 1.0 - 2.0 * h * g * section->k;
    voice->k[c] = 4.0 * h * g * g;
    voice->m0[c] = m0;
    voice->m1[c] = 2.0 * h * g * (section->mb - section->k * m0);
    voice->m2[c] = h * (section->ml - section->mh + g * (section->k * section->ml - section->mb));
    voice->n1[c] = voice->m1[c] / m0;
    voice->n2[c] = voice->m2[c] / m0;
    voice->weight[c] = sqrt(voice->k[c]);
}

CH_RT void
ch_eq_voice_init(struct ch_eq_voice *voice, const struct ch_eq_section *section, uint32_t identity)
{
    *voice = (struct ch_eq_voice){.m0 = {1.0, 1.0}, .identity = identity};
    for (int c = 0; c < CH_CHANNELS; c++) {
        if (!(identity >> c & 1u)) {
            set_coefficients(voice, c, section);
        }
    }
}

CH_RT bool
ch_eq_voice_same(const struct ch_eq_voice *a, const struct ch_eq_voice *b)
{
    bool same = a->identity == b->identity;
    for (int c = 0; c < CH_CHANNELS; c++) {
        same = same && a->c[c] == b->c[c] && a->k[c] == b->k[c] && a->m0[c] == b->m0[c] &&
               a->m1[c] == b->m1[c] && a->m2[c] == b->m2[c];
    }
    return same;
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

CH_RT bool
ch_eq_voice_scalable(const struct ch_eq_voice *voice)
{
    bool scalable = true;
    for (int c = 0; c < CH_CHANNELS; c++) {
        const double m0 = magnitude(voice->m0[c]);
        scalable = scalable && m0 > 1.0 / SCALABLE && m0 < SCALABLE;
    }
    return scalable;
}

CH_RT void
ch_eq_voice_scale(struct ch_eq_voice *voice, const double by[CH_CHANNELS])
{
    for (int c = 0; c < CH_CHANNELS; c++) {
        voice->s1[c] *= by[c];
        voice->s2[c] *= by[c];
    }
}

/// Both states of a channel, by what they mean in s2.
CH_RT static double
state_sum(const struct ch_eq_voice *voice, int c)
{
    return voice->weight[c] * magnitude(voice->s1[c]) + magnitude(voice->s2[c]);
}

CH_RT double
ch_eq_voice_level(const struct ch_eq_voice *voice, const double scale[CH_CHANNELS])
{
    double level = 0.0;
    for (int c = 0; c < CH_CHANNELS; c++) {
        if (!(voice->identity >> c & 1u)) {
            const double heard =
                magnitude(voice->m1[c]) / voice->weight[c] + magnitude(voice->m2[c]);
            level += 2.0 * heard * state_sum(voice, c) / magnitude(scale[c]);
        }
    }
    return level;
}

CH_RT bool
ch_eq_voice_tidy(struct ch_eq_voice *voice, const double scale[CH_CHANNELS])
{
    const double sum[CH_CHANNELS] = {state_sum(voice, 0), state_sum(voice, 1)};
    const bool finite = (sum[0] + sum[1]) * 0.0 == 0.0;
    for (int c = 0; c < CH_CHANNELS; c++) {
        // What is not finite is not above either.
        if (!(sum[c] >= FLUSH_BELOW * magnitude(scale[c]) && sum[c] * 0.0 == 0.0)) {
            voice->s1[c] = 0.0;
            voice->s2[c] = 0.0;
        }
    }
    return finite;
}

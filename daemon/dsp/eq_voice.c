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

/// 2^15, and 2^(2·15·CH_EQ_BANDS_MAX) is still finite.
#define SCALABLE 32768.0

CH_RT void
ch_eq_voice_init(struct ch_eq_voice *voice, const struct ch_eq_section *section, bool identity)
{
    *voice = (struct ch_eq_voice){.m0 = 1.0, .identity = identity};
    if (!identity) {
        const double g = section->g;
        const double h = 1.0 / (1.0 + g * (g + section->k));
        voice->c = 1.0 - 2.0 * h * g * section->k;
        voice->k = 4.0 * h * g * g;
        voice->m0 = h * (section->mh + g * (section->mb + g * section->ml));
        voice->m1 = 2.0 * h * g * (section->mb - section->k * voice->m0);
        voice->m2 = h * (section->ml - section->mh + g * (section->k * section->ml - section->mb));
        voice->n1 = voice->m1 / voice->m0;
        voice->n2 = voice->m2 / voice->m0;
        voice->weight = sqrt(voice->k);
    }
}

CH_RT bool
ch_eq_voice_same(const struct ch_eq_voice *a, const struct ch_eq_voice *b)
{
    return a->identity == b->identity && a->c == b->c && a->k == b->k && a->m0 == b->m0 &&
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

CH_RT bool
ch_eq_voice_scalable(const struct ch_eq_voice *voice)
{
    const double m0 = magnitude(voice->m0);
    return m0 > 1.0 / SCALABLE && m0 < SCALABLE;
}

CH_RT void
ch_eq_voice_scale(struct ch_eq_voice *voice, double by)
{
    for (int c = 0; c < CH_CHANNELS; c++) {
        voice->s1[c] *= by;
        voice->s2[c] *= by;
    }
}

/// Both states of both channels, by what they mean in s2.
CH_RT static double
state_sum(const struct ch_eq_voice *voice)
{
    double sum = 0.0;
    for (int c = 0; c < CH_CHANNELS; c++) {
        sum += voice->weight * magnitude(voice->s1[c]) + magnitude(voice->s2[c]);
    }
    return sum;
}

CH_RT double
ch_eq_voice_level(const struct ch_eq_voice *voice, double scale)
{
    if (voice->identity) {
        return 0.0;
    }
    const double heard = magnitude(voice->m1) / voice->weight + magnitude(voice->m2);
    return 2.0 * heard * state_sum(voice) / magnitude(scale);
}

CH_RT bool
ch_eq_voice_tidy(struct ch_eq_voice *voice, double scale)
{
    const double sum = state_sum(voice);
    const bool finite = sum * 0.0 == 0.0;
    if (!finite || sum < FLUSH_BELOW * magnitude(scale)) {
        ch_eq_voice_clear(voice);
    }
    return finite;
}

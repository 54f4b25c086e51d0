// SPDX-License-Identifier: ISC
// daemon/dsp/dither.c — triangular noise from a counter that is stirred (SplitMix64).

#include "daemon/dsp/dither.h"

#include <math.h>
#include <string.h>

bool
ch_dither_mode_from_name(const char *name, enum ch_dither_mode *mode)
{
    static const char *const names[] = {
        [CH_DITHER_AUTO] = "auto", [CH_DITHER_ON] = "on", [CH_DITHER_OFF] = "off"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        if (!strcmp(name, names[i])) {
            *mode = (enum ch_dither_mode)i;
            return true;
        }
    }
    return false;
}

void
ch_dither_init(struct ch_dither *dither, enum ch_dither_mode mode, uint32_t rate_hz)
{
    // Far apart on the one cycle of the counter, which takes millions of years.
    *dither = (struct ch_dither){.mode = mode,
                                 .hold_frames = rate_hz,
                                 .n_exact = rate_hz,
                                 .state = {0x6a09e667f3bcc908u, 0xbb67ae8584caa73bu}};
}

CH_RT static uint64_t
next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/// -1…1 steps, the triangle; both halves of the number are even and independent.
CH_RT static double
triangle(uint64_t *state)
{
    const uint64_t random = next_random(state);
    const int64_t difference = (int64_t)(random >> 32) - (int64_t)(random & 0xffffffffu);
    return (double)difference * 0x1p-32;
}

/// In steps, exactly: a float times a power of two is a double without rounding.
CH_RT static double
steps(float x, double full_scale)
{
    return isnan(x) ? 0.0 : (double)x * full_scale;
}

CH_RT static int32_t
integer(double scaled, double full_scale)
{
    return (int32_t)lrint(fmin(fmax(scaled, -full_scale), full_scale - 1.0));
}

CH_RT static bool
is_exact(double scaled, double full_scale)
{
    return scaled == (double)integer(scaled, full_scale);
}

/// Whether this frame gets noise.
CH_RT static bool
wants(struct ch_dither *dither, double left, double right, double full_scale)
{
    if (dither->mode != CH_DITHER_AUTO) {
        return dither->mode == CH_DITHER_ON;
    }
    if (!is_exact(left, full_scale) || !is_exact(right, full_scale)) {
        dither->n_exact = 0;
    } else if (dither->n_exact < dither->hold_frames) {
        dither->n_exact++;
    }
    return dither->n_exact < dither->hold_frames;
}

CH_RT void
ch_dither_run(struct ch_dither *dither, unsigned bits, float *const planes[CH_CHANNELS],
              uint32_t n_frames, int32_t *out)
{
    const double full_scale = (double)(1 << (bits - 1));
    for (uint32_t i = 0; i < n_frames; i++) {
        double left = steps(planes[0][i], full_scale);
        double right = steps(planes[1][i], full_scale);
        if (wants(dither, left, right, full_scale)) {
            left += triangle(&dither->state[0]);
            right += triangle(&dither->state[1]);
        }
        out[CH_CHANNELS * i] = integer(left, full_scale);
        out[CH_CHANNELS * i + 1] = integer(right, full_scale);
    }
}

// SPDX-License-Identifier: ISC
// daemon/dsp/limiter_detect.c — how high the sound goes between its samples.                  [rt]
//
// The peak of a frame is the largest of its own samples and of the places between it and the next,
// of both channels: seven places (three from 176.4 kHz on), each a windowed sinc over 2·half
// samples.  For the next frame it counts as well, since it is held for longer than a frame.
//
// Meters do not agree about what lies above 0.45 times the rate: their interpolators are steeper or
// softer there, and the softer is not always the lower.  So below 176.4 kHz a soft one, three
// places of 12 samples as in BS.1770, has its say as well.

#include <string.h>

#include "daemon/dsp/limiter_between.h"
#include "daemon/dsp/limiter_state.h"

#define WINDOW_MAX (2 * CH_LIMITER_HALF_MAX)
#define LANES_MAX  8 ///< the last vector may begin with the last frame

CH_RT static void
look_between(const struct ch_limiter *limiter, const float *x, float *between, uint32_t n_frames)
{
#if CH_LIMITER_HAVE_AVX2
    if (limiter->wide) {
        ch_limiter_between_avx2(limiter, x, between, n_frames);
        return;
    }
#endif
    interpolate(limiter, x, between, n_frames);
}

/// The last 2·half frames of one channel, from the delay, and then those that come in.
CH_RT static void
lay_out(const struct ch_limiter *limiter, const float *in, uint32_t channel, float *x,
        uint32_t n_frames)
{
    const uint32_t window = 2 * limiter->half;
    uint32_t at = ch_limiter_wrap(limiter->delay_at + limiter->latency - window, limiter->latency);
    for (uint32_t k = 0; k < window; k++) {
        const struct ch_limiter_frame *frame = &limiter->delay[at];
        x[k] = channel == 0 ? frame->left : frame->right;
        at = ch_limiter_wrap(at + 1, limiter->latency);
    }
    memcpy(x + window, in, n_frames * sizeof *in);
    memset(x + window + n_frames, 0, LANES_MAX * sizeof *x);
}

CH_RT void
ch_limiter_detect(const struct ch_limiter *limiter, const float *left, const float *right,
                  float *peak, uint32_t n_frames)
{
    float x[2][WINDOW_MAX + CH_LIMITER_CHUNK + LANES_MAX];
    float found[CH_LIMITER_CHUNK + LANES_MAX] = {0.0f};
    lay_out(limiter, left, 0, x[0], n_frames);
    lay_out(limiter, right, 1, x[1], n_frames);
    look_between(limiter, x[0] + 1, found, n_frames);
    look_between(limiter, x[1] + 1, found, n_frames);
    const float *l = x[0] + limiter->half, *r = x[1] + limiter->half;
    for (uint32_t n = 0; n < n_frames; n += 4) {
        const vec samples = ch_limiter_larger4(MAGNITUDE(LOAD(l + n)), MAGNITUDE(LOAD(r + n)));
        STORE(found + n, ch_limiter_larger4(samples, LOAD(found + n)));
    }
    memcpy(peak, found, n_frames * sizeof *peak);
}

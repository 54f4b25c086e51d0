// SPDX-License-Identifier: ISC
// tests/traps/fuzz_output.c — finite, below the ceiling, and without a step that no ramp explains.
//
// While smooth, N decks sound, each a sine of level a <= A and half period h >= H, which begins and
// ends at 0, times ramps in 0…1 that take F frames (fade, flow, gate; a fade that is cut short as
// its deck runs dry counts as a fourth).  A raised cosine between targets a range D apart moves by
// at most D·pi/(2·F) a frame, however many overlap: it is the targets convolved with one half-wave
// of that height.  So of one frame to the next
//
//     mix      M <= N·A                        dM <= N·A·(pi/H + 4·pi/(2·F))
//     preamp   P <= Pmax                       dP <= Pmax·pi/(2·R)
//     gain     G <= Gmax                       dG <= Gmax·pi/(2·R) + Gmax·(pi/(2·R) + pi/(2·F))
//              (itself, mute and gate)
//     product  X <= M·P·G                      dX <= dM·P·G + M·dP·G + M·P·dG
//     limiter  means of S and more gains in 0…1  dY <= dX + X/S  (bypassed: dX)

#include <inttypes.h>
#include <math.h>

#include "daemon/base/units.h"
#include "tests/traps/fuzz.h"

/// Longest that the limiter's ceiling and bypass are on their way after a command landed: a ramp
/// that waits for one of eight, a ramp, look-ahead, and as much again.
static uint64_t
settling_frames(const struct fuzz *fuzz)
{
    return 3 * ch_frames_from_ms(20.0, ch_engine_rate(fuzz->engine)) +
           ch_engine_latency(fuzz->engine) + 1;
}

void
fuzz_limiter_landed(struct fuzz *fuzz, float ceiling, bool bypass, uint64_t frame)
{
    if (fuzz->bypass || bypass) {
        fuzz->bypass_frame = frame;
    }
    fuzz->bypass = bypass;
    fuzz->ceiling = ceiling;
    fuzz->ceiling_frame = frame;
}

/// Whether the limiter has been at work for all of what comes out from `frame` on.
static bool
is_limited(const struct fuzz *fuzz, uint64_t frame)
{
    return !fuzz->bypass && fuzz->n_bypass_waiting == 0 &&
           frame > fuzz->bypass_frame + settling_frames(fuzz);
}

static void
check_finite(const struct fuzz *fuzz, const float *x, uint32_t n_frames)
{
    float sum = 0.0f;
    for (uint32_t i = 0; i < n_frames; i++) {
        sum += x[i] * 0.0f;
    }
    if (sum != 0.0f) {
        fuzz_fail(fuzz, "the output is not finite");
    }
}

static void
check_ceiling(const struct fuzz *fuzz, const float *x, uint32_t n_frames, float ceiling)
{
    float peak = 0.0f;
    for (uint32_t i = 0; i < n_frames; i++) {
        const float level = fabsf(x[i]);
        peak = level > peak ? level : peak;
    }
    if (peak > ceiling) {
        fuzz_fail(fuzz, "the output is at %.9g, the ceiling at %.9g", (double)peak,
                  (double)ceiling);
    }
}

static double
step_allowed(const struct fuzz *fuzz, uint32_t n_decks)
{
    const uint32_t rate_hz = ch_engine_rate(fuzz->engine);
    const double fade = ch_frames_from_ms(10.0, rate_hz);
    const double ramp = fuzz->mood.ramp_frames;
    const double mix = n_decks * FUZZ_DECK_MAX;
    const double d_mix = mix * (M_PI / FUZZ_HALF_MIN + 4.0 * M_PI / (2.0 * fade));
    const double d_preamp = FUZZ_PREAMP_MAX * M_PI / (2.0 * ramp);
    const double d_gain = FUZZ_GAIN_MAX * (2.0 * M_PI / (2.0 * ramp) + M_PI / (2.0 * fade));
    const double product = mix * FUZZ_PREAMP_MAX * FUZZ_GAIN_MAX;
    const double d_product = d_mix * FUZZ_PREAMP_MAX * FUZZ_GAIN_MAX +
                             mix * (d_preamp * FUZZ_GAIN_MAX + FUZZ_PREAMP_MAX * d_gain);
    const double limiter =
        fuzz->mood.bypass ? 0.0 : product / (0.3 * ch_engine_latency(fuzz->engine));
    return d_product + limiter + 1e-5; // rounding
}

static void
check_steps(struct fuzz *fuzz, const float *x, float before, uint32_t n_frames, double allowed)
{
    for (uint32_t i = 0; i < n_frames; i++) {
        const double step = fabs((double)x[i] - (double)before);
        before = x[i];
        if (step > fuzz->worst_step) {
            fuzz->worst_step = step;
        }
        if (step > allowed * fuzz->worst_ratio) {
            fuzz->worst_ratio = step / allowed;
            if (step > allowed) {
                fuzz_fail(fuzz, "a step of %.6f, allowed are %.6f (frame %" PRIu64 ")", step,
                          allowed, fuzz->n_frames + i);
            }
        }
    }
    fuzz->n_steps += n_frames;
}

/// The limiter delays, so what sounded a window ago still counts.
static uint32_t
decks_heard(struct fuzz *fuzz, uint32_t n_frames, uint32_t n_sounding)
{
    if (n_sounding > fuzz->n_decks[1]) {
        fuzz->n_decks[1] = n_sounding;
    }
    const uint32_t heard =
        fuzz->n_decks[0] > fuzz->n_decks[1] ? fuzz->n_decks[0] : fuzz->n_decks[1];
    fuzz->window_frames += n_frames;
    if (fuzz->window_frames > ch_engine_latency(fuzz->engine) + 1) {
        fuzz->n_decks[0] = fuzz->n_decks[1];
        fuzz->n_decks[1] = n_sounding;
        fuzz->window_frames = 0;
    }
    return heard;
}

void
fuzz_check_output(struct fuzz *fuzz, float *const out[CH_CHANNELS], uint32_t n_frames,
                  uint32_t n_sounding)
{
    const uint64_t begin = fuzz->n_frames - n_frames;
    if (fuzz->n_limits_waiting == 0 && begin > fuzz->ceiling_frame + settling_frames(fuzz)) {
        fuzz->ceiling_max = fuzz->ceiling;
    }
    const uint32_t n_decks = decks_heard(fuzz, n_frames, n_sounding);
    for (unsigned c = 0; c < CH_CHANNELS; c++) {
        check_finite(fuzz, out[c], n_frames);
        if (is_limited(fuzz, begin)) {
            check_ceiling(fuzz, out[c], n_frames, fuzz->ceiling_max);
            fuzz->n_ceiling += n_frames;
        }
        if (fuzz->mood.smooth) {
            check_steps(fuzz, out[c], fuzz->last[c], n_frames, step_allowed(fuzz, n_decks));
        }
        fuzz->last[c] = out[c][n_frames - 1];
    }
}

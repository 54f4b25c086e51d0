// SPDX-License-Identifier: ISC
// daemon/analysis/stage.h — one resolution of a spectrum: FFT → window → power → bands.
//
// Power.  A bin's power is scaled so that the bins of a sine add up to its amplitude squared,
// wherever it lies between bins and whatever the window (Parseval: the sum of |X|^2 over its lobe
// is n·S2·A^2/4).  A band is the sum of its bins' powers, by weights that share every bin out
// exactly once.  That is right for everything that is wide against the lobe, and for noise always.
//
// Tones.  It is too low for a sine in a band that is narrower than the window's main lobe, because
// part of the lobe lies in the neighbours, and up to 3 dB too low for a sine near the edge of any
// band.  So a sine that is found lifts the band that its frequency lies in to its own level: the
// band reads max(sum of power, level of the tone inside it).
//
// Finding them.  The local maximum of any noise also looks like a lobe, and lifting to that would
// make noise read up to 2 dB too high in narrow bands.  What sets a sine apart is that *all*
// bins of its lobe oscillate at one frequency.  That instantaneous frequency of bin k is, in bins,
//     k - Im(D[k]/X[k]),   D = the spectrum with the window's derivative,
// (F. Auger, P. Flandrin, "Improving the readability of time-frequency and time-scale
// representations by the reassignment method", 1995.)  Windows here are sums of cosines, so X and D
// both are short convolutions of the same unwindowed FFT: one transform does.  The power-weighted
// mean over the lobe is the frequency of the tone, exact to 1/1000 bin; the variance is the test.
// For sines, also decaying or gliding ones and in noise of their own level, it is below 0.004
// (Hann); of maxima of white noise one in a hundred is below 0.005.  The level is that of the
// highest bin, corrected for its distance from the tone.
//
// Weighting.  Each bin's power counts by the weight at its own frequency, but the bins of a tone's
// lobe by that at the tone's: where the curve is steep and the lobe wide against its frequency, the
// outer bins would otherwise add a quarter of a decibel.

#ifndef CH_ANALYSIS_STAGE_H
#define CH_ANALYSIS_STAGE_H

#include <stdint.h>

#include "daemon/analysis/fft.h"
#include "daemon/base/attributes.h"
#include "daemon/base/status.h"
#include "daemon/dsp/bandmap.h"
#include "daemon/dsp/weighting.h"
#include "daemon/dsp/window.h"

struct ch_stage {
    uint32_t n;          ///< points
    const float *bins;   ///< of the transform that is measured, see ch_fft_output()
    const double *terms; ///< of the window
    uint32_t n_terms;
    double power_scale; ///< of |X|^2: 4/(n·S2)
    double enbw;        ///< n·S2/S1^2, bins
    double bin_hz;
    struct ch_bandmap *map;       ///< owned; NULL if the bins are the bands
    struct ch_bandmap view;       ///< the bands of `map` that this stage measures; owns nothing
    uint32_t first_bin, last_bin; ///< bins whose power is computed
    float *power;                 ///< n/2 + 2: bins, and one for pairs
    enum ch_weighting weighting;
    float *weight;   ///< n/2 + 1, by bin; NULL for Z
    float *weighted; ///< n/2 + 1: power as it counts; NULL for Z
};

/// A stage that measures bands first … first + n_bands - 1 of `map`, which it takes over (also if
/// it fails).  Its sound comes at the map's rate divided by `factor`, and it has n_fft/factor
/// points: bins are as wide and as many, up to the reduced rate/2, below which all of these bands
/// must lie.                                                                                 [main]
CH_NODISCARD enum ch_status ch_stage_init(struct ch_stage *stage, enum ch_window_kind window,
                                          struct ch_bandmap *map, uint32_t first, uint32_t n_bands,
                                          uint32_t factor);

/// A stage whose n/2 bands are its bins 0 … n/2 - 1, each scaled so that a sine on it reads its
/// amplitude squared.                                                                       [main]
CH_NODISCARD enum ch_status ch_stage_init_bins(struct ch_stage *stage, enum ch_window_kind window,
                                               uint32_t n, uint32_t rate_hz);

/// Weigh every bin, and every tone by its own frequency.                                    [main]
CH_NODISCARD enum ch_status ch_stage_weigh(struct ch_stage *stage, enum ch_weighting weighting);

void ch_stage_fini(struct ch_stage *stage); ///< [main]

/// Measure n points by their transform, see ch_fft_output(); bands[i] is the power of the stage's
/// band i, a sine of amplitude 1 being 1.  `bands` must not be the same for two stages.   [worker]
void ch_stage_run(struct ch_stage *stage, const float *bins, float *bands);

#endif

// SPDX-License-Identifier: ISC
// daemon/dsp/bandmap.h — how the bins of a DFT share themselves out to bands.          [any, pure]
//
// Bin k stands for the cell [k - 1/2, k + 1/2]·rate/n_fft; a band takes the fraction of each cell
// that lies in it.  So a band narrower than a bin gets its share instead of nothing (none is ever
// empty), and the weights of one bin over all bands sum to 1 inside fmin…fmax (a partition of
// unity).  Bins 0 and n_fft/2 stand for half a cell.  Above rate/2 there is nothing to share out: a
// band that lies there wholly keeps its edges, has no bins and is always 0.

#ifndef CH_DSP_BANDMAP_H
#define CH_DSP_BANDMAP_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/attributes.h"
#include "daemon/base/status.h"

#define CH_SCALE_MAP(X) X(LOG, "log") X(LINEAR, "linear") X(THIRD_OCTAVE, "third_octave")

enum ch_scale {
#define X(id, name) CH_SCALE_##id,
    CH_SCALE_MAP(X)
#undef X
        CH_SCALES
};

bool ch_scale_from_name(const char *name, enum ch_scale *scale);
const char *ch_scale_name(enum ch_scale scale);

/// One band: bins first_bin … first_bin + n_bins - 1 with weights[offset …].
struct ch_band {
    double lo_hz, hi_hz,
        centre_hz; ///< centre: geometric mean (log, third octave), arithmetic (linear)
    uint32_t first_bin, n_bins, offset;
};

struct ch_bandmap {
    uint32_t n_bands, n_fft, rate_hz;
    struct ch_band *bands;
    float *weights;
    uint32_t n_weights;
};

/// Edges only: n_bands + 1 edges for log and linear.  Third octave: base-10 bands of IEC 61260-1
/// (centres 1000·10^(n/10)) whose centre lies in fmin…fmax; n_bands is then ignored.  Give or
/// take 1 %, because the nominal frequencies that people write differ as much: 20 Hz is 19.95 Hz.
///
/// CH_OUT_OF_RANGE for a range without bands: fmin >= fmax, fmin < 0, fmin = 0 if logarithmic.
CH_NODISCARD enum ch_status ch_bandmap_create(struct ch_bandmap **out, enum ch_scale scale,
                                              uint32_t n_bands, double fmin_hz, double fmax_hz,
                                              uint32_t n_fft, uint32_t rate_hz);
void ch_bandmap_destroy(struct ch_bandmap *map);

/// bands[i] = sum of weights·power over the band's bins; power has n_fft/2 + 1 elements.
void ch_bandmap_apply(const struct ch_bandmap *map, const float *power, float *bands);

#endif

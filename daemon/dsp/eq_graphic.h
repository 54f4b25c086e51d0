// SPDX-License-Identifier: ISC
// daemon/dsp/eq_graphic.h — a row of sliders, turned into bands that measure as the sliders stand.
//                                                                                    [any but rt]
//
// Bells overlap: ten of them at +12 dB, each at its slider, add up to 18 dB.  So each bell's gain,
// Q and, within a fraction of the distance to its neighbours, frequency are solved for together,
// until their true digital responses add up to what the sliders ask for: the gain of each slider
// at its centre, and between two of them the straight line in dB over the logarithm of frequency.
// One ordinary peak band per slider, no more.  The sound beyond the first and the last slider is
// what their bells leave there.
//
// The centres of iso10 and iso31 are the nominal frequencies of IEC 61260 and ISO 266, the ones
// that sliders are labelled with: 31.5 Hz is 31.5 Hz, not 31.62.  seed8 is 60·2^i Hz.

#ifndef CH_DSP_EQ_GRAPHIC_H
#define CH_DSP_EQ_GRAPHIC_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/dsp/eq_design.h"

#define CH_GRAPHIC_SLIDERS_MAX 31
#define CH_GRAPHIC_GAIN_MAX_DB 12.0 ///< of a slider, both signs

/// name, sliders
#define CH_GRAPHIC_LAYOUT_MAP(X)                                                                   \
    X(ISO10, "iso10", 10)                                                                          \
    X(ISO31, "iso31", 31)                                                                          \
    X(SEED8, "seed8", 8)

enum ch_graphic_layout {
#define X(id, name, n_sliders) CH_GRAPHIC_##id,
    CH_GRAPHIC_LAYOUT_MAP(X)
#undef X
        CH_GRAPHIC_LAYOUTS
};

struct ch_graphic {
    enum ch_graphic_layout layout;
    double gains_db[CH_GRAPHIC_SLIDERS_MAX]; ///< one for each slider of the layout
};

const char *ch_graphic_layout_name(enum ch_graphic_layout layout);

/// false: no layout is called that.
bool ch_graphic_layout_from_name(const char *name, enum ch_graphic_layout *layout);

/// How many sliders; `*centres_hz`, if it is not NULL, is set to their centres, rising.
uint32_t ch_graphic_centres(enum ch_graphic_layout layout, const double **centres_hz);

/// What the sliders ask for at freq_hz; beyond the outer two, what these say.
double ch_graphic_target_db(const struct ch_graphic *graphic, double freq_hz);

/// The bands, one for each slider, for CH_EQ_MATCHED at this rate.  Gains stay within
/// CH_EQ_GAIN_MAX_DB.  Flat sliders give flat bands; a slider too near half the sample rate, or
/// above it, is left flat.  Always the same for the same input, always finite; about a millisecond.
void ch_graphic_bands(const struct ch_graphic *graphic, uint32_t rate_hz,
                      struct ch_eq_band bands[CH_GRAPHIC_SLIDERS_MAX]);

#endif

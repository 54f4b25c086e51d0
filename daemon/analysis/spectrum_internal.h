// SPDX-License-Identifier: ISC
// daemon/analysis/spectrum_internal.h — what spectrum.c measures and spectrum_text.c writes.

#ifndef CH_ANALYSIS_SPECTRUM_INTERNAL_H
#define CH_ANALYSIS_SPECTRUM_INTERNAL_H

#include "daemon/analysis/spectrum.h"
#include "daemon/analysis/stage.h"
#include "daemon/analysis/transform.h"
#include "daemon/base/units.h"

#define CH_SPECTRUM_STAGES_MAX 2

struct ch_spectrum_channel {
    float *level;      ///< n_bands, smoothed
    float *peak;       ///< n_bands, or NULL
    float *peak_age_s; ///< since the peak was reached
};

struct ch_spectrum {
    struct ch_spectrum_spec spec;
    uint32_t rate_hz, n_bands, n_channels;
    uint32_t n_stages;
    struct ch_stage stage[CH_SPECTRUM_STAGES_MAX];          ///< the longest window first
    struct ch_transform *transform[CH_SPECTRUM_STAGES_MAX]; ///< of each stage; perhaps shared
    uint32_t first_band[CH_SPECTRUM_STAGES_MAX];            ///< of each stage
    struct ch_bandmap *edges; ///< of all bands; NULL if the bins are the bands
    float *share;             ///< n_bands: how much of a band the long window measures
    float *fresh, *partial;   ///< n_bands, work space
    struct ch_spectrum_channel channel[CH_CHANNELS];
};

#endif

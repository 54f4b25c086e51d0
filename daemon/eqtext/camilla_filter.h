// SPDX-License-Identifier: ISC
// daemon/eqtext/camilla_filter.h — one filter of CamillaDSP as bands, or as a gain.

#ifndef CH_EQTEXT_CAMILLA_FILTER_H
#define CH_EQTEXT_CAMILLA_FILTER_H

#include "daemon/eqtext/internal.h"
#include "daemon/eqtext/yaml_tree.h"

#define CH_CAMILLA_BANDS_MAX 5

/// A tilt of CamillaDSP turns about this frequency: sqrt(110·3500).
#define CH_CAMILLA_TILT_HZ 620.4836823

struct ch_camilla_filter {
    struct ch_eq_band bands[CH_CAMILLA_BANDS_MAX];
    uint32_t n_bands;
    bool is_gain;
    double gain_db;
};

/// False and `why` (CH_EQTEXT_WHY_BYTES) if it can't be had.
bool ch_camilla_filter(const struct ch_yaml_node *node, uint32_t rate_hz,
                       struct ch_camilla_filter *out, char *why);

#endif

// SPDX-License-Identifier: ISC
// tests/unit/eq_band.h — bands in one line, and the section of those that have one.

#ifndef CH_TESTS_UNIT_EQ_BAND_H
#define CH_TESTS_UNIT_EQ_BAND_H

#include <stdint.h>
#include <stdlib.h>

#include "daemon/dsp/eq_design.h"

#define BAND(t, hz, db, quality, off)                                                              \
    {                                                                                              \
        .type = t, .freq_hz = hz, .gain_db = db, .q = quality, .bypass = off                       \
    }

/// The section of a band that has one, and the mask of the channels that it passes.
static inline uint32_t
one_section(const struct ch_eq_band *band, enum ch_eq_design design, uint32_t rate_hz,
            struct ch_eq_section *section)
{
    struct ch_eq_section sections[CH_EQ_BAND_SECTIONS_MAX];
    *section = (struct ch_eq_section){.g = 1.0, .k = 1.0, .mh = 1.0, .mb = 1.0, .ml = 1.0};
    const uint32_t n = ch_eq_sections_from_band(band, design, rate_hz, sections);
    if (n > 1) {
        abort();
    }
    if (n == 1) {
        *section = sections[0];
    }
    return ch_eq_band_bypass(band);
}

#endif

// SPDX-License-Identifier: ISC
// tests/unit/eq_band.h — bands in one line, and the section of those that have one.

#ifndef CH_TESTS_UNIT_EQ_BAND_H
#define CH_TESTS_UNIT_EQ_BAND_H

#include <stdint.h>

#include "daemon/dsp/eq_design.h"

#define BAND(t, hz, db, quality, off)                                                              \
    {                                                                                              \
        .type = t, .freq_hz = hz, .gain_db = db, .q = quality, .bypass = off                       \
    }

/// The section of a band of one stage, by the one biquad that is best for it, and the mask of the
/// channels that it passes.
static inline uint32_t
one_section(const struct ch_eq_band *band, enum ch_eq_design design, uint32_t rate_hz,
            struct ch_eq_section *section)
{
    struct ch_biquad biquad;
    ch_eq_design_band(band, design, rate_hz, &biquad);
    ch_eq_section_from_biquad(&biquad, section);
    const uint32_t identity = ch_eq_band_bypass(band);
    if (identity == CH_EQ_BOTH) {
        section->mh = section->ml = 1.0;
        section->mb = section->k;
    }
    return identity;
}

#endif

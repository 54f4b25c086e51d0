// SPDX-License-Identifier: ISC
// daemon/control/eq_rack.h — which band runs in which sections, and what [rt] knows of them. [main]
//
// Band i has section i for its first; what it needs beyond comes from a pool that all bands share
// and stays its own until it needs it no more.  So nothing moves when another band grows or goes,
// and of a change only the sections that differ are told.

#ifndef CH_CONTROL_EQ_RACK_H
#define CH_CONTROL_EQ_RACK_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/units.h"
#include "daemon/dsp/eq_design.h"

struct ch_command;
struct ch_equaliser;

#define CH_EQ_EXTRAS_MAX (CH_EQ_SECTIONS_MAX - CH_EQ_BANDS_MAX)

struct ch_eq_rack {
    bool told; ///< the sections below are what [rt] has
    struct ch_eq_section section[CH_EQ_SECTIONS_MAX];
    uint32_t identity[CH_EQ_SECTIONS_MAX];                       ///< masks of channels
    uint8_t extra[CH_EQ_BANDS_MAX][CH_EQ_BAND_SECTIONS_MAX - 1]; ///< 0 = none
};

/// The sections that the bands take beyond the first of each: CH_EQ_EXTRAS_MAX can run.
uint32_t ch_eq_rack_extras(const struct ch_eq_band *bands, uint32_t n_bands);

/// The chain of commands that brings [rt] to what *eq says, the preamp last: 1 to
/// CH_EQ_SECTIONS_MAX + 1.  Returns how many.
uint32_t ch_eq_rack_commands(struct ch_eq_rack *rack, const struct ch_equaliser *eq,
                             uint32_t rate_hz, struct ch_command *commands);

#endif

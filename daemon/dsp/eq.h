// SPDX-License-Identifier: ISC
// daemon/dsp/eq.h — the running equaliser: a rack of stereo state-variable sections.          [rt]
//
// Topology-preserving (trapezoidal) state-variable sections after A. Simper, "Linear Trap
// Optimised SVF" (Cytomic): stable and free of artefacts while they change.  A change of a section
// moves (g, k, mh, mb, ml) per sample along superposed raised cosines (see ramp.h); between changes
// the constant kernel runs; an identity section costs nothing and leaves the samples untouched bit
// for bit.  State and arithmetic are double: at 20 Hz single precision would be audible.

#ifndef CH_DSP_EQ_H
#define CH_DSP_EQ_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/attributes.h"
#include "daemon/base/units.h"
#include "daemon/dsp/eq_design.h"
#include "daemon/dsp/ramp.h"

#define CH_EQ_RAMP_SLOTS 4

struct ch_eq_slot {
    struct ch_eq_section target;
    bool identity; ///< target is identity: once settled the section is skipped
    bool running;  ///< has state; false = skipped
    uint32_t n_active;
    struct {
        struct ch_eq_section delta;
        uint32_t position, length; ///< frames
    } ramp[CH_EQ_RAMP_SLOTS];
    struct ch_eq_section pending; ///< waits for a ramp slot
    uint32_t pending_length;      ///< frames; 0 = nothing waits
    bool pending_identity;
    double s1[CH_CHANNELS], s2[CH_CHANNELS]; ///< integrator states
};

struct ch_eq {
    struct ch_ramp preamp; ///< linear
    uint32_t n_resets;     ///< sections that met NaN or infinity and began anew
    struct ch_eq_slot slot[CH_EQ_BANDS_MAX];
};

/// All sections identity, preamp 1.                                                        [setup]
void ch_eq_init(struct ch_eq *eq);

/// Move section `index` to `target` within `n_frames`; 0 = at once (nothing is sounding).
CH_RT void ch_eq_set_section(struct ch_eq *eq, uint32_t index, const struct ch_eq_section *target,
                             bool identity, uint32_t n_frames);

CH_RT void ch_eq_set_preamp(struct ch_eq *eq, float linear, uint32_t n_frames);

/// In place; n_frames 1…CH_BLOCK_MAX.  Non-finite input or state resets the section and is counted.
CH_RT void ch_eq_run(struct ch_eq *eq, float *left, float *right, uint32_t n_frames);

/// Nothing is ramping and no section holds energy above -200 dBFS: silence in is silence out.
CH_RT bool ch_eq_quiet(const struct ch_eq *eq);

/// Forget all signal: states to zero, ramps at their ends.
CH_RT void ch_eq_reset(struct ch_eq *eq);

#endif

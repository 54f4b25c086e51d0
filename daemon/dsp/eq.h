// SPDX-License-Identifier: ISC
// daemon/dsp/eq.h — the running equaliser: a rack of stereo second-order sections.            [rt]
//
// Their coefficients are those of trapezoidal state-variable sections after A. Simper, "Linear Trap
// Optimised SVF" (Cytomic); they run as two integrators in a loop, which filter alike and cost a
// third less (eq_voice.c).  State and arithmetic are double: at 20 Hz single precision would be
// audible.
//
// No coefficient ever moves.  Each target of a section gets a voice of its own, a time-invariant
// filter, and a change hands the *input* from voice to voice along superposed smooth steps (a quick
// one hurries slower ones that run, as in ramp.h) whose sum is 1: out = sum of H_i(u_i·in), and the
// tail of a voice that is no longer fed rings out by itself.  Smooth windows into constant filters
// are smooth whatever changes into whatever: frequency, Q, gain, type, bypass.  (Moving g and k
// instead drags what rings in the section through the spectrum: with a 100 Hz sine of -6 dBFS in a
// bell of +12 dB, 100 Hz to 2.5 kHz at Q 10 leaves -12 dBFS above 2 kHz, Q 10 to 0.3 leaves -65
// dBFS.)  Between changes one voice runs, in the constant kernel; an identity section costs nothing
// and leaves the samples untouched bit for bit.
//
// A section may pass one channel and filter the other.  A channel that every section passes, at a
// preamp of 1, is not touched at all.

#ifndef CH_DSP_EQ_H
#define CH_DSP_EQ_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/attributes.h"
#include "daemon/base/units.h"
#include "daemon/dsp/eq_design.h"
#include "daemon/dsp/ramp.h"

/// Voices of one section.  At 100 changes a second of 20 ms three are fed; the others are tails.
/// Beyond CH_EQ_VOICES_STAYING the oldest tails are faded out, soon enough that at this rate there
/// is always a voice for the next target; when none is free the newest target waits, and targets
/// that it replaces while waiting are skipped.
#define CH_EQ_VOICES         13 // the last is for a target that hurries the others
#define CH_EQ_VOICES_STAYING 7

struct ch_eq_voice {
    // The section as the kernels want it (eq_voice.c), for each channel.
    double c[CH_CHANNELS], k[CH_CHANNELS];
    double m0[CH_CHANNELS], m1[CH_CHANNELS], m2[CH_CHANNELS];
    double n1[CH_CHANNELS], n2[CH_CHANNELS]; ///< m1 and m2 over m0
    double weight[CH_CHANNELS];              ///< of s1 against s2
    double s1[CH_CHANNELS], s2[CH_CHANNELS]; ///< integrator states
    uint32_t position, length;               ///< frames of its way in; equal: arrived
    uint32_t leave_position, leave_length;   ///< frames of its tail's way out; length 0: rings on
    uint32_t identity;                       ///< mask of the channels that it passes
    bool hurries;                            ///< the older ones arrive with it at the latest
    bool tail;                               ///< was not fed any more at the last look
};

struct ch_eq_slot {
    uint32_t n_voices;                      ///< 0: identity at rest, skipped
    bool in_cascade;                        ///< one voice, whose m0 is left to `gain`
    double scale[CH_CHANNELS];              ///< what its states are multiplied by
    struct ch_eq_voice voice[CH_EQ_VOICES]; ///< oldest first; the last one is where it leads
    struct ch_eq_section pending;           ///< target that waits for a voice
    uint32_t pending_identity;
    uint32_t pending_length; ///< frames; 0 = nothing waits
};

enum ch_eq_kernel {
    CH_EQ_KERNEL_AUTO, ///< the fastest that this processor can run
    CH_EQ_KERNEL_SSE2, ///< the baseline, and the only one where there is no SSE2
    CH_EQ_KERNEL_AVX2  ///< AVX2 and FMA
};

struct ch_eq {
    struct ch_ramp preamp[CH_CHANNELS]; ///< linear
    uint32_t n_resets;        ///< NaN or infinity was met, and removed or its section begun anew
    uint32_t grid_left;       ///< frames to the next look at tails and states
    uint64_t running;         ///< bit i: slot i has voices
    uint32_t filtered;        ///< mask of the channels that some voice does not pass
    double gain[CH_CHANNELS]; ///< product of the m0 of the cascade
    enum ch_eq_kernel kernel;
    struct ch_eq_slot slot[CH_EQ_SECTIONS_MAX];
};

/// All sections identity, preamp 1.                                                        [setup]
void ch_eq_init(struct ch_eq *eq);

/// Run on this kernel; false, and nothing changes, if the processor cannot.  ch_eq_init has chosen
/// the fastest already.                                                                   [setup]
bool ch_eq_use_kernel(struct ch_eq *eq, enum ch_eq_kernel kernel);

/// Move section `index` to `target` within `n_frames`; 0 = at once (nothing is sounding).  The
/// channels of the mask `identity` pass it; with CH_EQ_BOTH the target is not looked at.
CH_RT void ch_eq_set_section(struct ch_eq *eq, uint32_t index, const struct ch_eq_section *target,
                             uint32_t identity, uint32_t n_frames);

/// 0 frames = at once.
CH_RT void ch_eq_set_preamp(struct ch_eq *eq, float left, float right, uint32_t n_frames);

/// In place; n_frames 1…CH_BLOCK_MAX.  How a signal is cut into blocks changes no bit of it.
///
/// While anything runs, a sample that is NaN or infinite is taken as 0 and counted, and a section
/// whose state is not finite begins anew and is counted.  A flat eq passes everything as it is.
CH_RT void ch_eq_run(struct ch_eq *eq, float *left, float *right, uint32_t n_frames);

/// Nothing is changing and no section holds energy above -200 dBFS: silence in is silence out.
CH_RT bool ch_eq_quiet(const struct ch_eq *eq);

/// Forget all signal: states to zero, ramps at their ends.
CH_RT void ch_eq_reset(struct ch_eq *eq);

#endif

// SPDX-License-Identifier: ISC
// daemon/dsp/ramp.h — a parameter that never jumps: superposed raised-cosine ramps.
//
// Each change of target adds one ramp of the shape 0.5 - 0.5·cos(pi·x) to those still running, so
// the value is the history of targets convolved with a half-wave of a sine: smooth to its slope
// whatever comes when, always a convex combination of targets, and exactly the target once settled.
// A ramp that would be done before some of those that run hurries them: what they have left is
// multiplied by what it has left.  (Left alone, a slow rise would go on above a quick fall, far
// below the lowest target.)
// (A ramp that is restarted instead has a kink at each restart.)  Muting a 100 Hz sine of -6 dBFS
// in 20 ms leaves less than -100 dBFS above 2 kHz.

#ifndef CH_DSP_RAMP_H
#define CH_DSP_RAMP_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/attributes.h"

/// Ramps that may overlap.  When all run, the newest target waits for the first to end; targets
/// that it replaces while waiting are skipped.  One that hurries the others has a slot in reserve:
/// nobody waits for slow ones.
#define CH_RAMP_SLOTS 8

struct ch_ramp {
    float target;            ///< where the running ramps lead
    float pending;           ///< target that waits for a slot
    uint32_t pending_length; ///< frames; 0 = nothing waits
    uint32_t n_active;
    struct {
        float delta;       ///< what the ramp adds in all
        uint32_t position; ///< frames done
        uint32_t length;   ///< frames
        bool hurries;      ///< the older ones: they end with it at the latest
    } slot[CH_RAMP_SLOTS + 1];
};

/// 0 at x<=0, 1 at x>=1, raised cosine between; error below 1e-7.  No libm.
CH_RT float ch_raised_cosine(float x);

/// Settled at `value`.
CH_RT void ch_ramp_snap(struct ch_ramp *ramp, float value);

/// Go to `target` within `n_frames` (0 counts as 1).  Nothing happens if it leads there already.
CH_RT void ch_ramp_to(struct ch_ramp *ramp, float target, uint32_t n_frames);

/// Where it will be in the end, ramps and waiting target included.
CH_RT float ch_ramp_goal(const struct ch_ramp *ramp);

CH_RT static inline bool
ch_ramp_settled(const struct ch_ramp *ramp)
{
    return ramp->n_active == 0;
}

/// The values of the next `n_frames`, and advance by them.
CH_RT void ch_ramp_fill(struct ch_ramp *ramp, float *values, uint32_t n_frames);

#endif

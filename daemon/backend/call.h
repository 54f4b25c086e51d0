// SPDX-License-Identifier: ISC
// daemon/backend/call.h — how every backend calls the engine, and what that took.             [rt]

#ifndef CH_BACKEND_CALL_H
#define CH_BACKEND_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/attributes.h"
#include "daemon/base/units.h"
#include "daemon/engine/account.h"

struct ch_engine;

/// One cycle of a device, as its backend sees it.  Times are of CLOCK_MONOTONIC.
struct ch_cycle {
    enum ch_pace pace;
    uint32_t rate_hz;
    uint32_t latency_frames; ///< from its first frame's time to the ear
    uint64_t begin_ns;       ///< the callback was entered: before anything else is done in it
    uint64_t due_ns;         ///< when that was to be
    bool gap;                ///< the device has lost some since the cycle before
    uint64_t mono_ns;        ///< its first frame's time: due_ns, unless the clock begins anew
};

/// Render a cycle of any length and enter it into the engine's account; true if that took longer
/// than the cycle lasts.
CH_RT bool ch_backend_call(struct ch_engine *engine, float *const out[CH_CHANNELS],
                           uint32_t n_frames, const struct ch_cycle *cycle);

#endif

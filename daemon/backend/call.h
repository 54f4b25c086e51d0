// SPDX-License-Identifier: ISC
// daemon/backend/call.h — how every backend calls the engine.                                 [rt]

#ifndef CH_BACKEND_CALL_H
#define CH_BACKEND_CALL_H

#include <stdint.h>

#include "daemon/base/attributes.h"
#include "daemon/base/units.h"

struct ch_engine;

/// Render one block.
///
/// @param n_frames       1…CH_BLOCK_MAX.
/// @param due_ns         when the block began, CLOCK_MONOTONIC.
/// @param latency_frames from there to the ear.
CH_RT void ch_backend_call(struct ch_engine *engine, float *const out[CH_CHANNELS],
                           uint32_t n_frames, uint64_t due_ns, uint32_t latency_frames);

#endif

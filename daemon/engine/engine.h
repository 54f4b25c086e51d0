// SPDX-License-Identifier: ISC
// daemon/engine/engine.h — the audio callback's side: one block in, one block out.
//
// Everything that the callback touches lives in struct ch_engine, so that a use of it elsewhere
// stands out.  Commands come in and events go out through lock-free queues (messages.h); allocation
// is in engine_setup.h.  No operating system in here: time comes in by ch_engine_clock().

#ifndef CH_ENGINE_ENGINE_H
#define CH_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/attributes.h"
#include "daemon/base/units.h"

struct ch_engine;

/// The time of the block that follows: its start, and how many frames later it is heard.       [rt]
CH_RT void ch_engine_clock(struct ch_engine *engine, uint64_t mono_ns, uint32_t latency_frames);

/// Render one block.                                                                           [rt]
///
/// @param out      CH_CHANNELS planes of n_frames floats, 1.0 = 0 dBFS.
/// @param n_frames 1…CH_BLOCK_MAX, any number every time.
CH_RT void ch_engine_run(struct ch_engine *engine, float *const out[CH_CHANNELS],
                         uint32_t n_frames);

/// Whether n_frames can be rendered without a decoder being late: what a backend without a clock
/// waits for.  True when nothing plays.                                                        [rt]
CH_RT bool ch_engine_can_run(struct ch_engine *engine, uint32_t n_frames);

#endif

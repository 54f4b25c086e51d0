// SPDX-License-Identifier: ISC
// daemon/backend/call.c — [rt] one block of the engine, told its time.

#include "daemon/backend/call.h"

#include "daemon/engine/engine.h"

CH_RT void
ch_backend_call(struct ch_engine *engine, float *const out[CH_CHANNELS], uint32_t n_frames,
                uint64_t due_ns, uint32_t latency_frames)
{
    ch_engine_clock(engine, due_ns, latency_frames);
    ch_engine_run(engine, out, n_frames);
}

// SPDX-License-Identifier: ISC
// daemon/backend/call.c — [rt] one cycle in blocks of the engine, each told its time, all timed.

#include "daemon/backend/call.h"

#include "daemon/base/os.h"
#include "daemon/engine/engine.h"

CH_RT static void
render(struct ch_engine *engine, float *const out[CH_CHANNELS], uint32_t n_frames,
       const struct ch_cycle *cycle)
{
    for (uint32_t done = 0; done < n_frames;) {
        const uint32_t n = n_frames - done < CH_BLOCK_MAX ? n_frames - done : CH_BLOCK_MAX;
        float *block[CH_CHANNELS];
        for (unsigned i = 0; i < CH_CHANNELS; i++) {
            block[i] = out[i] + done;
        }
        const uint64_t offset_ns = done ? ch_ns_from_frames(done, cycle->rate_hz) : 0;
        ch_engine_clock(engine, cycle->mono_ns + offset_ns, cycle->latency_frames);
        ch_engine_run(engine, block, n);
        done += n;
    }
}

CH_RT bool
ch_backend_call(struct ch_engine *engine, float *const out[CH_CHANNELS], uint32_t n_frames,
                const struct ch_cycle *cycle)
{
    render(engine, out, n_frames, cycle);
    const bool late = cycle->begin_ns > cycle->due_ns;
    const struct ch_engine_cycle done = {
        .pace = cycle->pace,
        .n_frames = n_frames,
        .begin_ns = cycle->begin_ns,
        .end_ns = ch_os_mono_ns(),
        .gap = cycle->gap,
        .late_ns = late ? cycle->begin_ns - cycle->due_ns : 0,
    };
    return ch_engine_account(engine, &done);
}

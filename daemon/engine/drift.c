// SPDX-License-Identifier: ISC
// daemon/engine/drift.c — [rt] ticks are put in order, half a second at a time.

#include "daemon/engine/drift.h"

#include "daemon/base/units.h"

/// A tick that is off by more than this, and by most of a cycle, means that something was lost.
#define JITTER_NS 5000000

// Published as parts per billion with this added: 0 is "not known".
#define PPB_ZERO (UINT64_MAX / 2)

CH_RT void
ch_drift_reset(struct ch_drift *drift)
{
    drift->ticking = false;
    drift->based = false;
    ch_counter_set(&drift->ppb_published, 0);
}

CH_RT static void
begin(struct ch_drift *drift, uint64_t mono_ns)
{
    ch_drift_reset(drift);
    drift->ticking = true;
    drift->begin_ns = mono_ns;
    drift->n_frames = 0;
    drift->window_frames = 0;
    drift->last = drift->best = (struct ch_drift_tick){0};
}

CH_RT static bool
is_gap(const struct ch_drift *drift, int64_t offset_ns, int64_t cycle_ns)
{
    const int64_t jump_ns = offset_ns - drift->last.offset_ns;
    const int64_t most_ns = cycle_ns * 3 / 4 > JITTER_NS ? cycle_ns * 3 / 4 : JITTER_NS;
    return jump_ns > most_ns || -jump_ns > most_ns;
}

CH_RT static void
publish(struct ch_drift *drift, uint32_t rate_hz)
{
    const uint64_t n_frames = drift->best.n_frames - drift->base.n_frames;
    const double by_device_ns = (double)ch_ns_from_frames(n_frames, rate_hz);
    const double gained_ns = (double)(drift->base.offset_ns - drift->best.offset_ns);
    const double ppb = gained_ns / (by_device_ns - gained_ns) * 1e9;
    ch_counter_set(&drift->ppb_published, PPB_ZERO + (uint64_t)(int64_t)ppb);
}

CH_RT static void
close_window(struct ch_drift *drift, uint32_t rate_hz)
{
    if (drift->based) {
        publish(drift, rate_hz);
    } else {
        drift->base = drift->best;
        drift->based = true;
    }
    drift->window_frames = 0;
}

CH_RT void
ch_drift_tick(struct ch_drift *drift, uint64_t mono_ns, uint32_t n_frames, uint32_t rate_hz,
              bool gap)
{
    const uint64_t should_ns = ch_ns_from_frames(drift->n_frames, rate_hz);
    const int64_t offset_ns = (int64_t)(mono_ns - drift->begin_ns - should_ns);
    const uint64_t cycle_frames = drift->n_frames - drift->last.n_frames;
    if (!drift->ticking || gap ||
        is_gap(drift, offset_ns, (int64_t)ch_ns_from_frames(cycle_frames, rate_hz))) {
        begin(drift, mono_ns);
    } else {
        const struct ch_drift_tick tick = {.n_frames = drift->n_frames, .offset_ns = offset_ns};
        if (!drift->window_frames || offset_ns < drift->best.offset_ns) {
            drift->best = tick;
        }
        drift->last = tick;
        drift->window_frames += cycle_frames;
        if (drift->window_frames >= rate_hz / 2) {
            close_window(drift, rate_hz);
        }
    }
    drift->n_frames += n_frames;
}

bool
ch_drift_read(struct ch_drift *drift, double *ppm)
{
    const uint64_t published = ch_counter_read(&drift->ppb_published);
    *ppm = (double)(int64_t)(published - PPB_ZERO) / 1e3;
    return published != 0;
}

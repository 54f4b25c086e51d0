// SPDX-License-Identifier: ISC
// daemon/engine/account.c — [rt] how a cycle went: relaxed stores, and nobody is told.

#include "daemon/engine/account.h"

#include "daemon/engine/engine_internal.h"

CH_RT bool
ch_engine_account(struct ch_engine *engine, const struct ch_engine_cycle *cycle)
{
    struct ch_account *account = &engine->account;
    const uint64_t run_ns = cycle->end_ns - cycle->begin_ns;
    const uint64_t period_ns = ch_ns_from_frames(cycle->n_frames, engine->rate_hz);
    ch_histogram_add(&account->run_ns, run_ns);
    ch_counter_add(&account->n_frames, cycle->n_frames);
    ch_counter_add(&account->span_ns, period_ns);
    if (cycle->pace == CH_PACE_FREE) {
        return false;
    }
    // Of a clock of our own we know when it ticked; a server's tick is when it has called us.
    const uint64_t own_late_ns = cycle->pace == CH_PACE_CLOCK ? cycle->late_ns : 0;
    ch_drift_tick(&account->drift, cycle->begin_ns - own_late_ns, cycle->n_frames, engine->rate_hz,
                  cycle->gap);
    const bool late = cycle->late_ns > period_ns;
    const bool overran = run_ns > period_ns;
    if (cycle->late_ns + run_ns > period_ns) {
        ch_counter_add(&account->n_misses, 1);
    }
    if (late) {
        ch_counter_add(&account->n_late, 1);
        // Cycles that are only catching up are the same moment still.
        if (cycle->pace == CH_PACE_CLOCK && !account->behind) {
            ch_incidents_add(&account->absences, cycle->begin_ns);
        }
    }
    if (overran) {
        ch_incidents_add(&account->overruns, cycle->end_ns);
    }
    account->behind = late || overran;
    return overran;
}

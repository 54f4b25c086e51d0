// SPDX-License-Identifier: ISC
// daemon/engine/account.h — what the engine keeps account of: how its calls went, what was missed.
//
// An xrun is a moment at which what was due was not there.  Three of its causes are seen from here:
// a decoder that is late, a callback that runs longer than its period, and a clock that did not
// call in time though the callback before it was.  Of a sound server's own failures its backend
// knows.  Everything counts since the engine was created, over all changes of rate and device.

#ifndef CH_ENGINE_ACCOUNT_H
#define CH_ENGINE_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/engine/drift.h"
#include "daemon/engine/messages.h"
#include "daemon/lockfree/counter.h"
#include "daemon/lockfree/histogram.h"

struct ch_engine;

/// Who decides when the next call comes.
enum ch_pace {
    CH_PACE_FREE,  ///< nobody: as fast as it goes, so nothing is ever late
    CH_PACE_CLOCK, ///< a clock: a late call is the system's or the device's fault
    CH_PACE_SERVER ///< a sound server, which says itself what it has missed
};

/// One call of the engine, or several that made up one cycle of the device.
struct ch_engine_cycle {
    enum ch_pace pace;
    uint32_t n_frames;
    uint64_t begin_ns, end_ns; ///< CLOCK_MONOTONIC
    uint64_t late_ns;          ///< how long after it was due it began
    bool gap;                  ///< between this cycle and the one before the device has lost some
};

/// Something that happened several times.  The time is written first, so who sees the count grow
/// may still see an earlier time, for an instant.
struct ch_incidents {
    _Atomic uint64_t n;
    _Atomic uint64_t last_mono_ns;
};

/// Part of struct ch_engine: [rt] writes, any reads.
struct ch_account {
    _Alignas(
        CH_CACHE_APART) struct ch_histogram run_ns; ///< of each cycle, from its begin to its end
    _Atomic uint64_t n_frames;                      ///< of these cycles
    _Atomic uint64_t span_ns;                       ///< that these frames last
    _Atomic uint64_t n_misses;    ///< cycles that ended after the next one was due
    _Atomic uint64_t n_late;      ///< cycles that began more than a period after they were due
    struct ch_incidents overruns; ///< cycles that ran longer than their period
    struct ch_incidents absences; ///< the clock's: it came late, and not because of us
    struct ch_incidents droughts; ///< players' rings that ran dry
    _Atomic uint64_t n_clamped;   ///< frames above 0 dBFS in spite of the limiter: stays 0
    _Atomic uint64_t n_applied;   ///< commands that took effect
    _Atomic uint64_t n_pending;   ///< commands taken in whose frame has not come
    _Atomic uint64_t n_starved[CH_PLAYERS_MAX]; ///< frames of silence for want of sound
    struct ch_drift drift;
    bool behind; ///< [rt] the last cycle was late, or ran too long: the next may be late for that
};

/// Note how a cycle went; true if it ran longer than its period.                              [rt]
CH_RT bool ch_engine_account(struct ch_engine *engine, const struct ch_engine_cycle *cycle);

CH_RT static inline void
ch_incidents_add(struct ch_incidents *incidents, uint64_t mono_ns)
{
    ch_counter_set(&incidents->last_mono_ns, mono_ns);
    ch_counter_add(&incidents->n, 1);
}

#endif

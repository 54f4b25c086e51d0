// SPDX-License-Identifier: ISC
// daemon/engine/engine_setup.h — the life of an engine, and the loop's end of its queues.
//
// Nothing in here is called from the callback.

#ifndef CH_ENGINE_ENGINE_SETUP_H
#define CH_ENGINE_ENGINE_SETUP_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/status.h"
#include "daemon/engine/messages.h"
#include "daemon/lockfree/clock.h"
#include "daemon/lockfree/histogram.h"

struct ch_engine;

/// Flat EQ, gain 1, limiter on at CH_LIMITER_CEILING.                                      [setup]
CH_NODISCARD enum ch_status ch_engine_create(struct ch_engine **out, uint32_t rate_hz);

/// Decks and taps still in it are [main]'s again: take the events first.                    [setup]
void ch_engine_destroy(struct ch_engine *engine);

/// Frames are now of `rate_hz`.  Gives all decks back (as events), forgets all signal, keeps gain;
/// the EQ and the limiter must be set anew.                                                 [setup]
CH_NODISCARD enum ch_status ch_engine_set_rate(struct ch_engine *engine, uint32_t rate_hz);

uint32_t ch_engine_rate(const struct ch_engine *engine); ///< [any]

/// Frames by which the chain delays what it plays (the limiter's look-ahead).                 [any]
uint32_t ch_engine_latency(const struct ch_engine *engine);

/// Queue n commands that land on one frame (n <= CH_CHAIN_MAX): all or, if there is no room, none.
///                                                                                           [main]
CH_NODISCARD bool ch_engine_send(struct ch_engine *engine, struct ch_command *commands, uint32_t n);

/// Silence from the next slice on, by a fade of 20 ms, before everything that waits in the queue.
/// Lasts until a GAIN command says that this number is over; SHUT tells the frame.           [main]
uint32_t ch_engine_shut(struct ch_engine *engine);

/// Take one event.                                                                           [main]
bool ch_engine_take_event(struct ch_engine *engine, struct ch_event_slot *event);

/// The callback does not run: let the queued commands take effect at once, without ramps.   [setup]
void ch_engine_settle(struct ch_engine *engine);

/// The state after the latest block.                                                          [any]
void ch_engine_read_state(struct ch_engine *engine, struct ch_engine_state *state);

/// Something that happened n times, at last at that time (0 = never).
struct ch_engine_incidents {
    uint64_t n, last_mono_ns;
};

/// A copy of what account.h keeps.
struct ch_engine_counts {
    uint64_t n_frames, span_ns; ///< rendered, and how long they last
    uint64_t n_misses, n_late;  ///< cycles that ended, or began, a period too late
    struct ch_engine_incidents overruns, absences, droughts;
    uint64_t n_clamped;                 ///< frames above 0 dBFS in spite of the limiter: stays 0
    uint64_t n_applied;                 ///< commands that took effect
    uint64_t n_pending;                 ///< commands whose frame has not come
    uint32_t n_queued;                  ///< commands that [rt] has not taken yet
    uint32_t n_slots;                   ///< room in that queue
    uint64_t n_starved[CH_PLAYERS_MAX]; ///< frames, by player
};

/// The counts as they are now, each by itself.                                                [any]
void ch_engine_read_counts(struct ch_engine *engine, struct ch_engine_counts *counts);

/// Parts per million by which the device's clock is fast; false while that is not known.     [any]
bool ch_engine_read_drift(struct ch_engine *engine, double *ppm);

/// How long the callback's cycles took, ns.                                                   [any]
struct ch_histogram *ch_engine_run_times(struct ch_engine *engine);

/// Commands that [rt] has not taken yet.                                                      [any]
uint32_t ch_engine_n_queued(struct ch_engine *engine);

/// When frames are heard: a snapshot of struct ch_clock.                [any]
struct ch_snapshot *ch_engine_clock_snapshot(struct ch_engine *engine);

#endif

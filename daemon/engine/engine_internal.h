// SPDX-License-Identifier: ISC
// daemon/engine/engine_internal.h — all state of the callback, for the files of engine/ alone.

#ifndef CH_ENGINE_ENGINE_INTERNAL_H
#define CH_ENGINE_ENGINE_INTERNAL_H

#include "daemon/dsp/clamp.h"
#include "daemon/dsp/eq.h"
#include "daemon/dsp/limiter.h"
#include "daemon/dsp/ramp.h"
#include "daemon/engine/account.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/messages.h"
#include "daemon/engine/player.h"
#include "daemon/lockfree/clock.h"

/// Frames rendered at once: scratch stays in the first-level cache, and a command's frame is met by
/// ending a slice there.
#define CH_SLICE_FRAMES 256

#define CH_COMMAND_SLOTS 512
#define CH_EVENT_SLOTS   1024
/// Events that one command, or one slice of one player, may cause at most.
#define CH_EVENT_RESERVE 16
/// Of those by one command: PLAY gives two decks back, starts one, and is acknowledged.
#define CH_COMMAND_EVENTS_MAX 4
/// Commands taken from the queue whose frame has not come yet.
#define CH_PENDING_MAX (2 * CH_CHAIN_MAX)

struct ch_engine {
    // constant while the callback runs
    uint32_t rate_hz;
    uint32_t ramp_frames; ///< default length of parameter changes: 20 ms
    uint32_t fade_frames; ///< default length of transport fades: 20 ms

    // [rt]; [setup] while the callback stands
    uint64_t frame;          ///< frames rendered since the engine was created
    uint64_t block_frame;    ///< first frame of the running block
    uint64_t block_mono_ns;  ///< its time
    uint32_t latency_frames; ///< from there to the ear
    uint64_t n_starved;      ///< frames
    uint64_t n_limited;      ///< frames
    bool quiet;              ///< the last slice was silence with no tail behind it
    struct ch_player players[CH_PLAYERS_MAX];
    struct ch_eq eq;
    struct ch_ramp gain[CH_CHANNELS]; ///< master: gain and balance in one
    struct ch_ramp mute;              ///< 0 or 1: silence must not wait for a slow fade of the gain
    struct ch_ramp gate;              ///< 0 or 1: closed by ch_engine_shut()
    uint32_t n_shuts_seen, n_shuts_told, n_shuts_over;
    float limiter_gain;         ///< the lowest of the block
    struct ch_limiter *limiter; ///< owned
    struct ch_tap *taps[CH_TAP_POINTS];
    struct ch_command pending[CH_PENDING_MAX]; ///< by when_frame, then by arrival
    uint32_t n_pending;
    float scratch[CH_SLICE_FRAMES];

    // shared
    _Atomic uint64_t n_shuts; ///< [main] writes
    struct ch_account account;
    struct ch_ring commands;  ///< of struct ch_command; [main] produces
    struct ch_ring events;    ///< of struct ch_event_slot; [main] consumes
    struct ch_snapshot state; ///< of struct ch_engine_state
    struct ch_snapshot clock; ///< of struct ch_clock
    struct ch_command command_slots[CH_COMMAND_SLOTS];
    struct ch_event_slot event_slots[CH_EVENT_SLOTS];
};

/// Post an event that happens `offset` frames into the coming slice.  There must be room.      [rt]
CH_RT void ch_engine_post(struct ch_engine *engine, struct ch_event_slot event, uint32_t offset);

/// Room for n more events.                                                                     [rt]
CH_RT bool ch_engine_can_post(struct ch_engine *engine, uint32_t n);

/// Take the queue's commands into `pending` as far as there is room.                           [rt]
CH_RT void ch_engine_collect_commands(struct ch_engine *engine);

/// Let every pending command take effect whose frame has come; returns the frames until the next
/// one that waits (at most max_frames).                                                        [rt]
CH_RT uint32_t ch_engine_apply_commands(struct ch_engine *engine, uint32_t max_frames);

/// Bring the master strip to what a GAIN command says.                                         [rt]
CH_RT void ch_engine_set_gain(struct ch_engine *engine, const struct ch_command *command);

/// Close the gate if [main] has asked for it meanwhile, and tell it.                           [rt]
CH_RT void ch_engine_watch_gate(struct ch_engine *engine);

/// The master strip: gains, mute and gate.                                                     [rt]
CH_RT void ch_engine_run_strip(struct ch_engine *engine, float *left, float *right,
                               uint32_t n_frames);
CH_RT bool ch_engine_strip_settled(const struct ch_engine *engine);
/// Where its ramps lead, at once.                                                           [setup]
void ch_engine_strip_settle(struct ch_engine *engine);

/// Tell the world where the engine is.                                                         [rt]
CH_RT void ch_engine_publish(struct ch_engine *engine);

#endif

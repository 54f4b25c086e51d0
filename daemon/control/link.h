// SPDX-License-Identifier: ISC
// daemon/control/link.h — the loop's side of the engine's queues.                            [main]
//
// Commands go out with a callback for the moment they take effect.  [rt] wakes nobody: a timer
// looks for its events, quickly while an acknowledgement is awaited, slowly while something
// plays, and not at all otherwise.  While the callback does not run the engine is settled in
// place instead.

#ifndef CH_CONTROL_LINK_H
#define CH_CONTROL_LINK_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "daemon/engine/engine_setup.h"

/// Those who can wait for what is gathered.
#define CH_GATHER_MAX 64

struct ch_daemon;
struct ch_ack;
struct ch_buf;

/// The commands took effect at `frame`, which was handed to the device at `mono_ns`.
typedef void (*ch_ack_fn)(struct ch_daemon *daemon, void *context, uint64_t frame,
                          uint64_t mono_ns);

/// Changes that are to land as one: what is sent while it is gathered, and who is to be told.
struct ch_gather {
    struct ch_command commands[CH_CHAIN_MAX];
    uint32_t n;
    struct {
        ch_ack_fn on_ack;
        void *context;
    } waiting[CH_GATHER_MAX];
    uint32_t n_waiting;
    bool overflowed;         ///< it was more than can land on one frame
    struct ch_gather *outer; ///< the one that it interrupts
};

struct ch_link {
    struct ch_engine *engine;
    struct ch_gather *gather; ///< NULL = what is sent goes to the engine
    uv_timer_t timer;
    uint64_t timer_ms; ///< its present interval; 0 = stopped
    bool running;      ///< the callback runs
    uint32_t last_id;
    uint32_t n_awaited;           ///< sends without their acknowledgement
    struct ch_ack *first, **last; ///< sent or waiting for room, in order
    struct ch_ack *shutting;      ///< ch_link_shut() that was not acknowledged
    struct ch_ack **last_shut;    ///< where the next of them goes
    struct ch_ack *first_unsent;  ///< where waiting for room begins; NULL = all are sent
    uint32_t n_queued_max;        ///< the most that the engine's queue has held
    struct ch_histogram latency;  ///< ns from there until the frame at which they took effect
};

CH_NODISCARD enum ch_status ch_link_init(struct ch_daemon *daemon, uint32_t rate_hz);
void ch_link_fini(struct ch_daemon *daemon);

/// Send n commands that land on one frame; on_ack (may be NULL) is called once, for all of them.
/// It may be called before this returns; without memory with frame and time 0.  Returns their name
/// for ch_link_forget().
uint32_t ch_link_send(struct ch_daemon *daemon, struct ch_command *commands, uint32_t n,
                      ch_ack_fn on_ack, void *context);

/// Nobody waits any more for what was sent by this name; what has not left yet does not.  The
/// engine is told with a CH_COMMAND_REVOKE of that id.
void ch_link_forget(struct ch_daemon *daemon, uint32_t id);

/// Keep back what is sent from now on, until ch_link_gathered().  Of two commands that set the same
/// thing the later one stays.
void ch_link_gather(struct ch_daemon *daemon, struct ch_gather *gather);
void ch_link_gathered(struct ch_daemon *daemon);
/// Tell those who wait for what was gathered.
void ch_gather_tell(struct ch_gather *gather, struct ch_daemon *daemon, uint64_t frame,
                    uint64_t mono_ns);

/// Close the engine's gate before anything that waits: see ch_engine_shut().  Returns its number.
uint32_t ch_link_shut(struct ch_daemon *daemon, ch_ack_fn on_ack, void *context);

/// So many changes wait for the engine that further ones should be refused (BUSY).
bool ch_link_crowded(const struct ch_daemon *daemon);

/// Commands that wait for room in the engine's queue.
uint32_t ch_link_n_waiting(const struct ch_daemon *daemon);

/// The callback is about to run, or has stopped.
void ch_link_set_running(struct ch_daemon *daemon, bool running);

/// Take the engine's events now.
void ch_link_drain(struct ch_daemon *daemon);
/// The same, and nothing else: what was sent and waits goes on waiting.
void ch_link_take_events(struct ch_daemon *daemon);

/// [main] is awake, and will be again in within_ms: do now what the timer would wake it for before.
void ch_link_look_within(struct ch_daemon *daemon, uint64_t within_ms);

/// Start, slow down or stop the timer, as things stand.
void ch_link_update_timer(struct ch_daemon *daemon);

/// `"applied_at":{"frame":…,"mono_ns":…}` into an open object.
void ch_link_write_applied(struct ch_buf *buf, uint64_t frame, uint64_t mono_ns);

/// A ch_ack_fn whose context is a request: its result, an open object that says what this request
/// made of it (others may have changed it since), gets that member and is the answer.
void ch_link_answer(struct ch_daemon *daemon, void *context, uint64_t frame, uint64_t mono_ns);

#endif

// SPDX-License-Identifier: ISC
// daemon/control/transport.h — plays the queue: streams, decks, and what is current.         [main]
//
// A "play" is one decoder stream with one deck in the engine.  Items that follow one another flow
// through the same play without a gap.  A seek, a skip or an edit of what was already decoded ahead
// makes a new play: it is filled while the old one sounds on, and takes over by a fade
// (CH_COMMAND_PLAY) or exactly where the old one is cut off (CH_COMMAND_ARM and TRUNCATE).

#ifndef CH_CONTROL_TRANSPORT_H
#define CH_CONTROL_TRANSPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/control/queue.h"
#include "daemon/engine/messages.h"
#include "daemon/media/source.h"
#include "protocol/json.h"
#include "protocol/names.h"

struct ch_daemon;
struct ch_play;
struct ch_request;

enum ch_transport_state { CH_STOPPED, CH_PLAYING, CH_PAUSED };

struct ch_transport {
    enum ch_transport_state state;
    struct ch_queue queue;
    uint64_t current;          ///< item id; 0 = none
    uint64_t follows;          ///< after a stop by `single`: where play goes on; 0 = the beginning
    struct ch_play *plays;     ///< all that are not freed yet
    struct ch_play *active;    ///< the current deck's; NULL = none
    struct ch_play *loading;   ///< will take over by a fade when it is primed
    struct ch_play *successor; ///< joins active at its end: being filled, or armed
    struct ch_play *exchange;  ///< will take active's place with another gain (exchange.h)
    uint32_t active_mark;      ///< which of active's marks sounds
    double position_s;         ///< in the current item, when it was last known
    uint32_t last_stream;
    struct { ///< the latest item that failed; detail "" = none
        enum ch_rpc_error name;
        uint64_t item;
        char uri[CH_URI_BYTES];
        char detail[CH_DETAIL_BYTES];
    } error;
};

void ch_transport_init(struct ch_daemon *daemon);
/// Free everything; the engine must have been destroyed or have given all decks back.
void ch_transport_fini(struct ch_daemon *daemon);

// --- what a person does; `request` (may be NULL) is answered with the status when it is heard ----

/// Begin item `id` at start_s.
void ch_transport_play_item(struct ch_daemon *daemon, uint64_t id, double start_s, bool paused,
                            struct ch_request *request);
void ch_transport_pause(struct ch_daemon *daemon, struct ch_request *request);
void ch_transport_resume(struct ch_daemon *daemon, struct ch_request *request);
void ch_transport_stop(struct ch_daemon *daemon, struct ch_request *request);
/// To item `id`, keeping "paused"; 0 = stop.
void ch_transport_skip_to(struct ch_daemon *daemon, uint64_t id, struct ch_request *request);

/// What a person means who now says "next" or "seek": the item that is being loaded, else the one
/// that sounds (0 = none), and the position in it.
uint64_t ch_transport_meant(struct ch_daemon *daemon, double *position_s);

/// Add n URIs before index `at`; fails the request (and returns false) if one of them is not a URI.
/// On success writes the member "ids" into its result, in which an object is open.
bool ch_transport_add(struct ch_daemon *daemon, struct ch_request *request, const cJSON *uris,
                      uint32_t at);

/// The queue or the mode has changed: make what was planned agree with it, and tell subscribers.
void ch_transport_queue_changed(struct ch_daemon *daemon, const char *cause);

/// The engine's frame at which the next item will begin, if that is known by now.
bool ch_transport_next_begins(struct ch_daemon *daemon, uint64_t *frame);

// --- what it shows ------------------------------------------------------------------------------

double ch_transport_position_s(struct ch_daemon *daemon);
/// < 0 = unknown
double ch_transport_duration_s(struct ch_daemon *daemon, uint64_t id);
/// The gain that the current item sounds with; NULL = none sounds.
const struct ch_loudness_applied *ch_transport_loudness(const struct ch_daemon *daemon);
/// The members of player.status, into an open object.
void ch_transport_write_members(struct ch_daemon *daemon, struct ch_buf *buf);
/// One item of the queue, as an object.
void ch_transport_write_item(const struct ch_item *item, uint32_t index, struct ch_buf *buf);
/// Finish `request` with the status, and when it was heard (frame 0 = it did not reach the audio).
void ch_transport_answer(struct ch_daemon *daemon, struct ch_request *request, uint64_t frame,
                         uint64_t mono_ns);

// --- what happens to it ------------------------------------------------------------------------

void ch_transport_on_event(struct ch_daemon *daemon, const struct ch_event_slot *event);
/// Decoders have messages.
void ch_transport_poll(struct ch_daemon *daemon);
/// The link's timer: which item sounds?
void ch_transport_tick(struct ch_daemon *daemon);
bool ch_transport_needs_ticks(struct ch_daemon *daemon);
/// Of what needs ticks nothing is near: the decoder is in the middle of what sounds, and all it has
/// decoded ahead, up to two seconds, is of the same item.
bool ch_transport_is_calm(struct ch_daemon *daemon);

void ch_transport_device_opened(struct ch_daemon *daemon);
void ch_transport_device_failed(struct ch_daemon *daemon, const char *detail);
/// The callback is about to run: let what stands in the middle of something fade in.
void ch_transport_before_start(struct ch_daemon *daemon);
void ch_transport_after_start(struct ch_daemon *daemon);

/// The rate changes: every stream is made anew at its position.  `change` does it in between.
void ch_transport_rebuild(struct ch_daemon *daemon,
                          void (*change)(struct ch_daemon *daemon, uint32_t rate_hz),
                          uint32_t rate_hz);

#endif

// SPDX-License-Identifier: ISC
// daemon/control/play.h — one stream with one deck, as the transport's files see it.         [main]

#ifndef CH_CONTROL_PLAY_H
#define CH_CONTROL_PLAY_H

#include "daemon/control/transport.h"
#include "daemon/media/stream.h"

/// Where in the ring an item begins.
struct ch_mark {
    uint64_t item;
    uint64_t ring_frame; ///< frames of the ring before it
    uint64_t item_frame; ///< frames of the item before that point
    struct ch_loudness_applied loudness;
};

struct ch_play {
    struct ch_play *next;
    struct ch_stream *stream;
    uint32_t id; ///< the deck's name in the engine
    struct ch_mark *marks;
    uint32_t n_marks, capacity;
    uint64_t tail; ///< the item given to the stream last
    double start_s;
    bool primed;
    bool needs_next; ///< has asked, and waits
    bool told_finish;
    bool in_engine;        ///< [rt] has the ring
    bool retired;          ///< to be freed as soon as [rt] gives it back
    double crossfade_s;    ///< of its items, the longest
    bool crossfaded;       ///< an item of it may be mixed into the end of the one before
    bool cut;              ///< truncated: its marks from the cut on don't count
    uint64_t end_frame;    ///< of the ring: where it ends, once that is known; else CH_FOREVER
    uint64_t begun_frame;  ///< of the ring, where the last item began
    uint32_t n_failed;     ///< items in a row that could not be opened
    uint32_t loudness_rev; ///< of the settings that its gains are by

    // exchange.c
    bool exchange;             ///< it waits to take the active play's place
    bool exchange_moving;      ///< which moves
    uint32_t exchange_of;      ///< the id of that
    uint64_t exchange_at;      ///< at this frame of its ring
    uint32_t n_exchange_tries; ///< of this play's place

    // while it loads
    bool paused, fade_in;
    bool seek;                  ///< to another place of what sounds, which goes on if that fails
    struct ch_request *request; ///< waits to hear it
    enum ch_status first_status;
    char first_detail[CH_DETAIL_BYTES];
};

/// Start decoding item `id` into a new play; NULL (and *status) on failure.
struct ch_play *ch_play_create(struct ch_daemon *daemon, uint64_t id, double start_s,
                               enum ch_status *status);
/// Not needed any more: freed now, or when [rt] gives its ring back.
void ch_play_retire(struct ch_daemon *daemon, struct ch_play *play);
struct ch_play *ch_play_find(struct ch_daemon *daemon, uint32_t id);
/// NEED_NEXT: give it the item that follows its tail, or tell it that none does.
void ch_play_feed(struct ch_daemon *daemon, struct ch_play *play);
/// Take one play's messages.  The play may be freed by that.
void ch_play_poll(struct ch_daemon *daemon, struct ch_play *play);

// transport.c, for play.c, transport_commands.c and transport_device.c
void ch_transport_play_primed(struct ch_daemon *daemon, struct ch_play *play);
void ch_transport_play_finished(struct ch_daemon *daemon, struct ch_play *play);
void ch_transport_item_failed(struct ch_daemon *daemon, struct ch_play *play,
                              const struct ch_stream_message *message);
/// The loading play is primed and the device known: let it be heard.
void ch_transport_take_over(struct ch_daemon *daemon, struct ch_play *play);
/// Let decoders, spectra and the link's timer know whether sound moves.
void ch_transport_update_flow(struct ch_daemon *daemon);
/// Tell subscribers of the player; the cause is the request's client, or without one the player.
void ch_transport_changed(struct ch_daemon *daemon, const struct ch_request *request);
void ch_transport_set_state(struct ch_daemon *daemon, enum ch_transport_state state);
/// The item that sounds; 0 = none.  The one before leaves the queue in consume mode.
void ch_transport_set_current(struct ch_daemon *daemon, uint64_t id);
/// PAUSE, RESUME or STOP; `request` (may be NULL) is answered when it is heard.
void ch_transport_send(struct ch_daemon *daemon, enum ch_command_op op, struct ch_request *request);
/// Frames that [rt] has taken from the active play's ring.
uint64_t ch_transport_ring_frame(struct ch_daemon *daemon);

// plan.c
/// Make what was decoded ahead agree with the queue as it is now.
void ch_transport_agree(struct ch_daemon *daemon);

#endif

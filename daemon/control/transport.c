// SPDX-License-Identifier: ISC
// daemon/control/transport.c — play, pause, seek, skip, stop, and what the engine says to it.

#include "daemon/control/transport.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/base/log.h"
#include "daemon/control/daemon.h"
#include "daemon/control/exchange.h"
#include "daemon/control/play.h"
#include "daemon/control/request.h"

/// Marks that lie behind are forgotten when there are this many.
#define MARKS_KEPT 64

/// The engine's player that this transport drives.
#define PLAYER 0

void
ch_transport_init(struct ch_daemon *daemon)
{
    memset(&daemon->transport, 0, sizeof daemon->transport);
    ch_queue_init(&daemon->transport.queue, ch_os_mono_ns());
}

void
ch_transport_fini(struct ch_daemon *daemon)
{
    struct ch_transport *transport = &daemon->transport;
    for (struct ch_play *play = transport->plays; play; play = play->next) {
        play->in_engine = false;
    }
    while (transport->plays) {
        ch_play_retire(daemon, transport->plays);
    }
    ch_queue_fini(&transport->queue);
}

// --- answers -----------------------------------------------------------------------------------

void
ch_transport_answer(struct ch_daemon *daemon, struct ch_request *request, uint64_t frame,
                    uint64_t mono_ns)
{
    if (!request) {
        return;
    }
    struct ch_buf *buf = ch_request_result(request);
    if (!buf->length) {
        ch_json_begin_object(buf);
    }
    ch_transport_write_members(daemon, buf);
    if (mono_ns) {
        ch_link_write_applied(buf, frame, mono_ns);
    }
    ch_json_end_object(buf);
    ch_request_finish(request);
}

static void
on_heard(struct ch_daemon *daemon, void *context, uint64_t frame, uint64_t mono_ns)
{
    ch_transport_answer(daemon, context, frame, mono_ns);
}

void
ch_transport_changed(struct ch_daemon *daemon, const struct ch_request *request)
{
    char cause[32] = "player";
    ch_topics_cause(request, cause, sizeof cause);
    ch_topics_changed(daemon, CH_TOPIC_PLAYER, cause);
}

void
ch_transport_send(struct ch_daemon *daemon, enum ch_command_op op, struct ch_request *request)
{
    struct ch_command command = {.op = (uint16_t)op, .transport = {.player = PLAYER}};
    ch_link_send(daemon, &command, 1, request ? on_heard : NULL, request);
}

// --- state and what depends on it --------------------------------------------------------------

void
ch_transport_update_flow(struct ch_daemon *daemon)
{
    struct ch_transport *transport = &daemon->transport;
    const bool moves = transport->state == CH_PLAYING && daemon->device.running;
    if (transport->active) {
        ch_stream_set_flowing(transport->active->stream, moves);
    }
    if (moves) {
        ch_feeds_set_flowing(daemon, true);
    }
    ch_link_update_timer(daemon);
}

void
ch_transport_set_state(struct ch_daemon *daemon, enum ch_transport_state state)
{
    daemon->transport.state = state;
    if (state == CH_PLAYING) {
        ch_device_want(daemon, true);
    }
    ch_transport_update_flow(daemon);
}

static void
nothing_sounds(struct ch_daemon *daemon)
{
    if (daemon->transport.state != CH_PLAYING && !daemon->transport.loading) {
        ch_device_want(daemon, false);
    }
    ch_transport_update_flow(daemon);
}

// The last item has been played, or nothing is left that could be.
static void
come_to_end(struct ch_daemon *daemon)
{
    struct ch_transport *transport = &daemon->transport;
    const struct ch_mode *mode = &transport->queue.mode;
    transport->follows = mode->single ? ch_queue_next(&transport->queue, transport->current) : 0;
    ch_transport_set_current(daemon, 0);
    ch_transport_set_state(daemon, CH_STOPPED);
    ch_transport_send(daemon, CH_COMMAND_STOP, NULL); // whatever is still armed
    ch_transport_changed(daemon, NULL);
}

void
ch_transport_set_current(struct ch_daemon *daemon, uint64_t id)
{
    struct ch_transport *transport = &daemon->transport;
    const uint64_t before = transport->current;
    transport->current = id;
    struct ch_item *item = ch_queue_find(&transport->queue, id);
    if (item) {
        item->played = true;
        item->planned = false;
    }
    if (before == id) {
        return;
    }
    if (before && transport->queue.mode.consume) {
        ch_queue_remove(&transport->queue, before);
    }
    if (id) {
        ch_txs_next_item(daemon);
    }
    ch_topics_changed(daemon, CH_TOPIC_QUEUE, "player");
}

// The marks that have been passed, one by one: each of their items has been the current one.
static bool
follow_marks(struct ch_daemon *daemon, uint64_t ring_frame)
{
    struct ch_transport *transport = &daemon->transport;
    struct ch_play *play = transport->active;
    bool moved = false;
    while (play && transport->active_mark + 1 < play->n_marks &&
           play->marks[transport->active_mark + 1].ring_frame <= ring_frame) {
        ch_transport_set_current(daemon, play->marks[++transport->active_mark].item);
        moved = true;
    }
    if (play && transport->active_mark >= MARKS_KEPT) {
        play->n_marks -= transport->active_mark;
        memmove(play->marks, play->marks + transport->active_mark,
                play->n_marks * sizeof *play->marks);
        transport->active_mark = 0;
    }
    return moved;
}

// --- beginning ---------------------------------------------------------------------------------

static bool
engine_ready(struct ch_daemon *daemon)
{
    return daemon->device.ever_open;
}

void
ch_transport_take_over(struct ch_daemon *daemon, struct ch_play *play)
{
    struct ch_transport *transport = &daemon->transport;
    struct ch_request *request = play->request;
    struct ch_play *old = transport->active;
    struct ch_play *successor = transport->successor;
    play->request = NULL;
    play->in_engine = true;
    transport->loading = NULL;
    ch_exchange_drop(daemon);
    transport->active = play;
    transport->active_mark = 0;
    transport->position_s = play->start_s;
    transport->successor = NULL;
    ch_play_retire(daemon, old);
    ch_play_retire(daemon, successor);
    if (play->n_marks) {
        ch_transport_set_current(daemon, play->marks[0].item);
    }
    transport->state = play->paused ? CH_PAUSED : CH_PLAYING;
    // Told before the answer, so that a client that sees both sees the cause first.
    ch_transport_changed(daemon, request);

    struct ch_command command = {.op = CH_COMMAND_PLAY,
                                 .deck = {.pcm = ch_stream_pcm(play->stream),
                                          .player = PLAYER,
                                          .stream = play->id,
                                          .flags = (play->fade_in ? CH_PLAY_FADE_IN : 0) |
                                                   (play->paused ? CH_PLAY_PAUSED : 0)}};
    ch_txs_send_play(daemon, &command, request ? on_heard : NULL, request);
    ch_transport_set_state(daemon, transport->state);
    if (transport->state == CH_PAUSED) {
        nothing_sounds(daemon);
    }
    ch_transport_agree(daemon);
}

void
ch_transport_play_item(struct ch_daemon *daemon, uint64_t id, double start_s, bool paused,
                       struct ch_request *request)
{
    struct ch_transport *transport = &daemon->transport;
    struct ch_device *device = &daemon->device;
    if (!ch_device_usable(device)) {
        if (request) {
            ch_device_refuse(device, request);
        }
        return;
    }
    enum ch_status status;
    struct ch_play *play = ch_play_create(daemon, id, start_s, &status);
    if (!play) {
        if (request) {
            ch_request_fail(request, ch_rpc_error_from_status(status), NULL,
                            "can't begin item %llu: %s", (unsigned long long)id,
                            ch_strerror(status));
        }
        return;
    }
    struct ch_play *superseded = transport->loading;
    play->request = request;
    play->paused = paused;
    play->fade_in = start_s > 0.0 || transport->active;
    play->seek = transport->active && id == transport->current && start_s > 0.0;
    transport->loading = play;
    transport->error.detail[0] = 0;
    ch_play_retire(daemon, superseded); // last: it answers somebody
    ch_link_update_timer(daemon);
}

// Nothing came of it: no item could be opened, or none had a frame in it.
static bool
is_empty(const struct ch_play *play)
{
    bool ended;
    return !play->n_marks ||
           (ch_pcm_ring_available(ch_stream_pcm(play->stream), &ended) == 0 && ended);
}

// A play has been filled, or there was nothing to fill it with.
void
ch_transport_play_primed(struct ch_daemon *daemon, struct ch_play *play)
{
    struct ch_transport *transport = &daemon->transport;
    if (is_empty(play)) {
        return; // ch_transport_play_finished() follows
    }
    if (play == transport->exchange) {
        ch_exchange_primed(daemon, play);
        return;
    }
    if (play == transport->loading && engine_ready(daemon)) {
        ch_transport_take_over(daemon, play);
    } else if (play == transport->successor) {
        if (!transport->active && transport->loading) {
            ch_play_retire(daemon, play); // somebody wants something else by now
            return;
        }
        if (!transport->active) {
            // It comes late: what it was to follow has ended.
            transport->successor = NULL;
            transport->loading = play;
            ch_transport_take_over(daemon, play);
            return;
        }
        struct ch_command command = {
            .op = CH_COMMAND_ARM,
            .deck = {.pcm = ch_stream_pcm(play->stream), .player = PLAYER, .stream = play->id}};
        play->in_engine = true;
        ch_link_send(daemon, &command, 1, NULL, NULL);
    }
}

static void
refuse_loading(const struct ch_play *play, struct ch_request *request)
{
    if (play->first_status != CH_OK) {
        ch_request_fail(request, ch_rpc_error_from_status(play->first_status), NULL, "%s",
                        play->first_detail);
    } else if (play->start_s > 0.0) {
        ch_request_fail(request, CH_RPC_OUT_OF_RANGE, "position_s", "the item ends before %.3f s",
                        play->start_s);
    } else {
        ch_request_fail(request, CH_RPC_NOT_FOUND, NULL, "nothing here can be played");
    }
}

// No item of it could be opened.
static void
give_up_loading(struct ch_daemon *daemon, struct ch_play *play)
{
    struct ch_transport *transport = &daemon->transport;
    struct ch_request *request = play->request;
    play->request = NULL;
    transport->loading = NULL;
    if (play->seek) {
        if (request) {
            refuse_loading(play, request);
        }
        ch_play_retire(daemon, play);
        return;
    }
    ch_play_retire(daemon, transport->successor);
    if (transport->active) {
        // A skip to something that can't be played: what sounded must not go on in its place.
        ch_exchange_drop(daemon);
        ch_transport_send(daemon, CH_COMMAND_STOP, NULL);
        ch_play_retire(daemon, transport->active);
    }
    if (request) {
        refuse_loading(play, request);
    }
    ch_play_retire(daemon, play);
    come_to_end(daemon);
}

void
ch_transport_play_finished(struct ch_daemon *daemon, struct ch_play *play)
{
    struct ch_transport *transport = &daemon->transport;
    if (play->in_engine || !is_empty(play)) {
        return;
    }
    if (play == transport->exchange) {
        ch_exchange_failed(daemon, play);
    } else if (play == transport->loading) {
        give_up_loading(daemon, play);
    } else if (play == transport->successor) {
        ch_play_retire(daemon, play);
        if (!transport->active && !transport->loading) {
            come_to_end(daemon);
        }
    }
}

void
ch_transport_item_failed(struct ch_daemon *daemon, struct ch_play *play,
                         const struct ch_stream_message *message)
{
    struct ch_transport *transport = &daemon->transport;
    if (play == transport->exchange && !play->in_engine) {
        ch_exchange_failed(daemon, play); // what sounds goes on
        return;
    }
    struct ch_item *item = ch_queue_find(&transport->queue, message->item_id);
    ch_warning("%s", message->detail);
    if (play->first_status == CH_OK) {
        play->first_status = message->status;
        memcpy(play->first_detail, message->detail, sizeof play->first_detail);
    }
    transport->error.name = ch_rpc_error_from_status(message->status);
    transport->error.item = message->item_id;
    memcpy(transport->error.detail, message->detail, sizeof transport->error.detail);
    transport->error.uri[0] = 0;
    if (item) {
        item->failed = message->kind == CH_STREAM_FAILED;
        strcpy(transport->error.uri, item->uri);
    }
    ch_transport_changed(daemon, NULL);
    if (play == transport->loading && play->seek) {
        give_up_loading(daemon, play); // rather than to go on with the next item
    }
}

// --- what the engine says ----------------------------------------------------------------------

static void
deck_started(struct ch_daemon *daemon, uint32_t stream)
{
    struct ch_transport *transport = &daemon->transport;
    struct ch_play *play = ch_play_find(daemon, stream);
    if (play && play->exchange) {
        return; // its acknowledgement says the same; if it is retired, what ends it is on its way
    }
    if (play && play->retired) {
        // It was armed, and joined before word reached it that it is not wanted any more.
        ch_transport_send(daemon, CH_COMMAND_STOP, NULL);
    } else if (play && play == transport->successor) {
        struct ch_play *old = transport->active;
        transport->active = play;
        transport->successor = NULL;
        transport->active_mark = 0;
        transport->position_s = play->start_s;
        ch_play_retire(daemon, old);
        ch_transport_set_current(daemon, play->marks[0].item);
        ch_transport_changed(daemon, NULL);
        ch_transport_update_flow(daemon);
        ch_transport_agree(daemon);
    }
}

static void
deck_ended(struct ch_daemon *daemon, uint32_t stream, uint64_t ring_frame)
{
    struct ch_transport *transport = &daemon->transport;
    struct ch_play *play = transport->active;
    if (!play || play->id != stream) {
        return;
    }
    if (ring_frame) {
        follow_marks(daemon, ring_frame - 1); // a mark at the very end has not been heard
    }
    if (transport->successor) {
        if (!transport->successor->in_engine) {
            ch_play_retire(daemon, play); // the successor takes over as soon as it is primed
        }
        return;
    }
    ch_play_retire(daemon, play);
    if (!transport->loading) {
        come_to_end(daemon);
    }
}

static void
deck_released(struct ch_daemon *daemon, uint32_t stream)
{
    struct ch_play *play = ch_play_find(daemon, stream);
    if (play) {
        play->in_engine = false;
        if (play->retired) {
            ch_play_retire(daemon, play);
        } else if (play == daemon->transport.successor) {
            ch_transport_play_primed(daemon, play); // swept away with another: once more
        }
    }
}

void
ch_transport_on_event(struct ch_daemon *daemon, const struct ch_event_slot *event)
{
    switch ((enum ch_event_op)event->op) {
    case CH_EVENT_STARTED:
        deck_started(daemon, event->deck.stream);
        break;
    case CH_EVENT_ENDED:
        deck_ended(daemon, event->deck.stream, event->deck.ring_frame);
        break;
    case CH_EVENT_RELEASED:
        deck_released(daemon, event->deck.stream);
        break;
    case CH_EVENT_STARVED:
        ch_warning("a decoder is late: silence until it has caught up");
        break;
    case CH_EVENT_REFILLED:
        ch_info("the decoder has caught up");
        break;
    case CH_EVENT_STANDING:
        nothing_sounds(daemon);
        if (daemon->stopping) {
            ch_daemon_silent(daemon);
        }
        break;
    case CH_EVENT_ACK:
    case CH_EVENT_TAP_RELEASED:
    case CH_EVENT_SHUT:
        break;
    }
    ch_exchange_update(daemon);
}

void
ch_transport_poll(struct ch_daemon *daemon)
{
    // A play's messages may free any other: begin again after each.
    uint32_t seen = UINT32_MAX;
    for (;;) {
        struct ch_play *next = NULL;
        for (struct ch_play *play = daemon->transport.plays; play; play = play->next) {
            if (play->id < seen && (!next || play->id > next->id)) {
                next = play;
            }
        }
        if (!next) {
            break;
        }
        seen = next->id;
        ch_play_poll(daemon, next);
    }
    ch_exchange_update(daemon);
    ch_link_update_timer(daemon);
}

uint64_t
ch_transport_ring_frame(struct ch_daemon *daemon)
{
    struct ch_engine_state state;
    ch_engine_read_state(daemon->link.engine, &state);
    const struct ch_play *play = daemon->transport.active;
    return play && state.player[PLAYER].stream == play->id ? state.player[PLAYER].ring_frame : 0;
}

void
ch_transport_tick(struct ch_daemon *daemon)
{
    struct ch_transport *transport = &daemon->transport;
    struct ch_play *play = transport->active;
    if (follow_marks(daemon, ch_transport_ring_frame(daemon))) {
        ch_transport_changed(daemon, NULL);
    }
    if (play && daemon->device.ops == &ch_backend_file) {
        ch_stream_poke(play->stream); // a file drains the ring faster than the decoder expects
    }
    ch_exchange_update(daemon);
    if (transport->state != CH_PLAYING) {
        struct ch_engine_state state;
        ch_engine_read_state(daemon->link.engine, &state);
        if (state.quiet) {
            ch_feeds_set_flowing(daemon, false);
        }
    }
}

bool
ch_transport_needs_ticks(struct ch_daemon *daemon)
{
    const struct ch_transport *transport = &daemon->transport;
    if (transport->state == CH_PLAYING || daemon->stopping) {
        return true;
    }
    if (daemon->device.running && daemon->device.wanted) {
        return true; // STANDING is yet to come, later than the decks that fade out come back
    }
    for (const struct ch_play *play = transport->plays; play; play = play->next) {
        if (play->retired && play->in_engine) {
            return true; // it is coming back
        }
    }
    return ch_feeds_flowing(daemon);
}

bool
ch_transport_is_calm(struct ch_daemon *daemon)
{
    const struct ch_transport *transport = &daemon->transport;
    const struct ch_play *play = transport->active;
    // The one play there is: nothing fades out, loads or follows.
    return transport->state == CH_PLAYING && !daemon->stopping && play &&
           play == transport->plays && !play->next && !play->told_finish && !play->cut &&
           transport->active_mark + 1 >= play->n_marks &&
           daemon->device.ops != &ch_backend_file; // drained faster than its decoder sleeps
}

// SPDX-License-Identifier: ISC
// daemon/control/play.c — a stream's life: fed from the queue, heard through its messages.

#include "daemon/control/play.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/log.h"
#include "daemon/control/daemon.h"

/// Of one play at a time.
#define MESSAGES_MAX 32

// The decoder's thread.
static void
on_messages(void *context)
{
    struct ch_daemon *daemon = context;
    uv_async_send(&daemon->wake);
}

static bool
fill_item(struct ch_daemon *daemon, uint64_t id, double start_s, struct ch_stream_item *out)
{
    const struct ch_item *item = ch_queue_find(&daemon->transport.queue, id);
    if (!item || strlen(item->uri) >= sizeof out->uri) {
        return false;
    }
    memset(out, 0, sizeof *out);
    out->id = id;
    strcpy(out->uri, item->uri);
    out->start_s = start_s;
    out->crossfade_s = daemon->transport.queue.mode.crossfade_s;
    ch_loudness_fill_order(daemon, item, &out->loudness);
    return true;
}

struct ch_play *
ch_play_create(struct ch_daemon *daemon, uint64_t id, double start_s, enum ch_status *status)
{
    struct ch_transport *transport = &daemon->transport;
    struct ch_play *play = calloc(1, sizeof *play);
    struct ch_stream_item *item = calloc(1, sizeof *item);
    *status = CH_NO_MEMORY;
    if (play && item) {
        const struct ch_stream_config config = {
            .rate_hz = ch_engine_rate(daemon->link.engine),
            .crossfade_s = transport->queue.mode.crossfade_s,
            .notify = on_messages,
            .context = daemon,
        };
        *status = fill_item(daemon, id, start_s, item)
                      ? ch_stream_create(&play->stream, &config, item)
                      : CH_NOT_FOUND;
    }
    free(item);
    if (*status != CH_OK) {
        free(play);
        return NULL;
    }
    play->id = ++transport->last_stream;
    play->tail = id;
    play->end_frame = CH_FOREVER;
    play->start_s = start_s;
    play->next = transport->plays;
    transport->plays = play;
    play->loudness_rev = daemon->loudness.rev;
    play->crossfade_s = transport->queue.mode.crossfade_s;
    play->crossfaded = play->crossfade_s > 0.0;
    ch_queue_find(&transport->queue, id)->planned = true;
    return play;
}

static void
destroy(struct ch_daemon *daemon, struct ch_play *play)
{
    for (struct ch_play **at = &daemon->transport.plays; *at; at = &(*at)->next) {
        if (*at == play) {
            *at = play->next;
            break;
        }
    }
    ch_stream_destroy(play->stream);
    free(play->marks);
    free(play);
}

// What it was going to play is open to random again.
static void
unplan(struct ch_queue *queue, const struct ch_play *play)
{
    struct ch_item *item = ch_queue_find(queue, play->tail);
    for (uint32_t i = 0;; i++) {
        if (item) {
            item->planned = false;
        }
        if (i == play->n_marks) {
            break;
        }
        item = ch_queue_find(queue, play->marks[i].item);
    }
}

void
ch_play_retire(struct ch_daemon *daemon, struct ch_play *play)
{
    struct ch_transport *transport = &daemon->transport;
    if (!play) {
        return;
    }
    play->retired = true;
    unplan(&transport->queue, play);
    if (play == transport->active) {
        transport->active = NULL;
    }
    if (play == transport->loading) {
        transport->loading = NULL;
    }
    if (play == transport->successor) {
        transport->successor = NULL;
    }
    if (play == transport->exchange) {
        transport->exchange = NULL;
    }
    if (play->request) {
        struct ch_request *request = play->request;
        play->request = NULL;
        ch_transport_answer(daemon, request, 0, 0); // something else came before it was heard
    }
    if (!play->in_engine) {
        destroy(daemon, play);
    }
}

struct ch_play *
ch_play_find(struct ch_daemon *daemon, uint32_t id)
{
    for (struct ch_play *play = daemon->transport.plays; play; play = play->next) {
        if (play->id == id) {
            return play;
        }
    }
    return NULL;
}

// --- messages ----------------------------------------------------------------------------------

static bool
add_mark(struct ch_play *play, const struct ch_stream_message *message)
{
    if (play->n_marks == play->capacity) {
        const uint32_t capacity = play->capacity ? play->capacity * 2 : 4;
        struct ch_mark *marks = realloc(play->marks, capacity * sizeof *marks);
        if (!marks) {
            return false;
        }
        play->marks = marks;
        play->capacity = capacity;
    }
    play->marks[play->n_marks++] = (struct ch_mark){.item = message->item_id,
                                                    .ring_frame = message->ring_frame,
                                                    .item_frame = message->item_frame,
                                                    .loudness = message->loudness};
    return true;
}

// Returns whether it is news.
static bool
learn(struct ch_item *item, const struct ch_media_info *info)
{
    const bool known = item->info && !memcmp(item->info, info, sizeof *info) && !item->failed;
    item->failed = false;
    if (!item->info) {
        item->info = malloc(sizeof *item->info);
    }
    if (item->info) {
        *item->info = *info;
    }
    return !known;
}

static void
item_began(struct ch_daemon *daemon, struct ch_play *play, const struct ch_stream_message *message)
{
    struct ch_queue *queue = &daemon->transport.queue;
    // An item before it has put something into the ring.
    if (message->ring_frame > play->begun_frame) {
        play->n_failed = 0;
    }
    play->begun_frame = message->ring_frame;
    if (!play->cut && !add_mark(play, message)) {
        ch_error("out of memory for the position of an item");
    }
    struct ch_item *item = ch_queue_find(queue, message->item_id);
    if (item && learn(item, &message->info)) {
        queue->rev++;
        ch_topics_changed(daemon, CH_TOPIC_QUEUE, "player");
    }
    if (item && daemon->loudness.scan_played && !play->exchange &&
        message->loudness.origin == CH_LOUDNESS_UNKNOWN &&
        daemon->loudness.settings.mode != CH_LOUDNESS_OFF) {
        ch_scans_add_unasked(daemon, item->uri);
    }
    if (play == daemon->transport.active) {
        ch_transport_agree(daemon); // the queue may have changed while it was being opened
    }
}

void
ch_play_feed(struct ch_daemon *daemon, struct ch_play *play)
{
    struct ch_queue *queue = &daemon->transport.queue;
    uint64_t next = 0;
    if (!play->retired && !play->cut && play->n_failed <= queue->n_items) {
        next = ch_queue_after(queue, play->tail);
    }
    struct ch_stream_item *item = next ? calloc(1, sizeof *item) : NULL;
    play->needs_next = false;
    if (item && fill_item(daemon, next, 0.0, item)) {
        play->tail = next;
        ch_queue_find(queue, next)->planned = true;
        play->crossfade_s = fmax(play->crossfade_s, item->crossfade_s);
        play->crossfaded |= item->crossfade_s > 0.0;
        ch_stream_next(play->stream, item);
    } else {
        play->told_finish = true;
        ch_stream_finish(play->stream);
    }
    free(item);
}

void
ch_play_poll(struct ch_daemon *daemon, struct ch_play *play)
{
    struct ch_stream_message message;
    const uint32_t id = play->id;
    for (int i = 0; ch_stream_take_message(play->stream, &message); i++) {
        if (i == MESSAGES_MAX) {
            uv_async_send(&daemon->wake); // others want their turn, too: come back soon
        }
        switch (message.kind) {
        case CH_STREAM_BEGAN:
            item_began(daemon, play, &message);
            break;
        case CH_STREAM_PRIMED:
            play->primed = true;
            ch_transport_play_primed(daemon, play);
            break;
        case CH_STREAM_NEED_NEXT:
            play->needs_next = true;
            ch_play_feed(daemon, play);
            break;
        case CH_STREAM_FAILED:
            play->n_failed++;
            ch_transport_item_failed(daemon, play, &message);
            break;
        case CH_STREAM_DAMAGED:
            play->n_failed++; // taken back when it turns out that something of it was heard
            ch_transport_item_failed(daemon, play, &message);
            break;
        case CH_STREAM_FINISHED:
            if (!play->cut) {
                play->end_frame = message.ring_frame;
            }
            ch_transport_play_finished(daemon, play);
            break;
        }
        if (i == MESSAGES_MAX || !ch_play_find(daemon, id)) {
            return;
        }
    }
}

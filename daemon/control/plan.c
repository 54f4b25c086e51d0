// SPDX-License-Identifier: ISC
// daemon/control/plan.c — when the queue changes under what was already decoded ahead.

#include <string.h>

#include "daemon/control/daemon.h"
#include "daemon/control/play.h"
#include "daemon/control/request.h"
#include "daemon/media/uri.h"

/// Items that a queue may hold: a bound on memory, not a wish.
#define ITEMS_MAX 65536

bool
ch_transport_add(struct ch_daemon *daemon, struct ch_request *request, const cJSON *uris,
                 uint32_t at)
{
    struct ch_queue *queue = &daemon->transport.queue;
    const cJSON *one = cJSON_IsString(uris) ? uris : uris->child;
    uint32_t n = 0;
    // All are checked before the first is added.
    for (const cJSON *uri = one; uri; uri = uri == uris ? NULL : uri->next, n++) {
        struct ch_uri parsed;
        char detail[CH_DETAIL_BYTES] = "the URI is longer than 4095 bytes";
        enum ch_status status = CH_INVALID;
        if (strlen(uri->valuestring) < CH_URI_BYTES) {
            status = ch_uri_parse(&parsed, uri->valuestring, detail);
        }
        if (status != CH_OK) {
            ch_request_fail(request, ch_rpc_error_from_status(status), "uris", "%s", detail);
            return false;
        }
    }
    if (queue->n_items + n > ITEMS_MAX) {
        ch_request_fail(request, CH_RPC_OUT_OF_RANGE, "uris",
                        "the queue would have %u items; it can hold %u", queue->n_items + n,
                        ITEMS_MAX);
        return false;
    }
    struct ch_buf *buf = ch_request_result(request);
    ch_json_key(buf, "ids");
    ch_json_begin_array(buf);
    for (const cJSON *uri = one; uri; uri = uri == uris ? NULL : uri->next) {
        const struct ch_item *item = ch_queue_insert(queue, uri->valuestring, at++);
        if (!item) {
            ch_request_fail(request, CH_RPC_INTERNAL, NULL, "out of memory for the queue");
            return false;
        }
        ch_json_uint(buf, item->id);
    }
    ch_json_end_array(buf);
    return true;
}

// The mark whose item must not follow the one before it any more; n_marks if all is well.
static uint32_t
first_wrong_mark(struct ch_daemon *daemon, const struct ch_play *play)
{
    struct ch_queue *queue = &daemon->transport.queue;
    for (uint32_t i = daemon->transport.active_mark + 1; i < play->n_marks; i++) {
        const uint64_t planned = play->marks[i].item;
        const bool right = queue->mode.random
                               ? ch_queue_find(queue, planned) != NULL
                               : ch_queue_after(queue, play->marks[i - 1].item) == planned;
        if (!right) {
            return i;
        }
    }
    return play->n_marks;
}

static void
set_successor(struct ch_daemon *daemon, uint64_t id)
{
    struct ch_transport *transport = &daemon->transport;
    struct ch_play *old = transport->successor;
    if (old && old->in_engine) {
        struct ch_command disarm = {.op = CH_COMMAND_ARM, .deck = {.player = 0}};
        ch_link_send(daemon, &disarm, 1, NULL, NULL);
    }
    ch_play_retire(daemon, old);
    transport->successor = NULL;
    if (id) {
        enum ch_status status;
        transport->successor = ch_play_create(daemon, id, 0.0, &status);
    }
}

static void
cut_at(struct ch_daemon *daemon, struct ch_play *play, uint32_t mark)
{
    struct ch_command command = {
        .op = CH_COMMAND_TRUNCATE,
        .truncate = {.stream = play->id, .end_frame = play->marks[mark].ring_frame}};
    ch_link_send(daemon, &command, 1, NULL, NULL);
    play->cut = true;
    play->end_frame = play->marks[mark].ring_frame;
    for (uint32_t i = mark; i < play->n_marks; i++) {
        struct ch_item *item = ch_queue_find(&daemon->transport.queue, play->marks[i].item);
        if (item) {
            item->planned = false;
        }
    }
    play->n_marks = mark;
}

void
ch_transport_agree(struct ch_daemon *daemon)
{
    struct ch_transport *transport = &daemon->transport;
    struct ch_queue *queue = &transport->queue;
    struct ch_play *play = transport->active;
    if (!play || !play->n_marks || transport->loading) {
        return; // what is loading will look for itself when it takes over
    }
    const uint32_t wrong = first_wrong_mark(daemon, play);
    if (wrong < play->n_marks) {
        if (play->crossfaded) {
            // The wrong item is already mixed into the end of this one: begin again right here.
            ch_transport_play_item(daemon, transport->current, ch_transport_position_s(daemon),
                                   transport->state == CH_PAUSED, NULL);
            return;
        }
        cut_at(daemon, play, wrong);
    }
    if (!play->cut && !play->told_finish) {
        return; // it will ask; and what it has been given, but has not begun, is looked at then
    }
    const struct ch_play *successor = transport->successor;
    uint64_t planned = 0;
    if (successor) {
        planned = successor->n_marks ? successor->marks[0].item : successor->tail;
    }
    if (queue->mode.random && ch_queue_find(queue, planned)) {
        return; // as good as any
    }
    const uint64_t wanted = ch_queue_after(queue, play->marks[play->n_marks - 1].item);
    if (wanted != planned) {
        set_successor(daemon, wanted);
    }
}

void
ch_transport_queue_changed(struct ch_daemon *daemon, const char *cause)
{
    struct ch_transport *transport = &daemon->transport;
    for (struct ch_play *play = transport->plays; play; play = play->next) {
        if (!play->retired) {
            ch_stream_set_crossfade(play->stream, transport->queue.mode.crossfade_s);
        }
    }
    ch_transport_tick(daemon);
    ch_transport_agree(daemon);
    ch_topics_changed(daemon, CH_TOPIC_QUEUE, cause);
    ch_topics_changed(daemon, CH_TOPIC_PLAYER, cause); // its length, and the item's index
}

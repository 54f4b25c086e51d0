// SPDX-License-Identifier: ISC
// daemon/control/transport_status.c — what a person sees of the transport.

#include <stdlib.h>
#include <string.h>

#include "daemon/control/daemon.h"
#include "daemon/control/play.h"
#include "daemon/media/uri.h"

// In the current item; at a join never beyond its end, until the next has become the current one.
static double
position_in_item(struct ch_daemon *daemon, const struct ch_play *play, uint64_t ring_frame)
{
    const uint32_t index = daemon->transport.active_mark;
    const struct ch_mark *mark = &play->marks[index];
    // What has gone into the limiter's look-ahead has not come out yet.
    const uint64_t late = ch_engine_latency(daemon->link.engine);
    ring_frame = ring_frame > late ? ring_frame - late : 0;
    if (index + 1 < play->n_marks && ring_frame > mark[1].ring_frame) {
        ring_frame = mark[1].ring_frame;
    }
    const uint64_t inside = ring_frame > mark->ring_frame ? ring_frame - mark->ring_frame : 0;
    return (double)(mark->item_frame + inside) / (double)ch_engine_rate(daemon->link.engine);
}

double
ch_transport_position_s(struct ch_daemon *daemon)
{
    struct ch_transport *transport = &daemon->transport;
    const struct ch_play *play = transport->active;
    if (!play || !play->n_marks) {
        if (transport->loading) {
            return transport->loading->start_s;
        }
        return transport->state == CH_STOPPED ? 0.0 : transport->position_s;
    }
    struct ch_engine_state state;
    ch_engine_read_state(daemon->link.engine, &state);
    if (state.player[0].stream == play->id) {
        transport->position_s = position_in_item(daemon, play, state.player[0].ring_frame);
    }
    // Else the deck has ended, and the event that says what follows is still on its way.
    return transport->position_s;
}

bool
ch_transport_next_begins(struct ch_daemon *daemon, uint64_t *frame)
{
    const struct ch_transport *transport = &daemon->transport;
    const struct ch_play *play = transport->active;
    const struct ch_play *successor = transport->successor;
    struct ch_engine_state state;
    ch_engine_read_state(daemon->link.engine, &state);
    if (!play || transport->loading || state.player[0].stream != play->id ||
        state.player[0].motion != CH_PLAYER_MOVING) {
        return false;
    }
    const uint64_t ring_frame = state.player[0].ring_frame;
    uint64_t begins = CH_FOREVER;
    for (uint32_t i = transport->active_mark + 1; i < play->n_marks && begins == CH_FOREVER; i++) {
        // One that has been passed, but not been seen yet, is not the next.
        begins = play->marks[i].ring_frame >= ring_frame ? play->marks[i].ring_frame : CH_FOREVER;
    }
    if (begins == CH_FOREVER && successor && successor->in_engine) {
        begins = play->end_frame;
    }
    *frame = state.frame + begins - ring_frame;
    return begins != CH_FOREVER;
}

uint64_t
ch_transport_meant(struct ch_daemon *daemon, double *position_s)
{
    const struct ch_transport *transport = &daemon->transport;
    const struct ch_play *loading = transport->loading;
    if (loading) {
        *position_s = loading->start_s;
        return loading->n_marks ? loading->marks[0].item : loading->tail;
    }
    *position_s = ch_transport_position_s(daemon);
    return transport->current;
}

double
ch_transport_duration_s(struct ch_daemon *daemon, uint64_t id)
{
    const struct ch_item *item = ch_queue_find(&daemon->transport.queue, id);
    return item && item->info ? item->info->duration_s : -1.0;
}

static void
write_tag(struct ch_buf *buf, const char *key, const char *value)
{
    if (*value) {
        ch_json_kv_string(buf, key, value);
    }
}

static void
write_info(const struct ch_media_info *info, struct ch_buf *buf)
{
    write_tag(buf, "title", info->title);
    write_tag(buf, "artist", info->artist);
    write_tag(buf, "album", info->album);
    write_tag(buf, "track", info->track);
    write_tag(buf, "date", info->date);
    if (info->duration_s >= 0.0) {
        ch_json_kv_fixed(buf, "duration_s", info->duration_s, 6);
    } else {
        ch_json_kv_null(buf, "duration_s");
    }
    ch_json_kv_uint(buf, "rate_hz", info->rate_hz);
    ch_json_kv_uint(buf, "channels", info->channels);
    if (info->bits) {
        ch_json_kv_uint(buf, "bits", info->bits);
    }
    ch_json_kv_string(buf, "format", info->format);
}

// A file whose name is not UTF-8 came as file:// with percent signs; its bytes go out as they are.
static void
write_path(const char *uri, struct ch_buf *buf)
{
    if (strncmp(uri, "file:", 5) != 0) {
        return;
    }
    struct ch_uri *parsed = malloc(sizeof *parsed);
    char detail[CH_DETAIL_BYTES];
    if (parsed && ch_uri_parse(parsed, uri, detail) == CH_OK && parsed->kind == CH_URI_FILE &&
        !ch_utf8_valid(parsed->path, strlen(parsed->path))) {
        ch_json_key(buf, "path_b64");
        ch_json_base64(buf, parsed->path, strlen(parsed->path));
    }
    free(parsed);
}

static void
write_item_members(const struct ch_item *item, uint32_t index, struct ch_buf *buf)
{
    ch_json_kv_uint(buf, "id", item->id);
    ch_json_kv_uint(buf, "index", index);
    ch_json_kv_string(buf, "uri", item->uri);
    write_path(item->uri, buf);
    if (item->info) {
        write_info(item->info, buf);
    }
    if (item->failed) {
        ch_json_kv_bool(buf, "failed", true);
    }
}

void
ch_transport_write_item(const struct ch_item *item, uint32_t index, struct ch_buf *buf)
{
    ch_json_begin_object(buf);
    write_item_members(item, index, buf);
    ch_json_end_object(buf);
}

const struct ch_loudness_applied *
ch_transport_loudness(const struct ch_daemon *daemon)
{
    const struct ch_transport *transport = &daemon->transport;
    const struct ch_play *play = transport->active;
    if (!play || transport->active_mark >= play->n_marks ||
        play->marks[transport->active_mark].item != transport->current) {
        return NULL;
    }
    return &play->marks[transport->active_mark].loudness;
}

/// The current one, and the gain that it sounds with.
static void
write_current(const struct ch_daemon *daemon, uint32_t index, struct ch_buf *buf)
{
    const struct ch_loudness_applied *loudness = ch_transport_loudness(daemon);
    ch_json_begin_object(buf);
    write_item_members(daemon->transport.queue.items[index], index, buf);
    if (loudness) {
        ch_json_kv_fixed(buf, "gain_db", loudness->gain_db, 2);
    }
    ch_json_end_object(buf);
}

static void
write_mode(const struct ch_mode *mode, struct ch_buf *buf)
{
    static const char *const repeats[] = {
        [CH_REPEAT_OFF] = "off", [CH_REPEAT_ONE] = "one", [CH_REPEAT_ALL] = "all"};
    ch_json_key(buf, "mode");
    ch_json_begin_object(buf);
    ch_json_kv_string(buf, "repeat", repeats[mode->repeat]);
    ch_json_kv_bool(buf, "random", mode->random);
    ch_json_kv_bool(buf, "single", mode->single);
    ch_json_kv_bool(buf, "consume", mode->consume);
    ch_json_kv_fixed(buf, "crossfade_s", mode->crossfade_s, 3);
    ch_json_end_object(buf);
}

static void
write_error(const struct ch_transport *transport, struct ch_buf *buf)
{
    ch_json_key(buf, "error");
    if (!*transport->error.detail) {
        ch_json_null(buf);
        return;
    }
    ch_json_begin_object(buf);
    ch_json_kv_string(buf, "name", ch_rpc_error_name(transport->error.name));
    ch_json_kv_string(buf, "detail", transport->error.detail);
    if (*transport->error.uri) {
        ch_json_kv_string(buf, "uri", transport->error.uri);
    }
    ch_json_kv_uint(buf, "id", transport->error.item);
    ch_json_end_object(buf);
}

void
ch_transport_write_members(struct ch_daemon *daemon, struct ch_buf *buf)
{
    static const char *const states[] = {
        [CH_STOPPED] = "stopped", [CH_PLAYING] = "playing", [CH_PAUSED] = "paused"};
    const struct ch_transport *transport = &daemon->transport;
    const struct ch_queue *queue = &transport->queue;
    const int64_t index = ch_queue_index(queue, transport->current);
    ch_json_kv_string(buf, "player", "main");
    ch_json_kv_string(buf, "state", states[transport->state]);
    ch_json_key(buf, "item");
    if (index < 0) {
        ch_json_null(buf);
    } else {
        write_current(daemon, (uint32_t)index, buf);
    }
    ch_json_kv_fixed(buf, "position_s", ch_transport_position_s(daemon), 6);
    write_mode(&queue->mode, buf);
    ch_json_kv_uint(buf, "queue_length", queue->n_items);
    write_error(transport, buf);
}

// SPDX-License-Identifier: ISC
// daemon/control/loudness.c — settings, orders to decoders, answers.

#include "daemon/control/loudness.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/control/daemon.h"
#include "daemon/control/play.h"
#include "daemon/control/request.h"
#include "daemon/media/uri.h"

void
ch_loudness_init(struct ch_daemon *daemon)
{
    daemon->loudness = (struct ch_loudness){
        .settings = {.mode = CH_LOUDNESS_OFF, .target_lufs = CH_LOUDNESS_TARGET_LUFS}};
}

void
ch_loudness_fini(struct ch_daemon *daemon)
{
    ch_loudness_heard(daemon, daemon->loudness.rev, 0, 0);
}

// --- orders ------------------------------------------------------------------------------------

/// The name of `uri` if it is a file in the folder of `own`, whose folder part is n_folder long.
static void
take_neighbour(const char *own, size_t n_folder, const char *uri, char *name)
{
    struct ch_uri *other = malloc(sizeof *other);
    char detail[CH_DETAIL_BYTES];
    if (other && ch_uri_parse(other, uri, detail) == CH_OK && other->kind == CH_URI_FILE &&
        !strncmp(own, other->path, n_folder) && !strchr(other->path + n_folder, '/') &&
        strlen(other->path + n_folder) < CH_FILE_NAME_BYTES) {
        strcpy(name, other->path + n_folder);
    }
    free(other);
}

static void
take_neighbours(const struct ch_queue *queue, const struct ch_item *item, const char *path,
                struct ch_loudness_order *order)
{
    const size_t n_folder = (size_t)(strrchr(path, '/') + 1 - path);
    const int64_t index = ch_queue_index(queue, item->id);
    if (index > 0) {
        take_neighbour(path, n_folder, queue->items[index - 1]->uri, order->neighbour[0]);
    }
    if (index >= 0 && index + 1 < queue->n_items) {
        take_neighbour(path, n_folder, queue->items[index + 1]->uri, order->neighbour[1]);
    }
}

static void
take_known(struct ch_daemon *daemon, const char *path, struct ch_loudness_order *order)
{
    const struct ch_loudness_measured *known = ch_loudness_cache_find(ch_scans_cache(daemon), path);
    if (known) {
        order->scanned = ch_loudness_facts_from_scan(known);
        order->scanned_file = known->file;
    }
}

void
ch_loudness_fill_order(struct ch_daemon *daemon, const struct ch_item *item,
                       struct ch_loudness_order *order)
{
    const struct ch_queue *queue = &daemon->transport.queue;
    memset(order, 0, sizeof *order);
    order->settings = daemon->loudness.settings;
    if (order->settings.mode == CH_LOUDNESS_OFF) {
        return;
    }
    if (order->settings.mode == CH_LOUDNESS_AUTO && queue->mode.random) {
        order->settings.mode = CH_LOUDNESS_TRACK;
    }
    struct ch_uri *own = malloc(sizeof *own);
    char detail[CH_DETAIL_BYTES];
    if (own && ch_uri_parse(own, item->uri, detail) == CH_OK && own->kind == CH_URI_FILE) {
        take_known(daemon, own->path, order);
        if (order->settings.mode == CH_LOUDNESS_AUTO) {
            take_neighbours(queue, item, own->path, order);
        }
    }
    free(own);
}

// --- who waits ---------------------------------------------------------------------------------

static void
answer(struct ch_daemon *daemon, struct ch_request *request, uint64_t frame, uint64_t mono_ns)
{
    struct ch_buf *buf = ch_request_result(request);
    ch_json_begin_object(buf);
    ch_loudness_write_members(daemon, buf);
    if (mono_ns) {
        ch_link_write_applied(buf, frame, mono_ns);
    }
    ch_json_end_object(buf);
    ch_request_finish(request);
}

void
ch_loudness_wait(struct ch_daemon *daemon, struct ch_request *request)
{
    struct ch_loudness *loudness = &daemon->loudness;
    struct ch_loudness_waiter *waiter = malloc(sizeof *waiter);
    if (!waiter) {
        answer(daemon, request, 0, 0);
        return;
    }
    *waiter = (struct ch_loudness_waiter){.request = request, .rev = loudness->rev};
    *(loudness->waiters ? &loudness->last_waiter->next : &loudness->waiters) = waiter;
    loudness->last_waiter = waiter;
}

void
ch_loudness_heard(struct ch_daemon *daemon, uint32_t rev, uint64_t frame, uint64_t mono_ns)
{
    struct ch_loudness *loudness = &daemon->loudness;
    while (loudness->waiters && (int32_t)(rev - loudness->waiters->rev) >= 0) {
        struct ch_loudness_waiter *waiter = loudness->waiters;
        loudness->waiters = waiter->next;
        answer(daemon, waiter->request, frame, mono_ns);
        free(waiter);
    }
}

void
ch_loudness_changed(struct ch_daemon *daemon, const struct ch_request *request)
{
    char cause[32] = "player";
    ch_topics_cause(request, cause, sizeof cause);
    ch_topics_changed(daemon, CH_TOPIC_LOUDNESS, cause);
}

// --- what it shows -----------------------------------------------------------------------------

void
ch_loudness_write_applied(const struct ch_loudness_applied *applied, struct ch_buf *buf)
{
    static const char *const origins[] = {[CH_LOUDNESS_UNKNOWN] = "none",
                                          [CH_LOUDNESS_FROM_TAG] = "tag",
                                          [CH_LOUDNESS_FROM_SCAN] = "scan"};
    ch_json_begin_object(buf);
    ch_json_kv_fixed(buf, "gain_db", applied->gain_db, 2);
    ch_json_kv_string(buf, "from", origins[applied->origin]);
    if (applied->basis != CH_LOUDNESS_BY_NONE) {
        ch_json_kv_string(buf, "basis", applied->basis == CH_LOUDNESS_BY_ALBUM ? "album" : "track");
        ch_json_kv_fixed(buf, "integrated_lufs", applied->lufs, 2);
    }
    ch_json_end_object(buf);
}

static const char *const modes[] = {[CH_LOUDNESS_OFF] = "off",
                                    [CH_LOUDNESS_TRACK] = "track",
                                    [CH_LOUDNESS_ALBUM] = "album",
                                    [CH_LOUDNESS_AUTO] = "auto"};

bool
ch_loudness_mode_from_name(const char *name, enum ch_loudness_mode *mode)
{
    for (unsigned i = 0; name && i < sizeof modes / sizeof *modes; i++) {
        if (!strcmp(name, modes[i])) {
            *mode = (enum ch_loudness_mode)i;
            return true;
        }
    }
    return false;
}

void
ch_loudness_write_settings(const struct ch_loudness *loudness, struct ch_buf *buf)
{
    const struct ch_loudness_settings *settings = &loudness->settings;
    ch_json_kv_string(buf, "mode", modes[settings->mode]);
    ch_json_kv_fixed(buf, "target_lufs", settings->target_lufs, 2);
    ch_json_kv_fixed(buf, "preamp_db", settings->preamp_db, 2);
    ch_json_kv_bool(buf, "scan", loudness->scan_played);
}

void
ch_loudness_write_members(struct ch_daemon *daemon, struct ch_buf *buf)
{
    ch_loudness_write_settings(&daemon->loudness, buf);
    ch_json_key(buf, "current");
    const struct ch_loudness_applied *applied = ch_transport_loudness(daemon);
    if (applied) {
        ch_loudness_write_applied(applied, buf);
    } else {
        ch_json_null(buf);
    }
    ch_json_key(buf, "scanning");
    ch_scans_write_progress(daemon, buf);
}

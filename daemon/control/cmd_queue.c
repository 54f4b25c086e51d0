// SPDX-License-Identifier: ISC
// daemon/control/cmd_queue.c — queue.*

#include <stdlib.h>
#include <string.h>

#include "daemon/control/daemon.h"
#include "daemon/control/dispatch.h"

#define INDEX_MAX 65536.0

static void
write_list(struct ch_daemon *daemon, uint32_t offset, uint32_t limit, struct ch_buf *buf)
{
    const struct ch_transport *transport = &daemon->transport;
    const struct ch_queue *queue = &transport->queue;
    ch_json_begin_object(buf);
    ch_json_kv_uint(buf, "rev", queue->rev);
    ch_json_kv_uint(buf, "length", queue->n_items);
    ch_json_kv_uint(buf, "offset", offset);
    if (ch_queue_find(queue, transport->current)) {
        ch_json_kv_uint(buf, "current", transport->current);
    } else {
        ch_json_kv_null(buf, "current");
    }
    ch_json_key(buf, "items");
    ch_json_begin_array(buf);
    for (uint32_t i = offset; i < queue->n_items && i - offset < limit; i++) {
        ch_transport_write_item(queue->items[i], i, buf);
    }
    ch_json_end_array(buf);
    ch_json_end_object(buf);
}

void
ch_queue_write_topic(struct ch_daemon *daemon, struct ch_buf *buf)
{
    write_list(daemon, 0, CH_QUEUE_TOPIC_ITEMS, buf);
}

static void
queue_list(struct ch_request *request)
{
    const double offset = ch_param_number(request->params, "offset", 0.0);
    const double limit = ch_param_number(request->params, "limit", INDEX_MAX);
    write_list(request->daemon, (uint32_t)offset, (uint32_t)limit, ch_request_result(request));
    ch_request_finish(request);
}

// The queue has changed by this request: plan anew, tell everybody, and answer with its length.
static void
finish_change(struct ch_request *request)
{
    struct ch_daemon *daemon = request->daemon;
    char cause[32];
    ch_topics_cause(request, cause, sizeof cause);
    ch_transport_queue_changed(daemon, cause);
    struct ch_buf *buf = ch_request_result(request);
    if (!buf->length) {
        ch_json_begin_object(buf);
    }
    ch_json_kv_uint(buf, "length", daemon->transport.queue.n_items);
    ch_json_end_object(buf);
    ch_request_finish(request);
}

static void
queue_add(struct ch_request *request)
{
    const uint32_t n_items = request->daemon->transport.queue.n_items;
    const double at = ch_param_number(request->params, "at", n_items);
    if (at > n_items) {
        ch_request_fail(request, CH_RPC_OUT_OF_RANGE, "at", "'at' must be 0 to %u", n_items);
        return;
    }
    ch_json_begin_object(ch_request_result(request));
    if (ch_transport_add(request->daemon, request, ch_param_get(request->params, "uris"),
                         (uint32_t)at)) {
        finish_change(request);
    }
}

/// Ids of a request, ascending.
struct id_set {
    uint64_t *ids; ///< owned
    uint32_t n;
};

static int
compare_ids(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static bool
in_set(const struct ch_item *item, const void *context)
{
    const struct id_set *set = context;
    return bsearch(&item->id, set->ids, set->n, sizeof *set->ids, compare_ids) != NULL;
}

// Sorted, each once; false without memory.
static bool
read_ids(const cJSON *list, struct id_set *set)
{
    const uint32_t n = cJSON_IsNumber(list) ? 1 : (uint32_t)cJSON_GetArraySize(list);
    set->n = 0;
    set->ids = calloc(n + 1, sizeof *set->ids);
    if (!set->ids) {
        return false;
    }
    const cJSON *one = cJSON_IsNumber(list) ? list : list->child;
    for (const cJSON *id = one; id; id = id == list ? NULL : id->next) {
        set->ids[set->n++] = id->valuedouble < 1.0 ? 0 : (uint64_t)id->valuedouble;
    }
    qsort(set->ids, set->n, sizeof *set->ids, compare_ids);
    uint32_t n_unique = 0;
    for (uint32_t i = 0; i < set->n; i++) {
        if (!n_unique || set->ids[n_unique - 1] != set->ids[i]) {
            set->ids[n_unique++] = set->ids[i];
        }
    }
    set->n = n_unique;
    return true;
}

static int
compare_id_to_item(const void *id, const void *item)
{
    return compare_ids(id, &(*(struct ch_item *const *)item)->id);
}

static int
compare_items(const void *a, const void *b)
{
    return compare_ids(&(*(struct ch_item *const *)a)->id, &(*(struct ch_item *const *)b)->id);
}

// Whether an id of the set is no item's, and the first such.
static bool
find_missing(const struct ch_queue *queue, const struct id_set *set, uint64_t *missing)
{
    struct ch_item **sorted = calloc(queue->n_items + 1, sizeof(struct ch_item *));
    bool found = sorted == NULL;
    *missing = 0;
    if (sorted && queue->n_items) {
        memcpy(sorted, queue->items, queue->n_items * sizeof(struct ch_item *));
        qsort(sorted, queue->n_items, sizeof(struct ch_item *), compare_items);
    }
    for (uint32_t i = 0; !found && i < set->n; i++) {
        found = !bsearch(&set->ids[i], sorted, queue->n_items, sizeof(struct ch_item *),
                         compare_id_to_item);
        *missing = set->ids[i];
    }
    free(sorted);
    return found;
}

static void
remove_set(struct ch_request *request, const struct id_set *set)
{
    struct ch_daemon *daemon = request->daemon;
    struct ch_queue *queue = &daemon->transport.queue;
    double position_s;
    const uint64_t current = ch_transport_meant(daemon, &position_s);
    const int64_t index = ch_queue_index(queue, current);
    // Where to go on if the current one is among them: its first follower that stays.
    uint64_t after = 0;
    for (int64_t i = index; index >= 0 && i < queue->n_items && !after; i++) {
        after = in_set(queue->items[i], set) ? 0 : queue->items[i]->id;
    }
    const uint32_t n_removed = ch_queue_remove_if(queue, in_set, set);
    if (current && after != current) {
        if (daemon->transport.state != CH_STOPPED || daemon->transport.loading) {
            ch_transport_skip_to(daemon, after, NULL);
        }
    }
    ch_json_begin_object(ch_request_result(request));
    ch_json_kv_uint(ch_request_result(request), "removed", n_removed);
    finish_change(request);
}

static void
queue_remove(struct ch_request *request)
{
    struct id_set set;
    uint64_t missing;
    if (!read_ids(ch_param_get(request->params, "ids"), &set)) {
        ch_request_fail(request, CH_RPC_INTERNAL, NULL, "out of memory");
        return;
    }
    if (find_missing(&request->daemon->transport.queue, &set, &missing)) {
        ch_request_fail(request, CH_RPC_NOT_FOUND, "ids", "no item %llu in the queue",
                        (unsigned long long)missing);
    } else {
        remove_set(request, &set);
    }
    free(set.ids);
}

static void
queue_move(struct ch_request *request)
{
    struct ch_queue *queue = &request->daemon->transport.queue;
    const double id = ch_param_number(request->params, "id", 0.0);
    const double to = ch_param_number(request->params, "to", 0.0);
    if (to >= queue->n_items && queue->n_items) {
        ch_request_fail(request, CH_RPC_OUT_OF_RANGE, "to", "'to' must be 0 to %u",
                        queue->n_items - 1);
        return;
    }
    if (!ch_queue_move(queue, (uint64_t)id, (uint32_t)to)) {
        ch_request_fail(request, CH_RPC_NOT_FOUND, "id", "no item %.0f in the queue", id);
        return;
    }
    finish_change(request);
}

static void
queue_clear(struct ch_request *request)
{
    struct ch_daemon *daemon = request->daemon;
    ch_queue_clear(&daemon->transport.queue);
    daemon->transport.current = 0;
    ch_transport_stop(daemon, NULL);
    finish_change(request);
}

static void
queue_shuffle(struct ch_request *request)
{
    struct ch_transport *transport = &request->daemon->transport;
    ch_queue_shuffle(&transport->queue, transport->current);
    finish_change(request);
}

static const struct ch_param list_params[] = {
    {.name = "offset", .type = CH_PARAM_INT, .min = 0, .max = INDEX_MAX},
    {.name = "limit", .type = CH_PARAM_INT, .min = 0, .max = INDEX_MAX},
    CH_PARAM_END,
};

static const struct ch_param add_params[] = {
    {.name = "uris", .type = CH_PARAM_STRINGS, .flags = CH_PARAM_REQUIRED},
    {.name = "at", .type = CH_PARAM_INT, .min = 0, .max = INDEX_MAX},
    CH_PARAM_END,
};

static const struct ch_param remove_params[] = {
    {.name = "ids", .type = CH_PARAM_INTS, .flags = CH_PARAM_REQUIRED},
    CH_PARAM_END,
};

static const struct ch_param move_params[] = {
    {.name = "id",
     .type = CH_PARAM_INT,
     .flags = CH_PARAM_REQUIRED,
     .min = 1,
     .max = 9007199254740992.0},
    {.name = "to", .type = CH_PARAM_INT, .flags = CH_PARAM_REQUIRED, .min = 0, .max = INDEX_MAX},
    CH_PARAM_END,
};

const struct ch_method ch_queue_methods[] = {
    {.name = "queue.list", .run = queue_list, .params = list_params},
    {.name = "queue.add", .run = queue_add, .params = add_params},
    {.name = "queue.remove", .run = queue_remove, .params = remove_params},
    {.name = "queue.move", .run = queue_move, .params = move_params},
    {.name = "queue.clear", .run = queue_clear},
    {.name = "queue.shuffle", .run = queue_shuffle},
    {.name = NULL},
};

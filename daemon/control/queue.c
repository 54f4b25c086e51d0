// SPDX-License-Identifier: ISC
// daemon/control/queue.c — the list of items and the rules of what comes next.

#include "daemon/control/queue.h"

#include <stdlib.h>
#include <string.h>

void
ch_queue_init(struct ch_queue *queue, uint64_t seed)
{
    *queue = (struct ch_queue){.seed = seed | 1};
}

static void
item_free(struct ch_item *item)
{
    free(item->uri);
    free(item->info);
    free(item);
}

void
ch_queue_clear(struct ch_queue *queue)
{
    for (uint32_t i = 0; i < queue->n_items; i++) {
        item_free(queue->items[i]);
    }
    queue->n_items = 0;
    queue->rev++;
}

void
ch_queue_fini(struct ch_queue *queue)
{
    ch_queue_clear(queue);
    free(queue->items);
    queue->items = NULL;
    queue->capacity = 0;
}

static bool
grow(struct ch_queue *queue)
{
    if (queue->n_items < queue->capacity) {
        return true;
    }
    const uint32_t capacity = queue->capacity ? queue->capacity * 2 : 16;
    struct ch_item **items = realloc(queue->items, capacity * sizeof(struct ch_item *));
    if (!items) {
        return false;
    }
    queue->items = items;
    queue->capacity = capacity;
    return true;
}

static void
place(struct ch_queue *queue, struct ch_item *item, uint32_t at)
{
    memmove(queue->items + at + 1, queue->items + at,
            (queue->n_items - at) * sizeof(struct ch_item *));
    queue->items[at] = item;
    queue->n_items++;
    queue->rev++;
}

static struct ch_item *
take_out(struct ch_queue *queue, uint32_t index)
{
    struct ch_item *item = queue->items[index];
    queue->n_items--;
    memmove(queue->items + index, queue->items + index + 1,
            (queue->n_items - index) * sizeof(struct ch_item *));
    queue->rev++;
    return item;
}

struct ch_item *
ch_queue_insert(struct ch_queue *queue, const char *uri, uint32_t at)
{
    struct ch_item *item = calloc(1, sizeof *item);
    if (!item || !(item->uri = strdup(uri)) || !grow(queue)) {
        if (item) {
            item_free(item);
        }
        return NULL;
    }
    item->id = ++queue->last_id;
    place(queue, item, at < queue->n_items ? at : queue->n_items);
    return item;
}

int64_t
ch_queue_index(const struct ch_queue *queue, uint64_t id)
{
    for (uint32_t i = 0; id && i < queue->n_items; i++) {
        if (queue->items[i]->id == id) {
            return i;
        }
    }
    return -1;
}

struct ch_item *
ch_queue_find(const struct ch_queue *queue, uint64_t id)
{
    const int64_t index = ch_queue_index(queue, id);
    return index < 0 ? NULL : queue->items[index];
}

bool
ch_queue_remove(struct ch_queue *queue, uint64_t id)
{
    const int64_t index = ch_queue_index(queue, id);
    if (index < 0) {
        return false;
    }
    item_free(take_out(queue, (uint32_t)index));
    return true;
}

uint32_t
ch_queue_remove_if(struct ch_queue *queue,
                   bool (*goes)(const struct ch_item *item, const void *context),
                   const void *context)
{
    uint32_t n_kept = 0;
    for (uint32_t i = 0; i < queue->n_items; i++) {
        struct ch_item *item = queue->items[i];
        if (goes(item, context)) {
            item_free(item);
        } else {
            queue->items[n_kept++] = item;
        }
    }
    const uint32_t n_removed = queue->n_items - n_kept;
    queue->n_items = n_kept;
    queue->rev += n_removed > 0;
    return n_removed;
}

bool
ch_queue_move(struct ch_queue *queue, uint64_t id, uint32_t to)
{
    const int64_t index = ch_queue_index(queue, id);
    if (index < 0) {
        return false;
    }
    struct ch_item *item = take_out(queue, (uint32_t)index);
    place(queue, item, to < queue->n_items ? to : queue->n_items);
    return true;
}

// xorshift64*: S. Vigna, "An experimental exploration of Marsaglia's xorshift generators" (2016).
static uint64_t
draw(struct ch_queue *queue, uint64_t below)
{
    queue->seed ^= queue->seed >> 12;
    queue->seed ^= queue->seed << 25;
    queue->seed ^= queue->seed >> 27;
    return (queue->seed * 2685821657736338717ull >> 11) % below;
}

void
ch_queue_shuffle(struct ch_queue *queue, uint64_t first)
{
    for (uint32_t i = queue->n_items; i > 1; i--) {
        const uint32_t j = (uint32_t)draw(queue, i);
        struct ch_item *item = queue->items[i - 1];
        queue->items[i - 1] = queue->items[j];
        queue->items[j] = item;
    }
    queue->rev++;
    ch_queue_move(queue, first, 0);
}

// --- what comes next ---------------------------------------------------------------------------

void
ch_queue_forget_played(struct ch_queue *queue)
{
    for (uint32_t i = 0; i < queue->n_items; i++) {
        queue->items[i]->played = false;
    }
}

// Random without a stored order: among the unplayed, the one whose id hashes lowest with the seed.
// So the same question has the same answer until something is played or added.
static uint64_t
mix(uint64_t x)
{
    // splitmix64's finaliser (Steele, Lea, Flood 2014)
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
    return x ^ (x >> 31);
}

static uint64_t
random_after(struct ch_queue *queue, uint64_t id, bool skip_planned)
{
    uint64_t best = 0, best_hash = UINT64_MAX;
    for (uint32_t i = 0; i < queue->n_items; i++) {
        const struct ch_item *item = queue->items[i];
        const uint64_t hash = mix(item->id * 0x9e3779b97f4a7c15ull + queue->seed);
        if (!item->played && !(skip_planned && item->planned) && item->id != id &&
            hash < best_hash) {
            best = item->id;
            best_hash = hash;
        }
    }
    return best;
}

static uint64_t
in_order(struct ch_queue *queue, uint64_t id, bool wrap, bool skip_planned)
{
    if (!queue->n_items) {
        return 0;
    }
    if (queue->mode.random) {
        uint64_t next = random_after(queue, id, skip_planned);
        if (!next && wrap) {
            // The round is over: all but the one that plays may come again, in another order.
            draw(queue, 2);
            ch_queue_forget_played(queue);
            next = random_after(queue, id, skip_planned);
            return next ? next : id;
        }
        return next;
    }
    const int64_t index = ch_queue_index(queue, id);
    if (index < 0) {
        return queue->items[0]->id;
    }
    if (index + 1 < queue->n_items) {
        return queue->items[index + 1]->id;
    }
    return wrap ? queue->items[0]->id : 0;
}

uint64_t
ch_queue_after(struct ch_queue *queue, uint64_t id)
{
    const struct ch_mode *mode = &queue->mode;
    if (mode->repeat == CH_REPEAT_ONE || (mode->single && mode->repeat == CH_REPEAT_ALL)) {
        return ch_queue_find(queue, id) ? id : 0;
    }
    if (mode->single) {
        return 0;
    }
    return in_order(queue, id, mode->repeat == CH_REPEAT_ALL, true);
}

uint64_t
ch_queue_next(struct ch_queue *queue, uint64_t id)
{
    // What was planned to follow is just what a person expects.
    return in_order(queue, id, queue->mode.repeat == CH_REPEAT_ALL, false);
}

uint64_t
ch_queue_previous(struct ch_queue *queue, uint64_t id)
{
    const int64_t index = ch_queue_index(queue, id);
    if (index < 0) {
        return 0;
    }
    if (index > 0) {
        return queue->items[index - 1]->id;
    }
    return queue->mode.repeat == CH_REPEAT_ALL ? queue->items[queue->n_items - 1]->id : id;
}

uint64_t
ch_queue_first(struct ch_queue *queue)
{
    if (!queue->n_items) {
        return 0;
    }
    if (queue->mode.random) {
        ch_queue_forget_played(queue);
        draw(queue, 2);
        return random_after(queue, 0, false);
    }
    return queue->items[0]->id;
}

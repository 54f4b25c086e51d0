// SPDX-License-Identifier: ISC
// tests/weakmem/model.c — views, messages and clocks.

#include "tests/weakmem/model.h"

#include <stdatomic.h>
#include <string.h>

#include "tests/weakmem/explorer.h"

#define OBJECTS_MAX  16
#define MESSAGES_MAX 32
#define REGIONS_MAX  2
#define SHARED_MAX   4096

struct view {
    uint8_t known[OBJECTS_MAX];          ///< message of each object, by its number
    uint16_t clock[CH_WEAK_THREADS_MAX]; ///< what has happened before, of each thread
};

struct message {
    uint64_t value;
    struct view carried; ///< nothing but zeros if it was not released
    bool carries;
    bool updated; ///< an update has read it, and must stay its neighbour
};

struct object {
    const volatile uint8_t *address;
    uint32_t n_bytes;
    uint32_t n_messages;
    struct message messages[MESSAGES_MAX];
    uint8_t order[MESSAGES_MAX]; ///< modification order → number
    uint8_t place[MESSAGES_MAX]; ///< number → place in modification order
};

/// What happened to one byte of plain memory.
struct cell {
    uint16_t written; ///< clock of the last writer, 0 = nobody
    uint8_t writer;
    bool is_atomic, is_forbidden;
    uint16_t read[CH_WEAK_THREADS_MAX]; ///< clock of each thread's last reading
};

static struct object objects[OBJECTS_MAX];
static uint32_t n_objects;
static struct view views[CH_WEAK_THREADS_MAX];
static struct cell cells[SHARED_MAX];
static struct {
    const uint8_t *start;
    size_t n_bytes, first_cell;
} regions[REGIONS_MAX];
static uint32_t n_regions;
static size_t n_shared; ///< bytes of all regions

void
ch_model_reset(void)
{
    n_objects = 0;
    memset(cells, 0, n_shared * sizeof *cells);
    n_shared = 0;
    n_regions = 0;
    memset(views, 0, sizeof views);
    for (uint32_t i = 0; i < CH_WEAK_THREADS_MAX; i++) {
        views[i].clock[i] = 1;
    }
}

void
ch_model_share(const void *start, size_t n_bytes)
{
    if (n_regions == REGIONS_MAX || n_shared + n_bytes > SHARED_MAX) {
        ch_weak_violate("limit", "more memory is shared than the model has cells for", n_bytes);
        return;
    }
    regions[n_regions].start = start;
    regions[n_regions].n_bytes = n_bytes;
    regions[n_regions++].first_cell = n_shared;
    n_shared += n_bytes;
}

/// n_shared = not shared.
static size_t
offset_of(const volatile void *address)
{
    for (uint32_t i = 0; i < n_regions; i++) {
        const size_t offset = (uintptr_t)address - (uintptr_t)regions[i].start;
        if (offset < regions[i].n_bytes) {
            return regions[i].first_cell + offset;
        }
    }
    return n_shared;
}

void
ch_model_forbid(const void *start, size_t n_bytes)
{
    for (size_t i = 0; i < n_bytes; i++) {
        cells[offset_of(start) + i].is_forbidden = true;
    }
}

static uint64_t
real_value(const volatile void *address, uint32_t n_bytes)
{
    // Little and big ends alike, without a copy of the object through another type.
    switch (n_bytes) {
    case 1:
        return *(const volatile uint8_t *)address;
    case 2:
        return *(const volatile uint16_t *)address;
    case 4:
        return *(const volatile uint32_t *)address;
    default:
        return *(const volatile uint64_t *)address;
    }
}

uint32_t
ch_model_object(const volatile void *address, uint32_t n_bytes)
{
    for (uint32_t i = 0; i < n_objects; i++) {
        if (objects[i].address == address) {
            return i;
        }
    }
    const size_t offset = offset_of(address);
    if (n_objects == OBJECTS_MAX || offset >= n_shared) {
        ch_weak_violate("limit", "an atomic object too many, or outside of what is shared", offset);
        return 0;
    }
    struct object *object = &objects[n_objects];
    object->address = address;
    object->n_bytes = n_bytes;
    object->n_messages = 1;
    memset(&object->messages[0], 0, sizeof object->messages[0]);
    object->messages[0].value = real_value(address, n_bytes);
    object->order[0] = 0;
    object->place[0] = 0;
    for (uint32_t i = 0; i < n_bytes; i++) {
        cells[offset + i].is_atomic = true;
    }
    return n_objects++;
}

const volatile void *
ch_model_address(uint32_t object)
{
    return objects[object].address;
}

size_t
ch_model_offset(uint32_t object)
{
    return offset_of(objects[object].address);
}

static void
join(struct view *view, const struct view *other)
{
    for (uint32_t i = 0; i < n_objects; i++) {
        if (objects[i].place[other->known[i]] > objects[i].place[view->known[i]]) {
            view->known[i] = other->known[i];
        }
    }
    for (uint32_t i = 0; i < CH_WEAK_THREADS_MAX; i++) {
        if (other->clock[i] > view->clock[i]) {
            view->clock[i] = other->clock[i];
        }
    }
}

static bool
acquires(int order)
{
    return order == memory_order_acquire || order == memory_order_acq_rel;
}

static bool
releases(int order)
{
    return order == memory_order_release || order == memory_order_acq_rel;
}

static void
refuse_unknown(uint32_t object, int order)
{
    if (order == memory_order_seq_cst || order == memory_order_consume) {
        ch_weak_violate("unmodelled", "seq_cst or consume", ch_model_offset(object));
    }
}

/// Read the message: the thread knows it from now on, and, if it acquires, what came with it.
static void
learn(struct view *view, uint32_t number, uint8_t message, int order)
{
    const struct message *read = &objects[number].messages[message];
    view->known[number] = message;
    if (acquires(order) && read->carries) {
        join(view, &read->carried);
    }
}

/// A new message at `place`; the later ones move on by one.
static uint8_t
insert(struct object *object, uint32_t place, uint64_t value)
{
    const uint8_t message = (uint8_t)object->n_messages;
    if (message == MESSAGES_MAX) {
        ch_weak_violate("limit", "a store too many", offset_of(object->address));
        return 0;
    }
    for (uint32_t i = object->n_messages; i > place; i--) {
        object->order[i] = object->order[i - 1];
        object->place[object->order[i]] = (uint8_t)i;
    }
    object->order[place] = message;
    object->place[message] = (uint8_t)place;
    object->n_messages++;
    object->messages[message].value = value;
    object->messages[message].carries = false;
    object->messages[message].updated = false;
    return message;
}

/// What a message carries: the view of a thread that releases, and, for an update, what the
/// message it has read carried (the release sequence goes on).
static void
carry(uint32_t thread, uint32_t number, uint8_t message, int order, const struct message *read)
{
    struct view *view = &views[thread];
    struct message *written = &objects[number].messages[message];
    view->known[number] = message;
    memset(&written->carried, 0, sizeof written->carried);
    if (read && read->carries) {
        written->carries = true;
        join(&written->carried, &read->carried);
    }
    if (releases(order)) {
        written->carries = true;
        join(&written->carried, view);
    }
    // What the thread does from here on was not carried by this.
    view->clock[thread]++;
}

uint64_t
ch_model_load(uint32_t thread, uint32_t number, int order)
{
    struct object *object = &objects[number];
    refuse_unknown(number, order);
    const uint32_t oldest = object->place[views[thread].known[number]];
    const uint32_t back = ch_weak_choose(object->n_messages - oldest);
    const uint8_t message = object->order[object->n_messages - 1 - back];
    learn(&views[thread], number, message, order);
    return object->messages[message].value;
}

void
ch_model_store(uint32_t thread, uint32_t number, uint64_t value, int order)
{
    struct object *object = &objects[number];
    refuse_unknown(number, order);
    // Anywhere after what the thread knows, but not between an update and what that has read.
    uint32_t places[MESSAGES_MAX], n_places = 0;
    for (uint32_t i = object->n_messages; i > object->place[views[thread].known[number]]; i--) {
        if (!object->messages[object->order[i - 1]].updated) {
            places[n_places++] = i;
        }
    }
    const uint8_t message = insert(object, places[ch_weak_choose(n_places)], value);
    carry(thread, number, message, order, NULL);
}

uint64_t
ch_model_update(uint32_t thread, uint32_t number, enum ch_model_update update, uint64_t operand,
                int order)
{
    struct object *object = &objects[number];
    refuse_unknown(number, order);
    uint8_t readable[MESSAGES_MAX];
    uint32_t n_readable = 0;
    for (uint32_t i = object->n_messages; i > object->place[views[thread].known[number]]; i--) {
        if (!object->messages[object->order[i - 1]].updated) {
            readable[n_readable++] = object->order[i - 1];
        }
    }
    const uint8_t read = readable[ch_weak_choose(n_readable)];
    const uint64_t old = object->messages[read].value;
    learn(&views[thread], number, read, order);
    object->messages[read].updated = true;
    const uint64_t value = update == CH_MODEL_ADD ? old + operand : operand;
    const uint8_t written = insert(object, object->place[read] + 1u, value);
    carry(thread, number, written, order, &object->messages[read]);
    return old;
}

void
ch_model_plain(uint32_t thread, const volatile void *address, size_t n_bytes, bool is_write)
{
    const struct view *view = &views[thread];
    const size_t offset = offset_of(address);
    if (offset >= n_shared) {
        return;
    }
    for (size_t i = offset; i < offset + n_bytes && i < n_shared; i++) {
        struct cell *cell = &cells[i];
        if (cell->is_forbidden || cell->is_atomic) {
            ch_weak_violate("bounds",
                            cell->is_atomic ? "a plain access to an atomic object"
                                            : "an access outside of the storage",
                            i);
            return;
        }
        if (cell->written > view->clock[cell->writer]) {
            ch_weak_violate("race", is_write ? "two writes" : "a read of what is being written", i);
            return;
        }
        for (uint32_t t = 0; is_write && t < CH_WEAK_THREADS_MAX; t++) {
            if (cell->read[t] > view->clock[t]) {
                ch_weak_violate("race", "a write over what is being read", i);
                return;
            }
        }
        if (is_write) {
            cell->written = view->clock[thread];
            cell->writer = (uint8_t)thread;
        } else {
            cell->read[thread] = view->clock[thread];
        }
    }
}

uint64_t
ch_model_last(uint32_t number)
{
    const struct object *object = &objects[number];
    return object->messages[object->order[object->n_messages - 1]].value;
}

void
ch_model_set_last(uint32_t number, uint64_t value)
{
    insert(&objects[number], objects[number].n_messages, value);
}

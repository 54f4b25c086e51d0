// SPDX-License-Identifier: ISC
// tests/weakmem/rings.c — the ring by itself: numbers go in at one end and come out at the other,
// each once and in order, whatever either side sees of the other.

#include "daemon/lockfree/ring.h"

#include <string.h>

#include "tests/weakmem/explorer.h"

#define CAPACITY_MAX 4

struct item {
    uint32_t n, inverse;
};

/// What each side does, as letters with a number of elements:
///   c  write or read, copying
///   o  the same of one element of known size, by push or pop
///   p  reserve and commit, or peek and release, in place
///   h  the same, but only the first of them is committed or released
///   a  ask how many there are, then all of those, in place; at most that number
struct plan {
    uint32_t capacity, start;
    const char *producer, *consumer;
};

static struct {
    struct ch_ring ring;
    uint8_t before[64];
    struct item storage[CAPACITY_MAX];
    uint8_t after[64];
} world;
static uint32_t n_sent, n_taken;

static const struct plan *
plan(void)
{
    return ch_weak_plan();
}

static struct item
item_of(uint32_t n)
{
    return (struct item){n, ~n};
}

static void
set_up(void)
{
    memset(&world, 0, sizeof world);
    n_sent = n_taken = 0;
    ch_model_share(&world, sizeof world);
    ch_model_forbid(world.before, sizeof world.before);
    ch_model_forbid(&world.storage[plan()->capacity],
                    (CAPACITY_MAX - plan()->capacity) * sizeof *world.storage + sizeof world.after);
    ch_weak_check(ch_ring_init_at(&world.ring, world.storage, plan()->capacity,
                                  sizeof *world.storage, plan()->start),
                  "the ring can be made");
    ch_weak_name(&world.ring.w, "ring.w");
    ch_weak_name(&world.ring.r, "ring.r");
}

static void
expect(const struct item *item)
{
    ch_weak_check(item->n == n_taken && item->inverse == ~n_taken, "each number once, in order");
    n_taken++;
}

static bool
send_copy(uint32_t n)
{
    struct item items[CAPACITY_MAX];
    for (uint32_t i = 0; i < n; i++) {
        items[i] = item_of(n_sent + i);
    }
    if (!ch_ring_write(&world.ring, items, n)) {
        return false;
    }
    n_sent += n;
    return true;
}

static bool
take_copy(uint32_t n)
{
    struct item items[CAPACITY_MAX];
    if (!ch_ring_read(&world.ring, items, n)) {
        return false;
    }
    for (uint32_t i = 0; i < n; i++) {
        expect(&items[i]);
    }
    return true;
}

static bool
send_one(void)
{
    const struct item item = item_of(n_sent);
    if (!ch_ring_push(&world.ring, &item, sizeof item)) {
        return false;
    }
    n_sent++;
    return true;
}

static bool
take_one(void)
{
    struct item item;
    if (!ch_ring_pop(&world.ring, &item, sizeof item)) {
        return false;
    }
    expect(&item);
    return true;
}

static struct item *
item_at(const struct ch_span *span, uint32_t i)
{
    struct item *first = span->data[0], *second = span->data[1];
    return i < span->n[0] ? first + i : second + (i - span->n[0]);
}

static bool
send_in_place(uint32_t n, uint32_t part)
{
    struct ch_span span;
    if (!ch_ring_reserve(&world.ring, n, &span)) {
        return false;
    }
    for (uint32_t i = 0; i < n; i++) {
        *item_at(&span, i) = item_of(n_sent + i);
    }
    ch_ring_commit(&world.ring, part);
    n_sent += part;
    return true;
}

static bool
take_in_place(uint32_t n, uint32_t part)
{
    struct ch_span span;
    if (!ch_ring_peek(&world.ring, n, &span)) {
        return false;
    }
    const uint32_t first = n_taken;
    for (uint32_t i = 0; i < n; i++) {
        expect(item_at(&span, i));
    }
    ch_ring_release(&world.ring, part);
    n_taken = first + part;
    return true;
}

static void
produce(void)
{
    for (const char *call = plan()->producer; *call; call += call[2] ? 3 : 2) {
        uint32_t n = (uint32_t)(call[1] - '0');
        if (*call == 'c') {
            (void)!send_copy(n);
        } else if (*call == 'o') {
            (void)!send_one();
        } else if (*call == 'p' || *call == 'h') {
            (void)!send_in_place(n, *call == 'h' ? 1 : n);
        } else {
            const uint32_t room = ch_ring_write_space(&world.ring);
            ch_weak_check(room <= plan()->capacity, "no more room than the ring has");
            n = room < n ? room : n;
            ch_weak_check(send_in_place(n, n), "the room that was told is there");
        }
    }
}

static void
consume(void)
{
    for (const char *call = plan()->consumer; *call; call += call[2] ? 3 : 2) {
        uint32_t n = (uint32_t)(call[1] - '0');
        if (*call == 'c') {
            (void)!take_copy(n);
        } else if (*call == 'o') {
            (void)!take_one();
        } else if (*call == 'p' || *call == 'h') {
            (void)!take_in_place(n, *call == 'h' ? 1 : n);
        } else {
            const uint32_t there = ch_ring_read_space(&world.ring);
            ch_weak_check(there <= plan()->capacity, "no more elements than the ring holds");
            n = there < n ? there : n;
            ch_weak_check(take_in_place(n, n), "the elements that were told are there");
        }
    }
}

/// Both sides have been waited for, so nothing is hidden from either any more.
static void
finish(void)
{
    const uint32_t capacity = plan()->capacity;
    while (n_taken < n_sent) {
        ch_weak_check(take_copy(1), "what was sent can be taken");
        if (n_taken > n_sent) {
            return;
        }
    }
    ch_weak_check(!take_copy(1), "nothing is taken that was not sent");
    ch_weak_check(send_copy(capacity), "an empty ring takes all it has room for");
    ch_weak_check(!send_copy(1), "and no more");
    ch_weak_check(take_in_place(capacity, capacity), "a full ring gives all at once");
    ch_weak_check(ch_ring_read_space(&world.ring) == 0, "an empty ring says so");
    ch_weak_check(ch_ring_write_space(&world.ring) == capacity, "an empty ring tells its room");
    ch_weak_check(send_in_place(capacity, capacity), "and holds its word");
    ch_weak_check(ch_ring_write_space(&world.ring) == 0, "a full ring tells that there is none");
    ch_weak_check(ch_ring_read_space(&world.ring) == capacity, "and how many it holds");
    ch_weak_check(!send_one(), "a full ring has no room for one");
    for (uint32_t i = 0; i < capacity; i++) {
        ch_weak_check(take_one(), "a full ring gives one by one");
    }
    ch_weak_check(!take_one(), "an empty ring has not one");
    ch_weak_check(send_one(), "an empty ring has room for one");
    ch_weak_check(take_one(), "one that was sent can be taken");
}

#define RING(text, n, first, in, out)                                                              \
    {                                                                                              \
        .name = text, .setup = set_up, .thread = {produce, consume}, .finish = finish,             \
        .plan = &(const struct plan)                                                               \
        {                                                                                          \
            .capacity = n, .start = first, .producer = in, .consumer = out                         \
        }                                                                                          \
    }

const struct ch_weak_scenario ch_weak_scenarios[] = {
    RING("ring of 1, copies", 1, UINT32_MAX, "c1 c1 c1 c1", "c1 c1 c1 c1"),
    RING("ring of 2, copies", 2, UINT32_MAX, "c1 c2 c1 c2", "c1 c1 c2 c1"),
    RING("ring of 2, pairs", 2, UINT32_MAX, "c2 c2 c2", "c1 c1 c2 c2"),
    RING("ring of 4, pairs at the wrap", 4, UINT32_MAX - 2, "c2 c2 c2", "c2 c1 c2 c1"),
    RING("ring of 1, in place", 1, UINT32_MAX - 1, "p1 p1 p1 p1", "p1 p1 p1 p1"),
    RING("ring of 2, in place", 2, UINT32_MAX, "h2 p2 p1 h2", "p1 h2 p2 p1"),
    RING("ring of 1, asked", 1, UINT32_MAX, "a1 a1 a1", "a1 a1 a1"),
    RING("ring of 2, asked", 2, UINT32_MAX, "a2 a1 a2", "a1 a2 a2"),
    RING("ring of 1, one by one", 1, UINT32_MAX, "o1 o1 o1 o1", "o1 o1 o1 o1"),
    RING("ring of 2, one by one", 2, UINT32_MAX, "o1 c2 o1 o1", "o1 o1 c2 o1"),
    RING("ring of 2, mixed", 2, UINT32_MAX - 2, "c1 a2 p1 c1", "a1 c1 p2 c1"),
    {0},
};

// SPDX-License-Identifier: ISC
// tests/weakmem/mailboxes.c — the snapshot: a reader gets a value as it was published, and never
// an older one than before.

#include <string.h>

#include "daemon/lockfree/snapshot.h"
#include "tests/weakmem/explorer.h"

#define N_WORDS 2

struct plan {
    uint32_t first_seq; ///< of the sequence number
    uint64_t n_values;
    uint32_t n_reads;
};

static struct {
    struct ch_snapshot snapshot;
    _Atomic uint32_t told; ///< a value that is known to be published
} world;

static const struct plan *
plan(void)
{
    return ch_weak_plan();
}

static void
set_up(void)
{
    memset(&world, 0, sizeof world);
    ch_model_share(&world, sizeof world);
    ch_snapshot_init(&world.snapshot, N_WORDS * 8);
    atomic_init(&world.snapshot.seq, plan()->first_seq);
    ch_weak_name(&world.snapshot.seq, "seq");
    ch_weak_name(&world.snapshot.words[0], "words[0]");
    ch_weak_name(&world.snapshot.words[1], "words[1]");
    ch_weak_name(&world.told, "told");
}

static void
publish(void)
{
    for (uint64_t k = 1; k <= plan()->n_values; k++) {
        const uint64_t value[N_WORDS] = {k, ~k};
        ch_snapshot_publish(&world.snapshot, value);
    }
}

/// Value 0 is the one of the beginning.
static uint64_t
read_one(void)
{
    uint64_t value[N_WORDS];
    ch_snapshot_read(&world.snapshot, value);
    ch_weak_check(value[1] == (value[0] ? ~value[0] : 0), "a value is not made of two");
    return value[0];
}

static void
read_some(void)
{
    uint64_t last = 0;
    for (uint32_t i = 0; i < plan()->n_reads; i++) {
        const uint64_t value = read_one();
        ch_weak_check(value >= last, "values don't go back");
        ch_weak_check(value <= plan()->n_values, "no value comes from nowhere");
        last = value;
    }
}

static void
publish_and_tell(void)
{
    publish();
    atomic_store_explicit(&world.told, (uint32_t)plan()->n_values, memory_order_release);
}

static void
read_what_was_told(void)
{
    const uint32_t told = atomic_load_explicit(&world.told, memory_order_acquire);
    ch_weak_check(read_one() >= told, "what was published is read");
}

static void
finish(void)
{
    ch_weak_check(read_one() == plan()->n_values, "the last value stays");
}

static const struct plan once = {0, 1, 2};
static const struct plan twice = {0, 2, 1};
static const struct plan around = {UINT32_MAX - 1, 2, 1};
static const struct plan told = {UINT32_MAX - 3, 2, 1};

static const struct plan single = {0, 1, 1};

// Bounded, because a reader that is always overtaken tries again for ever.
#define MAILBOX(text, n_steps, which, ...)                                                         \
    {                                                                                              \
        .name = text, .setup = set_up, .thread = {__VA_ARGS__}, .finish = finish,                  \
        .n_steps_max = n_steps, .plan = &(which)                                                   \
    }

const struct ch_weak_scenario ch_weak_scenarios[] = {
    MAILBOX("mailbox, one value", 12, once, publish, read_some),
    MAILBOX("mailbox, two values", 10, twice, publish, read_some),
    MAILBOX("mailbox, sequence past 2^32", 10, around, publish, read_some),
    MAILBOX("mailbox, told by other means", 11, told, publish_and_tell, read_what_was_told),
    MAILBOX("mailbox, two readers", 8, single, publish, read_some, read_some),
    {0},
};

// SPDX-License-Identifier: ISC
// tests/weakmem/commands.c — a queue of 64-byte commands: what was sent as one is taken as one.

#include <string.h>

#include "daemon/engine/messages.h"
#include "daemon/lockfree/ring.h"
#include "tests/weakmem/explorer.h"

#define SLOTS_MAX 4

/// Lengths of the chains that are sent, one after another; 0 ends them.
struct plan {
    uint32_t n_slots, start;
    uint32_t chains[4];
    uint32_t n_looks; ///< of the callback
};

static struct {
    struct ch_ring ring;
    struct ch_command slots[SLOTS_MAX];
} world;
static uint32_t n_sent, n_taken;

static const struct plan *
plan(void)
{
    return ch_weak_plan();
}

static void
set_up(void)
{
    memset(&world, 0, sizeof world);
    n_sent = n_taken = 0;
    ch_model_share(&world, sizeof world);
    ch_model_forbid(&world.slots[plan()->n_slots],
                    (SLOTS_MAX - plan()->n_slots) * sizeof *world.slots);
    ch_weak_check(ch_ring_init_at(&world.ring, world.slots, plan()->n_slots, sizeof *world.slots,
                                  plan()->start),
                  "the queue can be made");
    ch_weak_name(&world.ring.w, "commands.w");
    ch_weak_name(&world.ring.r, "commands.r");
}

/// As ch_engine_send().
static bool
send_chain(uint32_t n)
{
    struct ch_command commands[SLOTS_MAX];
    memset(commands, 0, sizeof commands);
    for (uint32_t i = 0; i < n; i++) {
        commands[i].id = n_sent + i;
        commands[i].op = CH_COMMAND_GAIN;
        commands[i].flags = i + 1 < n ? CH_COMMAND_CHAINED : 0;
        commands[i].gain.left = commands[i].gain.right = (float)(n_sent + i);
    }
    if (!ch_ring_write(&world.ring, commands, n)) {
        return false;
    }
    n_sent += n;
    return true;
}

static bool
take(uint16_t *flags)
{
    struct ch_command command;
    if (!ch_ring_read(&world.ring, &command, 1)) {
        return false;
    }
    ch_weak_check(command.id == n_taken && command.gain.left == (float)n_taken &&
                      command.gain.right == (float)n_taken,
                  "each command once, whole, in order");
    n_taken++;
    *flags = command.flags;
    return true;
}

/// As ch_engine_collect_commands(): one chain, or nothing.
static void
collect(void)
{
    uint16_t flags = 0;
    if (!take(&flags)) {
        return;
    }
    while (flags & CH_COMMAND_CHAINED) {
        const bool there = take(&flags);
        ch_weak_check(there, "the end of a chain is there when its beginning is");
    }
}

static void
run_main(void)
{
    for (uint32_t i = 0; i < 4 && plan()->chains[i]; i++) {
        (void)!send_chain(plan()->chains[i]);
    }
}

static void
run_callback(void)
{
    for (uint32_t i = 0; i < plan()->n_looks; i++) {
        collect();
    }
}

static void
finish(void)
{
    uint16_t flags = 0;
    for (uint32_t left = n_sent - n_taken; left; left--) {
        ch_weak_check(take(&flags), "what was sent arrives");
    }
    ch_weak_check(!(flags & CH_COMMAND_CHAINED), "no chain is left open");
    ch_weak_check(send_chain(plan()->n_slots), "an empty queue takes all it has room for");
    ch_weak_check(!send_chain(1), "and no more");
}

static const struct plan pair_of_2 = {2, UINT32_MAX - 1, {2, 1, 1}, 3};
static const struct plan split_of_2 = {2, UINT32_MAX, {2, 2}, 3};
static const struct plan after_1_of_2 = {2, UINT32_MAX, {1, 2, 1}, 3};
static const struct plan split_of_4 = {4, UINT32_MAX - 2, {1, 2, 2}, 3};

#define QUEUE(text, which)                                                                         \
    {                                                                                              \
        .name = text, .setup = set_up, .thread = {run_main, run_callback}, .finish = finish,       \
        .plan = &(which)                                                                           \
    }

const struct ch_weak_scenario ch_weak_scenarios[] = {
    QUEUE("commands, chain of 2 in 2", pair_of_2),
    QUEUE("commands, chain at the wrap", split_of_2),
    QUEUE("commands, chain after one", after_1_of_2),
    QUEUE("commands, chains in 4", split_of_4),
    {0},
};

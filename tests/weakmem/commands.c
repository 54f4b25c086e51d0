// SPDX-License-Identifier: ISC
// tests/weakmem/commands.c — the engine's queue of commands, by the engine's own functions: what
// was sent as one is taken as one.

#include <string.h>

#include "daemon/engine/engine_internal.h"
#include "daemon/engine/engine_setup.h"
#include "tests/weakmem/explorer.h"

#define SLOTS_MAX 4

struct plan {
    uint32_t n_slots, start;
    uint32_t chains[4]; ///< lengths of what is sent, one after another; 0 ends them
    uint32_t n_looks;   ///< of the callback
};

/// Only its queue and what was taken from it are in use.
static struct ch_engine engine;
static uint32_t n_sent;

static const struct plan *
plan(void)
{
    return ch_weak_plan();
}

/// The queue as ch_engine_create() makes it, but smaller, and not at its beginning.
static void
set_up(void)
{
    const size_t n_used = plan()->n_slots * sizeof *engine.command_slots;
    memset(&engine.commands, 0, sizeof engine.commands);
    memset(engine.command_slots, 0, sizeof engine.command_slots);
    engine.n_pending = 0;
    n_sent = 0;
    ch_model_share(&engine.commands, sizeof engine.commands);
    ch_model_share(engine.command_slots, SLOTS_MAX * sizeof *engine.command_slots);
    ch_model_forbid(engine.command_slots + plan()->n_slots,
                    SLOTS_MAX * sizeof *engine.command_slots - n_used);
    ch_weak_check(ch_ring_init_at(&engine.commands, engine.command_slots, plan()->n_slots,
                                  sizeof *engine.command_slots, plan()->start),
                  "the queue can be made");
    ch_weak_name(&engine.commands.w, "commands.w");
    ch_weak_name(&engine.commands.r, "commands.r");
}

static bool
send_chain(uint32_t n)
{
    struct ch_command commands[SLOTS_MAX];
    memset(commands, 0, sizeof commands);
    for (uint32_t i = 0; i < n; i++) {
        commands[i].id = n_sent + i;
        commands[i].when_frame = i; // that of the first one counts for all
        commands[i].op = CH_COMMAND_GAIN;
        commands[i].gain.left = commands[i].gain.right = (float)(n_sent + i);
    }
    if (!ch_engine_send(&engine, commands, n)) {
        return false;
    }
    n_sent += n;
    return true;
}

static void
collect(void)
{
    ch_engine_collect_commands(&engine);
    ch_weak_check(engine.n_pending <= n_sent, "nothing comes from nowhere");
    for (uint32_t i = 0; i < engine.n_pending; i++) {
        const struct ch_command *command = &engine.pending[i];
        ch_weak_check(command->id == i && command->op == CH_COMMAND_GAIN &&
                          command->gain.left == (float)i && command->gain.right == (float)i,
                      "each command once, whole, in order");
        ch_weak_check(command->when_frame == 0, "a chain has one frame");
    }
    ch_weak_check(!engine.n_pending ||
                      !(engine.pending[engine.n_pending - 1].flags & CH_COMMAND_CHAINED),
                  "the end of a chain is there when its beginning is");
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
    collect();
    ch_weak_check(engine.n_pending == n_sent, "what was sent arrives");
    ch_weak_check(send_chain(plan()->n_slots), "an empty queue takes all it has room for");
    ch_weak_check(!send_chain(1), "and no more");
}

#define QUEUE(text, ...)                                                                           \
    {                                                                                              \
        .name = text, .setup = set_up, .thread = {run_main, run_callback}, .finish = finish,       \
        .plan = &(const struct plan)                                                               \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

const struct ch_weak_scenario ch_weak_scenarios[] = {
    QUEUE("commands, one by one in 1", 1, UINT32_MAX, {1, 1, 1}, 3),
    QUEUE("commands, chain of 2 in 2", 2, UINT32_MAX - 1, {2, 1, 1}, 3),
    QUEUE("commands, chain at the wrap", 2, UINT32_MAX, {2, 2}, 3),
    QUEUE("commands, chain after one", 2, UINT32_MAX, {1, 2, 1}, 3),
    QUEUE("commands, chains in 4", 4, UINT32_MAX - 2, {1, 2, 2}, 3),
    {0},
};

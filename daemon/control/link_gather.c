// SPDX-License-Identifier: ISC
// daemon/control/link_gather.c — commands that are kept back, to land as one.

#include "daemon/control/link_gather.h"

#include "daemon/control/daemon.h"

void
ch_link_gather(struct ch_daemon *daemon, struct ch_gather *gather)
{
    gather->n = 0;
    gather->n_waiting = 0;
    gather->overflowed = false;
    gather->outer = daemon->link.gather;
    daemon->link.gather = gather;
}

void
ch_link_gathered(struct ch_daemon *daemon)
{
    daemon->link.gather = daemon->link.gather->outer;
}

static bool
sets_the_same(const struct ch_command *a, const struct ch_command *b)
{
    if (a->op != b->op) {
        return false;
    }
    switch ((enum ch_command_op)a->op) {
    case CH_COMMAND_GAIN:
    case CH_COMMAND_EQ_PREAMP:
    case CH_COMMAND_LIMITER:
        return true;
    case CH_COMMAND_EQ_SECTION:
        return a->eq.index == b->eq.index;
    case CH_COMMAND_PLAY:
    case CH_COMMAND_ARM:
    case CH_COMMAND_TRUNCATE:
    case CH_COMMAND_PAUSE:
    case CH_COMMAND_RESUME:
    case CH_COMMAND_STOP:
    case CH_COMMAND_TAP:
    case CH_COMMAND_NOP:
    case CH_COMMAND_REVOKE:
        break;
    }
    return false;
}

static void
add_one(struct ch_gather *gather, const struct ch_command *command)
{
    for (uint32_t i = 0; i < gather->n; i++) {
        if (sets_the_same(&gather->commands[i], command)) {
            gather->commands[i] = *command;
            return;
        }
    }
    if (gather->n == CH_CHAIN_MAX) {
        gather->overflowed = true;
        return;
    }
    gather->commands[gather->n++] = *command;
}

void
ch_gather_add(struct ch_gather *gather, const struct ch_command *commands, uint32_t n,
              ch_ack_fn on_ack, void *context)
{
    for (uint32_t i = 0; i < n; i++) {
        add_one(gather, &commands[i]);
    }
    if (!on_ack) {
        return;
    }
    if (gather->n_waiting == CH_GATHER_MAX) {
        gather->overflowed = true;
        return;
    }
    gather->waiting[gather->n_waiting].on_ack = on_ack;
    gather->waiting[gather->n_waiting++].context = context;
}

void
ch_gather_tell(struct ch_gather *gather, struct ch_daemon *daemon, uint64_t frame, uint64_t mono_ns)
{
    for (uint32_t i = 0; i < gather->n_waiting; i++) {
        gather->waiting[i].on_ack(daemon, gather->waiting[i].context, frame, mono_ns);
    }
}

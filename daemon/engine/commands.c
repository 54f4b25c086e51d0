// SPDX-License-Identifier: ISC
// daemon/engine/commands.c — [rt] takes commands in and lets them take effect at their frame.

#include "daemon/engine/engine_internal.h"

// Stable: equal frames keep the order of arrival.
CH_RT static void
insert_pending(struct ch_engine *engine, const struct ch_command *command)
{
    uint32_t at = engine->n_pending++;
    while (at > 0 && engine->pending[at - 1].when_frame > command->when_frame) {
        engine->pending[at] = engine->pending[at - 1];
        at--;
    }
    engine->pending[at] = *command;
}

CH_RT static bool
carries_pointer(const struct ch_command *command)
{
    return command->op == CH_COMMAND_PLAY || command->op == CH_COMMAND_ARM ||
           command->op == CH_COMMAND_TAP;
}

// A chain lies together: it was put in as one, behind what has the same frame.
CH_RT static void
revoke(struct ch_engine *engine, uint32_t id)
{
    uint32_t begin = 0;
    for (uint32_t i = 0; i < engine->n_pending; i++) {
        const struct ch_command *command = &engine->pending[i];
        if (command->flags & CH_COMMAND_CHAINED) {
            continue;
        }
        if (command->id == id && !(command->flags & CH_COMMAND_QUIET)) {
            for (uint32_t j = begin; j <= i; j++) {
                if (carries_pointer(&engine->pending[j])) {
                    return;
                }
            }
            engine->n_pending -= i + 1 - begin;
            memmove(engine->pending + begin, engine->pending + i + 1,
                    (engine->n_pending - begin) * sizeof *engine->pending);
            return;
        }
        begin = i + 1;
    }
}

CH_RT void
ch_engine_collect_commands(struct ch_engine *engine)
{
    // A chain was committed as one, so its end is in the ring when its beginning is.
    while (engine->n_pending + CH_CHAIN_MAX <= CH_PENDING_MAX) {
        struct ch_command command;
        uint64_t when_frame = 0;
        bool first = true;
        do {
            if (!ch_ring_pop(&engine->commands, &command, sizeof command)) {
                return;
            }
            if (first) {
                when_frame = command.when_frame;
                if (command.op == CH_COMMAND_REVOKE) {
                    revoke(engine, command.revoke.id);
                }
                first = false;
            }
            command.when_frame = when_frame;
            insert_pending(engine, &command);
        } while (command.flags & CH_COMMAND_CHAINED);
    }
}

CH_RT static uint32_t
or_default(uint32_t n_frames, uint32_t default_frames)
{
    return n_frames ? n_frames : default_frames;
}

CH_RT static struct ch_player *
player_of(struct ch_engine *engine, uint32_t index)
{
    return &engine->players[index % CH_PLAYERS_MAX];
}

CH_RT static void
swap_tap(struct ch_engine *engine, struct ch_tap *tap, uint32_t point)
{
    if (point >= CH_TAP_POINTS) {
        return;
    }
    if (engine->taps[point]) {
        ch_engine_post(engine,
                       (struct ch_event_slot){.op = CH_EVENT_TAP_RELEASED,
                                              .tap = {.tap = engine->taps[point], .point = point}},
                       0);
    }
    engine->taps[point] = tap;
}

/// false = not now: it stays first in the row.
CH_RT static bool
apply(struct ch_engine *engine, const struct ch_command *c)
{
    const uint32_t fade = engine->fade_frames;
    const uint32_t ramp = engine->ramp_frames;
    switch ((enum ch_command_op)c->op) {
    case CH_COMMAND_PLAY:
        if (c->deck.flags & CH_PLAY_EXCHANGE) {
            return ch_player_exchange(engine, player_of(engine, c->deck.player), c->deck.pcm,
                                      c->deck.stream, c->deck.instead_of, c->deck.at_frame,
                                      or_default(c->deck.fade_frames, fade));
        }
        return ch_player_play(engine, player_of(engine, c->deck.player), c->deck.pcm,
                              c->deck.stream, c->deck.flags, or_default(c->deck.fade_frames, fade));
    case CH_COMMAND_ARM:
        ch_player_arm(engine, player_of(engine, c->deck.player), c->deck.pcm, c->deck.stream);
        break;
    case CH_COMMAND_TRUNCATE:
        ch_player_truncate(player_of(engine, c->truncate.player), c->truncate.stream,
                           c->truncate.end_frame, fade);
        break;
    case CH_COMMAND_PAUSE:
        ch_player_pause(player_of(engine, c->transport.player),
                        or_default(c->transport.fade_frames, fade));
        break;
    case CH_COMMAND_RESUME:
        ch_player_resume(player_of(engine, c->transport.player),
                         or_default(c->transport.fade_frames, fade));
        break;
    case CH_COMMAND_STOP:
        return ch_player_stop(engine, player_of(engine, c->transport.player),
                              or_default(c->transport.fade_frames, fade));
    case CH_COMMAND_GAIN:
        ch_engine_set_gain(engine, c);
        break;
    case CH_COMMAND_EQ_SECTION:
        ch_eq_set_section(&engine->eq, c->eq.index, &c->eq.section, c->eq.identity,
                          or_default(c->eq.ramp_frames, ramp));
        break;
    case CH_COMMAND_EQ_PREAMP:
        ch_eq_set_preamp(&engine->eq, c->preamp.left, c->preamp.right,
                         or_default(c->preamp.ramp_frames, ramp));
        break;
    case CH_COMMAND_LIMITER:
        ch_limiter_set_ceiling(engine->limiter, c->limiter.ceiling);
        ch_limiter_set_bypass(engine->limiter, c->limiter.bypass);
        break;
    case CH_COMMAND_TAP:
        swap_tap(engine, c->tap.tap, c->tap.point);
        break;
    case CH_COMMAND_NOP:
    case CH_COMMAND_REVOKE:
        break;
    }
    return true;
}

/// Whether all of the chain that begins at pending[at] can take effect now: room for its events,
/// and on each player for as many decks as it sends away.
CH_RT static bool
chain_fits(struct ch_engine *engine, uint32_t at)
{
    uint32_t n = 0;
    uint8_t n_changes[CH_PLAYERS_MAX] = {0};
    const struct ch_command *command;
    do {
        command = &engine->pending[at + n++];
        if (command->op == CH_COMMAND_PLAY) {
            n_changes[command->deck.player % CH_PLAYERS_MAX]++;
        } else if (command->op == CH_COMMAND_STOP) {
            n_changes[command->transport.player % CH_PLAYERS_MAX]++;
        }
    } while (command->flags & CH_COMMAND_CHAINED);
    if (n == 1) {
        return true; // apply() says it more exactly
    }
    for (uint32_t i = 0; i < CH_PLAYERS_MAX; i++) {
        if (n_changes[i] && !ch_player_can_change(&engine->players[i], n_changes[i])) {
            return false;
        }
    }
    return ch_engine_can_post(engine, n * CH_COMMAND_EVENTS_MAX + CH_EVENT_RESERVE);
}

/// Not in the middle of a chain.
CH_RT static bool
begins_chain(const struct ch_engine *engine, uint32_t at)
{
    return at == 0 || !(engine->pending[at - 1].flags & CH_COMMAND_CHAINED);
}

CH_RT uint32_t
ch_engine_apply_commands(struct ch_engine *engine, uint32_t max_frames)
{
    uint32_t n_applied = 0;
    while (n_applied < engine->n_pending &&
           engine->pending[n_applied].when_frame <= engine->frame) {
        const struct ch_command *command = &engine->pending[n_applied];
        if (!ch_engine_can_post(engine, CH_EVENT_RESERVE) ||
            (begins_chain(engine, n_applied) && !chain_fits(engine, n_applied)) ||
            !apply(engine, command)) {
            break;
        }
        if (!(command->flags & CH_COMMAND_QUIET)) {
            ch_engine_post(engine, (struct ch_event_slot){.op = CH_EVENT_ACK, .id = command->id},
                           0);
        }
        n_applied++;
    }
    if (n_applied) {
        engine->n_pending -= n_applied;
        memmove(engine->pending, engine->pending + n_applied,
                engine->n_pending * sizeof *engine->pending);
        ch_counter_add(&engine->account.n_applied, n_applied);
    }
    ch_counter_set(&engine->account.n_pending, engine->n_pending);
    if (engine->n_pending && engine->pending[0].when_frame > engine->frame) {
        const uint64_t wait = engine->pending[0].when_frame - engine->frame;
        return wait < max_frames ? (uint32_t)wait : max_frames;
    }
    return max_frames;
}

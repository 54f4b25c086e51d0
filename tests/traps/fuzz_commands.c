// SPDX-License-Identifier: ISC
// tests/traps/fuzz_commands.c — anything that [main] could say, alone and in chains, now and later.

#include <math.h>
#include <string.h>

#include "daemon/base/units.h"
#include "daemon/engine/player.h"
#include "tests/traps/fuzz.h"

static uint32_t
any_player(struct fuzz *fuzz)
{
    return fuzz_below(&fuzz->rng, fuzz->mood.n_players);
}

/// Transport fades keep the engine's own length while smooth: the bound counts on it.
static uint32_t
any_fade(struct fuzz *fuzz)
{
    return fuzz->mood.smooth || fuzz_below(&fuzz->rng, 2) ? 0 : fuzz_below(&fuzz->rng, 3000);
}

static uint32_t
any_ramp(struct fuzz *fuzz)
{
    if (fuzz->mood.smooth) {
        return fuzz->mood.ramp_frames;
    }
    return fuzz_below(&fuzz->rng, 2) ? 0 : fuzz_below(&fuzz->rng, 3000);
}

static float
any_gain(struct fuzz *fuzz)
{
    if (fuzz->mood.smooth) {
        return (float)fuzz_between(&fuzz->rng, 0.0, FUZZ_GAIN_MAX);
    }
    return fuzz_below(&fuzz->rng, 8) ? (float)fuzz_between(&fuzz->rng, 0.0, 4.0) : 0.0f;
}

/// A deck that is lent with the command, or none if there is no place left.
static bool
lend_deck(struct fuzz *fuzz, struct ch_command *command)
{
    struct fuzz_deck *deck = fuzz_deck_make(fuzz);
    if (!deck) {
        return false;
    }
    command->deck.pcm = deck->pcm;
    command->deck.stream = deck->stream;
    command->deck.player = any_player(fuzz);
    command->deck.fade_frames = any_fade(fuzz);
    if (command->op == CH_COMMAND_PLAY) {
        command->deck.flags = fuzz_below(&fuzz->rng, 4);
        if (fuzz_below(&fuzz->rng, 4) == 0 && fuzz->n_live > 0) {
            // Instead of a deck that may be anywhere, or right at its beginning.
            command->deck.flags |= CH_PLAY_EXCHANGE;
            command->deck.instead_of = fuzz->live[fuzz_below(&fuzz->rng, fuzz->n_live)];
            command->deck.at_frame = fuzz_below(&fuzz->rng, 2) ? 0 : fuzz_below(&fuzz->rng, 5000);
        }
    }
    return true;
}

static void
any_truncation(struct fuzz *fuzz, struct ch_command *command)
{
    command->truncate.player = any_player(fuzz);
    if (fuzz->n_live == 0) {
        return;
    }
    struct fuzz_deck *deck = fuzz_deck_of(fuzz, fuzz->live[fuzz_below(&fuzz->rng, fuzz->n_live)]);
    deck->truncated = true;
    command->truncate.stream = deck->stream;
    command->truncate.end_frame = fuzz_below(&fuzz->rng, 50000);
    if (fuzz->mood.smooth) {
        command->truncate.end_frame -= command->truncate.end_frame % deck->half;
    } else if (fuzz_below(&fuzz->rng, 4) == 0) {
        command->truncate.end_frame = CH_FOREVER;
    }
}

static void
any_section(struct fuzz *fuzz, struct ch_command *command)
{
    struct fuzz_rng *rng = &fuzz->rng;
    const uint32_t rate_hz = ch_engine_rate(fuzz->engine);
    struct ch_eq_band band = {
        .type = fuzz_below(rng, CH_EQ_TYPES),
        .freq_hz = 10.0 * pow((double)rate_hz * 0.049, fuzz_between(rng, 0.0, 1.0)),
        .gain_db =
            fuzz_below(rng, 8) ? fuzz_between(rng, -CH_EQ_GAIN_MAX_DB, CH_EQ_GAIN_MAX_DB) : 0.0,
        .q = 0.05 * pow(2000.0, fuzz_between(rng, 0.0, 1.0)),
        .order = 1 + fuzz_below(rng, 2),
        .bypass = fuzz_below(rng, 4) == 0,
        .bypass_left = fuzz_below(rng, 4) == 0,
        .bypass_right = fuzz_below(rng, 4) == 0,
    };
    if (band.type == CH_EQ_LOW_PASS || band.type == CH_EQ_HIGH_PASS) {
        band.family = fuzz_below(rng, CH_EQ_FAMILIES);
        band.order = band.family == CH_EQ_BY_Q          ? band.order
                     : band.family == CH_EQ_BUTTERWORTH ? 1 + fuzz_below(rng, CH_EQ_ORDER_MAX)
                                                        : 2u << fuzz_below(rng, 3);
    }
    struct ch_eq_section sections[CH_EQ_BAND_SECTIONS_MAX];
    const uint32_t n = ch_eq_sections_from_band(
        &band, fuzz_below(rng, 2) ? CH_EQ_RBJ : CH_EQ_MATCHED, rate_hz, sections);
    if (n > 0) {
        command->eq.section = sections[fuzz_below(rng, n)];
    }
    command->eq.identity = (uint16_t)ch_eq_band_bypass(&band);
    command->eq.index = (uint16_t)fuzz_below(rng, fuzz_below(rng, 8) ? 6 : CH_EQ_SECTIONS_MAX);
    command->eq.ramp_frames = any_ramp(fuzz);
}

static enum ch_command_op
any_op(struct fuzz *fuzz)
{
    static const enum ch_command_op often[] = {
        CH_COMMAND_PLAY,   CH_COMMAND_PLAY,  CH_COMMAND_PLAY,     CH_COMMAND_ARM,
        CH_COMMAND_ARM,    CH_COMMAND_PAUSE, CH_COMMAND_RESUME,   CH_COMMAND_RESUME,
        CH_COMMAND_STOP,   CH_COMMAND_GAIN,  CH_COMMAND_GAIN,     CH_COMMAND_EQ_PREAMP,
        CH_COMMAND_TAP,    CH_COMMAND_NOP,   CH_COMMAND_TRUNCATE, CH_COMMAND_LIMITER,
        CH_COMMAND_RESUME,
    };
    const uint32_t n = sizeof often / sizeof *often;
    const uint32_t i = fuzz_below(&fuzz->rng, n + fuzz->mood.eq_weight);
    return i < n ? often[i] : CH_COMMAND_EQ_SECTION;
}

/// false = what it needs cannot be had now.
static bool
any_command(struct fuzz *fuzz, struct ch_command *command)
{
    struct fuzz_rng *rng = &fuzz->rng;
    const enum ch_command_op op = any_op(fuzz);
    *command = (struct ch_command){.op = (uint16_t)op};
    switch (op) {
    case CH_COMMAND_PLAY:
        return lend_deck(fuzz, command);
    case CH_COMMAND_ARM:
        if (fuzz_below(rng, 6) == 0) {
            command->deck.player = any_player(fuzz);
            return true;
        }
        return lend_deck(fuzz, command);
    case CH_COMMAND_TRUNCATE:
        any_truncation(fuzz, command);
        return true;
    case CH_COMMAND_PAUSE:
    case CH_COMMAND_RESUME:
    case CH_COMMAND_STOP:
        command->transport.player = any_player(fuzz);
        command->transport.fade_frames = any_fade(fuzz);
        return true;
    case CH_COMMAND_GAIN:
        command->gain.left = any_gain(fuzz);
        command->gain.right = any_gain(fuzz);
        command->gain.ramp_frames = any_ramp(fuzz);
        command->gain.mute = fuzz_below(rng, 8) == 0;
        command->gain.shuts_over = fuzz->n_shuts - (fuzz_below(rng, 8) == 0);
        return true;
    case CH_COMMAND_EQ_SECTION:
        any_section(fuzz, command);
        return true;
    case CH_COMMAND_EQ_PREAMP:
        command->preamp.left = (float)fuzz_between(rng, 0.0, FUZZ_PREAMP_MAX);
        command->preamp.right = (float)fuzz_between(rng, 0.0, FUZZ_PREAMP_MAX);
        command->preamp.ramp_frames = any_ramp(fuzz);
        return true;
    case CH_COMMAND_LIMITER:
        command->limiter.ceiling = (float)fuzz_between(rng, 0.05, 1.0);
        command->limiter.bypass = fuzz->mood.smooth ? fuzz->mood.bypass : fuzz_below(rng, 8) == 0;
        return true;
    case CH_COMMAND_TAP:
        command->tap.point = fuzz_below(rng, CH_TAP_POINTS);
        command->tap.tap = fuzz_below(rng, 4) ? fuzz_tap_make(fuzz) : NULL;
        return true;
    case CH_COMMAND_NOP:
        return true;
    case CH_COMMAND_REVOKE:
        break; // sent by itself
    }
    return false;
}

static bool
lends(const struct ch_command *command)
{
    return command->op == CH_COMMAND_PLAY || command->op == CH_COMMAND_ARM ||
           command->op == CH_COMMAND_TAP;
}

/// What was lent with commands that did not go comes back at once.
static void
take_back(struct fuzz *fuzz, const struct ch_command *commands, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        const enum ch_command_op op = (enum ch_command_op)commands[i].op;
        if ((op == CH_COMMAND_PLAY || op == CH_COMMAND_ARM) && commands[i].deck.pcm) {
            fuzz_deck_drop(fuzz, fuzz_deck_of(fuzz, commands[i].deck.stream));
        } else if (op == CH_COMMAND_TAP && commands[i].tap.tap) {
            fuzz_tap_drop(fuzz, commands[i].tap.tap);
        }
    }
    fuzz->n_refused += n;
}

/// More changes of deck on one player than it has room for: such a chain need not land as one.
static bool
overflows(const struct ch_command *commands, uint32_t n)
{
    uint32_t n_changes[CH_PLAYERS_MAX] = {0};
    bool found = false;
    for (uint32_t i = 0; i < n; i++) {
        if (commands[i].op == CH_COMMAND_PLAY) {
            found |= ++n_changes[commands[i].deck.player] > CH_FADING_MAX;
        } else if (commands[i].op == CH_COMMAND_STOP) {
            found |= ++n_changes[commands[i].transport.player] > CH_FADING_MAX;
        }
    }
    return found;
}

/// Commands get names; those that want an answer are noted.
static void
note(struct fuzz *fuzz, const struct ch_command *commands, uint32_t n)
{
    const uint32_t chain = n > 1 && !overflows(commands, n) ? ++fuzz->last_chain : 0;
    fuzz->n_chains += n > 1;
    fuzz->n_commands += n;
    fuzz->chain_frame[chain % FUZZ_COMMANDS] = UINT64_MAX;
    for (uint32_t i = 0; i < n; i++) {
        if (commands[i].flags & CH_COMMAND_QUIET) {
            continue;
        }
        struct fuzz_command *place = &fuzz->command[commands[i].id % FUZZ_COMMANDS];
        if (place->waits) {
            fuzz_fail(fuzz, "command %u was never acknowledged", place->id);
        }
        *place = (struct fuzz_command){.id = commands[i].id,
                                       .chain = chain,
                                       .waits = true,
                                       .revocable = n == 1 && !lends(&commands[i]) &&
                                                    commands[i].op != CH_COMMAND_LIMITER,
                                       .when_frame = commands[0].when_frame};
        fuzz->n_waiting++;
        if (commands[i].op == CH_COMMAND_LIMITER) {
            place->limits = true;
            place->ceiling = commands[i].limiter.ceiling;
            place->bypass = commands[i].limiter.bypass;
            fuzz->n_limits_waiting++;
            fuzz->n_bypass_waiting += place->bypass;
            if (place->ceiling > fuzz->ceiling_max) {
                fuzz->ceiling_max = place->ceiling;
            }
        }
    }
}

static void
send(struct fuzz *fuzz, struct ch_command *commands, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        commands[i].id = ++fuzz->last_id;
        // The limiter's answers tell when its bound changes.
        const bool quiet = commands[i].op != CH_COMMAND_LIMITER && fuzz_below(&fuzz->rng, 8) == 0;
        commands[i].flags |= quiet ? CH_COMMAND_QUIET : 0;
    }
    if (ch_engine_send(fuzz->engine, commands, n)) {
        note(fuzz, commands, n);
    } else {
        take_back(fuzz, commands, n);
    }
}

static void
revoke_something(struct fuzz *fuzz)
{
    const uint32_t id = fuzz->last_id - fuzz_below(&fuzz->rng, 8);
    struct fuzz_command *place = &fuzz->command[id % FUZZ_COMMANDS];
    struct ch_command command = {.op = CH_COMMAND_REVOKE, .revoke = {.id = id}};
    if (place->id != id || !place->waits || !place->revocable) {
        return;
    }
    const uint64_t n_refused = fuzz->n_refused;
    send(fuzz, &command, 1);
    if (fuzz->n_refused == n_refused) {
        place->waits = false;
        place->revoked = true;
        fuzz->n_waiting--;
    }
}

void
fuzz_send_something(struct fuzz *fuzz)
{
    struct fuzz_rng *rng = &fuzz->rng;
    if (fuzz_below(rng, 16) == 0) {
        fuzz->n_shuts = ch_engine_shut(fuzz->engine);
    }
    if (fuzz_below(rng, 12) == 0) {
        revoke_something(fuzz);
        return;
    }
    struct ch_command commands[CH_CHAIN_MAX];
    uint32_t wanted = fuzz_below(rng, 4) ? 1 : 1 + fuzz_below(rng, 6);
    wanted = fuzz_below(rng, 200) ? wanted : 1 + fuzz_below(rng, CH_CHAIN_MAX);
    uint32_t n = 0;
    while (n < wanted && any_command(fuzz, &commands[n])) {
        n++;
    }
    if (n > 0) {
        if (fuzz_below(rng, 4) == 0) {
            commands[0].when_frame = fuzz->n_frames + fuzz_below(rng, 4000);
        }
        send(fuzz, commands, n);
    }
}

void
fuzz_send_silence(struct fuzz *fuzz)
{
    for (uint32_t i = 0; i < CH_PLAYERS_MAX; i++) {
        struct ch_command pair[2] = {
            {.op = CH_COMMAND_ARM, .deck = {.player = i}},
            {.op = CH_COMMAND_STOP, .transport = {.player = i}},
        };
        send(fuzz, pair, 2);
    }
    struct ch_command flat[CH_EQ_SECTIONS_MAX + 3];
    memset(flat, 0, sizeof flat);
    for (uint32_t i = 0; i < CH_EQ_SECTIONS_MAX; i++) {
        flat[i].op = CH_COMMAND_EQ_SECTION;
        flat[i].eq.section = (struct ch_eq_section){.g = 1, .k = 1, .mh = 1, .mb = 1, .ml = 1};
        flat[i].eq.identity = CH_EQ_BOTH;
        flat[i].eq.index = (uint16_t)i;
    }
    struct ch_command *more = flat + CH_EQ_SECTIONS_MAX;
    more[0].op = CH_COMMAND_GAIN;
    more[0].gain.left = more[0].gain.right = 1.0f;
    more[0].gain.shuts_over = fuzz->n_shuts;
    more[1].op = CH_COMMAND_EQ_PREAMP;
    more[1].preamp.left = more[1].preamp.right = 1.0f;
    more[2].op = CH_COMMAND_LIMITER;
    more[2].limiter.ceiling = 1.0f;
    more[2].limiter.bypass = fuzz->mood.bypass;
    send(fuzz, flat, CH_EQ_SECTIONS_MAX + 3);
}

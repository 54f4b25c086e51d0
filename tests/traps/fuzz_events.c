// SPDX-License-Identifier: ISC
// tests/traps/fuzz_events.c — every answer is checked against what was said and lent.

#include <inttypes.h>

#include "tests/traps/fuzz.h"

static void
take_ack(struct fuzz *fuzz, const struct ch_event_slot *event)
{
    struct fuzz_command *command = &fuzz->command[event->id % FUZZ_COMMANDS];
    if (command->revoked && command->id == event->id) {
        command->revoked = false;
        return;
    }
    if (!command->waits || command->id != event->id) {
        fuzz_fail(fuzz, "command %u is acknowledged, but not waited for", event->id);
    }
    if (event->frame < command->when_frame && !fuzz->settling) {
        fuzz_fail(fuzz, "command %u for frame %" PRIu64 " landed at %" PRIu64, event->id,
                  command->when_frame, event->frame);
    }
    if (command->chain) {
        uint64_t *frame = &fuzz->chain_frame[command->chain % FUZZ_COMMANDS];
        if (*frame != UINT64_MAX && *frame != event->frame) {
            fuzz_fail(fuzz, "a chain landed at %" PRIu64 " and at %" PRIu64, *frame, event->frame);
        }
        *frame = event->frame;
    }
    if (command->limits) {
        fuzz->n_limits_waiting--;
        fuzz->n_bypass_waiting -= command->bypass;
        fuzz_limiter_landed(fuzz, command->ceiling, command->bypass, event->frame);
    }
    command->waits = false;
    fuzz->n_waiting--;
    fuzz->n_acks++;
}

static struct fuzz_deck *
deck_of(struct fuzz *fuzz, const struct ch_event_slot *event)
{
    struct fuzz_deck *deck = fuzz_deck_of(fuzz, event->deck.stream);
    if (!deck) {
        fuzz_fail(fuzz, "event %u of stream %u, which is not lent", event->op, event->deck.stream);
    }
    if (event->deck.ring_frame > deck->written) {
        fuzz_fail(fuzz, "stream %u played %" PRIu64 " frames of %" PRIu64, event->deck.stream,
                  event->deck.ring_frame, deck->written);
    }
    return deck;
}

static void
take_started(struct fuzz *fuzz, const struct ch_event_slot *event)
{
    struct fuzz_deck *deck = deck_of(fuzz, event);
    if (deck->started) {
        fuzz_fail(fuzz, "stream %u started twice", event->deck.stream);
    }
    deck->started = true;
    fuzz->n_sounding++;
    fuzz->n_started++;
}

static void
take_ended(struct fuzz *fuzz, const struct ch_event_slot *event)
{
    const struct fuzz_deck *deck = deck_of(fuzz, event);
    if (!deck->truncated && event->deck.ring_frame != deck->total) {
        fuzz_fail(fuzz, "stream %u ended after %" PRIu64 " frames of %" PRIu64, event->deck.stream,
                  event->deck.ring_frame, deck->total);
    }
    fuzz->n_ended++;
}

/// What was counted as played is what was taken out of the ring.
static void
take_released(struct fuzz *fuzz, const struct ch_event_slot *event)
{
    struct fuzz_deck *deck = deck_of(fuzz, event);
    if (event->deck.pcm != deck->pcm) {
        fuzz_fail(fuzz, "stream %u came back with another ring", event->deck.stream);
    }
    const uint32_t r = atomic_load(&deck->pcm->ring.r);
    if (r != (uint32_t)event->deck.ring_frame) {
        fuzz_fail(fuzz, "stream %u: %" PRIu64 " frames played, %u read", event->deck.stream,
                  event->deck.ring_frame, r);
    }
    fuzz_deck_drop(fuzz, deck);
}

/// From its first frame to its last each frame was written or counted as dropped.
static void
take_tap(struct fuzz *fuzz, const struct ch_event_slot *event)
{
    struct ch_tap *tap = event->tap.tap;
    const uint64_t n_written = atomic_load(&tap->pcm->ring.w);
    const uint64_t n_dropped = atomic_load(&tap->n_dropped);
    const uint64_t first = tap->started ? atomic_load(&tap->first_frame) : event->frame;
    if (event->frame - first != n_written + n_dropped) {
        fuzz_fail(fuzz, "a tap of %" PRIu64 " frames has %" PRIu64 " and dropped %" PRIu64,
                  event->frame - first, n_written, n_dropped);
    }
    fuzz_tap_drop(fuzz, tap);
}

static void
take_shut(struct fuzz *fuzz, const struct ch_event_slot *event)
{
    if (event->id <= fuzz->n_shuts_heard || event->id > fuzz->n_shuts) {
        fuzz_fail(fuzz, "shut %u after %u, of %u", event->id, fuzz->n_shuts_heard, fuzz->n_shuts);
    }
    fuzz->n_shuts_heard = event->id;
}

static void
take(struct fuzz *fuzz, const struct ch_event_slot *event)
{
    if (event->frame > fuzz->n_frames) {
        fuzz_fail(fuzz, "an event from the future, frame %" PRIu64, event->frame);
    }
    switch ((enum ch_event_op)event->op) {
    case CH_EVENT_ACK:
        take_ack(fuzz, event);
        return;
    case CH_EVENT_STARTED:
        take_started(fuzz, event);
        return;
    case CH_EVENT_ENDED:
        take_ended(fuzz, event);
        return;
    case CH_EVENT_RELEASED:
        take_released(fuzz, event);
        return;
    case CH_EVENT_STARVED:
        fuzz->n_starved++;
        return;
    case CH_EVENT_REFILLED:
    case CH_EVENT_STANDING:
        return;
    case CH_EVENT_TAP_RELEASED:
        take_tap(fuzz, event);
        return;
    case CH_EVENT_SHUT:
        take_shut(fuzz, event);
        return;
    }
    fuzz_fail(fuzz, "an event of no kind, %u", event->op);
}

uint32_t
fuzz_take_events(struct fuzz *fuzz)
{
    struct ch_event_slot event;
    uint32_t n = 0;
    while (ch_engine_take_event(fuzz->engine, &event)) {
        take(fuzz, &event);
        n++;
    }
    return n;
}

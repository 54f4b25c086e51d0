// SPDX-License-Identifier: ISC
// daemon/engine/engine_setup.c — [setup] allocation, and [main]'s end of the queues.

#include "daemon/engine/engine_setup.h"

#include <stdlib.h>

#include "daemon/base/memory.h"
#include "daemon/engine/engine_internal.h"
#include "daemon/lockfree/counter.h"

#define RAMP_MS 20.0
#define FADE_MS 20.0

static void
set_lengths(struct ch_engine *engine, uint32_t rate_hz)
{
    engine->rate_hz = rate_hz;
    engine->ramp_frames = ch_frames_from_ms(RAMP_MS, rate_hz);
    engine->fade_frames = ch_frames_from_ms(FADE_MS, rate_hz);
}

enum ch_status
ch_engine_create(struct ch_engine **out, uint32_t rate_hz)
{
    *out = NULL;
    struct ch_engine *engine = ch_memory_aligned(_Alignof(struct ch_engine), sizeof *engine);
    if (!engine) {
        return CH_NO_MEMORY;
    }
    memset(engine, 0, sizeof *engine);
    set_lengths(engine, rate_hz);
    engine->limiter = ch_limiter_create(rate_hz);
    if (!engine->limiter) {
        ch_memory_aligned_free(engine);
        return CH_NO_MEMORY;
    }
    if (!ch_ring_init(&engine->commands, engine->command_slots, CH_COMMAND_SLOTS,
                      sizeof(struct ch_command)) ||
        !ch_ring_init(&engine->events, engine->event_slots, CH_EVENT_SLOTS,
                      sizeof(struct ch_event_slot))) {
        ch_engine_destroy(engine);
        return CH_INTERNAL;
    }
    ch_histogram_init(&engine->account.run_ns);
    ch_snapshot_init(&engine->state, sizeof(struct ch_engine_state));
    ch_snapshot_init(&engine->clock, sizeof(struct ch_clock));
    ch_eq_init(&engine->eq);
    ch_ramp_snap(&engine->gain[0], 1.0f);
    ch_ramp_snap(&engine->gain[1], 1.0f);
    ch_ramp_snap(&engine->mute, 1.0f);
    ch_ramp_snap(&engine->gate, 1.0f);
    engine->limiter_gain = 1.0f;
    for (uint32_t i = 0; i < CH_PLAYERS_MAX; i++) {
        ch_player_init(&engine->players[i], i);
    }
    engine->quiet = true;
    ch_engine_publish(engine);
    *out = engine;
    return CH_OK;
}

void
ch_engine_destroy(struct ch_engine *engine)
{
    if (engine) {
        ch_limiter_destroy(engine->limiter);
        ch_memory_aligned_free(engine);
    }
}

enum ch_status
ch_engine_set_rate(struct ch_engine *engine, uint32_t rate_hz)
{
    struct ch_limiter *limiter = ch_limiter_create(rate_hz);
    if (!limiter) {
        return CH_NO_MEMORY;
    }
    ch_engine_settle(engine);
    for (uint32_t i = 0; i < CH_PLAYERS_MAX; i++) {
        ch_player_release_all(engine, &engine->players[i]);
    }
    ch_limiter_destroy(engine->limiter);
    engine->limiter = limiter;
    set_lengths(engine, rate_hz);
    ch_eq_init(&engine->eq);
    ch_engine_publish(engine);
    return CH_OK;
}

uint32_t
ch_engine_rate(const struct ch_engine *engine)
{
    return engine->rate_hz;
}

uint32_t
ch_engine_latency(const struct ch_engine *engine)
{
    return ch_limiter_latency(engine->limiter);
}

bool
ch_engine_send(struct ch_engine *engine, struct ch_command *commands, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (i + 1 < n) {
            commands[i].flags |= CH_COMMAND_CHAINED;
        } else {
            commands[i].flags &= (uint16_t)~CH_COMMAND_CHAINED;
        }
    }
    return n <= CH_CHAIN_MAX && ch_ring_write(&engine->commands, commands, n);
}

uint32_t
ch_engine_shut(struct ch_engine *engine)
{
    ch_counter_add(&engine->n_shuts, 1);
    return (uint32_t)ch_counter_read(&engine->n_shuts);
}

bool
ch_engine_take_event(struct ch_engine *engine, struct ch_event_slot *event)
{
    return ch_ring_pop(&engine->events, event, sizeof *event);
}

void
ch_engine_settle(struct ch_engine *engine)
{
    engine->block_frame = engine->frame;
    engine->account.behind = false;
    ch_engine_watch_gate(engine);
    ch_drift_reset(&engine->account.drift);
    do {
        ch_engine_collect_commands(engine);
        const uint32_t n_before = engine->n_pending;
        ch_engine_apply_commands(engine, 1);
        // Those for later come last: what is still in the queue may revoke them.
        for (uint32_t i = 0; engine->n_pending == n_before && i < n_before; i++) {
            engine->pending[i].when_frame = 0;
        }
        for (uint32_t i = 0; i < CH_PLAYERS_MAX; i++) {
            ch_player_settle(engine, &engine->players[i]);
        }
    } while ((engine->n_pending || ch_ring_read_space(&engine->commands)) &&
             ch_engine_can_post(engine, CH_EVENT_RESERVE));

    ch_engine_strip_settle(engine);
    engine->limiter_gain = 1.0f;
    ch_eq_reset(&engine->eq);
    ch_limiter_reset(engine->limiter);
    ch_engine_publish(engine);
}

void
ch_engine_read_state(struct ch_engine *engine, struct ch_engine_state *state)
{
    ch_snapshot_read(&engine->state, state);
}

static struct ch_engine_incidents
incidents(struct ch_incidents *shared)
{
    return (struct ch_engine_incidents){.n = ch_counter_read(&shared->n),
                                        .last_mono_ns = ch_counter_read(&shared->last_mono_ns)};
}

void
ch_engine_read_counts(struct ch_engine *engine, struct ch_engine_counts *counts)
{
    struct ch_account *account = &engine->account;
    *counts = (struct ch_engine_counts){
        .n_frames = ch_counter_read(&account->n_frames),
        .span_ns = ch_counter_read(&account->span_ns),
        .n_misses = ch_counter_read(&account->n_misses),
        .n_late = ch_counter_read(&account->n_late),
        .overruns = incidents(&account->overruns),
        .absences = incidents(&account->absences),
        .droughts = incidents(&account->droughts),
        .n_clamped = ch_counter_read(&account->n_clamped),
        .n_applied = ch_counter_read(&account->n_applied),
        .n_pending = ch_counter_read(&account->n_pending),
        .n_queued = ch_ring_fill(&engine->commands),
        .n_slots = CH_COMMAND_SLOTS,
    };
    for (uint32_t i = 0; i < CH_PLAYERS_MAX; i++) {
        counts->n_starved[i] = ch_counter_read(&account->n_starved[i]);
    }
}

bool
ch_engine_read_drift(struct ch_engine *engine, double *ppm)
{
    return ch_drift_read(&engine->account.drift, ppm);
}

struct ch_histogram *
ch_engine_run_times(struct ch_engine *engine)
{
    return &engine->account.run_ns;
}

uint32_t
ch_engine_n_queued(struct ch_engine *engine)
{
    return ch_ring_fill(&engine->commands);
}

struct ch_snapshot *
ch_engine_clock_snapshot(struct ch_engine *engine)
{
    return &engine->clock;
}

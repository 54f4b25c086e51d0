// SPDX-License-Identifier: ISC
// daemon/engine/engine.c — [rt] one block: commands, players, EQ, gain, limiter, clamp, taps.

#include "daemon/engine/engine.h"

#include "daemon/engine/engine_internal.h"

CH_RT void
ch_engine_clock(struct ch_engine *engine, uint64_t mono_ns, uint32_t latency_frames)
{
    engine->block_mono_ns = mono_ns;
    engine->latency_frames = latency_frames;
}

CH_RT bool
ch_engine_can_run(struct ch_engine *engine, uint32_t n_frames)
{
    for (uint32_t i = 0; i < CH_PLAYERS_MAX; i++) {
        if (!ch_player_can_run(&engine->players[i], n_frames, engine->fade_frames)) {
            return false;
        }
    }
    return true;
}

CH_RT static void
tap(struct ch_engine *engine, enum ch_tap_point point, const float *left, const float *right,
    uint32_t n_frames)
{
    if (engine->taps[point]) {
        ch_tap_write(engine->taps[point], engine->frame, left, right, n_frames);
    }
}

/// Behind a limiter in force there is nothing to clamp; bypassed, it lets through what there is.
CH_RT static void
limit(struct ch_engine *engine, float *left, float *right, uint32_t n_frames)
{
    const bool in_force = ch_limiter_in_force(engine->limiter);
    ch_limiter_run(engine->limiter, left, right, n_frames);
    const float lowest = ch_limiter_take_min_gain(engine->limiter);
    if (lowest < 1.0f) {
        engine->n_limited += n_frames;
    }
    if (lowest < engine->limiter_gain) {
        engine->limiter_gain = lowest;
    }
    const uint32_t n_clamped =
        in_force && ch_limiter_in_force(engine->limiter) ? ch_clamp(left, right, n_frames) : 0;
    if (n_clamped > 0) {
        ch_counter_add(&engine->account.n_clamped, n_clamped);
    }
}

CH_RT static void
run_slice(struct ch_engine *engine, float *left, float *right, uint32_t n_frames)
{
    memset(left, 0, n_frames * sizeof *left);
    memset(right, 0, n_frames * sizeof *right);
    bool sounds = false;
    for (uint32_t i = 0; i < CH_PLAYERS_MAX; i++) {
        sounds |= ch_player_mix(engine, &engine->players[i], left, right, n_frames);
    }
    tap(engine, CH_TAP_SOURCE, left, right, n_frames);

    engine->quiet = !sounds && ch_engine_strip_settled(engine) && ch_eq_quiet(&engine->eq) &&
                    ch_limiter_quiet(engine->limiter);
    if (!engine->quiet) {
        ch_eq_run(&engine->eq, left, right, n_frames);
    }
    tap(engine, CH_TAP_POST_EQ, left, right, n_frames);
    if (!engine->quiet) {
        ch_engine_run_strip(engine, left, right, n_frames);
        limit(engine, left, right, n_frames);
    }
    tap(engine, CH_TAP_OUTPUT, left, right, n_frames);
    engine->frame += n_frames;
}

CH_RT void
ch_engine_run(struct ch_engine *engine, float *const out[CH_CHANNELS], uint32_t n_frames)
{
    engine->block_frame = engine->frame;
    engine->limiter_gain = 1.0f;
    for (uint32_t done = 0; done < n_frames;) {
        ch_engine_watch_gate(engine);
        ch_engine_collect_commands(engine);
        uint32_t n = n_frames - done < CH_SLICE_FRAMES ? n_frames - done : CH_SLICE_FRAMES;
        n = ch_engine_apply_commands(engine, n);
        run_slice(engine, out[0] + done, out[1] + done, n);
        done += n;
    }
    ch_engine_publish(engine);
}

// --- what it tells -----------------------------------------------------------------------------

CH_RT static uint64_t
time_of_frame(const struct ch_engine *engine, uint64_t frame)
{
    return engine->block_mono_ns + ch_ns_from_frames(frame - engine->block_frame, engine->rate_hz);
}

CH_RT bool
ch_engine_can_post(struct ch_engine *engine, uint32_t n)
{
    return ch_ring_write_space(&engine->events) >= n;
}

CH_RT void
ch_engine_post(struct ch_engine *engine, struct ch_event_slot event, uint32_t offset)
{
    event.frame = engine->frame + offset;
    event.mono_ns = time_of_frame(engine, event.frame);
    // Never fails: callers ask for room first (ch_engine_can_post).
    (void)!ch_ring_push(&engine->events, &event, sizeof event);
}

CH_RT void
ch_engine_publish(struct ch_engine *engine)
{
    const uint64_t latency_ns = ch_ns_from_frames(engine->latency_frames, engine->rate_hz);
    const struct ch_clock clock = {.frame = engine->block_frame,
                                   .heard_mono_ns = engine->block_mono_ns + latency_ns,
                                   .mono_ns = engine->block_mono_ns};
    ch_snapshot_publish(&engine->clock, &clock);

    struct ch_engine_state state = {
        .frame = engine->frame,
        .mono_ns = time_of_frame(engine, engine->frame),
        .n_starved = engine->n_starved,
        .n_limited = engine->n_limited,
        .n_faults = engine->eq.n_resets,
        .quiet = engine->quiet,
        .limiter_gain = engine->limiter_gain,
    };
    state.heard_mono_ns = state.mono_ns + latency_ns;
    for (uint32_t i = 0; i < CH_PLAYERS_MAX; i++) {
        const struct ch_player *player = &engine->players[i];
        state.player[i].stream = player->current.stream;
        state.player[i].motion = ch_player_motion(player);
        state.player[i].ring_frame = player->current.played;
    }
    ch_snapshot_publish(&engine->state, &state);
}

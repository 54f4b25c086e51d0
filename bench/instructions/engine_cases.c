// SPDX-License-Identifier: ISC
// bench/instructions/engine_cases.c — the callback from commands to taps, and a command's way.

#include <string.h>

#include "bench/instructions/cases.h"
#include "bench/instructions/eq_cases.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/engine_internal.h"
#include "daemon/engine/engine_setup.h"

#define N_BANDS      10
#define RING_FRAMES  32768 ///< more than all runs of a case play
#define SWEEP_FRAMES 960   ///< 20 ms
#define SWEEP_EVERY  8     ///< callbacks: about 100 moves a second

static struct ch_engine *engine;
static struct ch_pcm_ring *rings[CH_PLAYERS_MAX];
static struct ch_tap *taps[CH_TAP_POINTS];
static float left[CASE_FRAMES], right[CASE_FRAMES];
static float *const planes[CH_CHANNELS] = {left, right};

static void
send(struct ch_command command)
{
    CASE_MUST(ch_engine_send(engine, &command, 1));
}

static void
take_events(void)
{
    struct ch_event_slot event;
    while (ch_engine_take_event(engine, &event)) {
    }
}

static void
play_noise(uint32_t player, float amplitude)
{
    static float noise[2 * RING_FRAMES];
    rings[player] = ch_pcm_ring_create(RING_FRAMES);
    CASE_MUST(rings[player]);
    ch_case_noise(noise, 2 * RING_FRAMES, amplitude, 3 + player);
    CASE_MUST(ch_ring_write(&rings[player]->ring, noise, RING_FRAMES));
    send((struct ch_command){.op = CH_COMMAND_PLAY,
                             .flags = CH_COMMAND_QUIET,
                             .deck = {.pcm = rings[player], .player = player, .stream = 1}});
}

static void
set_band(uint32_t index, uint32_t turn, uint32_t ramp_frames)
{
    struct ch_command command = {
        .op = CH_COMMAND_EQ_SECTION,
        .flags = CH_COMMAND_QUIET,
        .eq = {.index = (uint16_t)index, .identity = false, .ramp_frames = ramp_frames}};
    ch_case_section(index, N_BANDS, turn, &command.eq.section);
    send(command);
}

// --- what sounds -------------------------------------------------------------------------------

static void
set_up_silence(const struct ch_case *c)
{
    (void)c;
    CASE_MUST(ch_engine_create(&engine, CASE_RATE_HZ) == CH_OK);
}

// `size` players of noise, between whose samples nothing can reach the limiter's ceiling.
static void
set_up_streams(const struct ch_case *c)
{
    set_up_silence(c);
    for (uint32_t i = 0; i < c->size; i++) {
        play_noise(i, 0.25f / (float)c->size);
    }
}

static void
set_up_full_chain(const struct ch_case *c)
{
    set_up_streams(c);
    CASE_MUST(ch_eq_use_kernel(&engine->eq, c->kernel));
    for (uint32_t i = 0; i < N_BANDS; i++) {
        set_band(i, 0, 1);
    }
    for (uint32_t i = 0; i < CH_TAP_POINTS; i++) {
        taps[i] = ch_tap_create(RING_FRAMES);
        CASE_MUST(taps[i]);
        send((struct ch_command){
            .op = CH_COMMAND_TAP, .flags = CH_COMMAND_QUIET, .tap = {.tap = taps[i], .point = i}});
    }
}

// 6 dB above the ceiling: the gain never rests.
static void
set_up_too_loud(const struct ch_case *c)
{
    set_up_silence(c);
    play_noise(0, 2.0f);
}

// Between the samples it might be above the ceiling, but it is not.
static void
set_up_in_reach(const struct ch_case *c)
{
    set_up_silence(c);
    play_noise(0, 0.38f);
}

static void
move_band(uint32_t i)
{
    if (i % SWEEP_EVERY == 0) {
        set_band(4, 1 + i / SWEEP_EVERY, SWEEP_FRAMES);
    }
}

static void
run(void)
{
    ch_engine_clock(engine, 0, CASE_FRAMES);
    ch_engine_run(engine, planes, CASE_FRAMES);
}

static void
tear_down(void)
{
    struct ch_engine_state state;
    ch_engine_read_state(engine, &state);
    CASE_MUST(state.n_starved == 0);
    take_events();
    ch_engine_destroy(engine);
    for (uint32_t i = 0; i < CH_PLAYERS_MAX; i++) {
        ch_pcm_ring_destroy(rings[i]);
        rings[i] = NULL;
    }
    for (uint32_t i = 0; i < CH_TAP_POINTS; i++) {
        ch_tap_destroy(taps[i]);
        taps[i] = NULL;
    }
}

static void
tear_down_sounding(void)
{
    float most = 0.0f;
    for (uint32_t i = 0; i < CASE_FRAMES; i++) {
        most = fmaxf(most, fabsf(left[i]));
    }
    CASE_MUST(most > 0.0f && !engine->quiet);
    tear_down();
}

static void
tear_down_not_limited(void)
{
    CASE_MUST(engine->n_limited == 0);
    tear_down_sounding();
}

static void
tear_down_limited(void)
{
    CASE_MUST(engine->n_limited > 0);
    tear_down_sounding();
}

// --- a command's way ---------------------------------------------------------------------------

// From [main] into the queue, out of it and applied on [rt], and its acknowledgement back.
static void
command_and_ack(void)
{
    for (uint32_t i = 0; i < CASE_OPS; i++) {
        struct ch_command command = {.op = CH_COMMAND_NOP, .id = i};
        struct ch_event_slot event;
        CASE_MUST(ch_engine_send(engine, &command, 1));
        ch_engine_collect_commands(engine);
        ch_engine_apply_commands(engine, CASE_FRAMES);
        CASE_MUST(ch_engine_take_event(engine, &event) && event.id == i);
    }
}

#define CALLBACK(title, n, start, prepare, end)                                                    \
    {                                                                                              \
        .name = "callback/" title, .set_up = start, .before = prepare, .run = run,                 \
        .tear_down = end, .size = n, .n_ops = 1, .n_warm = 200, .n_runs = 40                       \
    }

#define FULL_CHAIN(title, prepare, which, on)                                                      \
    {                                                                                              \
        .name = "callback/full-chain" title, .set_up = set_up_full_chain, .before = prepare,       \
        .run = run, .tear_down = tear_down_sounding, .size = 1, .kernel = which, .n_ops = 1,       \
        .n_warm = 200, .n_runs = 40, .possible = on                                                \
    }

const struct ch_case ch_cases_engine[] = {
    CALLBACK("silence", 0, set_up_silence, NULL, tear_down),
    CALLBACK("1-stream", 1, set_up_streams, NULL, tear_down_sounding),
    CALLBACK("16-streams", 16, set_up_streams, NULL, tear_down_sounding),
    FULL_CHAIN("-sse2", NULL, CH_EQ_KERNEL_SSE2, NULL),
    FULL_CHAIN("-avx2", NULL, CH_EQ_KERNEL_AVX2, ch_case_has_avx2),
    FULL_CHAIN("-one-band-swept-sse2", move_band, CH_EQ_KERNEL_SSE2, NULL),
    FULL_CHAIN("-one-band-swept-avx2", move_band, CH_EQ_KERNEL_AVX2, ch_case_has_avx2),
    CALLBACK("limiter-in-reach", 1, set_up_in_reach, NULL, tear_down_not_limited),
    CALLBACK("limiter-working", 1, set_up_too_loud, NULL, tear_down_limited),
    {.name = "command/send-apply-ack",
     .set_up = set_up_silence,
     .run = command_and_ack,
     .tear_down = tear_down,
     .n_ops = CASE_OPS,
     .n_warm = 1,
     .n_runs = 10},
    {.name = NULL},
};

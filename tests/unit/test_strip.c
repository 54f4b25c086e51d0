// SPDX-License-Identifier: ISC
// tests/unit/test_strip.c — the master strip: nothing clicks, mute and panic wait for nothing.

#include "tests/unit/engine_rig.h"
#include "tests/unit/figure.h"
#include "tests/unit/residue.h"

#define CLEAN_DB (-90.0)
#define BLOCK    512
/// At the beginning the tone has begun and the limiter's look-ahead is over.
#define BEGIN 4800

/// A tone of -6 dBFS and 100 Hz plays, for as long as a test may last.
static struct ch_pcm_ring *
play_tone(struct rig *rig)
{
    rig_start(rig);
    struct ch_pcm_ring *pcm = rig_ring(262144, 200000, rig_sine, 0, false);
    rig_send(rig, rig_play(pcm, 1, 0));
    rig_run(rig, 9600, BLOCK);
    return pcm;
}

static void
stop(struct rig *rig, struct ch_pcm_ring *pcm)
{
    rig_stop(rig);
    ch_pcm_ring_destroy(pcm);
}

static struct ch_command
gain(float left, float right, double ramp_ms)
{
    return (struct ch_command){
        .op = CH_COMMAND_GAIN,
        .gain = {.left = left,
                 .right = right,
                 .ramp_frames = ramp_ms > 0.0 ? ch_frames_from_ms(ramp_ms, RIG_RATE_HZ) : 0}};
}

static struct ch_command
limiter(float ceiling, bool bypass)
{
    return (struct ch_command){.op = CH_COMMAND_LIMITER,
                               .limiter = {.ceiling = ceiling, .bypass = bypass}};
}

/// What is above 2 kHz since BEGIN, in either channel.
static double
click_db(const struct rig *rig)
{
    return fmax(residue_db(rig->left + BEGIN, rig->n_out - BEGIN),
                residue_db(rig->right + BEGIN, rig->n_out - BEGIN));
}

static void
hold(const char *what, const struct rig *rig)
{
    const double db = click_db(rig);
    char row[128];
    snprintf(row, sizeof row, "engine: gain, mute, pan, limiter, panic [%s]", what);
    figure("clicks", row, db, "<=", CLEAN_DB, "dBFS");
    assert_true(db <= CLEAN_DB);
}

static void
no_change_of_gain_clicks(void **state)
{
    (void)state;
    const struct {
        const char *what;
        struct ch_command commands[4];
        bool mute[4];
    } cases[] = {
        {"gain", {gain(0.1f, 0.1f, 0), gain(1, 1, 0), gain(0, 0, 0), gain(1, 1, 0)}, {0}},
        {"gain, as fast as ramp_ms lets it",
         {gain(0.1f, 0.1f, 10), gain(1, 1, 10), gain(0, 0, 10), gain(1, 1, 10)},
         {0}},
        {"mute", {gain(1, 1, 0), gain(1, 1, 0), gain(1, 1, 10), gain(1, 1, 10)}, {1, 0, 1, 0}},
        {"pan", {gain(0, 1, 0), gain(1, 0, 0), gain(0, 1, 10), gain(1, 1, 10)}, {0}},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rig rig;
        struct ch_pcm_ring *pcm = play_tone(&rig);
        for (unsigned k = 0; k < 4; k++) {
            struct ch_command command = cases[i].commands[k];
            command.gain.mute = cases[i].mute[k];
            rig_send(&rig, command);
            rig_run(&rig, 4001, BLOCK); // at another angle of the wave each time
        }
        hold(cases[i].what, &rig);
        stop(&rig, pcm);
    }
}

static void
the_limiter_comes_and_goes_without_a_click(void **state)
{
    (void)state;
    struct rig rig;
    struct ch_pcm_ring *pcm = play_tone(&rig);
    // Above the tone, so that what is measured is the change and not the limiting.
    static const float ceilings[] = {0.9f, 0.6f, 1.0f, 0.7f};
    for (unsigned i = 0; i < 8; i++) {
        rig_send(&rig, limiter(ceilings[i / 2], i % 2));
        rig_run(&rig, 4001, BLOCK);
    }
    hold("limiter on, off and ceiling, above the tone", &rig);
    stop(&rig, pcm);
}

static void
panic_and_its_end_do_not_click(void **state)
{
    (void)state;
    struct rig rig;
    struct ch_pcm_ring *pcm = play_tone(&rig);
    for (uint32_t i = 0; i < 4; i++) {
        const uint32_t number = ch_engine_shut(rig.engine);
        rig_run(&rig, i < 2 ? 4001 : 241, BLOCK); // the last two before it has closed
        struct ch_command open = gain(1, 1, 0);
        open.gain.shuts_over = number;
        rig_send(&rig, open);
        rig_run(&rig, 4001, BLOCK);
    }
    hold("panic and its end", &rig);
    stop(&rig, pcm);
}

static void
a_hundred_changes_a_second_do_not_click(void **state)
{
    (void)state;
    struct rig rig;
    struct ch_pcm_ring *pcm = play_tone(&rig);
    uint32_t n_shuts = 0;
    for (uint32_t i = 0; i < 200; i++) {
        struct ch_command change = gain(1.0f / (float)(1 + i % 5), 1.0f, i % 2 ? 0 : 10);
        change.gain.mute = i % 7 == 0;
        if (i % 11 == 0) {
            n_shuts = ch_engine_shut(rig.engine);
        }
        change.gain.shuts_over = n_shuts - (i % 11 == 3);
        rig_send(&rig, change);
        rig_run(&rig, 480, 160);
    }
    hold("100 changes a second of gain, mute and panic", &rig);
    stop(&rig, pcm);
}

/// Twenty milliseconds, and no more than the look-ahead of the limiter before.
static void
assert_silent_from(const struct rig *rig, uint32_t from)
{
    for (uint32_t i = from; i < rig->n_out; i++) {
        assert_true(rig->left[i] == 0.0f && rig->right[i] == 0.0f);
    }
}

static void
panic_overtakes_a_full_queue(void **state)
{
    (void)state;
    struct rig rig;
    struct ch_pcm_ring *pcm = play_tone(&rig);
    struct ch_command later = {.op = CH_COMMAND_NOP, .when_frame = 1u << 30};
    while (ch_engine_send(rig.engine, &later, 1)) {
    }
    rig_run(&rig, BLOCK, BLOCK);
    while (ch_engine_send(rig.engine, &later, 1)) {
    }
    const uint32_t at = rig.n_out;
    const uint32_t number = ch_engine_shut(rig.engine);
    rig_run(&rig, 9600, BLOCK);
    const struct ch_event_slot *shut = &rig.events[rig.n_events - 1];
    assert_int_equal(shut->op, CH_EVENT_SHUT);
    assert_int_equal(shut->id, number);
    assert_int_equal(shut->frame, 9600 + BLOCK);
    assert_silent_from(&rig, at + 960 + ch_engine_latency(rig.engine));
    stop(&rig, pcm);
}

static void
panic_lasts_until_a_gain_that_knows_of_it(void **state)
{
    (void)state;
    struct rig rig;
    struct ch_pcm_ring *pcm = play_tone(&rig);
    const uint32_t number = ch_engine_shut(rig.engine);
    struct ch_command stale = gain(1, 1, 0);
    stale.gain.shuts_over = number - 1;
    rig_send(&rig, stale);
    rig_run(&rig, 2400, BLOCK);
    uint32_t at = rig.n_out;
    rig_send(&rig, stale);
    rig_run(&rig, 9600, BLOCK);
    assert_silent_from(&rig, at);

    // It opens to the new gain, and not by way of the old one.
    struct ch_command open = gain(0.01f, 0.01f, 0);
    open.gain.shuts_over = number;
    at = rig.n_out;
    rig_send(&rig, open);
    rig_run(&rig, 9600, BLOCK);
    float loudest = 0.0f;
    for (uint32_t i = at; i < rig.n_out; i++) {
        loudest = fmaxf(loudest, fabsf(rig.left[i]));
    }
    assert_true(loudest > 0.0049f && loudest < 0.0051f);
    stop(&rig, pcm);
}

static void
mute_does_not_wait_for_a_slow_fade(void **state)
{
    (void)state;
    struct rig rig;
    struct ch_pcm_ring *pcm = play_tone(&rig);
    for (uint32_t i = 0; i < 12; i++) {
        rig_send(&rig, gain(0.5f + (float)i / 100.0f, 0.5f, 60000.0));
    }
    rig_run(&rig, 9600, BLOCK);
    struct ch_command mute = gain(0.5f, 0.5f, 0);
    mute.gain.mute = 1;
    rig_send(&rig, mute);
    const uint32_t at = rig.n_out;
    rig_run(&rig, 9600, BLOCK);
    assert_silent_from(&rig, at + 960 + ch_engine_latency(rig.engine));
    stop(&rig, pcm);
}

static void
a_device_that_stands_is_shut_at_once(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig);
    const uint32_t number = ch_engine_shut(rig.engine);
    ch_engine_settle(rig.engine);
    struct ch_pcm_ring *pcm = rig_ring(65536, 60000, rig_sine, 0, false);
    rig_send(&rig, rig_play(pcm, 1, 0));
    rig_run(&rig, 9600, BLOCK);
    assert_silent_from(&rig, 0);
    struct ch_command open = gain(1, 1, 0);
    open.gain.shuts_over = number;
    rig_send(&rig, open);
    rig_run(&rig, 30000, BLOCK);
    hold("gain that ramps in at the start of a device", &rig);
    stop(&rig, pcm);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_change_of_gain_clicks),
        cmocka_unit_test(the_limiter_comes_and_goes_without_a_click),
        cmocka_unit_test(panic_and_its_end_do_not_click),
        cmocka_unit_test(a_hundred_changes_a_second_do_not_click),
        cmocka_unit_test(panic_overtakes_a_full_queue),
        cmocka_unit_test(panic_lasts_until_a_gain_that_knows_of_it),
        cmocka_unit_test(mute_does_not_wait_for_a_slow_fade),
        cmocka_unit_test(a_device_that_stands_is_shut_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

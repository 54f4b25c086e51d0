// SPDX-License-Identifier: ISC
// tests/unit/test_player.c — decks: joins, fades, pause, starvation, and who owns the rings.

#include "tests/unit/engine_rig.h"
#include "tests/unit/residue.h"

static struct ch_command
arm(struct ch_pcm_ring *pcm, uint32_t stream)
{
    return (struct ch_command){.op = CH_COMMAND_ARM, .deck = {.pcm = pcm, .stream = stream}};
}

static void
an_armed_deck_joins_without_losing_a_frame(void **state)
{
    (void)state;
    static const uint32_t blocks[] = {1, 64, 100, 1000, 1024};
    for (unsigned b = 0; b < sizeof blocks / sizeof *blocks; b++) {
        struct rig rig;
        rig_start(&rig);
        struct ch_pcm_ring *one = rig_ring(4096, 3000, rig_counter, 0, true);
        struct ch_pcm_ring *two = rig_ring(4096, 3000, rig_counter, 3000, true);
        rig_send(&rig, rig_play(one, 1, 0));
        rig_send(&rig, arm(two, 2));
        rig_run(&rig, 7000, blocks[b]);
        for (uint32_t i = 0; i < 6000; i++) {
            assert_true(rig.left[i] == rig_counter(i));
        }
        assert_int_equal(rig_event(&rig, CH_EVENT_ENDED, 1)->frame, 3000);
        assert_int_equal(rig_event(&rig, CH_EVENT_STARTED, 2)->frame, 3000);
        assert_int_equal(rig_event(&rig, CH_EVENT_ENDED, 2)->frame, 6000);
        rig_stop(&rig);
        ch_pcm_ring_destroy(one);
        ch_pcm_ring_destroy(two);
    }
}

static void
a_truncated_deck_ends_at_that_frame(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig);
    struct ch_pcm_ring *one = rig_ring(8192, 8000, rig_counter, 0, false);
    struct ch_pcm_ring *two = rig_ring(4096, 1000, rig_counter, 2222, true);
    rig_send(&rig, rig_play(one, 1, 0));
    rig_send(&rig, arm(two, 2));
    rig_send(&rig, (struct ch_command){.op = CH_COMMAND_TRUNCATE,
                                       .truncate = {.stream = 1, .end_frame = 2222}});
    rig_run(&rig, 4096, 300);
    for (uint32_t i = 0; i < 3222; i++) {
        assert_true(rig.left[i] == rig_counter(i));
    }
    assert_int_equal(rig_event(&rig, CH_EVENT_ENDED, 1)->frame, 2222);
    rig_stop(&rig);
    ch_pcm_ring_destroy(one);
    ch_pcm_ring_destroy(two);
}

static struct ch_command
exchange(struct ch_pcm_ring *pcm, uint32_t instead_of, uint64_t at_frame)
{
    struct ch_command command = rig_play(pcm, 2, CH_PLAY_EXCHANGE);
    command.deck.fade_frames = 960;
    command.deck.instead_of = instead_of;
    command.deck.at_frame = at_frame;
    return command;
}

static float
half_sine(uint32_t frame)
{
    return 0.5f * rig_sine(frame);
}

static void
an_exchange_goes_on_at_its_frame(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig);
    struct ch_pcm_ring *one = rig_ring(65536, 60000, rig_sine, 0, false);
    struct ch_pcm_ring *two = rig_ring(65536, 30000, half_sine, 12345, false);
    rig_send(&rig, rig_play(one, 1, 0));
    struct ch_command command = exchange(two, 1, 12345);
    command.when_frame = 12345;
    rig_send(&rig, command);
    rig_run(&rig, 30000, 256);
    assert_int_equal(rig_event(&rig, CH_EVENT_STARTED, 2)->frame, 12345);
    for (uint32_t i = 13400; i < 29900; i++) {
        assert_true(rig.left[i] == half_sine(i));
    }
    // One sound with a gain that moves: never outside of the two, and no click.
    for (uint32_t i = 12345; i < 13400; i++) {
        const float whole = rig_sine(i);
        const float ratio = fabsf(whole) > 0.01f ? rig.left[i] / whole : 0.75f;
        assert_true(ratio > 0.4999f && ratio < 1.0001f);
    }
    assert_true(residue_db(rig.left + 3000, 26000) <= -90.0);
    rig_stop(&rig);
    ch_pcm_ring_destroy(one);
    ch_pcm_ring_destroy(two);
}

static void
an_exchange_that_does_not_fit_comes_back(void **state)
{
    (void)state;
    static const struct {
        uint32_t instead_of;
        uint64_t at_frame;
        bool stopped;
    } wrong[] = {{1, 4999, false}, {1, 5001, false}, {3, 5000, false}, {1, 5000, true}};
    for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct rig rig;
        rig_start(&rig);
        struct ch_pcm_ring *one = rig_ring(65536, 60000, rig_counter, 0, false);
        struct ch_pcm_ring *two = rig_ring(65536, 30000, rig_counter, 0, false);
        rig_send(&rig, rig_play(one, 1, 0));
        rig_run(&rig, 5000, 250);
        if (wrong[i].stopped) {
            rig_send(&rig, (struct ch_command){.op = CH_COMMAND_STOP});
        }
        rig_send(&rig, exchange(two, wrong[i].instead_of, wrong[i].at_frame));
        rig_run(&rig, 5000, 250);
        assert_ptr_equal(rig_event(&rig, CH_EVENT_RELEASED, 2)->deck.pcm, two);
        assert_null(rig_event(&rig, CH_EVENT_STARTED, 2));
        assert_true(wrong[i].stopped || rig.left[9000] == rig_counter(9000));
        rig_stop(&rig);
        ch_pcm_ring_destroy(one);
        ch_pcm_ring_destroy(two);
    }
}

static void
an_exchange_while_paused_stands(void **state)
{
    (void)state;
    struct rig rig;
    struct ch_engine_state now;
    rig_start(&rig);
    struct ch_pcm_ring *one = rig_ring(65536, 60000, rig_sine, 0, false);
    rig_send(&rig, rig_play(one, 1, 0));
    rig_run(&rig, 5000, 250);
    rig_send(&rig, (struct ch_command){.op = CH_COMMAND_PAUSE});
    rig_run(&rig, 5000, 250);
    ch_engine_read_state(rig.engine, &now);
    const uint64_t place = now.player[0].ring_frame;
    struct ch_pcm_ring *two = rig_ring(65536, 30000, rig_sine, (uint32_t)place, false);
    rig_send(&rig, exchange(two, 1, place));
    rig_run(&rig, 5000, 250);
    ch_engine_read_state(rig.engine, &now);
    assert_int_equal(now.player[0].stream, 2);
    assert_int_equal(now.player[0].motion, CH_PLAYER_STANDING);
    for (uint32_t i = 10000; i < 15000; i++) {
        assert_true(rig.left[i] == 0.0f);
    }
    rig_send(&rig, (struct ch_command){.op = CH_COMMAND_RESUME});
    rig_run(&rig, 5000, 250);
    assert_true(rig.left[19000] == rig_sine((uint32_t)place + 4000));
    rig_stop(&rig);
    ch_pcm_ring_destroy(one);
    ch_pcm_ring_destroy(two);
}

static void
pause_keeps_the_place_and_does_not_click(void **state)
{
    (void)state;
    struct rig rig;
    struct ch_engine_state now;
    rig_start(&rig);
    struct ch_pcm_ring *pcm = rig_ring(65536, 60000, rig_sine, 0, false);
    rig_send(&rig, rig_play(pcm, 1, 0));
    rig_run(&rig, 10000, 256);
    rig_send(&rig, (struct ch_command){.op = CH_COMMAND_PAUSE});
    rig_run(&rig, 10000, 256);
    assert_non_null(rig_event(&rig, CH_EVENT_STANDING, 1));
    ch_engine_read_state(rig.engine, &now);
    const uint64_t place = now.player[0].ring_frame;
    assert_int_equal(now.player[0].motion, CH_PLAYER_STANDING);
    assert_true(now.quiet);
    for (uint32_t i = 12000; i < 19000; i++) {
        assert_true(rig.left[i] == 0.0f);
    }
    rig_send(&rig, (struct ch_command){.op = CH_COMMAND_RESUME});
    rig_run(&rig, 10000, 256);
    ch_engine_read_state(rig.engine, &now);
    assert_int_equal(now.player[0].ring_frame, place + 10000);
    assert_true(residue_db(rig.left + 3000, 26000) <= -90.0);
    rig_stop(&rig);
    ch_pcm_ring_destroy(pcm);
}

static void
a_pause_taken_back_turns_round(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig);
    struct ch_pcm_ring *pcm = rig_ring(65536, 60000, rig_sine, 0, false);
    rig_send(&rig, rig_play(pcm, 1, 0));
    rig_run(&rig, 10000, 64);
    rig_send(&rig, (struct ch_command){.op = CH_COMMAND_PAUSE});
    rig_run(&rig, 128, 64);
    rig_send(&rig, (struct ch_command){.op = CH_COMMAND_RESUME});
    rig_run(&rig, 10000, 64);
    // It never stood, so not a frame was lost.
    for (uint32_t i = 12000; i < 20000; i++) {
        assert_true(rig.left[i] == rig_sine(i));
    }
    assert_true(residue_db(rig.left + 5000, 14000) <= -90.0);
    assert_null(rig_event(&rig, CH_EVENT_STANDING, 1));
    rig_stop(&rig);
    ch_pcm_ring_destroy(pcm);
}

static void
a_skip_fades_over_and_gives_the_old_deck_back(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig);
    struct ch_pcm_ring *one = rig_ring(65536, 40000, rig_sine, 0, false);
    struct ch_pcm_ring *two = rig_ring(65536, 40000, rig_sine, 12345, false);
    rig_send(&rig, rig_play(one, 1, 0));
    rig_run(&rig, 10000, 512);
    rig_send(&rig, rig_play(two, 2, CH_PLAY_FADE_IN));
    rig_run(&rig, 10000, 512);
    assert_ptr_equal(rig_event(&rig, CH_EVENT_RELEASED, 1)->deck.pcm, one);
    assert_null(rig_event(&rig, CH_EVENT_ENDED, 1));
    assert_true(residue_db(rig.left + 5000, 14000) <= -90.0);
    rig_stop(&rig);
    ch_pcm_ring_destroy(one);
    ch_pcm_ring_destroy(two);
}

static void
many_skips_at_once_neither_click_nor_lose_a_ring(void **state)
{
    (void)state;
    enum { N = 12 };
    struct rig rig;
    struct ch_pcm_ring *rings[N];
    rig_start(&rig);
    for (uint32_t i = 0; i < N; i++) {
        rings[i] = rig_ring(65536, 30000, rig_sine, 480 * i, false);
        rig_send(&rig, rig_play(rings[i], i + 1, i ? CH_PLAY_FADE_IN : 0));
        rig_run(&rig, i ? 64 : 6000, 64);
    }
    rig_run(&rig, 20000, 64);
    rig_send(&rig, (struct ch_command){.op = CH_COMMAND_STOP});
    rig_run(&rig, 4000, 64);
    for (uint32_t i = 0; i < N; i++) {
        assert_ptr_equal(rig_event(&rig, CH_EVENT_RELEASED, i + 1)->deck.pcm, rings[i]);
        ch_pcm_ring_destroy(rings[i]);
    }
    assert_true(residue_db(rig.left + 2000, rig.n_out - 2000) <= -90.0);
    rig_stop(&rig);
}

static void
stop_fades_and_gives_everything_back(void **state)
{
    (void)state;
    struct rig rig;
    struct ch_engine_state now;
    rig_start(&rig);
    struct ch_pcm_ring *one = rig_ring(65536, 40000, rig_sine, 0, false);
    struct ch_pcm_ring *two = rig_ring(4096, 1000, rig_sine, 0, true);
    rig_send(&rig, rig_play(one, 1, 0));
    rig_send(&rig, arm(two, 2));
    rig_run(&rig, 10000, 256);
    rig_send(&rig, (struct ch_command){.op = CH_COMMAND_STOP});
    rig_run(&rig, 4096, 256);
    assert_ptr_equal(rig_event(&rig, CH_EVENT_RELEASED, 1)->deck.pcm, one);
    assert_ptr_equal(rig_event(&rig, CH_EVENT_RELEASED, 2)->deck.pcm, two);
    assert_non_null(rig_event(&rig, CH_EVENT_STANDING, 0));
    ch_engine_read_state(rig.engine, &now);
    assert_int_equal(now.player[0].motion, CH_PLAYER_EMPTY);
    assert_true(residue_db(rig.left + 5000, 9000) <= -90.0);
    assert_true(rig.left[13000] == 0.0f);
    rig_stop(&rig);
    ch_pcm_ring_destroy(one);
    ch_pcm_ring_destroy(two);
}

static void
a_deck_loaded_paused_is_silent_until_resumed(void **state)
{
    (void)state;
    struct rig rig;
    struct ch_engine_state now;
    rig_start(&rig);
    struct ch_pcm_ring *one = rig_ring(65536, 40000, rig_sine, 0, false);
    struct ch_pcm_ring *two = rig_ring(65536, 40000, rig_sine, 480, false);
    rig_send(&rig, rig_play(one, 1, 0));
    rig_run(&rig, 10000, 256);
    rig_send(&rig, rig_play(two, 2, CH_PLAY_PAUSED | CH_PLAY_FADE_IN));
    rig_run(&rig, 10000, 256);
    ch_engine_read_state(rig.engine, &now);
    assert_int_equal(now.player[0].stream, 2);
    assert_int_equal(now.player[0].ring_frame, 0);
    assert_true(rig.left[19000] == 0.0f);
    rig_send(&rig, (struct ch_command){.op = CH_COMMAND_RESUME});
    rig_run(&rig, 10000, 256);
    ch_engine_read_state(rig.engine, &now);
    assert_int_equal(now.player[0].ring_frame, 10000);
    assert_true(residue_db(rig.left + 5000, 24000) <= -90.0);
    rig_stop(&rig);
    ch_pcm_ring_destroy(one);
    ch_pcm_ring_destroy(two);
}

static void
a_late_decoder_costs_a_faded_silence_and_no_frame(void **state)
{
    (void)state;
    struct rig rig;
    struct ch_engine_state now;
    rig_start(&rig);
    struct ch_pcm_ring *pcm = rig_ring(65536, 10000, rig_sine, 0, false);
    rig_send(&rig, rig_play(pcm, 1, 0));
    rig_run(&rig, 15000, 256);
    assert_non_null(rig_event(&rig, CH_EVENT_STARVED, 1));
    assert_null(rig_event(&rig, CH_EVENT_ENDED, 1));
    ch_engine_read_state(rig.engine, &now);
    assert_int_equal(now.player[0].motion, CH_PLAYER_STARVING);
    assert_true(now.n_starved > 4000);
    const uint32_t n = (uint32_t)now.player[0].ring_frame;
    // The decoder goes on where it was.
    for (uint32_t i = 10000; i < 40000; i++) {
        const struct ch_pcm_frame frame = {rig_sine(i), -rig_sine(i)};
        assert_true(ch_ring_write(&pcm->ring, &frame, 1));
    }
    rig_run(&rig, 15000, 256);
    assert_non_null(rig_event(&rig, CH_EVENT_REFILLED, 1));
    ch_engine_read_state(rig.engine, &now);
    assert_true(now.player[0].ring_frame > n + 14000);
    assert_true(residue_db(rig.left + 2000, 27000) <= -90.0);
    rig_stop(&rig);
    ch_pcm_ring_destroy(pcm);
}

static void
offline_waiting_sees_what_would_starve(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig);
    assert_true(ch_engine_can_run(rig.engine, 1024));
    struct ch_pcm_ring *pcm = rig_ring(8192, 1400, rig_sine, 0, false);
    rig_send(&rig, rig_play(pcm, 1, 0));
    ch_engine_settle(rig.engine);
    assert_false(ch_engine_can_run(rig.engine, 1024));
    for (uint32_t i = 0; i < 1000; i++) {
        const struct ch_pcm_frame frame = {0.1f, 0.1f};
        assert_true(ch_ring_write(&pcm->ring, &frame, 1));
    }
    assert_true(ch_engine_can_run(rig.engine, 1024));
    assert_false(ch_engine_can_run(rig.engine, 4096));
    ch_pcm_ring_end(pcm);
    assert_true(ch_engine_can_run(rig.engine, 4096));
    rig_stop(&rig);
    ch_pcm_ring_destroy(pcm);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_armed_deck_joins_without_losing_a_frame),
        cmocka_unit_test(a_truncated_deck_ends_at_that_frame),
        cmocka_unit_test(an_exchange_goes_on_at_its_frame),
        cmocka_unit_test(an_exchange_that_does_not_fit_comes_back),
        cmocka_unit_test(an_exchange_while_paused_stands),
        cmocka_unit_test(pause_keeps_the_place_and_does_not_click),
        cmocka_unit_test(a_pause_taken_back_turns_round),
        cmocka_unit_test(a_skip_fades_over_and_gives_the_old_deck_back),
        cmocka_unit_test(many_skips_at_once_neither_click_nor_lose_a_ring),
        cmocka_unit_test(stop_fades_and_gives_everything_back),
        cmocka_unit_test(a_deck_loaded_paused_is_silent_until_resumed),
        cmocka_unit_test(a_late_decoder_costs_a_faded_silence_and_no_frame),
        cmocka_unit_test(offline_waiting_sees_what_would_starve),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

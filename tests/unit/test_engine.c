// SPDX-License-Identifier: ISC
// tests/unit/test_engine.c — commands land where they should, and the chain is transparent.

#include "tests/unit/engine_rig.h"
#include "tests/unit/near.h"
#include "tests/unit/residue.h"

static void
plays_bit_for_bit_in_blocks_of_any_size(void **state)
{
    (void)state;
    static const uint32_t blocks[] = {1, 7, 64, 255, 256, 257, 1024, 8192};
    for (unsigned b = 0; b < sizeof blocks / sizeof *blocks; b++) {
        struct rig rig;
        rig_start(&rig);
        struct ch_pcm_ring *pcm = rig_ring(16384, 10000, rig_counter, 0, true);
        rig_send(&rig, rig_play(pcm, 1, 0));
        rig_run(&rig, 12000, blocks[b]);
        for (uint32_t i = 0; i < 10000; i++) {
            assert_true(rig.left[i] == rig_counter(i));
            assert_true(rig.right[i] == -rig_counter(i));
        }
        for (uint32_t i = 10000; i < rig.n_out; i++) {
            assert_true(rig.left[i] == 0.0f);
        }
        const struct ch_event_slot *ended = rig_event(&rig, CH_EVENT_ENDED, 1);
        assert_non_null(ended);
        assert_int_equal(ended->frame, 10000);
        assert_int_equal(ended->deck.ring_frame, 10000);
        assert_ptr_equal(rig_event(&rig, CH_EVENT_RELEASED, 1)->deck.pcm, pcm);
        ch_pcm_ring_destroy(pcm);
        rig_stop(&rig);
    }
}

static void
a_command_lands_on_its_frame_whatever_the_block(void **state)
{
    (void)state;
    static const uint32_t blocks[] = {1, 100, 1024, 4096};
    for (unsigned b = 0; b < sizeof blocks / sizeof *blocks; b++) {
        struct rig rig;
        rig_start(&rig);
        struct ch_pcm_ring *pcm = rig_ring(16384, 12000, rig_counter, 0, false);
        rig_send(&rig, rig_play(pcm, 1, 0));
        rig_send(&rig, (struct ch_command){.op = CH_COMMAND_GAIN,
                                           .id = 77,
                                           .when_frame = 5003,
                                           .gain = {.left = 0, .right = 1, .ramp_frames = 1}});
        rig_run(&rig, 8192, blocks[b]);
        assert_int_equal(rig_event(&rig, CH_EVENT_ACK, 77)->frame, 5003);
        // A ramp of one frame is over with the first frame after it began.
        assert_true(rig.left[5002] == rig_counter(5002));
        for (uint32_t i = 5004; i < 8000; i++) {
            assert_true(rig.left[i] == 0.0f);
            assert_true(rig.right[i] == -rig_counter(i));
        }
        rig_stop(&rig);
        ch_pcm_ring_destroy(pcm);
    }
}

static void
commands_for_later_wait_and_keep_their_order(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig);
    static const uint64_t when[] = {900, 300, 900, 0, 600};
    for (uint32_t i = 0; i < 5; i++) {
        rig_send(&rig,
                 (struct ch_command){.op = CH_COMMAND_NOP, .id = i + 1, .when_frame = when[i]});
    }
    rig_run(&rig, 2048, 128);
    static const uint32_t order[] = {4, 2, 5, 1, 3};
    assert_int_equal(rig.n_events, 5);
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(rig.events[i].id, order[i]);
        assert_int_equal(rig.events[i].frame, when[order[i] - 1]);
    }
    rig_stop(&rig);
}

static void
a_chain_lands_on_one_frame(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig);
    struct ch_command chain[CH_CHAIN_MAX];
    for (uint32_t i = 0; i < CH_CHAIN_MAX; i++) {
        chain[i] = (struct ch_command){.op = CH_COMMAND_NOP, .id = i + 1};
    }
    chain[0].when_frame = 1234;
    assert_true(ch_engine_send(rig.engine, chain, CH_CHAIN_MAX));
    rig_run(&rig, 4096, 333);
    assert_int_equal(rig.n_events, CH_CHAIN_MAX);
    for (uint32_t i = 0; i < CH_CHAIN_MAX; i++) {
        assert_int_equal(rig.events[i].frame, 1234);
        assert_int_equal(rig.events[i].id, i + 1);
    }
    rig_stop(&rig);
}

/// Four decks fade out and leave no room for a fifth; what is chained to the PLAY waits with it.
static void
a_chain_waits_as_a_whole(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig);
    struct ch_pcm_ring *pcm[6];
    for (uint32_t i = 0; i < 6; i++) {
        pcm[i] = rig_ring(16384, 12000, rig_sine, 0, false);
    }
    for (uint32_t i = 0; i < 5; i++) {
        rig_send(&rig, rig_play(pcm[i], i + 1, 0));
        rig_run(&rig, 64, 64);
    }
    struct ch_command chain[3] = {
        {.op = CH_COMMAND_NOP, .id = 11}, rig_play(pcm[5], 6, 0), {.op = CH_COMMAND_NOP, .id = 13}};
    chain[1].id = 12;
    assert_true(ch_engine_send(rig.engine, chain, 3));
    rig_run(&rig, 2048, 64);
    const uint64_t frame = rig_event(&rig, CH_EVENT_ACK, 12)->frame;
    assert_true(frame > 5 * 64);
    assert_int_equal(rig_event(&rig, CH_EVENT_ACK, 11)->frame, frame);
    assert_int_equal(rig_event(&rig, CH_EVENT_ACK, 13)->frame, frame);
    rig_stop(&rig);
    for (uint32_t i = 0; i < 6; i++) {
        ch_pcm_ring_destroy(pcm[i]);
    }
}

static void
gain_moves_without_a_click_and_ends_exact(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig);
    struct ch_pcm_ring *pcm = rig_ring(65536, 40000, rig_sine, 0, false);
    rig_send(&rig, rig_play(pcm, 1, 0));
    rig_run(&rig, 10000, 512);
    rig_send(&rig,
             (struct ch_command){.op = CH_COMMAND_GAIN, .gain = {.left = 0.25f, .right = 0.25f}});
    rig_run(&rig, 10000, 512);
    assert_true(residue_db(rig.left + 5000, 14000) <= -90.0);
    for (uint32_t i = 12000; i < 19000; i++) {
        assert_true(rig.left[i] == 0.25f * rig_sine(i));
    }
    rig_stop(&rig);
    ch_pcm_ring_destroy(pcm);
}

static void
without_a_callback_commands_take_effect_at_once(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig);
    rig_send(&rig, (struct ch_command){.op = CH_COMMAND_GAIN,
                                       .id = 5,
                                       .when_frame = 999999,
                                       .gain = {.left = 0.5f, .right = 0.5f}});
    ch_engine_settle(rig.engine);
    rig_take_events(&rig);
    assert_int_equal(rig_event(&rig, CH_EVENT_ACK, 5)->frame, 0);
    struct ch_pcm_ring *pcm = rig_ring(4096, 4000, rig_counter, 0, true);
    rig_send(&rig, rig_play(pcm, 1, 0));
    rig_run(&rig, 4096, 1024);
    for (uint32_t i = 0; i < 4000; i++) {
        assert_true(rig.left[i] == 0.5f * rig_counter(i));
    }
    rig_stop(&rig);
    ch_pcm_ring_destroy(pcm);
}

static void
taps_see_their_points_of_the_chain(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig);
    struct ch_tap *taps[CH_TAP_POINTS];
    for (uint32_t i = 0; i < CH_TAP_POINTS; i++) {
        taps[i] = ch_tap_create(8192);
        rig_send(&rig,
                 (struct ch_command){.op = CH_COMMAND_TAP, .tap = {.tap = taps[i], .point = i}});
    }
    rig_send(&rig,
             (struct ch_command){.op = CH_COMMAND_GAIN, .gain = {.left = 0.5f, .right = 0.5f}});
    rig_send(&rig, (struct ch_command){.op = CH_COMMAND_EQ_PREAMP,
                                       .preamp = {.left = 0.25f, .right = 0.25f}});
    ch_engine_settle(rig.engine);
    struct ch_pcm_ring *pcm = rig_ring(4096, 4000, rig_counter, 0, true);
    rig_send(&rig, rig_play(pcm, 1, 0));
    rig_run(&rig, 2048, 512);
    const float factors[CH_TAP_POINTS] = {1.0f, 0.25f, 0.125f};
    const uint32_t delays[CH_TAP_POINTS] = {0, 0, ch_engine_latency(rig.engine)};
    for (uint32_t point = 0; point < CH_TAP_POINTS; point++) {
        struct ch_pcm_frame frame;
        for (uint32_t i = 0; i < 2048; i++) {
            assert_true(ch_ring_read(&taps[point]->pcm->ring, &frame, 1));
            const float expected =
                i < delays[point] ? 0.0f : factors[point] * rig_counter(i - delays[point]);
            assert_true(frame.left == expected);
        }
    }
    rig_stop(&rig);
    for (uint32_t i = 0; i < CH_TAP_POINTS; i++) {
        ch_tap_destroy(taps[i]);
    }
    ch_pcm_ring_destroy(pcm);
}

/// What a position is made of: frames of the ring that were played, less what is still on its way.
static void
positions_count_what_has_come_out(void **state)
{
    (void)state;
    struct rig rig;
    struct ch_engine_state now;
    static const uint32_t blocks[] = {1, 71, 72, 73, 256, 1000};
    rig_start(&rig);
    const uint32_t latency = ch_engine_latency(rig.engine);
    assert_int_equal(latency, RIG_RATE_HZ * 3 / 2000); // 1.5 ms
    struct ch_pcm_ring *pcm = rig_ring(4096, 4000, rig_counter, 0, true);
    rig_send(&rig, rig_play(pcm, 1, 0));
    for (uint32_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        rig_run(&rig, blocks[i], blocks[i]);
        ch_engine_read_state(rig.engine, &now);
        const uint64_t played = now.player[0].ring_frame;
        assert_int_equal(rig.n_out, played > latency ? played - latency : 0);
        if (rig.n_out > 0) {
            assert_true(rig.left[rig.n_out - 1] == rig_counter(rig.n_out - 1));
        }
    }
    rig_stop(&rig);
    ch_pcm_ring_destroy(pcm);
}

static void
is_quiet_only_when_nothing_is_left(void **state)
{
    (void)state;
    struct rig rig;
    struct ch_engine_state now;
    rig_start(&rig);
    struct ch_pcm_ring *pcm = rig_ring(4096, 1000, rig_sine, 0, true);
    rig_send(&rig, rig_play(pcm, 1, 0));
    rig_run(&rig, 512, 512);
    ch_engine_read_state(rig.engine, &now);
    assert_false(now.quiet);
    rig_run(&rig, 48000, 512);
    ch_engine_read_state(rig.engine, &now);
    assert_true(now.quiet);
    assert_int_equal(now.frame, 48512);
    rig_stop(&rig);
    ch_pcm_ring_destroy(pcm);
}

static void
a_new_rate_gives_the_decks_back(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig);
    struct ch_pcm_ring *one = rig_ring(4096, 4000, rig_sine, 0, false);
    struct ch_pcm_ring *two = rig_ring(4096, 4000, rig_sine, 0, false);
    rig_send(&rig, rig_play(one, 1, 0));
    rig_send(&rig, (struct ch_command){.op = CH_COMMAND_ARM, .deck = {.pcm = two, .stream = 2}});
    rig_run(&rig, 512, 512);
    assert_int_equal(ch_engine_set_rate(rig.engine, 96000), CH_OK);
    assert_int_equal(ch_engine_rate(rig.engine), 96000);
    assert_int_equal(ch_engine_latency(rig.engine), 144);
    rig_take_events(&rig);
    assert_ptr_equal(rig_event(&rig, CH_EVENT_RELEASED, 1)->deck.pcm, one);
    assert_ptr_equal(rig_event(&rig, CH_EVENT_RELEASED, 2)->deck.pcm, two);
    rig_stop(&rig);
    ch_pcm_ring_destroy(one);
    ch_pcm_ring_destroy(two);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plays_bit_for_bit_in_blocks_of_any_size),
        cmocka_unit_test(a_command_lands_on_its_frame_whatever_the_block),
        cmocka_unit_test(commands_for_later_wait_and_keep_their_order),
        cmocka_unit_test(a_chain_lands_on_one_frame),
        cmocka_unit_test(a_chain_waits_as_a_whole),
        cmocka_unit_test(gain_moves_without_a_click_and_ends_exact),
        cmocka_unit_test(without_a_callback_commands_take_effect_at_once),
        cmocka_unit_test(taps_see_their_points_of_the_chain),
        cmocka_unit_test(positions_count_what_has_come_out),
        cmocka_unit_test(is_quiet_only_when_nothing_is_left),
        cmocka_unit_test(a_new_rate_gives_the_decks_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

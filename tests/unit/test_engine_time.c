// SPDX-License-Identifier: ISC
// tests/unit/test_engine_time.c — what is told for a frame lands on it, or is revoked before.

#include "tests/unit/engine_rig.h"
#include "tests/unit/figure.h"

/// D. E. Knuth's MMIX generator, its upper bits: 0…below - 1.
static uint32_t
any(uint32_t below)
{
    static uint64_t state = 20;
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)((state >> 33) % below);
}

/// The way from 1 to `target` that a change at `frame` takes: half a cosine, whose first step that
/// frame has.
static double
way(uint32_t i, uint32_t frame, uint32_t length, double target)
{
    const double x = i < frame ? 0.0 : fmin((double)(i - frame + 1) / length, 1.0);
    return 1.0 + (target - 1.0) * (0.5 - 0.5 * cos(M_PI * x));
}

/// A constant shows the gain of every frame.
static float
constant(uint32_t frame)
{
    (void)frame;
    return 0.5f;
}

/// Gain (0 dB to -6) and preamp (to -12) in one chain, each frame of what comes out compared with
/// the product of two half cosines that begin on the frame named.  Were one of them a frame late,
/// the difference would be as much as its steepest step.
static double
worst_difference(uint32_t frame, uint32_t ramp, bool random_blocks)
{
    struct rig rig;
    rig_start(&rig);
    struct ch_pcm_ring *pcm = rig_ring(32768, 30000, constant, 0, false);
    rig_send(&rig, rig_play(pcm, 1, 0));
    struct ch_command chain[3] = {
        {.op = CH_COMMAND_GAIN, .gain = {.left = 0.5f, .right = 0.5f, .ramp_frames = ramp}},
        {.op = CH_COMMAND_EQ_PREAMP,
         .preamp = {.left = 0.25f, .right = 0.25f, .ramp_frames = ramp}},
        {.op = CH_COMMAND_NOP, .id = 9}};
    chain[0].when_frame = frame;
    assert_true(ch_engine_send(rig.engine, chain, 3));
    const uint32_t block = 1 + any(4096);
    for (uint32_t done = 0; done < 20000;) {
        const uint32_t n = random_blocks ? 1 + any(2000) : block;
        rig_run(&rig, n, n);
        done += n;
    }
    assert_int_equal(rig_event(&rig, CH_EVENT_ACK, 9)->frame, frame);
    double worst = 0.0;
    for (uint32_t i = 0; i < 15000; i++) {
        const double wanted = 0.5 * way(i, frame, ramp, 0.5) * way(i, frame, ramp, 0.25);
        worst = fmax(worst, fabs(wanted - (double)rig.left[i]));
    }
    rig_stop(&rig);
    ch_pcm_ring_destroy(pcm);
    return worst;
}

static void
a_chain_for_a_frame_lands_on_it_in_the_sound(void **state)
{
    (void)state;
    double worst = 0.0;
    for (uint32_t i = 0; i < 300; i++) {
        worst = fmax(worst, worst_difference(1 + any(9000), 100 + any(900), i % 2));
    }
    // One frame off, the shortest of these ramps would differ by 3e-3.
    figure("clicks", "engine: a chain off two ramps that begin on its frame", worst, "<=", 2e-6,
           "of full scale");
    assert_true(worst <= 2e-6);
}

/// The same test on what it should find: ramps a frame later.
static void
a_frame_late_would_be_seen(void **state)
{
    (void)state;
    double worst = 0.0;
    for (uint32_t i = 0; i < 3000; i++) {
        worst = fmax(worst, fabs(way(i, 1000, 999, 0.5) - way(i, 1001, 999, 0.5)));
    }
    assert_true(0.5 * worst > 1e-4);
}

static void
frames_are_met_whatever_the_periods(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig);
    enum { COMMANDS = 120 };
    uint32_t when[COMMANDS];
    for (uint32_t turn = 0; turn < 40; turn++) {
        struct ch_engine_state now;
        ch_engine_read_state(rig.engine, &now);
        for (uint32_t i = 0; i < COMMANDS; i++) {
            when[i] = (uint32_t)now.frame + any(20000);
            rig_send(&rig,
                     (struct ch_command){.op = CH_COMMAND_NOP, .id = i + 1, .when_frame = when[i]});
        }
        rig.n_events = 0;
        for (uint32_t done = 0; done < 20000;) {
            const uint32_t n = 1 + any(turn % 4 ? 3000 : 64);
            rig_run(&rig, n, n);
            done += n;
        }
        for (uint32_t i = 0; i < COMMANDS; i++) {
            assert_int_equal(rig_event(&rig, CH_EVENT_ACK, i + 1)->frame, when[i]);
        }
    }
    rig_stop(&rig);
}

static struct ch_command
gain_at(uint64_t frame, float gain, uint32_t id)
{
    return (struct ch_command){.op = CH_COMMAND_GAIN,
                               .id = id,
                               .when_frame = frame,
                               .gain = {.left = gain, .right = gain, .ramp_frames = 1}};
}

static struct ch_command
revoke(uint32_t chain, uint64_t frame, uint32_t id)
{
    return (struct ch_command){
        .op = CH_COMMAND_REVOKE, .id = id, .when_frame = frame, .revoke = {.id = chain}};
}

static void
what_is_revoked_does_not_land(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig);
    struct ch_pcm_ring *pcm = rig_ring(16384, 16000, constant, 0, false);
    rig_send(&rig, rig_play(pcm, 1, 0));
    struct ch_command chain[3] = {gain_at(3000, 0.1f, 20), gain_at(3000, 0.2f, 21),
                                  gain_at(3000, 0.3f, 22)};
    chain[0].flags = chain[1].flags = CH_COMMAND_QUIET;
    rig_send(&rig, gain_at(3000, 0.5f, 10)); // on the same frame, before it
    assert_true(ch_engine_send(rig.engine, chain, 3));
    rig_send(&rig, (struct ch_command){.op = CH_COMMAND_NOP, .id = 30, .when_frame = 3000});
    rig_run(&rig, 1000, 256);
    rig_send(&rig, revoke(22, 0, 40));
    rig_run(&rig, 4000, 256);
    assert_int_equal(rig_event(&rig, CH_EVENT_ACK, 40)->frame, 1000);
    assert_null(rig_event(&rig, CH_EVENT_ACK, 22));
    assert_int_equal(rig_event(&rig, CH_EVENT_ACK, 10)->frame, 3000);
    assert_int_equal(rig_event(&rig, CH_EVENT_ACK, 30)->frame, 3000);
    for (uint32_t i = 3001; i < 4500; i++) {
        assert_true(rig.left[i] == 0.25f);
    }
    // What has landed, and what never was, can't be revoked, and nothing happens.
    rig_send(&rig, revoke(10, 0, 41));
    rig_send(&rig, revoke(999, 0, 42));
    rig_run(&rig, 256, 256);
    assert_non_null(rig_event(&rig, CH_EVENT_ACK, 41));
    assert_non_null(rig_event(&rig, CH_EVENT_ACK, 42));
    rig_stop(&rig);
    ch_pcm_ring_destroy(pcm);
}

/// The new one goes with the revocation of the old: at no moment are there none or both.
static void
a_replacement_lands_on_the_frame_of_what_it_replaces(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig);
    struct ch_pcm_ring *pcm = rig_ring(16384, 16000, constant, 0, false);
    rig_send(&rig, rig_play(pcm, 1, 0));
    rig_send(&rig, gain_at(3000, 0.5f, 1));
    for (uint32_t i = 1; i < 200; i++) {
        struct ch_command chain[2] = {revoke(i, 3000, 0),
                                      gain_at(3000, 1.0f / (float)(i + 2), i + 1)};
        chain[0].flags = CH_COMMAND_QUIET;
        assert_true(ch_engine_send(rig.engine, chain, 2));
        rig_run(&rig, 14, 7);
    }
    rig_run(&rig, 4000, 64);
    assert_int_equal(rig.n_events, 3); // of playing two, and one of what landed
    assert_int_equal(rig_event(&rig, CH_EVENT_ACK, 200)->frame, 3000);
    for (uint32_t i = 0; i < 6000; i++) {
        assert_true(i == 3000 || rig.left[i] == 0.5f * (i < 3000 ? 1.0f : 1.0f / 201.0f));
    }
    rig_stop(&rig);
    ch_pcm_ring_destroy(pcm);
}

static void
a_deck_is_not_lost_by_revoking(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig);
    struct ch_pcm_ring *pcm = rig_ring(4096, 4000, constant, 0, true);
    struct ch_command play = rig_play(pcm, 1, 0);
    play.id = 5;
    play.when_frame = 2000;
    rig_send(&rig, play);
    rig_send(&rig, revoke(5, 0, 6));
    rig_run(&rig, 8000, 512);
    assert_ptr_equal(rig_event(&rig, CH_EVENT_RELEASED, 1)->deck.pcm, pcm);
    rig_stop(&rig);
    ch_pcm_ring_destroy(pcm);
}

/// The callback has stopped with a long queue behind what waits for its frame.
static void
what_is_revoked_behind_a_long_queue_does_not_land_when_the_device_stands(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig);
    struct ch_command chain[CH_CHAIN_MAX];
    for (uint32_t i = 0; i < CH_CHAIN_MAX; i++) {
        chain[i] = gain_at(90000, 0.25f, 7);
        chain[i].flags = i + 1 < CH_CHAIN_MAX ? CH_COMMAND_QUIET : 0;
    }
    assert_true(ch_engine_send(rig.engine, chain, CH_CHAIN_MAX));
    rig_run(&rig, 512, 512);
    for (uint32_t i = 0; i < 300; i++) {
        rig_send(&rig, (struct ch_command){.op = CH_COMMAND_NOP, .flags = CH_COMMAND_QUIET});
    }
    rig_send(&rig, revoke(7, 0, 8));
    ch_engine_settle(rig.engine);
    rig_take_events(&rig);
    assert_non_null(rig_event(&rig, CH_EVENT_ACK, 8));
    assert_null(rig_event(&rig, CH_EVENT_ACK, 7));
    rig_stop(&rig);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chain_for_a_frame_lands_on_it_in_the_sound),
        cmocka_unit_test(a_frame_late_would_be_seen),
        cmocka_unit_test(frames_are_met_whatever_the_periods),
        cmocka_unit_test(what_is_revoked_does_not_land),
        cmocka_unit_test(a_replacement_lands_on_the_frame_of_what_it_replaces),
        cmocka_unit_test(a_deck_is_not_lost_by_revoking),
        cmocka_unit_test(what_is_revoked_behind_a_long_queue_does_not_land_when_the_device_stands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

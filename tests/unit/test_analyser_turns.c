// SPDX-License-Identifier: ISC
// tests/unit/test_analyser_turns.c — who does the analyser's work, and that it goes on when another
// takes over.

#include "tests/unit/analyser_rig.h"

/// Frames of `handle` until one shows the tone as it is, and no other than it.
static void
wait_tone(struct world *world, uint32_t handle)
{
    for (bool found = false; !found;) {
        struct ch_frame *frame = wait_frame(world);
        if (frame->analysis == handle) {
            int band = 0;
            cJSON *json = parse(frame);
            found = fabs(loudest(json, &band)) <= 0.1 && band == 36;
            cJSON_Delete(json);
        }
        ch_frame_unref(frame);
    }
}

static void
test_small_work_needs_no_thread(void **state)
{
    struct world *world = *state;
    give_taps(world);
    start_producer(world);
    ch_analyser_set_flowing(world->analyser, true);
    assert_true(ch_analyser_turn(world->analyser, 0) == UINT64_MAX);
    const uint32_t small = add_spectrum(world, &usual);
    assert_false(ch_analyser_has_thread(world->analyser));
    assert_true(ch_analyser_turn(world->analyser, 0) <= 1000000000 / 120);
    wait_tone(world, small);
    assert_int_equal(atomic_load(&world->n_notified), 0);
    // A thread comes for what would hold up others, and goes with it; the picture goes on.
    struct ch_spectrum_spec spec = usual;
    spec.fft_bins = 16384;
    const uint32_t large = add_spectrum(world, &spec);
    assert_true(ch_analyser_has_thread(world->analyser));
    assert_true(ch_analyser_turn(world->analyser, 0) == UINT64_MAX);
    wait_tone(world, small);
    ch_analyser_remove(world->analyser, large);
    assert_false(ch_analyser_has_thread(world->analyser));
    wait_tone(world, small);
    // So it does for many that are small.
    uint32_t handles[8];
    for (uint32_t i = 0; i < 8; i++) {
        spec = usual;
        spec.n_bands = 65 + i;
        handles[i] = add_spectrum(world, &spec);
    }
    assert_true(ch_analyser_has_thread(world->analyser));
    for (uint32_t i = 0; i < 8; i++) {
        ch_analyser_remove(world->analyser, handles[i]);
    }
    assert_false(ch_analyser_has_thread(world->analyser));
    wait_tone(world, small);
    silence_producer(world);
    ch_analyser_set_flowing(world->analyser, false);
    wait_rest(world);
    assert_no_more(world);
    assert_true(ch_analyser_turn(world->analyser, 0) == UINT64_MAX);
}

static void
test_who_takes_no_turns_has_a_thread(void **state)
{
    struct world *world = *state;
    give_taps(world);
    const uint32_t handle = add_spectrum(world, &usual);
    assert_true(ch_analyser_has_thread(world->analyser));
    ch_analyser_remove(world->analyser, handle);
    assert_false(ch_analyser_has_thread(world->analyser));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_who_takes_no_turns_has_a_thread, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_small_work_needs_no_thread, set_up_turns, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: ISC
// tests/unit/test_clamp.c — the clamp, and that the engine counts where a limiter has failed.
//
// The linker's --wrap lets a limiter stand here that, when told to, lets everything through.

#include <math.h>
#include <string.h>

#include "daemon/dsp/clamp.h"
#include "daemon/dsp/limiter.h"
#include "tests/unit/engine_rig.h"

void __real_ch_limiter_run(struct ch_limiter *limiter, float *left, float *right,
                           uint32_t n_frames);
void __wrap_ch_limiter_run(struct ch_limiter *limiter, float *left, float *right,
                           uint32_t n_frames);

static bool broken;

void
__wrap_ch_limiter_run(struct ch_limiter *limiter, float *left, float *right, uint32_t n_frames)
{
    if (!broken) {
        __real_ch_limiter_run(limiter, left, right, n_frames);
    }
}

static void
what_is_inside_stays(void **state)
{
    (void)state;
    float left[] = {0.0f, 1.0f, -1.0f, 0.5f, -0.25f, 1e-30f, -0.0f};
    float right[] = {-1.0f, 1.0f, 0.0f, 0.999f, 1.0f, -1.0f, 1.0f};
    float before[2][7];
    memcpy(before[0], left, sizeof left);
    memcpy(before[1], right, sizeof right);
    assert_int_equal(ch_clamp(left, right, 7), 0);
    assert_memory_equal(left, before[0], sizeof left);
    assert_memory_equal(right, before[1], sizeof right);
}

static void
every_place_is_looked_at(void **state)
{
    (void)state;
    static const float bad[] = {1.0000001f, -1.0000001f, 3.0f, INFINITY, -INFINITY, NAN};
    static const float good[] = {1.0f, -1.0f, 1.0f, 1.0f, -1.0f, 0.0f};
    for (uint32_t n_frames = 1; n_frames < 12; n_frames++) {
        for (uint32_t at = 0; at < 2 * n_frames; at++) {
            float x[2][12] = {{0.0f}};
            x[at % 2][at / 2] = bad[at % 6];
            assert_int_equal(ch_clamp(x[0], x[1], n_frames), 1);
            assert_true(x[at % 2][at / 2] == good[at % 6]);
            assert_int_equal(ch_clamp(x[0], x[1], n_frames), 0);
        }
    }
}

/// Frames that were clamped while a constant of +6 dBFS plays.
static uint64_t
clamped_frames(struct rig *rig, bool limiter_is_broken, bool bypass)
{
    static float loud[2 * 20000];
    for (uint32_t i = 0; i < 2 * 20000; i++) {
        loud[i] = 2.0f;
    }
    rig_start(rig);
    broken = limiter_is_broken;
    struct ch_command commands[] = {
        {.op = CH_COMMAND_LIMITER, .limiter = {.ceiling = CH_LIMITER_CEILING, .bypass = bypass}},
        {.op = CH_COMMAND_PLAY,
         .deck = {.pcm = ch_pcm_ring_create(32768), .stream = 1, .flags = CH_PLAY_FADE_IN}},
    };
    assert_non_null(commands[1].deck.pcm);
    assert_true(ch_ring_write(&commands[1].deck.pcm->ring, loud, 20000));
    assert_true(ch_engine_send(rig->engine, commands, 2));
    rig_run(rig, 10000, 256);
    broken = false;
    struct ch_engine_counts counts;
    ch_engine_read_counts(rig->engine, &counts);
    ch_pcm_ring_destroy(commands[1].deck.pcm);
    return counts.n_clamped;
}

static float
highest(const struct rig *rig)
{
    float peak = 0.0f;
    for (uint32_t n = 0; n < rig->n_out; n++) {
        peak = fmaxf(peak, fmaxf(fabsf(rig->left[n]), fabsf(rig->right[n])));
    }
    return peak;
}

static void
a_limiter_that_works_leaves_nothing(void **state)
{
    (void)state;
    struct rig rig;
    assert_int_equal(clamped_frames(&rig, false, false), 0);
    assert_true(highest(&rig) <= CH_LIMITER_CEILING && highest(&rig) > 0.88f);
    rig_stop(&rig);
}

static void
one_that_fails_is_found_out(void **state)
{
    (void)state;
    struct rig rig;
    const uint64_t n = clamped_frames(&rig, true, false);
    assert_true(n > 9000 && n < 10000); // all but the first half of the fade
    assert_true(highest(&rig) == 1.0f);
    rig_stop(&rig);
}

static void
bypassed_it_passes_what_there_is(void **state)
{
    (void)state;
    struct rig rig;
    assert_int_equal(clamped_frames(&rig, false, true), 0);
    assert_true(highest(&rig) == 2.0f);
    rig_stop(&rig);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_inside_stays),
        cmocka_unit_test(every_place_is_looked_at),
        cmocka_unit_test(a_limiter_that_works_leaves_nothing),
        cmocka_unit_test(one_that_fails_is_found_out),
        cmocka_unit_test(bypassed_it_passes_what_there_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

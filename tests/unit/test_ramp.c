// SPDX-License-Identifier: ISC
// tests/unit/test_ramp.c — ramps against cosines, and what they leave of a click.

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "daemon/dsp/ramp.h"
#include "tests/unit/near.h"
#include "tests/unit/residue.h"

enum { RATE_HZ = 48000, LENGTH = 960, TOTAL = 48000 };

/// A new target at a frame.
struct change {
    uint32_t frame;
    float target;
};

static double
shape(double x)
{
    return x <= 0.0 ? 0.0 : x >= 1.0 ? 1.0 : 0.5 - 0.5 * cos(M_PI * x);
}

/// Fill TOTAL frames in blocks of `block`, changing on the way.
static void
run(struct ch_ramp *ramp, const struct change *changes, size_t n_changes, uint32_t block,
    float *values)
{
    size_t next = 0;
    uint32_t frame = 0;
    while (frame < TOTAL) {
        while (next < n_changes && changes[next].frame == frame) {
            ch_ramp_to(ramp, changes[next++].target, LENGTH);
        }
        uint32_t n = TOTAL - frame < block ? TOTAL - frame : block;
        if (next < n_changes && changes[next].frame - frame < n) {
            n = changes[next].frame - frame;
        }
        ch_ramp_fill(ramp, values + frame, n);
        frame += n;
    }
}

static uint32_t
random_below(uint32_t *seed, uint32_t limit)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % limit;
}

/// `per_second` changes a second to targets anywhere in 0…1; returns how many.
static size_t
random_changes(struct change *changes, uint32_t per_second, uint32_t seed)
{
    size_t n = 0;
    for (uint32_t frame = 4800; frame < TOTAL - 4800; frame += RATE_HZ / per_second) {
        changes[n++] = (struct change){frame, (float)random_below(&seed, 1001) / 1000.0f};
    }
    return n;
}

static void
test_shape(void **state)
{
    (void)state;
    float before = 0.0f;
    for (int i = -100; i <= 10100; i++) {
        const float x = (float)i / 10000.0f;
        const float y = ch_raised_cosine(x);
        assert_near((double)y, shape((double)x), 1e-7);
        assert_true(y >= before);
        before = y;
    }
    assert_true(ch_raised_cosine(0.0f) == 0.0f && ch_raised_cosine(-3.0f) == 0.0f);
    assert_true(ch_raised_cosine(1.0f) == 1.0f && ch_raised_cosine(3.0f) == 1.0f);
}

static void
test_one_ramp(void **state)
{
    (void)state;
    struct ch_ramp ramp;
    float values[LENGTH + 3];
    ch_ramp_snap(&ramp, 0.25f);
    assert_true(ch_ramp_settled(&ramp));
    ch_ramp_to(&ramp, 0.25f, LENGTH);
    assert_true(ch_ramp_settled(&ramp));

    ch_ramp_to(&ramp, -2.0f, LENGTH);
    assert_false(ch_ramp_settled(&ramp));
    assert_true(ch_ramp_goal(&ramp) == -2.0f);
    ch_ramp_fill(&ramp, values, LENGTH - 1);
    assert_false(ch_ramp_settled(&ramp));
    ch_ramp_fill(&ramp, values + LENGTH - 1, 4);
    assert_true(ch_ramp_settled(&ramp));
    for (int i = 0; i < LENGTH + 3; i++) {
        assert_near((double)values[i], 0.25 - 2.25 * shape((i + 1.0) / LENGTH), 2e-7);
    }
    for (int i = LENGTH - 1; i < LENGTH + 3; i++) {
        assert_true(values[i] == -2.0f);
    }
}

static void
test_no_length_is_one_frame(void **state)
{
    (void)state;
    struct ch_ramp ramp;
    float value;
    ch_ramp_snap(&ramp, 1.0f);
    ch_ramp_to(&ramp, 0.5f, 0);
    ch_ramp_fill(&ramp, &value, 1);
    assert_true(value == 0.5f && ch_ramp_settled(&ramp));
}

/// Overlapping ramps are the history of targets through a Hann window, inside their hull.
static void
test_superposition(void **state)
{
    (void)state;
    static float values[TOTAL];
    static struct change changes[256];
    const size_t n_changes = random_changes(changes, 200, 7);
    struct ch_ramp ramp;
    ch_ramp_snap(&ramp, 1.0f);
    run(&ramp, changes, n_changes, 512, values);

    for (uint32_t frame = 0; frame < TOTAL; frame++) {
        double expected = 1.0, before = 1.0;
        for (size_t i = 0; i < n_changes; i++) {
            const double x = ((double)frame + 1.0 - changes[i].frame) / LENGTH;
            expected += ((double)changes[i].target - before) * shape(x);
            before = (double)changes[i].target;
        }
        assert_near((double)values[frame], expected, 1e-6);
        assert_true(values[frame] >= -1e-6f && values[frame] <= 1.000001f);
    }
    assert_true(values[TOTAL - 1] == changes[n_changes - 1].target);
}

static void
test_cut_into_blocks(void **state)
{
    (void)state;
    static const uint32_t blocks[] = {1, 7, 64, 8192};
    static float whole[TOTAL], cut[TOTAL];
    static struct change changes[4096];
    const size_t n_changes = random_changes(changes, 3000, 3);
    struct ch_ramp ramp;
    ch_ramp_snap(&ramp, 0.0f);
    run(&ramp, changes, n_changes, TOTAL, whole);
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        ch_ramp_snap(&ramp, 0.0f);
        run(&ramp, changes, n_changes, blocks[i], cut);
        assert_memory_equal(whole, cut, sizeof whole);
    }
    assert_true(whole[TOTAL - 1] == changes[n_changes - 1].target);
}

/// A ramp of any length on top of any others, in blocks of any size: smooth, between the lowest and
/// the highest target, and in the end where it was to go.
static void
any_lengths(void **state)
{
    (void)state;
    static float values[TOTAL], cut[TOTAL];
    static const uint32_t lengths[] = {48, 480, 960, 4800, 19200, 48000};
    for (uint32_t seed = 1; seed < 40; seed++) {
        struct ch_ramp whole, parts;
        uint32_t random = seed, shortest = TOTAL;
        float goal = 0.5f;
        ch_ramp_snap(&whole, goal);
        ch_ramp_snap(&parts, goal);
        for (uint32_t frame = 0; frame < TOTAL;) {
            const uint32_t n = 1 + random_below(&random, frame < TOTAL / 2 ? 1200 : TOTAL);
            const uint32_t length = lengths[random_below(&random, 6)];
            const float target = (float)random_below(&random, 1001) / 1000.0f;
            if (frame < TOTAL / 2) {
                ch_ramp_to(&whole, target, length);
                ch_ramp_to(&parts, target, length);
                goal = target;
                shortest = length < shortest ? length : shortest;
            }
            const uint32_t n_frames = n < TOTAL - frame ? n : TOTAL - frame;
            ch_ramp_fill(&whole, values + frame, n_frames);
            for (uint32_t done = 0; done < n_frames; done += 37) {
                const uint32_t left = n_frames - done;
                ch_ramp_fill(&parts, cut + frame + done, left < 37 ? left : 37);
            }
            frame += n_frames;
        }
        assert_memory_equal(values, cut, sizeof values);
        // No steeper bend than that of a whole way in the shortest time, and some more for sums.
        const double bend = 8.0 * M_PI * M_PI / (2.0 * shortest * shortest) + 1e-6;
        for (uint32_t i = 2; i < TOTAL; i++) {
            assert_true(values[i] >= -1e-6f && values[i] <= 1.000001f);
            assert_true(fabs((double)values[i] - 2.0 * (double)values[i - 1] +
                             (double)values[i - 2]) < bend);
        }
        ch_ramp_fill(&whole, values, TOTAL);
        assert_true(ch_ramp_settled(&whole) && values[TOTAL - 1] == goal);
    }
}

/// A minute of rising, and then back at once; behind more slow ramps than there are slots, too.
static void
quick_after_slow(void **state)
{
    (void)state;
    for (int n_slow = 1; n_slow < 12; n_slow++) {
        struct ch_ramp ramp;
        static float values[2 * LENGTH];
        ch_ramp_snap(&ramp, 0.001f);
        for (int i = 0; i < n_slow; i++) {
            ch_ramp_to(&ramp, 1.0f + (float)i, 60 * RATE_HZ);
            ch_ramp_fill(&ramp, values, LENGTH);
        }
        ch_ramp_to(&ramp, 0.001f, LENGTH);
        ch_ramp_fill(&ramp, values, 2 * LENGTH);
        for (int i = 0; i < 2 * LENGTH; i++) {
            assert_true(values[i] > 0.0009f && values[i] < 0.05f);
        }
        assert_true(values[LENGTH - 1] == 0.001f && ch_ramp_settled(&ramp));
    }
}

/// More changes than slots: the newest waits, replaces older ones, and can be taken back.
static void
test_waiting(void **state)
{
    (void)state;
    struct ch_ramp ramp;
    float values[2 * LENGTH];
    ch_ramp_snap(&ramp, 0.0f);
    for (int i = 1; i <= CH_RAMP_SLOTS; i++) {
        ch_ramp_to(&ramp, (float)i, LENGTH);
    }
    ch_ramp_to(&ramp, 100.0f, LENGTH);
    ch_ramp_to(&ramp, 50.0f, LENGTH);
    assert_true(ch_ramp_goal(&ramp) == 50.0f);
    ch_ramp_fill(&ramp, values, LENGTH);
    assert_true(values[LENGTH - 1] == (float)CH_RAMP_SLOTS);
    ch_ramp_fill(&ramp, values, LENGTH);
    assert_true(values[LENGTH - 1] == 50.0f && ch_ramp_settled(&ramp));

    for (int i = 1; i <= CH_RAMP_SLOTS; i++) {
        ch_ramp_to(&ramp, (float)i, LENGTH);
    }
    ch_ramp_to(&ramp, 100.0f, LENGTH);
    ch_ramp_to(&ramp, (float)CH_RAMP_SLOTS, LENGTH);
    assert_true(ch_ramp_goal(&ramp) == (float)CH_RAMP_SLOTS);
    ch_ramp_fill(&ramp, values, LENGTH);
    assert_true(ch_ramp_settled(&ramp));
}

/// A sine of -6 dBFS and 100 Hz while its gain changes.
static void
test_residue(void **state)
{
    (void)state;
    static const uint32_t changes_per_second[] = {1, 100, 400, 3000};
    static struct change changes[4096];
    static float values[TOTAL], signal[TOTAL];
    for (size_t k = 0; k < sizeof changes_per_second / sizeof *changes_per_second; k++) {
        struct ch_ramp ramp;
        size_t n_changes = random_changes(changes, changes_per_second[k], 11);
        if (changes_per_second[k] == 1) {
            changes[0].target = 0.0f; // mute
        }
        ch_ramp_snap(&ramp, 1.0f);
        run(&ramp, changes, n_changes, 256, values);
        for (int i = 0; i < TOTAL; i++) {
            signal[i] = 0.5f * (float)sin(2.0 * M_PI * 100.0 * i / RATE_HZ + 1.0) * values[i];
        }
        const double residue = residue_db(signal, TOTAL);
        print_message("%u changes/s: %.1f dBFS\n", changes_per_second[k], residue);
        assert_true(residue < -90.0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shape),           cmocka_unit_test(test_one_ramp),
        cmocka_unit_test(test_superposition),   cmocka_unit_test(test_no_length_is_one_frame),
        cmocka_unit_test(test_cut_into_blocks), cmocka_unit_test(test_waiting),
        cmocka_unit_test(test_residue),         cmocka_unit_test(any_lengths),
        cmocka_unit_test(quick_after_slow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: ISC
// test_tap.c — the tap keeps what fits, counts what doesn't, and frame numbers stay true; and the
// PCM ring under it tells its end only after its last frame.

#include "daemon/lockfree/tap.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/// Left is the frame number, right its negative: exact in a float below 2^24.
static void
offer(struct ch_tap *tap, uint64_t frame, uint32_t n_frames)
{
    float left[256], right[256];
    assert_in_range(n_frames, 0, 256);
    for (uint32_t i = 0; i < n_frames; i++) {
        left[i] = (float)(frame + i);
        right[i] = -left[i];
    }
    ch_tap_write(tap, frame, left, right, n_frames);
}

static void
take(struct ch_tap *tap, uint64_t frame, uint32_t n_frames)
{
    for (uint32_t i = 0; i < n_frames; i++) {
        struct ch_pcm_frame pcm;
        assert_true(ch_ring_read(&tap->pcm->ring, &pcm, 1));
        assert_true(pcm.left == (float)(frame + i));
        assert_true(pcm.right == -(float)(frame + i));
    }
}

static void
capacity_is_rounded_up(void **state)
{
    (void)state;
    static const struct {
        uint32_t n_frames, capacity;
    } cases[] = {{0, 1}, {1, 1}, {2, 2}, {3, 4}, {4, 4}, {100, 128}, {128, 128}, {129, 256}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ch_pcm_ring *pcm = ch_pcm_ring_create(cases[i].n_frames);
        assert_non_null(pcm);
        assert_int_equal(pcm->ring.capacity, cases[i].capacity);
        assert_int_equal(ch_ring_write_space(&pcm->ring), cases[i].capacity);
        ch_pcm_ring_destroy(pcm);
    }
    ch_pcm_ring_destroy(NULL);
    ch_tap_destroy(NULL);
}

static void
blocks_come_out_as_they_went_in(void **state)
{
    (void)state;
    struct ch_tap *tap = ch_tap_create(256);
    assert_non_null(tap);
    uint64_t frame = 1000;
    // Block sizes that don't divide the ring, so that most of them wrap somewhere.
    for (uint32_t n_frames = 0; n_frames <= 256; n_frames += 37) {
        offer(tap, frame, n_frames);
        take(tap, frame, n_frames);
        frame += n_frames;
    }
    assert_int_equal(atomic_load(&tap->first_frame), 1000);
    assert_int_equal(atomic_load(&tap->n_dropped), 0);
    ch_tap_destroy(tap);
}

static void
a_full_tap_drops_the_newest_block_and_counts_it(void **state)
{
    (void)state;
    struct ch_tap *tap = ch_tap_create(128);
    assert_non_null(tap);
    offer(tap, 0, 100);
    offer(tap, 100, 29); // one more than there is room for: none of it gets in
    assert_int_equal(atomic_load(&tap->n_dropped), 29);
    offer(tap, 129, 28);
    assert_int_equal(atomic_load(&tap->n_dropped), 29);
    take(tap, 0, 100);
    take(tap, 129, 28);
    assert_int_equal(ch_ring_read_space(&tap->pcm->ring), 0);

    // first_frame + read + dropped is the engine's frame again.
    assert_int_equal(atomic_load(&tap->first_frame) + 128 + atomic_load(&tap->n_dropped), 157);
    offer(tap, 157, 5);
    take(tap, 157, 5);
    ch_tap_destroy(tap);
}

#define N_FRAMES 100000u

static void *
produce(void *arg)
{
    struct ch_pcm_ring *pcm = arg;
    for (uint32_t n = 0; n < N_FRAMES;) {
        const struct ch_pcm_frame frame = {(float)n, -(float)n};
        if (ch_ring_write(&pcm->ring, &frame, 1)) {
            n++;
        } else {
            sched_yield();
        }
    }
    ch_pcm_ring_end(pcm);
    return NULL;
}

static void
the_end_is_seen_after_the_last_frame(void **state)
{
    (void)state;
    struct ch_pcm_ring *pcm = ch_pcm_ring_create(512);
    assert_non_null(pcm);
    pthread_t producer;
    assert_int_equal(pthread_create(&producer, NULL, produce, pcm), 0);
    uint32_t n_read = 0;
    for (bool ended = false; !ended;) {
        const uint32_t n = ch_pcm_ring_available(pcm, &ended);
        for (uint32_t i = 0; i < n; i++) {
            struct ch_pcm_frame frame;
            assert_true(ch_ring_read(&pcm->ring, &frame, 1));
            assert_true(frame.left == (float)n_read && frame.right == -(float)n_read);
            n_read++;
        }
        if (n == 0) {
            sched_yield();
        }
    }
    assert_int_equal(n_read, N_FRAMES);
    assert_int_equal(pthread_join(producer, NULL), 0);
    ch_pcm_ring_destroy(pcm);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(capacity_is_rounded_up),
        cmocka_unit_test(blocks_come_out_as_they_went_in),
        cmocka_unit_test(a_full_tap_drops_the_newest_block_and_counts_it),
        cmocka_unit_test(the_end_is_seen_after_the_last_frame),
    };
    return cmocka_run_group_tests_name("tap", tests, NULL, NULL);
}

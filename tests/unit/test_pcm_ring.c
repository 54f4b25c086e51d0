// SPDX-License-Identifier: ISC
// test_pcm_ring.c — frames come out as from a plain deque, and the end only after the last of them:
// by one thread in any order of calls, and by two through rings that are nearly always full.

#include "daemon/lockfree/pcm_ring.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/deque.h"

#define CAPACITY_MAX 8

/// A ring of so many frames whose indices begin just below 2^32.
static struct ch_pcm_ring *
make_ring(uint32_t capacity, uint32_t start)
{
    struct ch_pcm_ring *pcm = ch_pcm_ring_create(capacity);
    assert_non_null(pcm);
    assert_true(ch_ring_init_at(&pcm->ring, pcm->ring.storage, capacity,
                                sizeof(struct ch_pcm_frame), start));
    return pcm;
}

static struct ch_pcm_frame
frame_of(uint32_t n)
{
    return (struct ch_pcm_frame){(float)n, -(float)n};
}

static uint32_t
offer(struct ch_pcm_ring *pcm, struct deque *deque, uint32_t first, uint32_t n)
{
    struct ch_pcm_frame frames[CAPACITY_MAX + 1];
    for (uint32_t i = 0; i < n; i++) {
        frames[i] = frame_of(first + i);
    }
    const bool fits = deque_push(deque, frames, n);
    assert_int_equal(ch_ring_write(&pcm->ring, frames, n), fits);
    return fits ? n : 0;
}

/// As the callback does it: what is there, in place, a part of it.
static void
take(struct ch_pcm_ring *pcm, struct deque *deque, uint32_t n_wanted, bool ended)
{
    bool said_ended;
    struct ch_span span = {0};
    const uint32_t available = ch_pcm_ring_available(pcm, &said_ended);
    assert_int_equal(available, deque->n);
    assert_int_equal(said_ended, ended);
    const uint32_t n = n_wanted < available ? n_wanted : available;
    assert_true(ch_ring_peek(&pcm->ring, n, &span));
    const size_t first = span.n[0] * sizeof(struct ch_pcm_frame);
    assert_memory_equal(span.data[0], deque->elems, first);
    assert_memory_equal(span.data[1], deque->elems + first,
                        span.n[1] * sizeof(struct ch_pcm_frame));
    ch_ring_release(&pcm->ring, n);
    deque_drop(deque, n);
}

static void
any_calls_do_what_they_do_to_a_deque(void **state)
{
    (void)state;
    static struct deque deque;
    uint32_t random = 88675123u;
    for (uint32_t capacity = 1; capacity <= CAPACITY_MAX; capacity *= 2) {
        for (uint32_t before = 0; before < 300; before += 37) {
            struct ch_pcm_ring *pcm = make_ring(capacity, UINT32_MAX - before);
            deque_init(&deque, sizeof(struct ch_pcm_frame), capacity);
            uint32_t n_sent = 0;
            for (int i = 0; i < 1000; i++) {
                const uint32_t n = next_random(&random) % (capacity + 2);
                if (next_random(&random) & 1) {
                    n_sent += offer(pcm, &deque, n_sent, n);
                } else {
                    take(pcm, &deque, n, false);
                }
            }
            ch_pcm_ring_end(pcm);
            while (deque.n) {
                take(pcm, &deque, 1, true);
            }
            take(pcm, &deque, 1, true);
            ch_pcm_ring_destroy(pcm);
        }
    }
}

#define N_FRAMES 5000u

/// cmocka's asserts jump, which only its own thread may do, so the producer has none.
static void *
decode(void *arg)
{
    struct ch_pcm_ring *pcm = arg;
    const uint32_t capacity = pcm->ring.capacity;
    uint32_t random = 521288629u;
    for (uint32_t n_sent = 0; n_sent < N_FRAMES;) {
        struct ch_pcm_frame frames[CAPACITY_MAX];
        uint32_t n = 1 + next_random(&random) % capacity;
        n = n < N_FRAMES - n_sent ? n : N_FRAMES - n_sent;
        for (uint32_t i = 0; i < n; i++) {
            frames[i] = frame_of(n_sent + i);
        }
        if (ch_ring_write(&pcm->ring, frames, n)) {
            n_sent += n;
        } else {
            sched_yield();
        }
    }
    ch_pcm_ring_end(pcm);
    return NULL;
}

static uint32_t
play_what_is_there(struct ch_pcm_ring *pcm, uint32_t n_played, bool *ended)
{
    struct ch_span span = {0};
    const uint32_t n = ch_pcm_ring_available(pcm, ended);
    assert_true(n <= pcm->ring.capacity);
    assert_true(ch_ring_peek(&pcm->ring, n, &span));
    for (uint32_t i = 0; i < n; i++) {
        const struct ch_pcm_frame *first = span.data[0], *second = span.data[1];
        const struct ch_pcm_frame *frame = i < span.n[0] ? first + i : second + (i - span.n[0]);
        assert_true(frame->left == (float)(n_played + i));
        assert_true(frame->right == -(float)(n_played + i));
    }
    ch_ring_release(&pcm->ring, n);
    if (!n) {
        sched_yield();
    }
    return n;
}

static void
the_end_is_seen_with_the_last_frame(void **state)
{
    (void)state;
    for (uint32_t capacity = 1; capacity <= 4; capacity *= 2) {
        struct ch_pcm_ring *pcm = make_ring(capacity, 0u - N_FRAMES / 2);
        pthread_t decoder;
        assert_int_equal(pthread_create(&decoder, NULL, decode, pcm), 0);
        uint32_t n_played = 0;
        for (bool ended = false; !ended;) {
            n_played += play_what_is_there(pcm, n_played, &ended);
        }
        assert_int_equal(n_played, N_FRAMES);
        assert_int_equal(pthread_join(decoder, NULL), 0);
        ch_pcm_ring_destroy(pcm);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_calls_do_what_they_do_to_a_deque),
        cmocka_unit_test(the_end_is_seen_with_the_last_frame),
    };
    return cmocka_run_group_tests_name("pcm ring", tests, NULL, NULL);
}

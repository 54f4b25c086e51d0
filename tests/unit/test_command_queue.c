// SPDX-License-Identifier: ISC
// test_command_queue.c — commands in a ring of their slots: chains go in as one or not at all, and
// whoever finds the beginning of one finds its end.

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "daemon/engine/messages.h"
#include "daemon/lockfree/ring.h"
#include "tests/unit/deque.h"

#define SLOTS_MAX 8

static void
make_chain(struct ch_command *commands, uint32_t first_id, uint32_t n)
{
    memset(commands, 0, n * sizeof *commands);
    for (uint32_t i = 0; i < n; i++) {
        commands[i].id = first_id + i;
        commands[i].op = CH_COMMAND_GAIN;
        commands[i].flags = i + 1 < n ? CH_COMMAND_CHAINED : 0;
        commands[i].gain.left = (float)(first_id + i);
        commands[i].gain.right = -(float)(first_id + i);
    }
}

static void
a_slot_is_a_cache_line(void **state)
{
    (void)state;
    assert_int_equal(sizeof(struct ch_command), 64);
    assert_int_equal(sizeof(struct ch_event_slot), 64);
}

static void
any_chains_do_what_they_do_to_a_deque(void **state)
{
    (void)state;
    static struct deque deque;
    uint32_t random = 362436069u, next_id = 0;
    for (uint32_t n_slots = 1; n_slots <= SLOTS_MAX; n_slots *= 2) {
        struct ch_command slots[SLOTS_MAX], commands[SLOTS_MAX + 1];
        struct ch_ring ring;
        assert_true(ch_ring_init_at(&ring, slots, n_slots, sizeof *slots, UINT32_MAX - 700));
        deque_init(&deque, sizeof *slots, n_slots);
        for (int i = 0; i < 4000; i++) {
            const uint32_t n = 1 + next_random(&random) % (n_slots + 1);
            if (next_random(&random) & 1) {
                make_chain(commands, next_id, n);
                const bool fits = deque_push(&deque, commands, n);
                assert_int_equal(ch_ring_write(&ring, commands, n), fits);
                next_id += fits ? n : 0;
            } else {
                const bool there = deque.n > 0;
                assert_int_equal(ch_ring_pop(&ring, commands, sizeof *commands), there);
                if (there) {
                    assert_memory_equal(commands, deque.elems, sizeof *commands);
                    deque_drop(&deque, 1);
                }
            }
        }
    }
}

#define N_COMMANDS 20000u

/// cmocka's asserts jump, which only its own thread may do, so the sender has none.
static void *
send_chains(void *arg)
{
    struct ch_ring *ring = arg;
    uint32_t random = 521288629u;
    for (uint32_t n_sent = 0; n_sent < N_COMMANDS;) {
        struct ch_command commands[SLOTS_MAX];
        uint32_t n = 1 + next_random(&random) % ring->capacity;
        n = n < N_COMMANDS - n_sent ? n : N_COMMANDS - n_sent;
        make_chain(commands, n_sent, n);
        if (ch_ring_write(ring, commands, n)) {
            n_sent += n;
        } else {
            sched_yield();
        }
    }
    return NULL;
}

static void
no_chain_is_seen_in_parts(void **state)
{
    (void)state;
    for (uint32_t n_slots = 1; n_slots <= 4; n_slots *= 2) {
        struct ch_command slots[SLOTS_MAX];
        struct ch_ring ring;
        assert_true(ch_ring_init_at(&ring, slots, n_slots, sizeof *slots, 0u - N_COMMANDS / 2));
        pthread_t sender;
        assert_int_equal(pthread_create(&sender, NULL, send_chains, &ring), 0);
        bool in_chain = false;
        for (uint32_t n_taken = 0; n_taken < N_COMMANDS;) {
            struct ch_command command;
            if (!ch_ring_pop(&ring, &command, sizeof command)) {
                assert_false(in_chain);
                sched_yield();
                continue;
            }
            assert_int_equal(command.id, n_taken);
            assert_true(command.gain.left == (float)n_taken);
            assert_true(command.gain.right == -(float)n_taken);
            in_chain = command.flags & CH_COMMAND_CHAINED;
            n_taken++;
        }
        assert_false(in_chain);
        assert_int_equal(pthread_join(sender, NULL), 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slot_is_a_cache_line),
        cmocka_unit_test(any_chains_do_what_they_do_to_a_deque),
        cmocka_unit_test(no_chain_is_seen_in_parts),
    };
    return cmocka_run_group_tests_name("command queue", tests, NULL, NULL);
}

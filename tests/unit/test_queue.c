// SPDX-License-Identifier: ISC
// tests/unit/test_queue.c — ids, edits, and what comes next in every mode.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "daemon/control/queue.h"

static void
fill(struct ch_queue *queue, unsigned n)
{
    ch_queue_init(queue, 42);
    for (unsigned i = 0; i < n; i++) {
        char uri[32];
        snprintf(uri, sizeof uri, "/music/%u.flac", i + 1);
        assert_non_null(ch_queue_insert(queue, uri, queue->n_items));
    }
}

static void
assert_order(const struct ch_queue *queue, const uint64_t *ids, unsigned n)
{
    assert_int_equal(queue->n_items, n);
    for (unsigned i = 0; i < n; i++) {
        assert_int_equal(queue->items[i]->id, ids[i]);
        assert_int_equal(ch_queue_index(queue, ids[i]), i);
    }
}

static void
ids_are_never_used_twice(void **state)
{
    (void)state;
    struct ch_queue queue;
    fill(&queue, 3);
    assert_true(ch_queue_remove(&queue, 3));
    assert_false(ch_queue_remove(&queue, 3));
    assert_int_equal(ch_queue_insert(&queue, "/x", 0)->id, 4);
    ch_queue_clear(&queue);
    assert_int_equal(ch_queue_insert(&queue, "/y", 0)->id, 5);
    assert_null(ch_queue_find(&queue, 4));
    ch_queue_fini(&queue);
}

static void
edits_keep_the_rest_in_order(void **state)
{
    (void)state;
    static const struct {
        uint64_t id;
        uint32_t to;
        uint64_t order[5];
    } moves[] = {
        {1, 4, {2, 3, 4, 5, 1}}, {5, 0, {5, 1, 2, 3, 4}},  {3, 3, {1, 2, 4, 3, 5}},
        {2, 1, {1, 2, 3, 4, 5}}, {4, 99, {1, 2, 3, 5, 4}},
    };
    for (unsigned i = 0; i < sizeof moves / sizeof *moves; i++) {
        struct ch_queue queue;
        fill(&queue, 5);
        const uint64_t rev = queue.rev;
        assert_true(ch_queue_move(&queue, moves[i].id, moves[i].to));
        assert_order(&queue, moves[i].order, 5);
        assert_true(queue.rev > rev);
        ch_queue_fini(&queue);
    }
    struct ch_queue queue;
    fill(&queue, 2);
    assert_false(ch_queue_move(&queue, 7, 0));
    ch_queue_insert(&queue, "/in-between", 1);
    assert_order(&queue, (const uint64_t[]){1, 3, 2}, 3);
    ch_queue_fini(&queue);
}

static void
what_follows_depends_on_the_mode(void **state)
{
    (void)state;
    static const struct {
        struct ch_mode mode;
        uint64_t after[3]; ///< 1, 2, 3 by itself
        uint64_t next[3];  ///< 1, 2, 3 by a person
        uint64_t previous[3];
    } cases[] = {
        {{.repeat = CH_REPEAT_OFF}, {2, 3, 0}, {2, 3, 0}, {1, 1, 2}},
        {{.repeat = CH_REPEAT_ALL}, {2, 3, 1}, {2, 3, 1}, {3, 1, 2}},
        {{.repeat = CH_REPEAT_ONE}, {1, 2, 3}, {2, 3, 0}, {1, 1, 2}},
        {{.single = true}, {0, 0, 0}, {2, 3, 0}, {1, 1, 2}},
        {{.single = true, .repeat = CH_REPEAT_ALL}, {1, 2, 3}, {2, 3, 1}, {3, 1, 2}},
        {{.consume = true}, {2, 3, 0}, {2, 3, 0}, {1, 1, 2}},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ch_queue queue;
        fill(&queue, 3);
        queue.mode = cases[i].mode;
        for (uint64_t id = 1; id <= 3; id++) {
            assert_int_equal(ch_queue_after(&queue, id), cases[i].after[id - 1]);
            assert_int_equal(ch_queue_next(&queue, id), cases[i].next[id - 1]);
            assert_int_equal(ch_queue_previous(&queue, id), cases[i].previous[id - 1]);
        }
        ch_queue_fini(&queue);
    }
}

// Play through and count: everything once a round, and no round like the one before.
static void
random_plays_each_once_a_round(void **state)
{
    (void)state;
    enum { N = 20 };
    struct ch_queue queue;
    fill(&queue, N);
    queue.mode.random = true;
    queue.mode.repeat = CH_REPEAT_ALL;
    uint64_t rounds[2][N];
    uint64_t id = ch_queue_first(&queue);
    for (unsigned round = 0; round < 2; round++) {
        unsigned seen[N + 1] = {0};
        for (unsigned i = 0; i < N; i++) {
            assert_true(id >= 1 && id <= N);
            assert_int_equal(seen[id]++, 0);
            rounds[round][i] = id;
            ch_queue_find(&queue, id)->played = true;
            if (i + 1 < N) {
                const uint64_t next = ch_queue_after(&queue, id);
                assert_int_equal(ch_queue_after(&queue, id), next); // asking twice changes nothing
                id = next;
            }
        }
        ch_queue_forget_played(&queue);
        id = ch_queue_first(&queue);
    }
    assert_memory_not_equal(rounds[0], rounds[1], sizeof rounds[0]);
    ch_queue_fini(&queue);
}

static void
random_without_repeat_ends(void **state)
{
    (void)state;
    struct ch_queue queue;
    fill(&queue, 4);
    queue.mode.random = true;
    unsigned n = 0;
    for (uint64_t id = ch_queue_first(&queue); id; id = ch_queue_after(&queue, id)) {
        ch_queue_find(&queue, id)->played = true;
        assert_true(++n <= 4);
    }
    assert_int_equal(n, 4);
    ch_queue_fini(&queue);
}

static void
an_empty_queue_has_nothing(void **state)
{
    (void)state;
    struct ch_queue queue;
    fill(&queue, 0);
    for (int random = 0; random < 2; random++) {
        queue.mode.random = random;
        queue.mode.repeat = CH_REPEAT_ALL;
        assert_int_equal(ch_queue_first(&queue), 0);
        assert_int_equal(ch_queue_after(&queue, 1), 0);
        assert_int_equal(ch_queue_next(&queue, 1), 0);
        assert_int_equal(ch_queue_previous(&queue, 1), 0);
    }
    ch_queue_shuffle(&queue, 0);
    ch_queue_fini(&queue);
}

static void
shuffle_is_a_permutation_that_keeps_the_current_first(void **state)
{
    (void)state;
    enum { N = 30 };
    struct ch_queue queue;
    fill(&queue, N);
    ch_queue_shuffle(&queue, 17);
    assert_int_equal(queue.items[0]->id, 17);
    unsigned seen[N + 1] = {0}, moved = 0;
    for (unsigned i = 0; i < N; i++) {
        seen[queue.items[i]->id]++;
        moved += queue.items[i]->id != i + 1;
    }
    for (unsigned i = 1; i <= N; i++) {
        assert_int_equal(seen[i], 1);
    }
    assert_true(moved > N / 2);
    ch_queue_fini(&queue);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_never_used_twice),
        cmocka_unit_test(edits_keep_the_rest_in_order),
        cmocka_unit_test(what_follows_depends_on_the_mode),
        cmocka_unit_test(random_plays_each_once_a_round),
        cmocka_unit_test(random_without_repeat_ends),
        cmocka_unit_test(an_empty_queue_has_nothing),
        cmocka_unit_test(shuffle_is_a_permutation_that_keeps_the_current_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: ISC
// test_snapshot.c — a reader sees a value as it was published, never parts of two.

#include "daemon/lockfree/snapshot.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/lockfree/clock.h"

static void
a_new_snapshot_reads_zero(void **state)
{
    (void)state;
    struct ch_snapshot snapshot;
    for (uint32_t words = 1; words <= CH_SNAPSHOT_WORDS_MAX; words++) {
        uint64_t value[CH_SNAPSHOT_WORDS_MAX + 1];
        memset(value, 0xa5, sizeof value);
        ch_snapshot_init(&snapshot, words * 8);
        ch_snapshot_read(&snapshot, value);
        for (uint32_t i = 0; i <= CH_SNAPSHOT_WORDS_MAX; i++) {
            // Nothing past the value is written.
            assert_int_equal(value[i], i < words ? 0 : 0xa5a5a5a5a5a5a5a5u);
        }
    }
}

static void
the_latest_value_is_read(void **state)
{
    (void)state;
    struct ch_snapshot snapshot;
    ch_snapshot_init(&snapshot, sizeof(struct ch_clock));
    for (uint64_t i = 1; i < 100; i++) {
        const struct ch_clock in = {i, i << 32, ~i};
        struct ch_clock out;
        ch_snapshot_publish(&snapshot, &in);
        for (int again = 0; again < 2; again++) {
            ch_snapshot_read(&snapshot, &out);
            assert_int_equal(out.frame, i);
            assert_int_equal(out.heard_mono_ns, i << 32);
            assert_int_equal(out.mono_ns, ~i);
        }
    }
}

static void
the_sequence_number_may_wrap(void **state)
{
    (void)state;
    struct ch_snapshot snapshot;
    ch_snapshot_init(&snapshot, 8);
    atomic_store(&snapshot.seq, UINT32_MAX - 3);
    for (uint64_t i = 1; i < 10; i++) {
        uint64_t out;
        ch_snapshot_publish(&snapshot, &i);
        ch_snapshot_read(&snapshot, &out);
        assert_int_equal(out, i);
    }
}

#define N_WORDS   CH_SNAPSHOT_WORDS_MAX
#define N_VALUES  20000
#define N_READERS 3

struct reader {
    pthread_t thread;
    struct ch_snapshot *snapshot;
    pthread_barrier_t *begin;
    uint32_t n_words;
    uint64_t n_torn, n_backwards, last; ///< looked at after the join
};

/// Value k has k + i in word i.
static void
fill(uint64_t *value, uint64_t k)
{
    for (uint64_t i = 0; i < N_WORDS; i++) {
        value[i] = k + i;
    }
}

static void *
read_until_the_last(void *arg)
{
    struct reader *reader = arg;
    pthread_barrier_wait(reader->begin);
    while (reader->last < N_VALUES) {
        uint64_t value[N_WORDS];
        ch_snapshot_read(reader->snapshot, value);
        for (uint64_t i = 0; i < reader->n_words; i++) {
            reader->n_torn += value[i] != value[0] + i;
        }
        reader->n_backwards += value[0] < reader->last;
        reader->last = value[0];
    }
    return NULL;
}

static void
publish_to_readers(uint32_t n_words, uint32_t first_seq)
{
    struct ch_snapshot snapshot;
    uint64_t value[N_WORDS];
    ch_snapshot_init(&snapshot, n_words * 8);
    atomic_store(&snapshot.seq, first_seq);
    fill(value, 0);
    ch_snapshot_publish(&snapshot, value);

    struct reader readers[N_READERS] = {0};
    pthread_barrier_t begin;
    assert_int_equal(pthread_barrier_init(&begin, NULL, N_READERS + 1), 0);
    for (int i = 0; i < N_READERS; i++) {
        readers[i].snapshot = &snapshot;
        readers[i].n_words = n_words;
        readers[i].begin = &begin;
        assert_int_equal(pthread_create(&readers[i].thread, NULL, read_until_the_last, &readers[i]),
                         0);
    }
    pthread_barrier_wait(&begin);
    for (uint64_t k = 1; k <= N_VALUES; k++) {
        fill(value, k);
        ch_snapshot_publish(&snapshot, value);
    }
    for (int i = 0; i < N_READERS; i++) {
        assert_int_equal(pthread_join(readers[i].thread, NULL), 0);
        assert_int_equal(readers[i].n_torn, 0);
        assert_int_equal(readers[i].n_backwards, 0);
        assert_int_equal(readers[i].last, N_VALUES);
    }
    pthread_barrier_destroy(&begin);
}

/// The sequence number passes 2^32 half way.
static void
readers_never_see_a_mixture(void **state)
{
    (void)state;
    publish_to_readers(N_WORDS, 0u - N_VALUES);
    publish_to_readers(2, 0u - N_VALUES);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_snapshot_reads_zero),
        cmocka_unit_test(the_latest_value_is_read),
        cmocka_unit_test(the_sequence_number_may_wrap),
        cmocka_unit_test(readers_never_see_a_mixture),
    };
    return cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
}

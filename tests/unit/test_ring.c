// SPDX-License-Identifier: ISC
// test_ring.c — the ring beside a plain model of it, over every small capacity and every way the
// indices wrap; then two threads that pass a numbered sequence through it.

#include "daemon/lockfree/ring.h"

#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

/// Starts that make the 32-bit indices wrap early, late or in the middle of a transfer.
static const uint32_t STARTS[] = {0, 1, 5, UINT32_MAX - 100, UINT32_MAX - 7, UINT32_MAX, 1u << 31};
#define N_STARTS (sizeof STARTS / sizeof *STARTS)

/// An element whose size is no power of two, so that a mistake in bytes shows.
struct item {
    uint32_t n, twice, thrice;
};

static struct item
item_of(uint32_t n)
{
    return (struct item){n, 2 * n, 3 * n};
}

static void
assert_item(const struct item *item, uint32_t n)
{
    assert_int_equal(item->n, n);
    assert_int_equal(item->twice, 2 * n);
    assert_int_equal(item->thrice, 3 * n);
}

/// xorshift32: the same sequence everywhere.
static uint32_t
next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static const struct item *
item_at(const struct ch_span *span, uint32_t i)
{
    return i < span->n[0] ? (const struct item *)span->data[0] + i
                          : (const struct item *)span->data[1] + (i - span->n[0]);
}

static void
init_takes_only_powers_of_two(void **state)
{
    (void)state;
    static const struct {
        uint32_t capacity;
        bool ok;
    } cases[] = {
        {0, false},       {1, true},        {2, true},           {3, false},
        {4, true},        {6, false},       {7, false},          {1000, false},
        {1u << 16, true}, {1u << 31, true}, {UINT32_MAX, false}, {(1u << 31) + 1, false},
    };
    struct ch_ring ring;
    uint8_t storage[8];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        // Nothing is touched before the first transfer, so the storage may be smaller here.
        assert_int_equal(ch_ring_init(&ring, storage, cases[i].capacity, 1), cases[i].ok);
        assert_false(ch_ring_init(&ring, storage, cases[i].capacity, 0));
    }
}

static void
every_element_can_be_used(void **state)
{
    (void)state;
    for (uint32_t capacity = 1; capacity <= 64; capacity *= 2) {
        for (size_t s = 0; s < N_STARTS; s++) {
            struct item storage[64];
            struct ch_ring ring;
            assert_true(ch_ring_init_at(&ring, storage, capacity, sizeof *storage, STARTS[s]));
            assert_int_equal(ch_ring_write_space(&ring), capacity);
            assert_int_equal(ch_ring_read_space(&ring), 0);

            for (uint32_t i = 0; i < capacity; i++) {
                const struct item item = item_of(i);
                assert_true(ch_ring_write(&ring, &item, 1));
            }
            const struct item extra = item_of(999);
            assert_false(ch_ring_write(&ring, &extra, 1));
            assert_int_equal(ch_ring_write_space(&ring), 0);
            assert_int_equal(ch_ring_read_space(&ring), capacity);

            for (uint32_t i = 0; i < capacity; i++) {
                struct item item;
                assert_true(ch_ring_read(&ring, &item, 1));
                assert_item(&item, i);
            }
            struct item none;
            assert_false(ch_ring_read(&ring, &none, 1));
        }
    }
}

static void
a_transfer_is_all_or_nothing(void **state)
{
    (void)state;
    struct item storage[8];
    struct item items[9];
    struct ch_ring ring;
    assert_true(ch_ring_init_at(&ring, storage, 8, sizeof *storage, UINT32_MAX - 3));
    for (uint32_t i = 0; i < 9; i++) {
        items[i] = item_of(i);
    }
    assert_false(ch_ring_write(&ring, items, 9));
    assert_int_equal(ch_ring_read_space(&ring), 0);
    assert_true(ch_ring_write(&ring, items, 5));
    assert_false(ch_ring_write(&ring, items + 5, 4));
    assert_int_equal(ch_ring_read_space(&ring), 5);

    struct item out[9];
    assert_false(ch_ring_read(&ring, out, 6));
    assert_int_equal(ch_ring_read_space(&ring), 5);
    assert_true(ch_ring_read(&ring, out, 5));
    for (uint32_t i = 0; i < 5; i++) {
        assert_item(&out[i], i);
    }
    assert_true(ch_ring_write(&ring, items, 0));
    assert_true(ch_ring_read(&ring, out, 0));
}

static void
nothing_is_seen_before_the_commit(void **state)
{
    (void)state;
    struct item storage[4];
    struct ch_ring ring;
    struct ch_span span = {0};
    assert_true(ch_ring_init_at(&ring, storage, 4, sizeof *storage, UINT32_MAX - 1));
    assert_true(ch_ring_reserve(&ring, 3, &span));
    assert_int_equal(ch_ring_read_space(&ring), 0);
    assert_false(ch_ring_peek(&ring, 1, &span));

    // Less may be committed than was reserved, and released than was peeked.
    assert_true(ch_ring_reserve(&ring, 3, &span));
    *(struct item *)span.data[0] = item_of(7);
    ch_ring_commit(&ring, 1);
    assert_int_equal(ch_ring_read_space(&ring), 1);
    assert_true(ch_ring_peek(&ring, 1, &span));
    assert_item(item_at(&span, 0), 7);
    assert_int_equal(ch_ring_read_space(&ring), 1);
    ch_ring_release(&ring, 1);
    assert_int_equal(ch_ring_read_space(&ring), 0);
    assert_int_equal(ch_ring_write_space(&ring), 4);
}

/// The reference: a queue without any cleverness, of numbers alone.
struct model {
    uint32_t first, count, capacity;
};

static void
step_write(struct ch_ring *ring, struct model *model, uint32_t n)
{
    struct ch_span span = {0};
    const bool fits = n <= model->capacity - model->count;
    assert_int_equal(ch_ring_write_space(ring), model->capacity - model->count);
    assert_int_equal(ch_ring_reserve(ring, n, &span), fits);
    if (!fits) {
        return;
    }
    assert_int_equal(span.n[0] + span.n[1], n);
    for (uint32_t i = 0; i < n; i++) {
        *(struct item *)(uintptr_t)item_at(&span, i) = item_of(model->first + model->count + i);
    }
    ch_ring_commit(ring, n);
    model->count += n;
}

static void
step_read(struct ch_ring *ring, struct model *model, uint32_t n)
{
    struct ch_span span = {0};
    const bool there = n <= model->count;
    assert_int_equal(ch_ring_read_space(ring), model->count);
    assert_int_equal(ch_ring_peek(ring, n, &span), there);
    if (!there) {
        return;
    }
    assert_int_equal(span.n[0] + span.n[1], n);
    for (uint32_t i = 0; i < n; i++) {
        assert_item(item_at(&span, i), model->first + i);
    }
    ch_ring_release(ring, n);
    model->first += n;
    model->count -= n;
}

static void
any_order_of_calls_behaves_like_a_queue(void **state)
{
    (void)state;
    uint32_t random = 2463534242u;
    for (uint32_t capacity = 1; capacity <= 128; capacity *= 2) {
        for (size_t s = 0; s < N_STARTS; s++) {
            struct item storage[128];
            struct ch_ring ring;
            assert_true(ch_ring_init_at(&ring, storage, capacity, sizeof *storage, STARTS[s]));
            struct model model = {STARTS[s], 0, capacity};
            for (int step = 0; step < 2000; step++) {
                const uint32_t n = next_random(&random) % (capacity + 2);
                if (next_random(&random) & 1) {
                    step_write(&ring, &model, n);
                } else {
                    step_read(&ring, &model, n);
                }
            }
        }
    }
}

static void
a_span_splits_only_at_the_end_of_the_storage(void **state)
{
    (void)state;
    struct item storage[8];
    for (uint32_t at = 0; at < 8; at++) {
        for (uint32_t n = 0; n <= 8; n++) {
            struct ch_ring ring;
            struct ch_span span = {0};
            assert_true(ch_ring_init_at(&ring, storage, 8, sizeof *storage, at - 8));
            assert_true(ch_ring_reserve(&ring, n, &span));
            assert_ptr_equal(span.data[0], storage + at);
            assert_ptr_equal(span.data[1], storage);
            assert_int_equal(span.n[0], at + n > 8 ? 8 - at : n);
            assert_int_equal(span.n[1], at + n > 8 ? at + n - 8 : 0);
        }
    }
}

static void
one_element_is_pushed_and_popped_like_written_and_read(void **state)
{
    (void)state;
    for (uint32_t capacity = 1; capacity <= 8; capacity *= 2) {
        for (size_t s = 0; s < N_STARTS; s++) {
            struct item storage[8], item;
            struct ch_ring ring;
            assert_true(ch_ring_init_at(&ring, storage, capacity, sizeof *storage, STARTS[s]));
            assert_false(ch_ring_pop(&ring, &item, sizeof item));
            // Each by the one call and by the other, round and round.
            for (uint32_t n = 0; n < 5 * capacity; n++) {
                item = item_of(n);
                assert_true(n % 2 ? ch_ring_push(&ring, &item, sizeof item)
                                  : ch_ring_write(&ring, &item, 1));
                if (n + 1 < capacity) {
                    continue;
                }
                assert_false(ch_ring_push(&ring, &item, sizeof item));
                assert_true(n % 3 ? ch_ring_pop(&ring, &item, sizeof item)
                                  : ch_ring_read(&ring, &item, 1));
                assert_item(&item, n + 1 - capacity);
                assert_int_equal(ch_ring_read_space(&ring), capacity - 1);
            }
        }
    }
}

#define N_COPIED 4

struct traffic {
    struct ch_ring *ring;
    uint32_t first, count; ///< numbers to pass
};

/// cmocka's asserts jump, which only its own thread may do, so the producer has none.
static void *
produce(void *arg)
{
    const struct traffic *traffic = arg;
    uint32_t random = 88675123u;
    for (uint32_t done = 0; done < traffic->count;) {
        uint32_t n = 1 + next_random(&random) % traffic->ring->capacity;
        n = n < traffic->count - done ? n : traffic->count - done;
        struct ch_span span = {0};
        if (!ch_ring_reserve(traffic->ring, n, &span)) {
            sched_yield();
            continue;
        }
        for (uint32_t i = 0; i < n; i++) {
            *(struct item *)(uintptr_t)item_at(&span, i) = item_of(traffic->first + done + i);
        }
        ch_ring_commit(traffic->ring, n);
        done += n;
    }
    return NULL;
}

static void
consume(const struct traffic *traffic)
{
    uint32_t random = 521288629u;
    for (uint32_t done = 0; done < traffic->count;) {
        uint32_t n = 1 + next_random(&random) % traffic->ring->capacity;
        n = n < traffic->count - done ? n : traffic->count - done;
        struct ch_span span = {0};
        if (!ch_ring_peek(traffic->ring, n, &span)) {
            sched_yield();
            continue;
        }
        for (uint32_t i = 0; i < n; i++) {
            assert_item(item_at(&span, i), traffic->first + done + i);
        }
        ch_ring_release(traffic->ring, n);
        done += n;
    }
}

/// The same by the calls that copy, after asking for the space every other time.
static void *
produce_copies(void *arg)
{
    const struct traffic *traffic = arg;
    for (uint32_t done = 0; done < traffic->count;) {
        struct item items[N_COPIED];
        uint32_t n = done & 1 ? ch_ring_write_space(traffic->ring) : 1;
        n = n < N_COPIED ? n : N_COPIED;
        n = n < traffic->count - done ? n : traffic->count - done;
        for (uint32_t i = 0; i < n; i++) {
            items[i] = item_of(traffic->first + done + i);
        }
        if (n && ch_ring_write(traffic->ring, items, n)) {
            done += n;
        } else {
            sched_yield();
        }
    }
    return NULL;
}

static void
consume_copies(const struct traffic *traffic)
{
    for (uint32_t done = 0; done < traffic->count;) {
        struct item items[N_COPIED];
        uint32_t n = done & 1 ? ch_ring_read_space(traffic->ring) : 1;
        n = n < N_COPIED ? n : N_COPIED;
        if (n && ch_ring_read(traffic->ring, items, n)) {
            for (uint32_t i = 0; i < n; i++) {
                assert_item(&items[i], traffic->first + done + i);
            }
            done += n;
        } else {
            sched_yield();
        }
    }
}

static void
two_threads_copy_every_number_in_order(void **state)
{
    (void)state;
    for (uint32_t capacity = 1; capacity <= N_COPIED; capacity *= 2) {
        struct item storage[N_COPIED];
        struct ch_ring ring;
        assert_true(ch_ring_init_at(&ring, storage, capacity, sizeof *storage, 0u - 4000));
        struct traffic traffic = {&ring, 0, 8000};
        pthread_t producer;
        assert_int_equal(pthread_create(&producer, NULL, produce_copies, &traffic), 0);
        consume_copies(&traffic);
        assert_int_equal(pthread_join(producer, NULL), 0);
        assert_int_equal(ch_ring_read_space(&ring), 0);
        assert_int_equal(ch_ring_write_space(&ring), capacity);
    }
}

static void
two_threads_pass_every_number_in_order(void **state)
{
    (void)state;
    for (uint32_t capacity = 1; capacity <= 256; capacity *= 2) {
        struct item storage[256];
        struct ch_ring ring;
        // Half of the traffic is on either side of 2^32.
        const uint32_t count = capacity < 16 ? 4000 : 40000;
        assert_true(ch_ring_init_at(&ring, storage, capacity, sizeof *storage, 0u - count / 2));
        struct traffic traffic = {&ring, 0, count};
        pthread_t producer;
        assert_int_equal(pthread_create(&producer, NULL, produce, &traffic), 0);
        consume(&traffic);
        assert_int_equal(pthread_join(producer, NULL), 0);
        assert_int_equal(ch_ring_read_space(&ring), 0);
        assert_int_equal(ch_ring_write_space(&ring), capacity);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(init_takes_only_powers_of_two),
        cmocka_unit_test(every_element_can_be_used),
        cmocka_unit_test(a_transfer_is_all_or_nothing),
        cmocka_unit_test(nothing_is_seen_before_the_commit),
        cmocka_unit_test(any_order_of_calls_behaves_like_a_queue),
        cmocka_unit_test(a_span_splits_only_at_the_end_of_the_storage),
        cmocka_unit_test(one_element_is_pushed_and_popped_like_written_and_read),
        cmocka_unit_test(two_threads_pass_every_number_in_order),
        cmocka_unit_test(two_threads_copy_every_number_in_order),
    };
    return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}

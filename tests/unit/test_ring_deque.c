// SPDX-License-Identifier: ISC
// test_ring_deque.c — any sequence of calls to the ring does what it would do to a plain deque, in
// every element size, and nothing beside the storage is touched.

#include "daemon/lockfree/ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/deque.h"

#define ELEM_SIZE_MAX 100
#define CAPACITY_MAX  16
#define N_STEPS       1500
#define MARGIN        128
#define MARK          0xa5

static const uint32_t sizes[] = {1, 3, 4, 8, 12, 64, ELEM_SIZE_MAX};
static const uint32_t capacities[] = {1, 2, 4, 8, CAPACITY_MAX};
static const uint32_t starts[] = {0, UINT32_MAX - 1000, UINT32_MAX - 2, UINT32_MAX, 1u << 31};
#define N_OF(table) (sizeof(table) / sizeof *(table))

struct pair {
    struct ch_ring ring;
    struct deque deque;
    uint8_t storage[MARGIN + CAPACITY_MAX * ELEM_SIZE_MAX + MARGIN];
    uint32_t random;
};

static uint32_t
pick(struct pair *pair, uint32_t n)
{
    return next_random(&pair->random) % n;
}

static void
fill(struct pair *pair, uint8_t *bytes, size_t n_bytes)
{
    for (size_t i = 0; i < n_bytes; i++) {
        bytes[i] = (uint8_t)next_random(&pair->random);
    }
}

/// Bytes of both parts of a span, in a row.
static void
copy_span(const struct pair *pair, const struct ch_span *span, uint8_t *bytes, bool out)
{
    for (int i = 0; i < 2; i++) {
        const size_t n_bytes = (size_t)span->n[i] * pair->deque.elem_size;
        if (n_bytes) {
            memcpy(out ? bytes : span->data[i], out ? span->data[i] : bytes, n_bytes);
            bytes += n_bytes;
        }
    }
}

static void
write_some(struct pair *pair, uint32_t n)
{
    uint8_t elems[(CAPACITY_MAX + 1) * ELEM_SIZE_MAX];
    fill(pair, elems, (size_t)n * pair->deque.elem_size);
    const bool fits = deque_push(&pair->deque, elems, n);
    assert_int_equal(ch_ring_write(&pair->ring, elems, n), fits);
}

static void
read_some(struct pair *pair, uint32_t n)
{
    uint8_t elems[(CAPACITY_MAX + 1) * ELEM_SIZE_MAX];
    memset(elems, MARK, sizeof elems);
    const bool there = n <= pair->deque.n;
    const size_t n_bytes = there ? (size_t)n * pair->deque.elem_size : 0;
    uint32_t n_overrun = 0;
    assert_int_equal(ch_ring_read(&pair->ring, elems, n), there);
    assert_memory_equal(elems, pair->deque.elems, n_bytes);
    for (size_t i = n_bytes; i < sizeof elems; i++) {
        n_overrun += elems[i] != MARK;
    }
    assert_int_equal(n_overrun, 0);
    deque_drop(&pair->deque, there ? n : 0);
}

static void
push_one(struct pair *pair)
{
    uint8_t elem[ELEM_SIZE_MAX];
    fill(pair, elem, pair->deque.elem_size);
    const bool fits = deque_push(&pair->deque, elem, 1);
    assert_int_equal(ch_ring_push(&pair->ring, elem, pair->deque.elem_size), fits);
}

static void
pop_one(struct pair *pair)
{
    uint8_t elem[ELEM_SIZE_MAX];
    const bool there = pair->deque.n > 0;
    assert_int_equal(ch_ring_pop(&pair->ring, elem, pair->deque.elem_size), there);
    if (there) {
        assert_memory_equal(elem, pair->deque.elems, pair->deque.elem_size);
        deque_drop(&pair->deque, 1);
    }
}

/// Reserve n, fill them all, commit the first of them.
static void
reserve_some(struct pair *pair, uint32_t n)
{
    uint8_t elems[CAPACITY_MAX * ELEM_SIZE_MAX];
    struct ch_span span = {0};
    const bool fits = n <= pair->deque.n_max - pair->deque.n;
    assert_int_equal(ch_ring_reserve(&pair->ring, n, &span), fits);
    if (fits) {
        const uint32_t n_committed = pick(pair, n + 1);
        assert_int_equal(span.n[0] + span.n[1], n);
        fill(pair, elems, (size_t)n * pair->deque.elem_size);
        copy_span(pair, &span, elems, false);
        ch_ring_commit(&pair->ring, n_committed);
        assert_true(deque_push(&pair->deque, elems, n_committed));
    }
}

/// Peek at n, release the first of them.
static void
peek_some(struct pair *pair, uint32_t n)
{
    uint8_t elems[CAPACITY_MAX * ELEM_SIZE_MAX];
    struct ch_span span = {0};
    const bool there = n <= pair->deque.n;
    assert_int_equal(ch_ring_peek(&pair->ring, n, &span), there);
    if (there) {
        const uint32_t n_released = pick(pair, n + 1);
        assert_int_equal(span.n[0] + span.n[1], n);
        copy_span(pair, &span, elems, true);
        assert_memory_equal(elems, pair->deque.elems, (size_t)n * pair->deque.elem_size);
        ch_ring_release(&pair->ring, n_released);
        deque_drop(&pair->deque, n_released);
    }
}

/// One call of any kind.  Asking for the space is one of them, not part of the others: it refreshes
/// what a side knows of the other, and the others must do without.
static void
step(struct pair *pair)
{
    const uint32_t n = pick(pair, pair->deque.n_max + 2);
    switch (pick(pair, 8)) {
    case 0:
        write_some(pair, n);
        break;
    case 1:
        read_some(pair, n);
        break;
    case 2:
        reserve_some(pair, n);
        break;
    case 3:
        peek_some(pair, n);
        break;
    case 4:
        push_one(pair);
        break;
    case 5:
        pop_one(pair);
        break;
    case 6:
        assert_int_equal(ch_ring_fill(&pair->ring), pair->deque.n);
        assert_int_equal(ch_ring_write_space(&pair->ring), pair->deque.n_max - pair->deque.n);
        break;
    default:
        assert_int_equal(ch_ring_read_space(&pair->ring), pair->deque.n);
        break;
    }
}

static void
try_shape(uint32_t elem_size, uint32_t capacity, uint32_t start)
{
    struct pair *pair = malloc(sizeof *pair);
    assert_non_null(pair);
    const size_t n_bytes = (size_t)elem_size * capacity;
    memset(pair->storage, MARK, sizeof pair->storage);
    pair->random = 2463534242u ^ elem_size ^ capacity << 8 ^ start << 16;
    deque_init(&pair->deque, elem_size, capacity);
    assert_true(ch_ring_init_at(&pair->ring, pair->storage + MARGIN, capacity, elem_size, start));
    for (int i = 0; i < N_STEPS; i++) {
        step(pair);
    }
    for (size_t i = 0; i < MARGIN; i++) {
        assert_int_equal(pair->storage[i], MARK);
        assert_int_equal(pair->storage[MARGIN + n_bytes + i], MARK);
    }
    free(pair);
}

static void
any_calls_do_what_they_do_to_a_deque(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_OF(sizes); i++) {
        for (size_t k = 0; k < N_OF(capacities); k++) {
            for (size_t s = 0; s < N_OF(starts); s++) {
                try_shape(sizes[i], capacities[k], starts[s]);
            }
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_calls_do_what_they_do_to_a_deque),
    };
    return cmocka_run_group_tests_name("ring and deque", tests, NULL, NULL);
}

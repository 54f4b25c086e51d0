// SPDX-License-Identifier: ISC
// deque.h — what a ring is compared with: elements in a row, moved up when the first one leaves.
// No index wraps and nothing is masked, so it can't be wrong in the way a ring can.

#ifndef CH_TESTS_UNIT_DEQUE_H
#define CH_TESTS_UNIT_DEQUE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define DEQUE_BYTES 2048

struct deque {
    uint32_t elem_size, n, n_max;
    uint8_t elems[DEQUE_BYTES];
};

static inline void
deque_init(struct deque *deque, uint32_t elem_size, uint32_t n_max)
{
    deque->elem_size = elem_size;
    deque->n = 0;
    deque->n_max = n_max;
}

/// All or none.
static inline bool
deque_push(struct deque *deque, const void *elems, uint32_t n)
{
    if (deque->n + n > deque->n_max) {
        return false;
    }
    memcpy(deque->elems + deque->n * deque->elem_size, elems, (size_t)n * deque->elem_size);
    deque->n += n;
    return true;
}

static inline void
deque_drop(struct deque *deque, uint32_t n)
{
    deque->n -= n;
    memmove(deque->elems, deque->elems + n * deque->elem_size, (size_t)deque->n * deque->elem_size);
}

/// xorshift32: the same sequence everywhere.
static inline uint32_t
next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

#endif

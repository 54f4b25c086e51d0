// SPDX-License-Identifier: ISC
// bench/ring_kinds.h — rings as the bench sees them: ours, its peers, and the same loops for all.
//
// The loops are made by a macro, so that put and get are inlined where a program would have them
// inlined, and a block of one float is a constant where the library has a call for that.

#ifndef CH_BENCH_RING_KINDS_H
#define CH_BENCH_RING_KINDS_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

#include "bench/bench.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Floats that every ring has room for.
#define BENCH_RING_FLOATS 8192
/// Floats of the largest block, and between where blocks come from and where they go to.
#define BENCH_BLOCK_MAX 1024

struct bench_ring_kind {
    const char *name;
    const char *package; ///< whose version is named; NULL = own code
    const char *api;
    bool ours;
    /// For blocks of n floats.
    void *(*open)(uint32_t n);
    void (*close)(void *ring);
    /// Put a block and get it back BENCH_BLOCK_MAX floats further on, n_blocks times.
    void (*alternate)(void *ring, float *block, uint32_t n, uint64_t n_blocks);
    /// Put, or get, n_blocks of n floats as fast as the other side allows; get returns their sum
    /// of first floats, which are the numbers 0…65535 again and again.
    void (*produce)(void *ring, float *block, uint32_t n, uint64_t n_blocks);
    double (*consume)(void *ring, float *block, uint32_t n, uint64_t n_blocks);
    /// One float there and back: who begins, and who answers.
    void (*ping)(void *there, void *back, uint64_t n_trips);
    void (*pong)(void *there, void *back, uint64_t n_trips);
};

extern const struct bench_ring_kind bench_ring_chant_copy, bench_ring_chant_span;
extern const struct bench_ring_kind bench_ring_mutex, bench_ring_rwlock_block,
    bench_ring_rwlock_sample;
extern const struct bench_ring_kind bench_ring_jack_copy, bench_ring_jack_span;
extern const struct bench_ring_kind bench_ring_boost, bench_ring_boost_fixed,
    bench_ring_boost_blocks;
extern const struct bench_ring_kind bench_ring_moodycamel, bench_ring_moodycamel_blocks;

// The shape of our ring, with all of its tricks and with one of them left out (tricks_ring.c).
extern const struct bench_ring_kind bench_ring_shape_all, bench_ring_shape_packed,
    bench_ring_shape_uncached, bench_ring_shape_modulo, bench_ring_shape_samples,
    bench_ring_shape_samples_modulo;

/// ns per block of one thread that puts and gets in turn.
double bench_ring_alternate(const struct bench_ring_kind *kind, uint32_t n, uint64_t n_blocks);
/// ns per block from one thread on its core to another on its own.
double bench_ring_between(const struct bench_ring_kind *kind, uint32_t n, uint64_t n_blocks);
/// ns for one float to the other thread and back.
double bench_ring_round_trip(const struct bench_ring_kind *kind, uint64_t n_trips);

/// Full or empty: spin a little, then let the other one have the core if there is but one.
static inline void
bench_relax(uint32_t *n_tries)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
    if (++*n_tries % 4096 == 0) {
        sched_yield();
    }
}

/// put and get take (ring, floats, n) and return how many floats they took: any number, or none.
#define BENCH_RING_LOOPS(prefix, put, get)                                                         \
    static __attribute__((noinline, cold)) void prefix##_put_rest(void *ring, const float *block,  \
                                                                  uint32_t n)                      \
    {                                                                                              \
        for (uint32_t done = 0, tries = 0; done < n;) {                                            \
            const uint32_t k = put(ring, block + done, n - done);                                  \
            done += k;                                                                             \
            if (k == 0) {                                                                          \
                bench_relax(&tries);                                                               \
            }                                                                                      \
        }                                                                                          \
    }                                                                                              \
    static inline __attribute__((always_inline)) void prefix##_put_all(                            \
        void *ring, const float *block, uint32_t n)                                                \
    {                                                                                              \
        const uint32_t done = put(ring, block, n);                                                 \
        if (__builtin_expect(done < n, 0)) {                                                       \
            prefix##_put_rest(ring, block + done, n - done);                                       \
        }                                                                                          \
    }                                                                                              \
    static __attribute__((noinline, cold)) void prefix##_get_rest(void *ring, float *block,        \
                                                                  uint32_t n)                      \
    {                                                                                              \
        for (uint32_t done = 0, tries = 0; done < n;) {                                            \
            const uint32_t k = get(ring, block + done, n - done);                                  \
            done += k;                                                                             \
            if (k == 0) {                                                                          \
                bench_relax(&tries);                                                               \
            }                                                                                      \
        }                                                                                          \
    }                                                                                              \
    static inline                                                                                  \
        __attribute__((always_inline)) void prefix##_get_all(void *ring, float *block, uint32_t n) \
    {                                                                                              \
        const uint32_t done = get(ring, block, n);                                                 \
        if (__builtin_expect(done < n, 0)) {                                                       \
            prefix##_get_rest(ring, block + done, n - done);                                       \
        }                                                                                          \
    }                                                                                              \
    static inline __attribute__((always_inline)) void prefix##_alternate_n(                        \
        void *ring, float *block, uint32_t n, uint64_t n_blocks)                                   \
    {                                                                                              \
        for (uint64_t i = 0; i < n_blocks; i++) {                                                  \
            prefix##_put_all(ring, block, n);                                                      \
            bench_clobber();                                                                       \
            prefix##_get_all(ring, block + BENCH_BLOCK_MAX, n);                                    \
            bench_clobber();                                                                       \
        }                                                                                          \
    }                                                                                              \
    static void prefix##_alternate(void *ring, float *block, uint32_t n, uint64_t n_blocks)        \
    {                                                                                              \
        if (n == 1) {                                                                              \
            prefix##_alternate_n(ring, block, 1, n_blocks);                                        \
        } else {                                                                                   \
            prefix##_alternate_n(ring, block, n, n_blocks);                                        \
        }                                                                                          \
    }                                                                                              \
    static inline __attribute__((always_inline)) void prefix##_produce_n(                          \
        void *ring, float *block, uint32_t n, uint64_t n_blocks)                                   \
    {                                                                                              \
        for (uint64_t i = 0; i < n_blocks; i++) {                                                  \
            block[0] = (float)(i & 0xffff);                                                        \
            prefix##_put_all(ring, block, n);                                                      \
        }                                                                                          \
    }                                                                                              \
    static void prefix##_produce(void *ring, float *block, uint32_t n, uint64_t n_blocks)          \
    {                                                                                              \
        if (n == 1) {                                                                              \
            prefix##_produce_n(ring, block, 1, n_blocks);                                          \
        } else {                                                                                   \
            prefix##_produce_n(ring, block, n, n_blocks);                                          \
        }                                                                                          \
    }                                                                                              \
    static inline __attribute__((always_inline)) double prefix##_consume_n(                        \
        void *ring, float *block, uint32_t n, uint64_t n_blocks)                                   \
    {                                                                                              \
        double sum = 0.0;                                                                          \
        for (uint64_t i = 0; i < n_blocks; i++) {                                                  \
            prefix##_get_all(ring, block, n);                                                      \
            bench_clobber();                                                                       \
            sum += (double)block[0];                                                               \
        }                                                                                          \
        return sum;                                                                                \
    }                                                                                              \
    static double prefix##_consume(void *ring, float *block, uint32_t n, uint64_t n_blocks)        \
    {                                                                                              \
        return n == 1 ? prefix##_consume_n(ring, block, 1, n_blocks)                               \
                      : prefix##_consume_n(ring, block, n, n_blocks);                              \
    }                                                                                              \
    static void prefix##_ping(void *there, void *back, uint64_t n_trips)                           \
    {                                                                                              \
        float value = 1.0f;                                                                        \
        for (uint64_t i = 0; i < n_trips; i++) {                                                   \
            prefix##_put_all(there, &value, 1);                                                    \
            prefix##_get_all(back, &value, 1);                                                     \
        }                                                                                          \
    }                                                                                              \
    static void prefix##_pong(void *there, void *back, uint64_t n_trips)                           \
    {                                                                                              \
        float value = 0.0f;                                                                        \
        for (uint64_t i = 0; i < n_trips; i++) {                                                   \
            prefix##_get_all(there, &value, 1);                                                    \
            prefix##_put_all(back, &value, 1);                                                     \
        }                                                                                          \
    }

/// The last fields of a struct bench_ring_kind.
#define BENCH_RING_FUNCTIONS(prefix)                                                               \
    prefix##_alternate, prefix##_produce, prefix##_consume, prefix##_ping, prefix##_pong

#ifdef __cplusplus
}
#endif

#endif

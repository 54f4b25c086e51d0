// SPDX-License-Identifier: ISC
// bench/ring_run.c — a ring at work: in one thread, between two, there and back.

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>

#include "bench/ring_kinds.h"

/// Room for two blocks, anywhere in a page of more.
#define ROOM (3 * BENCH_BLOCK_MAX)

struct pair {
    const struct bench_ring_kind *kind;
    void *there, *back;
    uint32_t n;
    ptrdiff_t offset; ///< of the producer's block in its room
    uint64_t count;
    _Atomic bool ready, go;
};

/// Where a block lies in its page, relative to the ring's storage, decides how fast it is copied.
/// So it lies elsewhere in every run, by lines: no ring is lucky every time.
static float *
place_block(float *room)
{
    static uint32_t n_runs;
    n_runs = n_runs * 1664525u + 1013904223u;
    return room + (n_runs >> 16) % (BENCH_BLOCK_MAX / 16) * 16;
}

double
bench_ring_alternate(const struct bench_ring_kind *kind, uint32_t n, uint64_t n_blocks)
{
    static _Alignas(4096) float room[ROOM];
    float *block = place_block(room);
    void *ring = kind->open(n);
    // Once through the storage, so that every ring has its pages and no one else's.
    kind->alternate(ring, block, n, BENCH_RING_FLOATS / n + 1);
    const uint64_t began = bench_now_ns();
    kind->alternate(ring, block, n, n_blocks);
    const uint64_t ended = bench_now_ns();
    kind->close(ring);
    return (double)(ended - began) / (double)n_blocks;
}

static void
wait_for(_Atomic bool *flag)
{
    uint32_t n_tries = 0;
    while (!atomic_load_explicit(flag, memory_order_acquire)) {
        bench_relax(&n_tries);
    }
}

static void
tell(_Atomic bool *flag)
{
    atomic_store_explicit(flag, true, memory_order_release);
}

/// The other side, on its core from the start: at SCHED_FIFO it would not be let onto this one.
static pthread_t
start(void *(*run)(void *), struct pair *pair)
{
    pthread_t thread;
    pthread_attr_t attr;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(BENCH_CPU_OTHER, &set);
    pthread_attr_init(&attr);
    pthread_attr_setaffinity_np(&attr, sizeof set, &set);
    if (pthread_create(&thread, &attr, run, pair) != 0 &&
        pthread_create(&thread, NULL, run, pair) != 0) {
        bench_fail("no thread");
    }
    pthread_attr_destroy(&attr);
    return thread;
}

static void *
produce(void *arg)
{
    static _Alignas(4096) float room[ROOM];
    struct pair *pair = arg;
    float *block = room + pair->offset;
    pair->kind->produce(pair->there, block, pair->n, BENCH_RING_FLOATS / pair->n);
    tell(&pair->ready);
    wait_for(&pair->go);
    pair->kind->produce(pair->there, block, pair->n, pair->count);
    return NULL;
}

/// What the first floats of `count` blocks add up to.
static double
expected_sum(uint64_t count)
{
    const double whole = (double)(count >> 16), rest = (double)(count & 0xffff);
    return whole * (65535.0 * 65536.0 / 2.0) + rest * (rest - 1.0) / 2.0;
}

static void
check(const struct pair *pair, double sum)
{
    if (sum != expected_sum(pair->count)) {
        fprintf(stderr, "bench: %s lost or mixed up what went through it\n", pair->kind->name);
    }
}

double
bench_ring_between(const struct bench_ring_kind *kind, uint32_t n, uint64_t n_blocks)
{
    static _Alignas(4096) float room[ROOM];
    float *block = place_block(room);
    struct pair pair = {
        .kind = kind, .there = kind->open(n), .n = n, .offset = block - room, .count = n_blocks};
    const pthread_t thread = start(produce, &pair);
    kind->consume(pair.there, block, n, BENCH_RING_FLOATS / n);
    wait_for(&pair.ready);
    const uint64_t began = bench_now_ns();
    tell(&pair.go);
    const double sum = kind->consume(pair.there, block, n, n_blocks);
    const uint64_t ended = bench_now_ns();
    pthread_join(thread, NULL);
    check(&pair, sum);
    kind->close(pair.there);
    return (double)(ended - began) / (double)n_blocks;
}

static void *
answer(void *arg)
{
    struct pair *pair = arg;
    tell(&pair->ready);
    pair->kind->pong(pair->there, pair->back, pair->count);
    return NULL;
}

double
bench_ring_round_trip(const struct bench_ring_kind *kind, uint64_t n_trips)
{
    const uint64_t warm_up = n_trips / 10 + 1;
    struct pair pair = {
        .kind = kind, .there = kind->open(1), .back = kind->open(1), .count = n_trips + warm_up};
    const pthread_t thread = start(answer, &pair);
    wait_for(&pair.ready);
    kind->ping(pair.there, pair.back, warm_up);
    const uint64_t began = bench_now_ns();
    kind->ping(pair.there, pair.back, n_trips);
    const uint64_t ended = bench_now_ns();
    pthread_join(thread, NULL);
    kind->close(pair.there);
    kind->close(pair.back);
    return (double)(ended - began) / (double)n_trips;
}

// SPDX-License-Identifier: ISC
// bench/ring.c — our ring beside rings with locks, JACK's, boost's and moodycamel's.
//
// Every round measures every ring once, so that what the machine does meanwhile happens to all.

#include <stdio.h>

#include "bench/ring_kinds.h"

#define N_KINDS 12

static const struct bench_ring_kind *const kinds[N_KINDS] = {
    &bench_ring_chant_copy,   &bench_ring_chant_span,    &bench_ring_mutex,
    &bench_ring_rwlock_block, &bench_ring_rwlock_sample, &bench_ring_jack_copy,
    &bench_ring_jack_span,    &bench_ring_boost,         &bench_ring_boost_fixed,
    &bench_ring_boost_blocks, &bench_ring_moodycamel,    &bench_ring_moodycamel_blocks,
};

struct way {
    const char *variant, *of;
    bool round_trip;
    double (*measure)(const struct bench_ring_kind *kind, uint32_t n, uint64_t count);
};

static double
round_trip(const struct bench_ring_kind *kind, uint32_t n, uint64_t count)
{
    (void)n;
    return bench_ring_round_trip(kind, count);
}

static const struct way ways[] = {
    {"one thread, put and get", "block", false, bench_ring_alternate},
    {"two threads", "block", false, bench_ring_between},
    {"round trip of one float, two threads", "trip", true, round_trip},
};

static const char *
name_of(uint32_t i)
{
    static const char *names[N_KINDS];
    if (!names[i]) {
        names[i] =
            kinds[i]->package ? bench_peer(kinds[i]->name, kinds[i]->package) : kinds[i]->name;
    }
    return names[i];
}

/// As many blocks as take `ns`.
static uint64_t
calibrate(const struct way *way, uint32_t kind, uint32_t n, double ns)
{
    uint64_t count = 16;
    double each = way->measure(kinds[kind], n, count);
    while (each * (double)count < ns / 8.0) {
        count *= 4;
        each = way->measure(kinds[kind], n, count);
    }
    const double wanted = ns / each;
    return wanted < 16.0 ? 16 : (uint64_t)wanted;
}

static bool
is_rwlock(uint32_t kind)
{
    return kinds[kind] == &bench_ring_rwlock_block || kinds[kind] == &bench_ring_rwlock_sample;
}

/// Who gets closest to `own`, or ahead of it: of the lock-per-field designs, or of all others that
/// are not ours.
static uint32_t
closest_to(const struct bench_series *series, uint32_t own, bool rwlock)
{
    uint32_t closest = N_KINDS;
    double least = 0.0;
    for (uint32_t i = 0; i < N_KINDS; i++) {
        const double ratio = bench_ratio(&series[own], &series[i]);
        if (!kinds[i]->ours && is_rwlock(i) == rwlock && (closest == N_KINDS || ratio < least)) {
            closest = i;
            least = ratio;
        }
    }
    return closest;
}

static void
print_held(const struct way *way, int size, struct bench_series *series, uint32_t own,
           uint32_t reference, double at_least, const char *hold)
{
    bench_print(&(struct bench_line){
        .bench = "ring",
        .name = name_of(own),
        .variant = way->variant,
        .size = size,
        .unit = "ns",
        .series = &series[own],
        .reference_series = &series[reference],
        .reference = name_of(reference),
        .hold = hold,
        .met = bench_ratio(&series[own], &series[reference]) >= at_least,
    });
}

static void
print_all(const struct way *way, int size, struct bench_series *series)
{
    const uint32_t best = closest_to(series, 0, false);
    for (uint32_t i = 0; i < N_KINDS; i++) {
        if (kinds[i]->ours) {
            // A block through whichever of our two calls suits the caller.
            print_held(way, size, series, i, closest_to(series, i, false), 1.0,
                       "≥ 1.0 × the best peer");
            print_held(way, size, series, i, closest_to(series, i, true), 10.0,
                       way->round_trip ? NULL : "≥ 10 × the RwLock ring");
        } else {
            print_held(way, size, series, i, best, 1.0, NULL);
        }
    }
}

static void
measure(const struct way *way, uint32_t n, uint32_t n_rounds, double ns)
{
    struct bench_series series[N_KINDS] = {{0}};
    uint64_t count[N_KINDS];
    fprintf(stderr, "ring: %s, %u float%s\n", way->variant, n, n == 1 ? "" : "s");
    for (uint32_t i = 0; i < N_KINDS; i++) {
        count[i] = calibrate(way, i, n, ns);
    }
    for (uint32_t round = 0; round < n_rounds; round++) {
        for (uint32_t i = 0; i < N_KINDS; i++) {
            // Another one begins each round: none always has what the same neighbour left.
            const uint32_t k = (i + round) % N_KINDS;
            bench_rest();
            bench_add(&series[k], way->measure(kinds[k], n, count[k]));
        }
    }
    print_all(way, (int)n, series);
    for (uint32_t i = 0; i < N_KINDS; i++) {
        bench_clear(&series[i]);
    }
}

int
main(int argc, char **argv)
{
    static const uint32_t sizes[] = {1, 64, 256, 1024};
    const bool quick = bench_begin(argc, argv);
    const uint32_t n_rounds = quick ? 15 : 61;
    const double ns = quick ? 3e5 : 3e6;
    bench_realtime();
    for (uint32_t w = 0; w < sizeof ways / sizeof *ways; w++) {
        for (uint32_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            if (!ways[w].round_trip || sizes[s] == 1) {
                measure(&ways[w], sizes[s], n_rounds, ns);
            }
        }
    }
    return 0;
}

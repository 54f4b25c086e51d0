// SPDX-License-Identifier: ISC
// bench/tricks.c — what each trick is worth: the same work with it and without it.

#include <stdio.h>

#include "bench/bench.h"
#include "bench/eq_kinds.h"
#include "bench/rig.h"
#include "bench/ring_kinds.h"
#include "bench/tricks.h"

/// One trick: two ways of one work, in turn, and a line for each.
struct trick {
    const char *name, *with, *without, *unit;
    int size; ///< handed to both
    double (*on)(int size);
    double (*off)(int size);
};

static uint32_t n_rounds;
/// How much longer a run is than when trying.
static uint32_t longer;

static void
print(const struct trick *trick, const char *variant, const struct bench_series *series,
      const struct bench_series *reference)
{
    bench_print(&(struct bench_line){
        .bench = "tricks",
        .name = trick->name,
        .variant = variant,
        .size = trick->size,
        .unit = trick->unit,
        .series = series,
        .reference_series = reference,
        .reference = trick->without,
    });
}

static void
measure(const struct trick *trick)
{
    struct bench_series on = {0}, off = {0};
    fprintf(stderr, "tricks: %s\n", trick->name);
    for (uint32_t round = 0; round < n_rounds; round++) {
        bench_rest();
        bench_add(&on, trick->on(trick->size));
        bench_rest();
        bench_add(&off, trick->off(trick->size));
    }
    print(trick, trick->with, &on, &off);
    print(trick, trick->without, &off, &off);
    bench_clear(&on);
    bench_clear(&off);
}

// --- rings --------------------------------------------------------------------------------------

static double
between(const struct bench_ring_kind *kind, int n)
{
    return bench_ring_between(kind, (uint32_t)n, (n > 1 ? 4000u : 40000u) * longer);
}

static double
between_all(int n)
{
    return between(&bench_ring_shape_all, n);
}

static double
between_packed(int n)
{
    return between(&bench_ring_shape_packed, n);
}

static double
between_uncached(int n)
{
    return between(&bench_ring_shape_uncached, n);
}

static double
alternate_all(int n)
{
    return bench_ring_alternate(&bench_ring_shape_all, (uint32_t)n, 10000u * longer);
}

static double
alternate_modulo(int n)
{
    return bench_ring_alternate(&bench_ring_shape_modulo, (uint32_t)n, 10000u * longer);
}

static double
alternate_samples(int n)
{
    return bench_ring_alternate(&bench_ring_shape_samples, (uint32_t)n, 2000u * longer);
}

static double
alternate_samples_modulo(int n)
{
    return bench_ring_alternate(&bench_ring_shape_samples_modulo, (uint32_t)n, 2000u * longer);
}

// --- prepared work ------------------------------------------------------------------------------

static double
pool(int bytes)
{
    return bench_blocks_from_pool((uint32_t)bytes, 200u * longer);
}

static double
heap(int bytes)
{
    return bench_blocks_from_heap((uint32_t)bytes, 200u * longer);
}

static double
mapped(int n)
{
    (void)n;
    return bench_bands_mapped(50u * longer);
}

static double
unmapped(int n)
{
    (void)n;
    return bench_bands_on_the_way(50u * longer);
}

// --- kernels and silence ------------------------------------------------------------------------

static double
eq_run(const struct bench_eq_kind *kind, int n_bands)
{
    static void *eq[2][BENCH_EQ_BANDS_MAX + 1];
    void **opened = &eq[kind == &bench_eq_chant][n_bands];
    if (!*opened) {
        *opened = kind->open((uint32_t)n_bands);
    }
    return kind->run(*opened, 8u * longer) / (8.0 * longer) / BENCH_EQ_FRAMES;
}

static double
eq_constant(int n_bands)
{
    return eq_run(&bench_eq_chant, n_bands);
}

static double
eq_changing(int n_bands)
{
    return eq_run(&bench_eq_chant_swept, n_bands);
}

static double
calls(const struct bench_chain *chain, struct bench_rig **rig, int n_frames)
{
    const uint32_t n_calls = 32u * longer;
    if (!*rig) {
        *rig = bench_rig_open(chain);
    }
    bench_rig_refill(*rig);
    const uint64_t began = bench_now_ns();
    for (uint32_t i = 0; i < n_calls && i * (uint32_t)n_frames < BENCH_RIG_FRAMES; i++) {
        bench_rig_call(*rig, (uint32_t)n_frames, bench_now_ns());
    }
    return (double)(bench_now_ns() - began) / n_calls;
}

static double
silent(int n_frames)
{
    static const struct bench_chain chain = {.n_bands = 10, .limiting = true};
    static struct bench_rig *rig;
    return calls(&chain, &rig, n_frames);
}

static double
faint(int n_frames)
{
    static const struct bench_chain chain = {
        .n_streams = 1, .signal = BENCH_FAINT, .n_bands = 10, .limiting = true};
    static struct bench_rig *rig;
    return calls(&chain, &rig, n_frames);
}

static double
zeros(int n_frames)
{
    static const struct bench_chain chain = {
        .n_streams = 1, .signal = BENCH_ZEROS, .n_bands = 10, .limiting = true};
    static struct bench_rig *rig;
    return calls(&chain, &rig, n_frames);
}

int
main(int argc, char **argv)
{
    static const struct trick tricks[] = {
        {"cache lines of the two ends", "128 bytes apart", "packed", "ns/block", 1, between_all,
         between_packed},
        {"cache lines of the two ends", "128 bytes apart", "packed", "ns/block", 64, between_all,
         between_packed},
        {"the other end's index", "cached", "read each time", "ns/block", 1, between_all,
         between_uncached},
        {"the other end's index", "cached", "read each time", "ns/block", 64, between_all,
         between_uncached},
        {"index to storage", "power of two, masked", "modulo", "ns/block", 1, alternate_all,
         alternate_modulo},
        {"index to storage", "power of two, masked", "modulo", "ns/block", 64, alternate_all,
         alternate_modulo},
        {"index to storage, each sample", "power of two, masked", "modulo", "ns/block", 64,
         alternate_samples, alternate_samples_modulo},
        {"copying", "two spans", "sample by sample", "ns/block", 64, alternate_all,
         alternate_samples},
    };
    static const struct trick alone[] = {
        {"blocks", "from a pool", "malloc and free", "ns/block", 512, pool, heap},
        {"blocks", "from a pool", "malloc and free", "ns/block", 8192, pool, heap},
        {"blocks", "from a pool", "malloc and free", "ns/block", 262144, pool, heap},
        {"bins to 64 bands", "by a map", "worked out for each frame", "ns/frame", 4096, mapped,
         unmapped},
        {"bands of the equaliser", "constant: fast kernel", "one moving: changing path", "ns/frame",
         1, eq_constant, eq_changing},
        {"bands of the equaliser", "constant: fast kernel", "one moving: changing path", "ns/frame",
         10, eq_constant, eq_changing},
        {"silence", "seen and skipped", "noise of -200 dBFS, all runs", "ns/callback", 64, silent,
         faint},
        {"silence beside a silent stream", "seen and skipped", "a stream of zeros, all runs",
         "ns/callback", 64, silent, zeros},
    };
    const bool quick = bench_begin(argc, argv);
    n_rounds = quick ? 15 : 61;
    longer = quick ? 1 : 16;
    bench_realtime();
    for (uint32_t i = 0; i < sizeof tricks / sizeof *tricks; i++) {
        measure(&tricks[i]);
    }
    for (uint32_t i = 0; i < sizeof alone / sizeof *alone; i++) {
        measure(&alone[i]);
    }
    return 0;
}

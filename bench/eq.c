// SPDX-License-Identifier: ISC
// bench/eq.c — a rack of bells: ours, a plain cascade, ffmpeg's and sox's, inside one process.

#include <math.h>
#include <stdio.h>

#include "bench/eq_kinds.h"

#define N_KINDS 7

static const struct bench_eq_kind *const kinds[N_KINDS] = {
    &bench_eq_chant,         &bench_eq_chant_swept, &bench_eq_scalar,     &bench_eq_ffmpeg,
    &bench_eq_ffmpeg_double, &bench_eq_sox,         &bench_eq_chant_sse2,
};

enum { CHANT, SWEPT, SCALAR, FFMPEG };

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

struct held {
    uint32_t kind, reference;
    double at_most_ns, at_least_ratio;
    const char *hold;
};

static void
print(uint32_t n_bands, struct bench_series *series, const struct held *held)
{
    const struct bench_series *own = &series[held->kind];
    const struct bench_series *reference = &series[held->reference];
    bench_print(&(struct bench_line){
        .bench = "eq",
        .name = name_of(held->kind),
        .variant = kinds[held->kind]->variant,
        .size = (int)n_bands,
        .unit = "ns/frame",
        .series = own,
        .reference_series = reference,
        .reference = name_of(held->reference),
        .hold = held->hold,
        .met = bench_median(own) <= held->at_most_ns &&
               bench_ratio(own, reference) >= held->at_least_ratio,
    });
}

static void
print_all(uint32_t n_bands, struct bench_series *series)
{
    static const struct held of_10[] = {
        {CHANT, FFMPEG, INFINITY, 10.0, "≤ 1/10 of ffmpeg's"},
        {CHANT, SCALAR, 8.0, 0.0, "≤ 8 ns"},
        {SWEPT, CHANT, 16.0, 0.0, "≤ 2 × 8 ns"},
    };
    for (uint32_t i = 0; n_bands == 10 && i < sizeof of_10 / sizeof *of_10; i++) {
        print(n_bands, series, &of_10[i]);
    }
    for (uint32_t i = n_bands == 10 ? (uint32_t)SCALAR : 0; i < N_KINDS; i++) {
        const uint32_t reference = i == SWEPT ? (uint32_t)CHANT : (uint32_t)FFMPEG;
        print(n_bands, series, &(struct held){.kind = i, .reference = reference});
    }
}

static void
measure(uint32_t n_bands, uint32_t n_rounds, double ns)
{
    struct bench_series series[N_KINDS] = {{0}};
    void *eq[N_KINDS];
    uint32_t n_blocks[N_KINDS];
    fprintf(stderr, "eq: %u band%s\n", n_bands, n_bands == 1 ? "" : "s");
    for (uint32_t i = 0; i < N_KINDS; i++) {
        eq[i] = kinds[i]->open(n_bands);
        kinds[i]->run(eq[i], 8); // warm
        const double each = kinds[i]->run(eq[i], 32) / 32.0;
        n_blocks[i] = 16 + (uint32_t)(ns / each);
    }
    for (uint32_t round = 0; round < n_rounds; round++) {
        for (uint32_t i = 0; i < N_KINDS; i++) {
            bench_rest();
            const double took = kinds[i]->run(eq[i], n_blocks[i]);
            bench_add(&series[i], took / (double)n_blocks[i] / BENCH_EQ_FRAMES);
        }
    }
    print_all(n_bands, series);
    for (uint32_t i = 0; i < N_KINDS; i++) {
        kinds[i]->close(eq[i]);
        bench_clear(&series[i]);
    }
}

int
main(int argc, char **argv)
{
    static const uint32_t n_bands[] = {1, 5, 10, 31};
    const bool quick = bench_begin(argc, argv);
    bench_realtime();
    for (uint32_t i = 0; i < sizeof n_bands / sizeof *n_bands; i++) {
        measure(n_bands[i], quick ? 15 : 101, quick ? 1e6 : 3e6);
    }
    return 0;
}

// SPDX-License-Identifier: ISC
// bench/engine.c — the callback: what one takes, and how late the latest of a million is.
//
// A virtual machine stalls by itself, for milliseconds.  So an empty callback runs in turn with
// the full one, timed in the same way, and what exceeds a quarter of the period is counted in both.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bench/bench.h"
#include "bench/rig.h"

static const struct bench_chain chains[] = {
    {.name = "silence"},
    {.name = "1 stream", .n_streams = 1},
    {.name = "1 stream, 10 bands, limiter, taps",
     .n_streams = 1,
     .n_bands = 10,
     .limiting = true,
     .taps = true},
    {.name = "16 streams", .n_streams = 16},
};
#define N_CHAINS (sizeof chains / sizeof *chains)
#define FULL     2

// --- what one takes -----------------------------------------------------------------------------

#define CALLS 64 ///< in a row, between two looks at the clock

static double
time_calls(struct bench_rig *rig, uint32_t n_frames)
{
    bench_rig_refill(rig);
    bench_rest();
    const uint64_t began = bench_now_ns();
    for (uint32_t i = 0; i < CALLS; i++) {
        bench_rig_call(rig, n_frames, bench_now_ns());
    }
    return (double)(bench_now_ns() - began) / CALLS;
}

static double
mean(const struct bench_series *series)
{
    double sum = 0.0;
    for (uint32_t i = 0; i < series->n; i++) {
        sum += series->values[i];
    }
    return sum / series->n;
}

static void
measure_mean(struct bench_rig *const *rigs, uint32_t n_frames, uint32_t n_rounds)
{
    struct bench_series series[N_CHAINS] = {{0}};
    const double period_ns = 1e9 * n_frames / BENCH_RATE_HZ;
    fprintf(stderr, "engine: %u frames\n", n_frames);
    for (uint32_t round = 0; round < n_rounds; round++) {
        for (uint32_t i = 0; i < N_CHAINS; i++) {
            bench_add(&series[i], time_calls(rigs[i], n_frames));
        }
    }
    for (uint32_t i = 0; i < N_CHAINS; i++) {
        const bool held = i == FULL && n_frames == 64;
        bench_print(&(struct bench_line){
            .bench = "engine",
            .name = "chant",
            .variant = chains[i].name,
            .size = (int)n_frames,
            .unit = "ns/callback",
            .series = &series[i],
            .reference_series = &series[0],
            .reference = chains[0].name,
            .hold = held ? "mean ≤ 1 % of the period" : NULL,
            .met = mean(&series[i]) <= 0.01 * period_ns,
        });
    }
    for (uint32_t i = 0; i < N_CHAINS; i++) {
        bench_clear(&series[i]);
    }
}

// --- how late the latest is ---------------------------------------------------------------------

#define TAIL_FRAMES 64
#define PERIOD_NS   (1e9 * TAIL_FRAMES / BENCH_RATE_HZ)
#define LIMIT_NS    (0.25 * PERIOD_NS)

/// Beyond the second-level cache of this machine and most others.
#define EVICT_BYTES (4u << 20)

struct tail {
    uint32_t n, room;
    double *full, *empty; ///< ns
};

static void
evict(void)
{
    static uint8_t *bytes;
    if (!bytes && !(bytes = calloc(1, EVICT_BYTES))) {
        bench_fail("no memory");
    }
    for (uint32_t i = 0; i < EVICT_BYTES; i += 64) {
        bytes[i]++;
    }
    bench_clobber();
}

static double
time_call(void (*call)(struct bench_rig *, uint32_t, uint64_t), struct bench_rig *rig)
{
    const uint64_t began = bench_now_ns();
    call(rig, TAIL_FRAMES, began);
    return (double)(bench_now_ns() - began);
}

static void
run_tail(struct tail *tail, struct bench_rig *rig, bool cold)
{
    for (tail->n = 0; tail->n < tail->room; tail->n++) {
        if (tail->n % 512 == 0) {
            bench_rig_refill(rig);
        }
        bench_rest();
        if (cold) {
            evict();
        }
        tail->empty[tail->n] = time_call(bench_empty_call, rig);
        if (cold) {
            evict();
        }
        tail->full[tail->n] = time_call(bench_rig_call, rig);
    }
}

static double
count_late(const struct bench_series *series)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < series->n; i++) {
        n += series->values[i] > LIMIT_NS;
    }
    return n;
}

/// One value of many callbacks, ours beside the control's.
static void
print_one(const char *variant, const char *unit, double full, double empty, const char *hold,
          bool met)
{
    struct bench_series own = {.values = &full, .n = 1}, control = {.values = &empty, .n = 1};
    struct bench_line line = {.bench = "engine tail",
                              .name = "chant, full chain",
                              .variant = variant,
                              .size = TAIL_FRAMES,
                              .unit = unit,
                              .series = &own,
                              .reference_series = &control,
                              .reference = "empty callback",
                              .hold = hold,
                              .met = met};
    bench_print(&line);
    line.name = "empty callback";
    line.series = &control;
    line.hold = NULL;
    bench_print(&line);
}

static void
print_tail(const struct tail *tail, bool cold)
{
    const struct bench_series full = {.values = tail->full, .n = tail->n};
    const struct bench_series empty = {.values = tail->empty, .n = tail->n};
    static const double shares[] = {0.5, 0.99, 0.999, 0.9999, 1.0};
    static const char *const names[] = {"p50", "p99", "p99.9", "p99.99", "max"};
    for (uint32_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        const double own = bench_quantile(&full, shares[i]);
        const double control = bench_quantile(&empty, shares[i]);
        char variant[80];
        snprintf(variant, sizeof variant, "%s of %u callbacks%s", names[i], tail->n,
                 cold ? ", cold caches" : "");
        const bool held = shares[i] == 0.9999;
        print_one(variant, "ns", own, control,
                  held ? "≤ 25 % of the period, or no worse than the control" : NULL,
                  own <= LIMIT_NS || own <= control);
    }
    print_one(cold ? "later than 25 % of the period, cold caches" : "later than 25 % of the period",
              "callbacks", count_late(&full), count_late(&empty), NULL, false);
}

static void
measure_tail(uint32_t n_callbacks, bool cold)
{
    fprintf(stderr, "engine: the latest of %u callbacks%s\n", n_callbacks,
            cold ? ", cold caches" : "");
    struct tail tail = {.room = n_callbacks,
                        .full = malloc(n_callbacks * sizeof(double)),
                        .empty = malloc(n_callbacks * sizeof(double))};
    struct bench_rig *rig = bench_rig_open(&chains[FULL]);
    if (!tail.full || !tail.empty) {
        bench_fail("no memory");
    }
    memset(tail.full, 0, n_callbacks * sizeof(double));
    memset(tail.empty, 0, n_callbacks * sizeof(double));
    if (mlockall(MCL_CURRENT) != 0) {
        fprintf(stderr, "engine: memory could not be locked\n");
    }
    run_tail(&tail, rig, cold);
    munlockall();
    print_tail(&tail, cold);
    bench_rig_close(rig);
    free(tail.full);
    free(tail.empty);
}

int
main(int argc, char **argv)
{
    static const uint32_t n_frames[] = {32, 64, 128, 256, 1024};
    const bool quick = bench_begin(argc, argv);
    struct bench_rig *rigs[N_CHAINS];
    bench_realtime();
    for (uint32_t i = 0; i < N_CHAINS; i++) {
        rigs[i] = bench_rig_open(&chains[i]);
    }
    for (uint32_t i = 0; i < sizeof n_frames / sizeof *n_frames; i++) {
        measure_mean(rigs, n_frames[i], quick ? 31 : 501);
    }
    for (uint32_t i = 0; i < N_CHAINS; i++) {
        bench_rig_close(rigs[i]);
    }
    measure_tail(quick ? 1u << 16 : 1u << 20, false);
    measure_tail(quick ? 1u << 12 : 1u << 16, true);
    return 0;
}

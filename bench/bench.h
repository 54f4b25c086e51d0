// SPDX-License-Identifier: ISC
// bench/bench.h — what all benches share: clock, cores, medians, and one line per measurement.
//
// Every line on stdout is one JSON object:
//
//     {"bench":…,"name":…,"variant":…,"size":…,"unit":…,"median":…,"p50":…,"p99":…,"max":…,"n":…,
//      "ratio":…,"reference":…,"hold":…,"met":…}
//
// `ratio` is the reference's median through this one's: above 1 we are faster.

#ifndef CH_BENCH_BENCH_H
#define CH_BENCH_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The cores that two threads are pinned to; one alone runs on the second, away from interrupts.
#define BENCH_CPU_OTHER 0
#define BENCH_CPU_MAIN  1

#define BENCH_NO_SIZE (-1)

/// Runs of one measurement.
struct bench_series {
    double *values;
    uint32_t n, room;
};

struct bench_line {
    const char *bench, *name, *variant, *unit;
    int size;                                    ///< BENCH_NO_SIZE: none
    const struct bench_series *series;           ///< what is reported
    const struct bench_series *reference_series; ///< NULL: none
    const char *reference;                       ///< its name
    const char *hold;                            ///< NULL: nothing is held
    bool met;
};

/// Take `--quick`, pin the main thread, allow core 0 and 1.  Returns whether it was said.
bool bench_begin(int argc, char **argv);

/// Pin the calling thread.  With one core, or without permission, it stays where it is.
void bench_pin(int cpu);

/// SCHED_FIFO for the calling thread, so that what else runs here is not measured; says on stderr
/// if that is denied.
void bench_realtime(void);

/// A thread that computes without end at SCHED_FIFO is itself held back by the kernel (50 ms of
/// each second), which would be seen as a stall.  Called between measurements this rests often
/// enough; without bench_realtime() it does nothing.
void bench_rest(void);

/// CLOCK_MONOTONIC, ns.
uint64_t bench_now_ns(void);

/// The compiler must believe that memory was read and written here.
static inline void
bench_clobber(void)
{
    __asm__ volatile("" ::: "memory");
}

void bench_add(struct bench_series *series, double value);
void bench_clear(struct bench_series *series); ///< frees; an empty series may be filled again

/// q in 0…1 of what is in it; 0 if that is nothing.
double bench_quantile(const struct bench_series *series, double q);
double bench_median(const struct bench_series *series);

/// How many times faster than `reference`: the median over the rounds of what the reference took
/// through what `series` took in the same round, so that a machine whose speed changes between
/// rounds (a virtual one: its cores move) changes both.  By the medians if the rounds differ.
double bench_ratio(const struct bench_series *series, const struct bench_series *reference);

void bench_print(const struct bench_line *line);

/// "NAME VERSION" with the version of the installed Debian package, in static memory that stays.
const char *bench_peer(const char *name, const char *package);

/// What cannot go on: say why on stderr and exit.
void bench_fail(const char *why) __attribute__((noreturn));

#ifdef __cplusplus
}
#endif

#endif

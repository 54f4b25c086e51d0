// SPDX-License-Identifier: ISC
// bench/instructions/cases.c — runs the cases under callgrind, one dump of counters for each.
//
// Usage: cases [PREFIX…]       those whose name begins so; without, all
//        cases --about         what it was compiled by
// Standard output has a line for each: `NAME RUNS·OPS`, or `NAME missing` if this processor can't.

#include <gnu/libc-version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <valgrind/callgrind.h>

#include "bench/instructions/cases.h"

static const struct ch_case *const families[] = {
    ch_cases_engine, ch_cases_ring, ch_cases_eq, ch_cases_json, ch_cases_request, ch_cases_spectrum,
};

_Noreturn void
ch_case_fail(const char *file, int line, const char *condition)
{
    fprintf(stderr, "%s:%d: not so: %s\n", file, line, condition);
    exit(EXIT_FAILURE);
}

void
ch_case_noise(float *out, uint32_t n, float amplitude, uint32_t seed)
{
    // D. E. Knuth's MMIX generator, its upper bits.
    uint64_t state = seed;
    for (uint32_t i = 0; i < n; i++) {
        state = state * 6364136223846793005ull + 1442695040888963407ull;
        out[i] = amplitude * ((float)(state >> 40) / 8388608.0f - 1.0f);
    }
}

// The gate leaves out what this function itself costs, and counts what it calls.
static void __attribute__((noinline)) measure(const struct ch_case *c, uint32_t i)
{
    if (c->before) {
        c->before(i);
    }
    CALLGRIND_TOGGLE_COLLECT;
    c->run();
    CALLGRIND_TOGGLE_COLLECT;
}

static void
run_case(const struct ch_case *c)
{
    if (c->possible && !c->possible()) {
        printf("%s missing\n", c->name);
        return;
    }
    c->set_up(c);
    for (uint32_t i = 0; i < c->n_warm; i++) {
        if (c->before) {
            c->before(i);
        }
        c->run();
    }
    CALLGRIND_START_INSTRUMENTATION;
    CALLGRIND_ZERO_STATS;
    for (uint32_t i = 0; i < c->n_runs; i++) {
        measure(c, c->n_warm + i);
    }
    CALLGRIND_DUMP_STATS_AT(c->name);
    CALLGRIND_STOP_INSTRUMENTATION;
    if (c->tear_down) {
        c->tear_down();
    }
    printf("%s %u\n", c->name, c->n_runs * c->n_ops);
}

static bool
wanted(const char *name, int argc, char **argv)
{
    bool any = argc < 2;
    for (int i = 1; i < argc; i++) {
        any |= !strncmp(name, argv[i], strlen(argv[i]));
    }
    return any;
}

int
main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "--about")) {
#ifdef __clang__
        const char *const compiler = __VERSION__;
#else
        const char *const compiler = "gcc " __VERSION__;
#endif
        printf("compiler %s\nflags %s\nmachine %s\nlibc %s\n", compiler, CASES_FLAGS, CASES_MACHINE,
               gnu_get_libc_version());
        return EXIT_SUCCESS;
    }
    for (unsigned f = 0; f < sizeof families / sizeof *families; f++) {
        for (const struct ch_case *c = families[f]; c->name; c++) {
            if (wanted(c->name, argc, argv)) {
                run_case(c);
            }
        }
    }
    return EXIT_SUCCESS;
}

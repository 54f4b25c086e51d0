// SPDX-License-Identifier: ISC
// tests/weakmem/litmus.c — the explorer beside what is known of the model: small programs with
// their exact sets of outcomes, each found with and without leaving orders out.
//
// The names are those of the literature.  An outcome is the bits that were read, in the order in
// which the program says them, the first one being the highest.

#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>

#include "tests/weakmem/explorer.h"

static struct {
    _Atomic uint32_t x, y, z;
    uint32_t data;
} world;
/// Each thread's own.
static uint32_t a, b, c, d;

#define LOAD(object, order) atomic_load_explicit(&world.object, memory_order_##order)
#define STORE(object, value, order)                                                                \
    atomic_store_explicit(&world.object, value, memory_order_##order)
#define ADD(object, value, order)                                                                  \
    atomic_fetch_add_explicit(&world.object, value, memory_order_##order)

static void
set_up(void)
{
    memset(&world, 0, sizeof world);
    a = b = c = d = 0;
    ch_model_share(&world, sizeof world);
    ch_weak_name(&world.x, "x");
    ch_weak_name(&world.y, "y");
    ch_weak_name(&world.z, "z");
}

static void
say_ab(void)
{
    ch_weak_outcome(2 * a + b);
}

static void
say_abcd(void)
{
    ch_weak_outcome(8 * a + 4 * b + 2 * c + d);
}

static void
say_abc(void)
{
    ch_weak_outcome(4 * a + 2 * b + c);
}

static void
say_a(void)
{
    ch_weak_outcome(a);
}

static void
say_xy(void)
{
    ch_weak_outcome(4 * LOAD(x, relaxed) + LOAD(y, relaxed));
}

static void
say_x(void)
{
    ch_weak_outcome(LOAD(x, relaxed));
}

/// Threads of one line each.
#define THREAD(name, ...)                                                                          \
    static void name(void)                                                                         \
    {                                                                                              \
        __VA_ARGS__;                                                                               \
    }

// clang-format off
THREAD(x_then_y_relaxed,    STORE(x, 1, relaxed); STORE(y, 1, relaxed))
THREAD(x_then_y_released,   STORE(x, 1, relaxed); STORE(y, 1, release))
THREAD(y_then_x_relaxed,    a = LOAD(y, relaxed); b = LOAD(x, relaxed))
THREAD(y_acquired_then_x,   a = LOAD(y, acquire); b = LOAD(x, relaxed))
THREAD(set_x_see_y,         STORE(x, 1, release); a = LOAD(y, acquire))
THREAD(set_y_see_x,         STORE(y, 1, release); b = LOAD(x, acquire))
THREAD(see_x_set_y,         a = LOAD(x, relaxed); STORE(y, 1, relaxed))
THREAD(see_y_set_x,         b = LOAD(y, relaxed); STORE(x, 1, relaxed))
THREAD(set_x,               STORE(x, 1, relaxed))
THREAD(release_x,           STORE(x, 1, release))
THREAD(release_y,           STORE(y, 1, release))
THREAD(see_x_twice,         a = LOAD(x, relaxed); b = LOAD(x, relaxed))
THREAD(x_1_y_2,             STORE(x, 1, release); STORE(y, 2, release))
THREAD(y_1_x_2,             STORE(y, 1, release); STORE(x, 2, release))
THREAD(see_x_see_y,         a = LOAD(x, acquire); b = LOAD(y, acquire))
THREAD(see_y_see_x,         c = LOAD(y, acquire); d = LOAD(x, acquire))
THREAD(pass_x_to_y,         a = LOAD(x, acquire); STORE(y, a, release))
THREAD(seen_x_to_y,         a = LOAD(x, relaxed); STORE(y, a, release))
THREAD(pass_x_to_y_relaxed, a = LOAD(x, acquire); STORE(y, a, relaxed))
THREAD(y_then_x_acquired,   b = LOAD(y, acquire); c = LOAD(x, relaxed))
THREAD(add_to_x,            (void)ADD(x, 1, relaxed))
THREAD(add_1_to_y,          c = ADD(y, 1, relaxed))
THREAD(see_y_2_then_x,      a = LOAD(y, acquire) == 2; b = LOAD(x, relaxed))
THREAD(y_1_again_relaxed,   STORE(x, 1, relaxed); STORE(y, 1, release); STORE(y, 2, relaxed))
THREAD(write_data,          world.data = 1; STORE(y, 1, release))
THREAD(write_data_relaxed,  world.data = 1; STORE(y, 1, relaxed))
THREAD(read_data,           if (LOAD(y, acquire)) { a = world.data; } else { a = 2; })
THREAD(read_data_at_once,   a = world.data; b = LOAD(y, acquire))
THREAD(set_x_twice,         STORE(x, 1, relaxed); STORE(x, 2, relaxed))
THREAD(set_x_see_x,         STORE(x, 1, relaxed); a = LOAD(x, relaxed))
THREAD(exchange_x,          a = atomic_exchange_explicit(&world.x, 1, memory_order_relaxed))
THREAD(exchange_x_too,      b = atomic_exchange_explicit(&world.x, 1, memory_order_relaxed))
THREAD(read_x_as_bytes,     memcpy(&a, (void *)&world.x, sizeof a))
THREAD(see_x_strictly,      a = LOAD(x, seq_cst))
// clang-format on

#define O(k) (1u << (k))
#define TEST(text, say, expected, ...)                                                             \
    {                                                                                              \
        .scenario = {.name = text, .setup = set_up, .thread = {__VA_ARGS__}, .finish = say},       \
        .outcomes = expected                                                                       \
    }
#define WRONG(text, violation, ...)                                                                \
    {                                                                                              \
        .scenario = {.name = text, .setup = set_up, .thread = {__VA_ARGS__}}, .kind = violation    \
    }

// clang-format off
static const struct {
    struct ch_weak_scenario scenario;
    uint32_t outcomes;
    const char *kind; ///< of the violation that must be found
} tests[] = {
    TEST("MP", say_ab, 0xf, x_then_y_relaxed, y_then_x_relaxed),
    TEST("MP, released, acquired", say_ab, O(0) | O(1) | O(3),
         x_then_y_released, y_acquired_then_x),
    TEST("MP, released", say_ab, 0xf, x_then_y_released, y_then_x_relaxed),
    TEST("MP, acquired", say_ab, 0xf, x_then_y_relaxed, y_acquired_then_x),
    TEST("MP, overwritten by a relaxed store", say_ab, 0xf, y_1_again_relaxed, see_y_2_then_x),
    TEST("MP, through an update", say_ab, O(0) | O(1) | O(3),
         x_then_y_released, add_1_to_y, see_y_2_then_x),
    TEST("SB", say_ab, 0xf, set_x_see_y, set_y_see_x),
    TEST("LB", say_ab, O(0) | O(1) | O(2), see_x_set_y, see_y_set_x),
    TEST("CoRR", say_ab, O(0) | O(1) | O(3), set_x, see_x_twice),
    TEST("CoWW", say_x, O(2), set_x_twice),
    TEST("CoWR", say_a, O(1) | O(2), set_x_see_x, set_x_twice),
    TEST("2+2W", say_xy, O(5) | O(6) | O(9) | O(10), x_1_y_2, y_1_x_2),
    TEST("IRIW", say_abcd, 0xffff, release_x, release_y, see_x_see_y, see_y_see_x),
    TEST("WRC", say_abc, O(0) | O(1) | O(4) | O(5) | O(7),
         release_x, pass_x_to_y, y_then_x_acquired),
    // What a thread has seen may not be unseen by the one it tells, even without an acquire.
    TEST("WRC, seen by a relaxed load", say_abc, O(0) | O(1) | O(4) | O(5) | O(7),
         release_x, seen_x_to_y, y_then_x_acquired),
    TEST("WRC, passed on by a relaxed store", say_abc, O(0) | O(1) | O(4) | O(5) | O(6) | O(7),
         release_x, pass_x_to_y_relaxed, y_then_x_acquired),
    TEST("two updates", say_x, O(2), add_to_x, add_to_x),
    TEST("three updates", say_x, O(3), add_to_x, add_to_x, add_to_x),
    TEST("two exchanges", say_ab, O(1) | O(2), exchange_x, exchange_x_too),
    TEST("plain memory, published", say_a, O(1) | O(2), write_data, read_data),
    WRONG("plain memory, relaxed", "race", write_data_relaxed, read_data),
    WRONG("plain memory, at once", "race", write_data, read_data_at_once),
    WRONG("plain access to an atomic object", "bounds", set_x, read_x_as_bytes),
    WRONG("seq_cst", "unmodelled", see_x_strictly, set_x),
};
// clang-format on

int
main(void)
{
    int n_bad = 0;
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        struct ch_weak_result all, reduced;
        ch_weak_explore(&tests[i].scenario, false, &all);
        ch_weak_explore(&tests[i].scenario, true, &reduced);
        const char *expected = tests[i].kind;
        const struct ch_weak_result *results[] = {&all, &reduced};
        bool good = true;
        for (int k = 0; k < 2; k++) {
            const char *kind = results[k]->kind;
            good = good && (expected ? kind && !strcmp(kind, expected)
                                     : !kind && results[k]->outcomes == tests[i].outcomes);
        }
        // Leaving out must save something, or nothing, but never add.
        good = good && reduced.n_executions <= all.n_executions;
        n_bad += !good;
        printf("%s\t%s\t%" PRIu64 "\t%" PRIu64 "\t%s\n", good ? "ok" : "BAD",
               tests[i].scenario.name, all.n_executions, reduced.n_executions,
               reduced.kind ? reduced.kind : "-");
        if (!good) {
            printf("expected %x, found %x and %x, %s\n", tests[i].outcomes, all.outcomes,
                   reduced.outcomes, reduced.kind ? reduced.what : "no violation");
        }
    }
    return n_bad ? 1 : 0;
}

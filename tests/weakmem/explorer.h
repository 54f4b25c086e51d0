// SPDX-License-Identifier: ISC
// tests/weakmem/explorer.h — runs a few threads through every execution that the model allows.
//
// Threads are coroutines that stop before each atomic access.  An execution is a row of decisions:
// who goes on, and which value a load returns.  The explorer repeats the scenario from its
// beginning with the last decision changed until none is left (depth first, nothing is stored but
// the row).  Sleep sets leave out orders that differ only in accesses that don't touch each other.
//
// What runs is compiled with -fsanitize=thread and linked with accesses.c in place of the
// sanitizer's library, so the compiler itself reports every access of the real code.

#ifndef CH_TESTS_WEAKMEM_EXPLORER_H
#define CH_TESTS_WEAKMEM_EXPLORER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "tests/weakmem/model.h"

struct ch_weak_scenario {
    const char *name;
    void (*setup)(void);                       ///< before the threads: call ch_model_share()
    void (*thread[CH_WEAK_THREADS_MAX])(void); ///< NULL after the last
    void (*finish)(void);                      ///< after all have ended; NULL = nothing to do
    uint32_t n_steps_max; ///< atomic accesses of one thread, then the execution is cut; 0 = 200
    const void *plan;     ///< for the functions above, see ch_weak_plan()
};

/// What a program explores; the last one has no name.
extern const struct ch_weak_scenario ch_weak_scenarios[];

struct ch_weak_result {
    uint64_t n_executions; ///< that ran to their end
    uint64_t n_cut;        ///< given up at n_steps_max
    uint64_t n_pruned;     ///< left as repetitions of others
    uint32_t outcomes;     ///< bit k: ch_weak_outcome(k) was called in some execution
    const char *kind;      ///< of the violation; NULL = none
    char what[200];        ///< of the violation
};

/// All executions, or those up to the first violation.  Without `reduce` no order is left out.
void ch_weak_explore(const struct ch_weak_scenario *scenario, bool reduce,
                     struct ch_weak_result *result);

/// The accesses of the execution that ended last, for the reader of a violation.
void ch_weak_print_trace(FILE *to);
/// What the trace calls an address.
void ch_weak_name(const volatile void *address, const char *name);

// --- for scenarios ---------------------------------------------------------------------------

/// What the scenario that runs has as its plan.
const void *ch_weak_plan(void);
/// Something must hold in every execution.
void ch_weak_check(bool holds, const char *what);
/// Note what came out, 0…31; call it in finish().
void ch_weak_outcome(uint32_t outcome);

// --- for model.c and accesses.c --------------------------------------------------------------

enum ch_weak_kind { CH_WEAK_LOAD, CH_WEAK_STORE, CH_WEAK_UPDATE };

struct ch_weak_op {
    enum ch_weak_kind kind;
    uint32_t object;
    int order;
    enum ch_model_update update;
    uint64_t operand; ///< of stores and updates
};

/// One atomic access, when its turn has come.  Returns the value loaded.
uint64_t ch_weak_access(const struct ch_weak_op *op);
/// The running thread, or -1 in setup() and finish().
int ch_weak_thread(void);
bool ch_weak_in_setup(void);
/// An access outside of the threads: finish() has no turns, but an end.
void ch_weak_tick(void);
/// One of 0…n-1.
uint32_t ch_weak_choose(uint32_t n);
/// Ends this execution, and does not return to a thread or finish().
void ch_weak_violate(const char *kind, const char *what, size_t offset);

#endif

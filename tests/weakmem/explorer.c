// SPDX-License-Identifier: ISC
// tests/weakmem/explorer.c — coroutines, the row of decisions, sleep sets.

#include "tests/weakmem/explorer.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#define STACK_BYTES     (256 * 1024)
#define DECISIONS_MAX   4096
#define TRACE_MAX       2048
#define NAMES_MAX       16
#define N_STEPS_MAX     200
#define FINAL_STEPS_MAX 1000
#define NOBODY          (-1)

enum phase { SETTING_UP, STARTING, RUNNING, FINISHING };
enum end { COMPLETE, PRUNED, CUT, VIOLATED };

struct thread {
    jmp_buf base; ///< where each execution begins
    jmp_buf at;   ///< where it waits for its turn
    bool done;
    uint32_t n_steps;
    struct ch_weak_op next; ///< what it will do when its turn comes
};

struct decision {
    bool is_schedule;
    uint32_t chosen;  ///< a thread, or one of n
    uint32_t n;       ///< values: how many there are
    uint32_t choices; ///< schedule: a bit for each thread that may go on
    uint32_t tried;   ///< schedule: a bit for each that was explored here before
};

struct step {
    uint32_t thread;
    struct ch_weak_op op;
    size_t offset;
    uint64_t value;
};

static struct thread threads[CH_WEAK_THREADS_MAX];
static _Alignas(16) uint8_t stacks[CH_WEAK_THREADS_MAX][STACK_BYTES];
static uint32_t n_threads;
static jmp_buf explorer;
static bool stacks_made;

static const struct ch_weak_scenario *scenario;
static struct ch_weak_result *result;
static bool reducing;
static enum phase phase;
static enum end end;
static int current = NOBODY;

static struct decision decisions[DECISIONS_MAX];
static uint32_t n_decisions, n_taken; ///< in the row; so far in this execution
static uint32_t n_final_steps;        ///< accesses of finish()
static uint32_t sleeping;             ///< threads whose next access was explored before

static struct step trace[TRACE_MAX];
static uint32_t n_trace;
static struct {
    const volatile void *address;
    const char *name;
} names[NAMES_MAX];
static uint32_t n_names;

// --- coroutines ------------------------------------------------------------------------------

/// <ucontext.h> makes the stacks; it would ask the system for signal masks at each change.
static void
switch_to(jmp_buf *from, jmp_buf *to)
{
    if (!_setjmp(*from)) {
        _longjmp(*to, 1);
    }
}

static void go_on(void);

static void
thread_main(void)
{
    if (!_setjmp(threads[current].base)) {
        _longjmp(explorer, 1);
    }
    scenario->thread[current]();
    threads[current].done = true;
    if (phase == STARTING) {
        _longjmp(explorer, 1);
    }
    go_on();
}

static void
make_stacks(void)
{
    static ucontext_t contexts[CH_WEAK_THREADS_MAX];
    for (current = 0; current < CH_WEAK_THREADS_MAX; current++) {
        ucontext_t *context = &contexts[current];
        getcontext(context);
        context->uc_stack.ss_sp = stacks[current];
        context->uc_stack.ss_size = STACK_BYTES;
        makecontext(context, thread_main, 0);
        if (!_setjmp(explorer)) {
            setcontext(context);
        }
    }
    current = NOBODY;
    stacks_made = true;
}

/// Leave the running thread, or finish(), for good.
static void
end_execution(enum end how)
{
    end = how;
    if (phase != SETTING_UP) {
        _longjmp(explorer, 1);
    }
}

// --- decisions -------------------------------------------------------------------------------

/// The decision that is due: the one of the row, or a new one, which is added to it.
static struct decision *
next_decision(const struct decision *fresh)
{
    if (n_taken == n_decisions) {
        if (n_decisions == DECISIONS_MAX) {
            fprintf(stderr, "%s: an execution has too many decisions\n", scenario->name);
            exit(99);
        }
        decisions[n_decisions++] = *fresh;
    }
    return &decisions[n_taken++];
}

static uint32_t
lowest_bit(uint32_t bits)
{
    uint32_t i = 0;
    while (!(bits >> i & 1)) {
        i++;
    }
    return i;
}

uint32_t
ch_weak_choose(uint32_t n)
{
    return n < 2 ? 0 : next_decision(&(struct decision){.n = n})->chosen;
}

/// Change the last decision that can be changed.  false = all have been explored.
static bool
backtrack(void)
{
    for (; n_decisions; n_decisions--) {
        struct decision *last = &decisions[n_decisions - 1];
        if (!last->is_schedule) {
            if (++last->chosen < last->n) {
                return true;
            }
            continue;
        }
        last->tried |= 1u << last->chosen;
        const uint32_t left = last->choices & ~last->tried;
        if (left) {
            last->chosen = lowest_bit(left);
            return true;
        }
    }
    return false;
}

/// Whether the order of two accesses makes no difference.
static bool
independent(const struct ch_weak_op *a, const struct ch_weak_op *b)
{
    return a->object != b->object || (a->kind == CH_WEAK_LOAD && b->kind == CH_WEAK_LOAD);
}

/// Who goes on; NOBODY ends the execution.
static int
schedule(void)
{
    uint32_t able = 0;
    for (uint32_t i = 0; i < n_threads; i++) {
        able |= threads[i].done ? 0 : 1u << i;
    }
    const uint32_t choices = able & ~sleeping;
    if (!choices) {
        end = able ? PRUNED : COMPLETE;
        return NOBODY;
    }
    uint32_t chosen = lowest_bit(choices);
    uint32_t asleep = sleeping;
    if (choices & (choices - 1)) {
        const struct decision *decision = next_decision(
            &(struct decision){.is_schedule = true, .chosen = chosen, .choices = choices});
        chosen = decision->chosen;
        asleep |= decision->tried;
    }
    sleeping = 0;
    for (uint32_t i = 0; reducing && i < n_threads; i++) {
        if (asleep >> i & 1 && independent(&threads[i].next, &threads[chosen].next)) {
            sleeping |= 1u << i;
        }
    }
    return (int)chosen;
}

/// Give the turn to whoever is chosen; returns when it is the caller's.
static void
go_on(void)
{
    const int me = current;
    const int chosen = schedule();
    if (chosen == me) {
        return;
    }
    current = chosen;
    jmp_buf *to = chosen == NOBODY ? &explorer : &threads[chosen].at;
    if (me == NOBODY) {
        if (chosen != NOBODY) {
            switch_to(&explorer, to);
        }
    } else {
        switch_to(&threads[me].at, to);
    }
}

// --- accesses --------------------------------------------------------------------------------

int
ch_weak_thread(void)
{
    return phase == STARTING || phase == RUNNING ? current : NOBODY;
}

bool
ch_weak_in_setup(void)
{
    return phase == SETTING_UP;
}

void
ch_weak_tick(void)
{
    if (phase == FINISHING && ++n_final_steps > FINAL_STEPS_MAX) {
        ch_weak_violate("progress", "a call never returns", 0);
    }
}

static uint64_t
perform(uint32_t thread, const struct ch_weak_op *op)
{
    switch (op->kind) {
    case CH_WEAK_LOAD:
        return ch_model_load(thread, op->object, op->order);
    case CH_WEAK_STORE:
        ch_model_store(thread, op->object, op->operand, op->order);
        return op->operand;
    case CH_WEAK_UPDATE:
        return ch_model_update(thread, op->object, op->update, op->operand, op->order);
    }
    return 0;
}

uint64_t
ch_weak_access(const struct ch_weak_op *op)
{
    const uint32_t me = (uint32_t)current;
    struct thread *thread = &threads[me];
    const uint32_t n_max = scenario->n_steps_max ? scenario->n_steps_max : N_STEPS_MAX;
    if (thread->n_steps++ == n_max) {
        end_execution(CUT);
    }
    thread->next = *op;
    if (phase == STARTING) {
        switch_to(&thread->at, &explorer);
    } else {
        go_on();
    }
    const uint64_t value = perform(me, op);
    if (n_trace < TRACE_MAX) {
        trace[n_trace++] = (struct step){me, *op, ch_model_offset(op->object), value};
    }
    return value;
}

// --- what scenarios say ----------------------------------------------------------------------

void
ch_weak_violate(const char *kind, const char *what, size_t offset)
{
    result->kind = kind;
    snprintf(result->what, sizeof result->what, "%s (+%zu, thread %d)", what, offset, current);
    end_execution(VIOLATED);
}

void
ch_weak_check(bool holds, const char *what)
{
    if (!holds && !result->kind) {
        result->kind = "check";
        snprintf(result->what, sizeof result->what, "%s", what);
        end_execution(VIOLATED);
    }
}

const void *
ch_weak_plan(void)
{
    return scenario->plan;
}

void
ch_weak_outcome(uint32_t outcome)
{
    result->outcomes |= 1u << outcome;
}

void
ch_weak_name(const volatile void *address, const char *name)
{
    for (uint32_t i = 0; i < n_names; i++) {
        if (names[i].address == address) {
            names[i].name = name;
            return;
        }
    }
    if (n_names < NAMES_MAX) {
        names[n_names].address = address;
        names[n_names++].name = name;
    }
}

void
ch_weak_print_trace(FILE *to)
{
    static const char *const kinds[] = {"load", "store", "update"};
    static const char *const orders[] = {"relaxed", "consume", "acquire",
                                         "release", "acq_rel", "seq_cst"};
    for (uint32_t i = 0; i < n_trace; i++) {
        const struct step *step = &trace[i];
        const char *name = "";
        for (uint32_t k = 0; k < n_names; k++) {
            if (ch_model_address(step->op.object) == names[k].address) {
                name = names[k].name;
            }
        }
        fprintf(to, "    thread %u  %-6s %-8s +%-5zu %-10s %llu\n", step->thread,
                kinds[step->op.kind], orders[step->op.order], step->offset, name,
                (unsigned long long)step->value);
    }
}

// --- exploring -------------------------------------------------------------------------------

static void
run_once(void)
{
    n_taken = 0;
    n_trace = 0;
    sleeping = 0;
    end = COMPLETE;
    ch_model_reset();
    phase = SETTING_UP;
    current = NOBODY;
    scenario->setup();

    phase = STARTING;
    for (uint32_t i = 0; i < n_threads && end != VIOLATED; i++) {
        threads[i].done = false;
        threads[i].n_steps = 0;
        current = (int)i;
        switch_to(&explorer, &threads[i].base);
    }
    current = NOBODY;
    if (end != VIOLATED) {
        phase = RUNNING;
        go_on();
    }
    phase = FINISHING;
    current = NOBODY;
    n_final_steps = 0;
    if (end == COMPLETE && scenario->finish && !_setjmp(explorer)) {
        scenario->finish();
    }
}

void
ch_weak_explore(const struct ch_weak_scenario *what, bool reduce, struct ch_weak_result *to)
{
    if (!stacks_made) {
        make_stacks();
    }
    scenario = what;
    result = to;
    reducing = reduce;
    n_decisions = 0;
    n_names = 0;
    memset(result, 0, sizeof *result);
    for (n_threads = 0; n_threads < CH_WEAK_THREADS_MAX && scenario->thread[n_threads];) {
        n_threads++;
    }
    do {
        run_once();
        switch (end) {
        case COMPLETE:
        case VIOLATED:
            result->n_executions++;
            break;
        case PRUNED:
            result->n_pruned++;
            break;
        case CUT:
            result->n_cut++;
            break;
        }
    } while (!result->kind && backtrack());
    if (!result->n_executions) {
        result->kind = "progress";
        snprintf(result->what, sizeof result->what, "no execution comes to its end");
    }
}

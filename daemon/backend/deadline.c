// SPDX-License-Identifier: ISC
// daemon/backend/deadline.c — a throw-away thread per call.

#include "daemon/backend/deadline.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "daemon/base/os.h"

static atomic_uint n_hanging;

enum fate { RUNNING, RETURNED, GIVEN_UP };

struct call {
    void (*fn)(void *arg);
    void *arg;
    struct ch_event done;
    atomic_int fate;   // enum fate
    atomic_int n_refs; // the caller and the thread
};

static void
unref(struct call *call)
{
    if (atomic_fetch_sub_explicit(&call->n_refs, 1, memory_order_acq_rel) == 1) {
        ch_event_fini(&call->done);
        free(call);
    }
}

static void
run(void *arg)
{
    struct call *call = arg;
    call->fn(call->arg);
    if (atomic_exchange(&call->fate, RETURNED) == GIVEN_UP) {
        atomic_fetch_sub(&n_hanging, 1);
    }
    ch_event_set(&call->done);
    unref(call);
}

// The caller has waited long enough.  The thread may return at this very moment.
static bool
give_up(struct call *call)
{
    atomic_fetch_add(&n_hanging, 1);
    int expected = RUNNING;
    if (atomic_compare_exchange_strong(&call->fate, &expected, GIVEN_UP)) {
        return true;
    }
    atomic_fetch_sub(&n_hanging, 1);
    return false;
}

bool
ch_deadline_call(void (*fn)(void *arg), void *arg, uint64_t timeout_ns)
{
    struct call *call = calloc(1, sizeof *call);
    if (!call || ch_event_init(&call->done) != CH_OK) {
        free(call);
        fn(arg);
        return true;
    }
    call->fn = fn;
    call->arg = arg;
    atomic_init(&call->fate, RUNNING);
    atomic_init(&call->n_refs, 2);

    struct ch_thread thread;
    if (ch_thread_start(&thread, "chant-deadline", CH_STACK_WORKER, run, call) != CH_OK) {
        ch_event_fini(&call->done);
        free(call);
        fn(arg);
        return true;
    }
    const bool ended = ch_event_wait(&call->done, timeout_ns) || !give_up(call);
    if (ended) {
        ch_thread_join(&thread);
    } else {
        ch_thread_detach(&thread);
    }
    unref(call);
    return ended;
}

unsigned
ch_deadline_n_hanging(void)
{
    return atomic_load(&n_hanging);
}

// SPDX-License-Identifier: ISC
// test_deadline.c — calls that return, and calls that do not.

#include "daemon/backend/deadline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

#include <cmocka.h>

#include "daemon/base/os.h"
#include "daemon/base/units.h"

static void
add_one(void *arg)
{
    ++*(int *)arg;
}

static void
test_returns(void **state)
{
    (void)state;
    int n = 0;
    for (int i = 0; i < 100; i++) {
        assert_true(ch_deadline_call(add_one, &n, CH_WAIT_FOREVER));
        assert_int_equal(n, i + 1); // its work is seen
    }
    assert_int_equal(ch_deadline_n_hanging(), 0);
}

struct gate {
    struct ch_event open;
    atomic_bool passed;
};

static void
wait_at(void *arg)
{
    struct gate *gate = arg;
    ch_event_wait(&gate->open, CH_WAIT_FOREVER);
    atomic_store(&gate->passed, true);
}

static void
test_hangs(void **state)
{
    (void)state;
    static struct gate gates[3];
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(ch_event_init(&gates[i].open), CH_OK);
        assert_false(ch_deadline_call(wait_at, &gates[i], CH_NS_PER_S / 100));
        assert_int_equal(ch_deadline_n_hanging(), i + 1);
        assert_false(atomic_load(&gates[i].passed));
    }
    // Left alone they go on, and are no longer counted once they return.
    for (unsigned i = 0; i < 3; i++) {
        ch_event_set(&gates[i].open);
    }
    while (ch_deadline_n_hanging()) {
        ch_os_sleep_until(ch_os_mono_ns() + 1000000);
    }
    for (unsigned i = 0; i < 3; i++) {
        assert_true(atomic_load(&gates[i].passed));
        ch_event_fini(&gates[i].open);
    }
}

static void
nap(void *arg)
{
    ch_os_sleep_until(ch_os_mono_ns() + *(uint64_t *)arg);
}

// The call ends just when patience does: either answer will do, the count must be right.
static void
test_close_run(void **state)
{
    (void)state;
    static uint64_t nap_ns = 1000000;
    for (int i = 0; i < 100; i++) {
        (void)ch_deadline_call(nap, &nap_ns, nap_ns);
    }
    while (ch_deadline_n_hanging()) {
        ch_os_sleep_until(ch_os_mono_ns() + 1000000);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_returns),
        cmocka_unit_test(test_hangs),
        cmocka_unit_test(test_close_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: ISC
// tests/traps/traps.h — what the parts of the trap library share.
//
// A build with --enable-rt-traps links it into chantd and the tests.  Between ch_rt_scope_enter()
// and ch_rt_scope_leave() the calling thread may neither enter the kernel nor call a function that
// could: whatever does is reported with a backtrace, and the process aborts.

#ifndef CH_TESTS_TRAPS_TRAPS_H
#define CH_TESTS_TRAPS_TRAPS_H

#include <stdbool.h>

/// The calling thread is in its callback.
extern _Thread_local bool ch_trap_inside;

/// Report `what` with a backtrace and abort.  [any]; async-signal-safe once primed.
_Noreturn void ch_trap_report(const char *what);

/// The same of a function that was called inside.
_Noreturn void ch_trap_offence(const char *function);

static inline void
ch_trap_check(const char *function)
{
    if (__builtin_expect(ch_trap_inside, false)) {
        ch_trap_offence(function);
    }
}

/// An interposed function by its name, to be called with nothing; NULL if there is no such.
void (*ch_trap_interposed(const char *name))(void);

/// Names of all of them, one a line, to standard output.
void ch_trap_list_interposed(void);

/// To be called outside of the scope before the first callback: find the real functions.
void ch_trap_find_real(void);

/// The name of a system call, or "unknown".
const char *ch_trap_syscall_name(long number);

#endif

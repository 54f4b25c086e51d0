// SPDX-License-Identifier: ISC
// tests/traps/scope.c — the callback under Syscall User Dispatch, and its page faults counted.
//
// The kernel reads a byte of the thread before each system call: ALLOW lets it through, BLOCK makes
// it a SIGSYS.  The vDSO makes no system call, so the clock can still be read.

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "daemon/base/rt_scope.h"
#include "tests/traps/traps.h"

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#    define PR_SET_SYSCALL_USER_DISPATCH 59
#    define PR_SYS_DISPATCH_OFF          0
#    define PR_SYS_DISPATCH_ON           1
#endif

enum { ALLOW, BLOCK };

_Thread_local bool ch_trap_inside;
static _Thread_local volatile uint8_t selector;
static _Thread_local bool armed;
static _Thread_local uint64_t n_callbacks;
static _Thread_local long n_faults_before;

static bool can_dispatch;
static uint64_t n_warm_up = UINT64_MAX; // callbacks of a thread that may fault

// --- system calls ------------------------------------------------------------------------------

static void
on_sigsys(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)context;
    selector = ALLOW;
    ch_trap_inside = false;
    static char what[96];
    char *end = what;
    const char *const parts[] = {"system call ", NULL, " (", ch_trap_syscall_name(info->si_syscall),
                                 ") in the audio callback"};
    char digits[16];
    char *digit = digits + sizeof digits - 1;
    *digit = '\0';
    int number = info->si_syscall;
    do {
        *--digit = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    for (unsigned i = 0; i < sizeof parts / sizeof *parts; i++) {
        for (const char *c = parts[i] ? parts[i] : digit; *c && end < what + sizeof what - 1; c++) {
            *end++ = *c;
        }
    }
    ch_trap_report(what);
}

static bool
dispatch(void)
{
    return prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, 0, 0, &selector) == 0;
}

/// Once for each thread.  Its signals may be blocked, and a blocked SIGSYS kills without a report.
static void
arm(void)
{
    armed = true;
    if (can_dispatch) {
        sigset_t sigsys;
        sigemptyset(&sigsys);
        sigaddset(&sigsys, SIGSYS);
        pthread_sigmask(SIG_UNBLOCK, &sigsys, NULL);
        if (!dispatch()) {
            ch_trap_report("Syscall User Dispatch was refused on the callback's thread");
        }
    }
}

// --- page faults -------------------------------------------------------------------------------

static long
faults(void)
{
    struct rusage usage;
    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_minflt + usage.ru_majflt;
}

// --- the scope ---------------------------------------------------------------------------------

CH_RT void
ch_rt_scope_enter(void)
{
    if (!armed) {
        arm();
    }
    if (n_warm_up != UINT64_MAX) {
        n_faults_before = faults();
    }
    ch_trap_inside = true;
    selector = can_dispatch ? BLOCK : ALLOW;
}

CH_RT void
ch_rt_scope_leave(void)
{
    selector = ALLOW;
    ch_trap_inside = false;
    if (++n_callbacks > n_warm_up && faults() > n_faults_before) {
        ch_trap_report("page fault in the audio callback");
    }
}

static void
say(const char *text)
{
    size_t n = 0;
    while (text[n]) {
        n++;
    }
    (void)!write(STDERR_FILENO, text, n);
}

__attribute__((constructor)) static void
set_up(void)
{
    ch_trap_find_real();
    const struct sigaction action = {.sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO};
    can_dispatch = sigaction(SIGSYS, &action, NULL) == 0 && dispatch();
    if (can_dispatch) {
        prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_OFF, 0, 0, 0);
    } else {
        say("rt traps: no Syscall User Dispatch here; only calls of the C library are trapped\n");
    }
    const char *warm_up = getenv("CHANT_TRAP_FAULTS_AFTER");
    if (warm_up) {
        n_warm_up = strtoull(warm_up, NULL, 10);
    }
}

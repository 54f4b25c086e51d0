// SPDX-License-Identifier: ISC
// tests/traps/syscall_name.c — names for the numbers of this machine's system calls.

#include <sys/syscall.h>

#include "tests/traps/traps.h"

static const char *const names[] = {
// Made when it is built, from <sys/syscall.h>: [__NR_read] = "read", …
#include <syscall_names.inc>
};

const char *
ch_trap_syscall_name(long number)
{
    const long n_names = (long)(sizeof names / sizeof *names);
    return number >= 0 && number < n_names && names[number] ? names[number] : "unknown";
}

// SPDX-License-Identifier: ISC
// client/interrupt_posix.c — SIGINT and SIGTERM, remembered.

#include "client/interrupt.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t interrupted;

static void
on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

void
ch_interrupt_take(void)
{
    // Without SA_RESTART, so that whoever sleeps wakes.
    const struct sigaction action = {.sa_handler = on_interrupt};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool
ch_interrupted(void)
{
    return interrupted != 0;
}

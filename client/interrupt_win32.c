// SPDX-License-Identifier: ISC
// client/interrupt_win32.c — Ctrl-C, Ctrl-Break and the closing of the console, remembered.

#include "client/interrupt_win32.h"

#include <windows.h>

#include <stdatomic.h>

#include "client/interrupt.h"

// As signals have them, for the exit code.
enum { HANGUP = 1, INTERRUPT = 2, QUIT = 3 };

static HANDLE event;
static atomic_int number;

/// Asked before those that were there already.                                              [ctrl]
static BOOL WINAPI
on_control(DWORD what)
{
    const bool closing = what != CTRL_C_EVENT && what != CTRL_BREAK_EVENT;
    atomic_store(&number, closing ? HANGUP : what == CTRL_C_EVENT ? INTERRUPT : QUIT);
    SetEvent(event);
    if (closing) {
        Sleep(INFINITE); // when this returns the process ends: main() is to be first
    }
    return TRUE;
}

void
ch_interrupt_take(void)
{
    if (!event) {
        event = CreateEventW(NULL, TRUE, FALSE, NULL);
    }
    SetConsoleCtrlHandler(on_control, TRUE);
}

bool
ch_interrupted(void)
{
    return ch_interrupt_signal() != 0;
}

void *
ch_interrupt_event(void)
{
    return event;
}

int
ch_interrupt_signal(void)
{
    return atomic_load(&number);
}

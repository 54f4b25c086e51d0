// SPDX-License-Identifier: ISC
// client/interrupt_win32.h — an interrupt of the console as something to wait for.

#ifndef CH_CLIENT_INTERRUPT_WIN32_H
#define CH_CLIENT_INTERRUPT_WIN32_H

/// The HANDLE of an event that is set by an interrupt, after ch_interrupt_take(); NULL without one.
void *ch_interrupt_event(void);

/// The number that the interrupt has as a signal of POSIX, or 0.
int ch_interrupt_signal(void);

#endif

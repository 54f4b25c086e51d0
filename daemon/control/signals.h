// SPDX-License-Identifier: ISC
// daemon/control/signals.h — who may end the daemon without asking through its socket.       [main]
//
// POSIX: SIGTERM and SIGINT end it, SIGHUP has the log opened anew.  Windows: Ctrl-C, Ctrl-Break,
// the closing of the console, the end of the session, and the service manager (manager_win32.h);
// the last three wait for the process to be gone, and kill it after some seconds.

#ifndef CH_CONTROL_SIGNALS_H
#define CH_CONTROL_SIGNALS_H

struct ch_daemon;
struct ch_signals;

/// From here on they are heard; what was asked before is, too.  The loop's handles are closed with
/// all others of the loop.  NULL: no memory.
struct ch_signals *ch_signals_create(struct ch_daemon *daemon);

/// Nothing of theirs wakes the loop from now on.  NULL is none.
void ch_signals_stop(struct ch_signals *signals);

/// When the loop is closed.
void ch_signals_destroy(struct ch_signals *signals);

#endif

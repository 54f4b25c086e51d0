// SPDX-License-Identifier: ISC
// daemon/control/signals_win32.h — the end of the daemon, asked for by threads of this process.

#ifndef CH_CONTROL_SIGNALS_WIN32_H
#define CH_CONTROL_SIGNALS_WIN32_H

/// End as if by Ctrl-C, now or as soon as there is a daemon.  `why` is for the log, and static.
///                                                                                            [any]
void ch_signals_end(const char *why);

#endif

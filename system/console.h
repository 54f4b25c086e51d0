// SPDX-License-Identifier: ISC
// system/console.h — how a program of ours begins: its arguments, its standard streams.

#ifndef CH_SYSTEM_CONSOLE_H
#define CH_SYSTEM_CONSOLE_H

#include <stdbool.h>

/// First thing in main().  Arguments become UTF-8 (and stay valid to the end), the standard streams
/// binary; a console of Windows gets UTF-8 as its code pages, and its own back when the program
/// ends by exit(), return, Ctrl-C or the closing of the console.  On POSIX all is so already.
///                                                                                           [main]
void ch_sys_begin(int *argc, char ***argv);

/// Give the console its code pages back now; for who ends the process in another way.       [any]
void ch_sys_end(void);

/// A person is at the other end of `fd`; not so of NUL on Windows.                          [any]
bool ch_sys_is_terminal(int fd);

/// What is written to the standard streams is read as UTF-8.                                [any]
bool ch_sys_speaks_utf8(void);

#endif

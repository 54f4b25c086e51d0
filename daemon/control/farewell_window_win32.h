// SPDX-License-Identifier: ISC
// daemon/control/farewell_window_win32.h — learns that the user logs off or the machine goes down.
//
// A console program that has user32.dll in it, as libuv brings it, is not told by console events.
// What is left is the message that windows get: so there is a window that nobody sees, and a thread
// that sleeps in its queue.

#ifndef CH_CONTROL_FAREWELL_WINDOW_WIN32_H
#define CH_CONTROL_FAREWELL_WINDOW_WIN32_H

struct ch_farewell_window;

/// NULL if there can be none (no desktop, no memory): then the daemon is ended without a word, as
/// any other program.                                                                        [main]
struct ch_farewell_window *ch_farewell_window_create(void);

/// After everything was put in order: Windows may end the process from here on.  NULL is fine.
///                                                                                           [main]
void ch_farewell_window_destroy(struct ch_farewell_window *window);

#endif

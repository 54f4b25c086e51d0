// SPDX-License-Identifier: ISC
// client/term_system.h — what the common half of the terminal (term.c) and the system's half
// (term_posix.c, term_win32.c) have of each other.

#ifndef CH_CLIENT_TERM_SYSTEM_H
#define CH_CLIENT_TERM_SYSTEM_H

#include <wchar.h>

/// Modes, keys and colours of the screen that has just been made.
void ch_term_prepare(void);

/// The next character of `text` as something that can be shown; *width its columns.
wchar_t ch_term_character(const char **text, int *width);

#endif

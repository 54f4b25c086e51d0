// SPDX-License-Identifier: ISC
// daemon/command_line.h — words become the one line that Windows keeps of a command.

#ifndef CH_COMMAND_LINE_H
#define CH_COMMAND_LINE_H

#include <stdbool.h>
#include <stddef.h>

/// Add `word` to the line, quoted so that CommandLineToArgvW() and the C library take it out again
/// as it is, with a blank before it if it is not the first.  The first word, the program, must hold
/// no '"'.  false, and nothing is added, if the line would be longer than `bytes` with its '\0'.
///                                                                                            [any]
bool ch_command_line_add(char *line, size_t bytes, const char *word);

#endif

// SPDX-License-Identifier: ISC
// system/pipe_win32.h — what the system knows of a pipe.
//
// For files of Windows alone.

#ifndef CH_SYSTEM_PIPE_WIN32_H
#define CH_SYSTEM_PIPE_WIN32_H

#include <stdbool.h>

/// Whether the other end of a pipe is closed, also while there is something left to read, which
/// PeekNamedPipe() would find first, and at a writing end, where it may not look.           [any]
/// @param handle of a pipe; false of anything else
bool ch_sys_pipe_is_left(void *handle);

#endif

// SPDX-License-Identifier: ISC
// daemon/control/pipe_win32.h — instances of our pipe, none of them with the system's defaults.
//
// The default descriptor of a pipe lets everybody read, and its default mode lets other machines
// in.  So every instance is made here, with one descriptor: owner and SYSTEM, full access, nobody
// else, nothing inherited; and a label of the owner's integrity level, below which none may read or
// write.

#ifndef CH_CONTROL_PIPE_WIN32_H
#define CH_CONTROL_PIPE_WIN32_H

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

/// Room in the kernel for each direction of a connection.
#define CH_PIPE_BYTES (64u * 1024u)

/// The descriptor as text, malloc()ed.
///
/// @param integrity the SID of a level
/// @param guest     the SID of one more user, who may read and write; NULL: nobody
wchar_t *ch_pipe_descriptor_text(const char *owner, const char *integrity, const char *guest);

/// The descriptor for this process, to be freed by LocalFree(); NULL if it can't be had, and the
/// reason in GetLastError().  A guest is let in from the level of people's programs on, since a
/// service, which alone has guests, is above them.
void *ch_pipe_descriptor(const char *guest);

/// The HANDLE of an instance that nobody is connected to; INVALID_HANDLE_VALUE and GetLastError().
/// @param first the name must be nobody's yet
void *ch_pipe_create(const wchar_t *name, void *descriptor, bool first);

/// Who has the name that could not be had.
enum ch_pipe_holder {
    CH_PIPE_HOLDER_NONE,    ///< nobody any more
    CH_PIPE_HOLDER_DAEMON,  ///< a daemon of this user
    CH_PIPE_HOLDER_PROGRAM, ///< something else of this user
    CH_PIPE_HOLDER_SYSTEM,  ///< LocalSystem
    CH_PIPE_HOLDER_OTHER,   ///< another user
    CH_PIPE_HOLDER_HIDDEN,  ///< who does not let us look
};

/// @param who what is known of it, for a message: pid, program, user
enum ch_pipe_holder ch_pipe_holder(const wchar_t *name, char *who, size_t who_bytes);

#endif

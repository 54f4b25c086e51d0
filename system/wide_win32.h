// SPDX-License-Identifier: ISC
// system/wide_win32.h — between our UTF-8 and the UTF-16, paths and error codes of Windows.
//
// For files of Windows alone.  Half a surrogate pair, which file names there may hold, is kept as
// the three bytes that UTF-8 would give its number.

#ifndef CH_SYSTEM_WIDE_WIN32_H
#define CH_SYSTEM_WIDE_WIN32_H

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

/// malloc()ed; NULL with errno EILSEQ (no UTF-8) or ENOMEM.                                [any]
wchar_t *ch_wide(const char *text);

/// The bytes that `text` takes with its '\0'; it is written if these are no more than `bytes`, else
/// `out` gets "".
size_t ch_narrow(const wchar_t *text, char *out, size_t bytes);

/// The same, malloc()ed; NULL with errno ENOMEM.
char *ch_narrow_new(const wchar_t *text);

/// A path of ours as the system's calls take it: absolute, with '\', behind "\\?\" so that it may
/// be longer than 260 characters.  Names of devices, blanks and dots at the end are treated as
/// everywhere on Windows.  malloc()ed; NULL and errno.
wchar_t *ch_wide_path(const char *path);

/// errno, of a code of GetLastError().
int ch_errno_of(unsigned long code);

/// errno = that of GetLastError(); false.
bool ch_set_errno(void);

#endif

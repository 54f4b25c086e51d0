// SPDX-License-Identifier: ISC
// system/path.h — what a name says by its letters alone, without asking the file system.
//
// Inside both programs and on the wire a path has '/' between its parts on every system:
// "/music/a.flac", on Windows "C:/Music/a.flac" and "//server/share/a.flac".  What people type is
// brought to that form where it comes in, by ch_path_normalise().                            [any]

#ifndef CH_SYSTEM_PATH_H
#define CH_SYSTEM_PATH_H

#include <stdbool.h>
#include <stddef.h>

/// Bytes of the part that no ".." can leave: "/" (1), "C:/" (3), "//server/share/" (with its last
/// '/' if it is there); 0 of a relative path.  "C:a" and, on Windows, "/a" are relative: where they
/// lead depends on the working folder.  Not normalised ones are read as well.
size_t ch_path_root(const char *path);

static inline bool
ch_path_is_absolute(const char *path)
{
    return ch_path_root(path) > 0;
}

/// Relative to something else than a folder: "C:a" and "/a" of Windows; ch_sys_absolute() knows.
bool ch_path_is_half(const char *path);

/// In place: '\' becomes '/', "\\?\C:\" and "\\?\UNC\server" lose their prefix, the letter of a
/// drive becomes a capital.  On POSIX, where '\' is a letter as any other, nothing.
void ch_path_normalise(char *path);

/// The last part: behind the last '/', or behind a drive's ':'.
const char *ch_path_name(const char *path);

/// false if a file of that name (one part, no '/') cannot be made here, with a sentence that begins
/// with a verb in `why`: on Windows CON, NUL, COM1 … with any suffix, a dot or blank at the end,
/// and < > : " | ? * \.
bool ch_path_name_ok(const char *name, const char **why);

// --- as a file: URI (RFC 8089) -----------------------------------------------------------------

/// What stands before the percent-encoded path: "file://" of "/a", "file:///" of "C:/a", "file:" of
/// "//server/share/a".
const char *ch_path_uri_prefix(const char *path);

/// The path of a decoded URI's path in place, of no or this host: "/C:/a" becomes "C:/a".  Where
/// paths begin with '/', nothing.
void ch_path_from_uri(char *path);

/// true if a host in a file: URI names a server here, whose path is "//host/share…".
bool ch_path_has_servers(void);

#endif

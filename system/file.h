// SPDX-License-Identifier: ISC
// system/file.h — files and folders by UTF-8 names, the same on every system.
//
// Names use '/' everywhere.  What fails says why in errno; on Windows the system's own codes are
// translated into those that POSIX would give, so that one message and one status fit both.
// Descriptors belong to the C library, are binary and not inherited by child processes.
// Windows names that are not UTF-16 (a lone surrogate) come and go in the same generalised UTF-8
// (three bytes, ED A0…BF xx), so that such a file can be found, opened and removed; on the wire it
// is percent-encoded, as what is not UTF-8 on POSIX.                                        [any]

#ifndef CH_SYSTEM_FILE_H
#define CH_SYSTEM_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/// Longest path with its '\0' that this layer takes.
#define CH_SYS_PATH_BYTES 4096

enum ch_sys_file_kind {
    CH_SYS_REGULAR,
    CH_SYS_FOLDER,
    CH_SYS_PIPE,
    CH_SYS_OTHER, ///< a device, a socket, and with ch_sys_stat_link() a link
};

/// Two names are of one file if device and inode are both equal.
struct ch_sys_file_info {
    enum ch_sys_file_kind kind;
    int64_t bytes;
    int64_t modified_ns; ///< since 1970, UTC
    uint64_t device;
    uint64_t inode;
};

// --- one file -----------------------------------------------------------------------------------

/// open(2) with O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND of <fcntl.h>; who
/// reads never waits for the other end of a pipe, and no terminal is taken over.  `mode` is for
/// POSIX; Windows gives the folder's own access rules.  Whoever has it open does not keep others
/// from renaming or removing it.  A descriptor, or -1.
int ch_sys_open(const char *path, int flags, unsigned mode);

/// fopen() with "r", "w", "a", each with '+' or not; binary, so '\n' stays '\n'.
FILE *ch_sys_fopen(const char *path, const char *mode);

/// A new file, for its owner only, with a name of its own: the last six characters of `path` are
/// XXXXXX and are replaced.  A descriptor to read and write, or -1.
int ch_sys_open_new(char *path);

/// What is there, of a link what it leads to.
bool ch_sys_stat(const char *path, struct ch_sys_file_info *info);
/// The same, of a link the link itself.
bool ch_sys_stat_link(const char *path, struct ch_sys_file_info *info);
bool ch_sys_fstat(int fd, struct ch_sys_file_info *info);
/// Both are there and one.
bool ch_sys_same_file(const char *path, const char *other);

/// What ch_sys_open_new() made gets the access that others of its folder have.
void ch_sys_usual_access(int fd);

/// Bytes read, 0 at the end, -1; goes on after a signal.  At most what one call gives.
int64_t ch_sys_read(int fd, void *bytes, size_t n);
/// The same from a place in the file; the descriptor's own place stays what it was.
int64_t ch_sys_read_at(int fd, void *bytes, size_t n, int64_t at);
/// All of it or an error.
bool ch_sys_write_all(int fd, const void *bytes, size_t n);
/// lseek() with 64 bits: the new place, or -1.
int64_t ch_sys_seek(int fd, int64_t offset, int whence);
/// Down to the disk.
bool ch_sys_sync(int fd);
void ch_sys_close(int fd);

// --- names ---------------------------------------------------------------------------------------

/// For its owner only (on Windows by the rules of the folder it is made in).
bool ch_sys_make_dir(const char *path);
/// Every folder above `path`'s last '/', as far as they are missing; errno is of the first that
/// could not be made.
bool ch_sys_make_dirs_above(const char *path);
/// Takes the place of `to` in one step, even where somebody has that open.  Before Windows 10 1709,
/// and on file systems other than NTFS there, it waits for that a tenth of a second, then EACCES.
bool ch_sys_rename(const char *from, const char *to);
/// The same where nobody has the name yet: else EEXIST.  (A file system of POSIX that cannot
/// promise that replaces.)
bool ch_sys_rename_new(const char *from, const char *to);
/// A file, not a folder.
bool ch_sys_remove(const char *path);
/// Makes names given in the folder of `path` outlive a loss of power, where the system can.
void ch_sys_sync_names(const char *path);

/// The working folder; false if it is longer than `bytes`.
bool ch_sys_current_dir(char *out, size_t bytes);
/// Where `path` leads from the working folder, no link followed.
bool ch_sys_absolute(const char *path, char *out, size_t bytes);
/// The one name of something that exists, every link followed, malloc()ed; NULL.
char *ch_sys_real_path(const char *path);

// --- what is in a folder -----------------------------------------------------------------------

struct ch_sys_dir;

/// NULL, and errno, if it cannot be read.
struct ch_sys_dir *ch_sys_dir_open(const char *path);
/// A name without its folder, "." and ".." left out, in no order; valid until the next call.
/// NULL at the end, with errno 0, or after an error.
const char *ch_sys_dir_next(struct ch_sys_dir *dir);
void ch_sys_dir_close(struct ch_sys_dir *dir);

#endif

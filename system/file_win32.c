// SPDX-License-Identifier: ISC
// system/file_win32.c — files by CreateFileW(), shared with everybody, as descriptors of the CRT.

#include "system/file.h"

#include <windows.h>

#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "system/clock.h"
#include "system/process.h"
#include "system/wide_win32.h"

#define SHARE_ALL (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)
/// Whoever made a pipe of that name learns nothing about us.
#define TRUST_NOBODY (SECURITY_SQOS_PRESENT | SECURITY_ANONYMOUS)
/// What one call of the CRT moves at most; it counts in int.
#define ONE_CALL (1u << 30)
/// From 1601, where Windows begins to count 100 ns, to 1970.
#define EPOCH_100NS 116444736000000000

// --- opening -------------------------------------------------------------------------------------

static DWORD
access_of(int flags)
{
    // Without FILE_WRITE_DATA the system itself appends, in one step.
    const DWORD writing =
        flags & O_APPEND ? FILE_GENERIC_WRITE & ~(DWORD)FILE_WRITE_DATA : FILE_GENERIC_WRITE;
    switch (flags & (O_RDONLY | O_WRONLY | O_RDWR)) {
    case O_WRONLY:
        return writing;
    case O_RDWR:
        return FILE_GENERIC_READ | writing;
    default:
        return FILE_GENERIC_READ;
    }
}

static DWORD
disposition_of(int flags)
{
    if (flags & O_CREAT) {
        return flags & O_EXCL ? CREATE_NEW : flags & O_TRUNC ? CREATE_ALWAYS : OPEN_ALWAYS;
    }
    return flags & O_TRUNC ? TRUNCATE_EXISTING : OPEN_EXISTING;
}

/// "Denied" is also what is said of a folder.
static void
refine_errno(const wchar_t *wide)
{
    const DWORD attributes = errno == EACCES ? GetFileAttributesW(wide) : INVALID_FILE_ATTRIBUTES;
    if (attributes != INVALID_FILE_ATTRIBUTES && attributes & FILE_ATTRIBUTE_DIRECTORY) {
        errno = EISDIR;
    }
}

int
ch_sys_open(const char *path, int flags, unsigned mode)
{
    (void)mode;
    wchar_t *wide = ch_wide_path(path);
    if (!wide) {
        return -1;
    }
    // CREATE_ALWAYS refuses a hidden file, and would drop the attributes of any other.
    const DWORD disposition = disposition_of(flags);
    const bool truncate = disposition == CREATE_ALWAYS || disposition == TRUNCATE_EXISTING;
    const DWORD opening = disposition == CREATE_ALWAYS       ? OPEN_ALWAYS
                          : disposition == TRUNCATE_EXISTING ? OPEN_EXISTING
                                                             : disposition;
    // BACKUP_SEMANTICS: a folder may be opened to be asked what it is, but not to be written.
    const DWORD folders = access_of(flags) == FILE_GENERIC_READ ? FILE_FLAG_BACKUP_SEMANTICS : 0;
    const HANDLE handle = CreateFileW(wide, access_of(flags), SHARE_ALL, NULL, opening,
                                      FILE_ATTRIBUTE_NORMAL | folders | TRUST_NOBODY, NULL);
    int fd = -1;
    if (handle == INVALID_HANDLE_VALUE) {
        ch_set_errno();
        refine_errno(wide);
    } else if (truncate && GetFileType(handle) == FILE_TYPE_DISK && !SetEndOfFile(handle)) {
        ch_set_errno();
        refine_errno(wide);
        CloseHandle(handle);
    } else {
        fd = _open_osfhandle((intptr_t)handle,
                             (flags & (O_RDONLY | O_APPEND)) | O_BINARY | O_NOINHERIT);
        if (fd < 0) {
            CloseHandle(handle);
            errno = EMFILE;
        }
    }
    free(wide);
    return fd;
}

FILE *
ch_sys_fopen(const char *path, const char *mode)
{
    const bool both = strchr(mode, '+') != NULL;
    const int flags = mode[0] == 'r' ? 0 : O_CREAT | (mode[0] == 'w' ? O_TRUNC : O_APPEND);
    const int fd = ch_sys_open(path,
                               flags | (both             ? O_RDWR
                                        : mode[0] == 'r' ? O_RDONLY
                                                         : O_WRONLY),
                               0666);
    const char binary[] = {mode[0], 'b', both ? '+' : '\0', '\0'};
    FILE *file = fd < 0 ? NULL : _fdopen(fd, binary);
    if (fd >= 0 && !file) {
        _close(fd);
    }
    return file;
}

int
ch_sys_open_new(char *path)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    static atomic_uint n_made;
    char *end = path + strlen(path) - 6;
    for (unsigned tries = 0; tries < 1000; tries++) {
        // Not secret, only seldom the same: O_EXCL sees to the rest.
        uint64_t seed = ch_sys_mono_ns() ^ (uint64_t)ch_sys_process_id() << 40 ^
                        (uint64_t)atomic_fetch_add(&n_made, 1) << 20;
        seed = (seed ^ seed >> 31) * 0x9E3779B97F4A7C15u;
        seed ^= seed >> 29;
        for (size_t i = 0; i < 6; i++, seed /= sizeof letters - 1) {
            end[i] = letters[seed % (sizeof letters - 1)];
        }
        const int fd = ch_sys_open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
        if (fd >= 0 || errno != EEXIST) {
            return fd;
        }
    }
    return -1;
}

// --- what it is ----------------------------------------------------------------------------------

/// A link of any kind: what stands for another name, unlike the stand-in of a file in a cloud.
static bool
is_link(HANDLE handle)
{
    FILE_ATTRIBUTE_TAG_INFO tag;
    return GetFileInformationByHandleEx(handle, FileAttributeTagInfo, &tag, sizeof tag) &&
           tag.FileAttributes & FILE_ATTRIBUTE_REPARSE_POINT &&
           IsReparseTagNameSurrogate(tag.ReparseTag);
}

static bool
tell_of(HANDLE handle, struct ch_sys_file_info *info)
{
    *info = (struct ch_sys_file_info){.kind = CH_SYS_OTHER};
    SetLastError(ERROR_SUCCESS);
    const DWORD type = GetFileType(handle);
    if (type == FILE_TYPE_PIPE) {
        info->kind = CH_SYS_PIPE;
    }
    if (type != FILE_TYPE_DISK) {
        return (type != FILE_TYPE_UNKNOWN || GetLastError() == ERROR_SUCCESS) || ch_set_errno();
    }
    BY_HANDLE_FILE_INFORMATION said;
    if (!GetFileInformationByHandle(handle, &said)) {
        return ch_set_errno();
    }
    if (!is_link(handle)) {
        info->kind =
            said.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY ? CH_SYS_FOLDER : CH_SYS_REGULAR;
    }
    info->bytes = (int64_t)((uint64_t)said.nFileSizeHigh << 32 | said.nFileSizeLow);
    const int64_t since_1601 = (int64_t)((uint64_t)said.ftLastWriteTime.dwHighDateTime << 32 |
                                         said.ftLastWriteTime.dwLowDateTime);
    info->modified_ns = (since_1601 - EPOCH_100NS) * 100;
    info->device = said.dwVolumeSerialNumber;
    info->inode = (uint64_t)said.nFileIndexHigh << 32 | said.nFileIndexLow;
    return true;
}

static bool
stat_with(const char *path, DWORD flags, struct ch_sys_file_info *info)
{
    wchar_t *wide = ch_wide_path(path);
    if (!wide) {
        return false;
    }
    // Attributes may be read of what is open to nobody else.
    const HANDLE handle = CreateFileW(wide, FILE_READ_ATTRIBUTES, SHARE_ALL, NULL, OPEN_EXISTING,
                                      FILE_FLAG_BACKUP_SEMANTICS | TRUST_NOBODY | flags, NULL);
    bool ok = false;
    if (handle == INVALID_HANDLE_VALUE) {
        ch_set_errno();
    } else {
        ok = tell_of(handle, info);
        CloseHandle(handle);
    }
    free(wide);
    return ok;
}

bool
ch_sys_stat(const char *path, struct ch_sys_file_info *info)
{
    return stat_with(path, 0, info);
}

bool
ch_sys_stat_link(const char *path, struct ch_sys_file_info *info)
{
    return stat_with(path, FILE_FLAG_OPEN_REPARSE_POINT, info);
}

bool
ch_sys_same_file(const char *path, const char *other)
{
    struct ch_sys_file_info a, b;
    return ch_sys_stat(path, &a) && ch_sys_stat(other, &b) && a.device == b.device &&
           a.inode == b.inode;
}

void
ch_sys_usual_access(int fd)
{
    (void)fd; // it has what its folder gives
}

static HANDLE
handle_of(int fd)
{
    // The CRT would end the program over a descriptor that cannot be.
    return fd < 0 ? INVALID_HANDLE_VALUE : (HANDLE)_get_osfhandle(fd);
}

bool
ch_sys_fstat(int fd, struct ch_sys_file_info *info)
{
    return tell_of(handle_of(fd), info);
}

// --- its content ---------------------------------------------------------------------------------

int64_t
ch_sys_read(int fd, void *bytes, size_t n)
{
    return _read(fd, bytes, (unsigned)(n < ONE_CALL ? n : ONE_CALL));
}

int64_t
ch_sys_read_at(int fd, void *bytes, size_t n, int64_t at)
{
    const HANDLE handle = handle_of(fd);
    LARGE_INTEGER before;
    if (!SetFilePointerEx(handle, (LARGE_INTEGER){0}, &before, FILE_CURRENT)) {
        return ch_set_errno() - 1;
    }
    OVERLAPPED place = {.Offset = (DWORD)(uint64_t)at, .OffsetHigh = (DWORD)((uint64_t)at >> 32)};
    DWORD got = 0;
    const bool ok = ReadFile(handle, bytes, (DWORD)(n < ONE_CALL ? n : ONE_CALL), &got, &place) ||
                    GetLastError() == ERROR_HANDLE_EOF;
    if (!ok) {
        ch_set_errno();
    }
    // Reading at a place moves there as well.
    SetFilePointerEx(handle, before, NULL, FILE_BEGIN);
    return ok ? (int64_t)got : -1;
}

bool
ch_sys_write_all(int fd, const void *bytes, size_t n)
{
    const char *from = bytes;
    while (n > 0) {
        const int done = _write(fd, from, (unsigned)(n < ONE_CALL ? n : ONE_CALL));
        if (done < 0) {
            return false;
        }
        from += done;
        n -= (size_t)done;
    }
    return true;
}

int64_t
ch_sys_seek(int fd, int64_t offset, int whence)
{
    return _lseeki64(fd, offset, whence);
}

bool
ch_sys_sync(int fd)
{
    return _commit(fd) == 0;
}

void
ch_sys_close(int fd)
{
    _close(fd);
}

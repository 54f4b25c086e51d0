// SPDX-License-Identifier: ISC
// system/names_win32.c — names that are made, changed, followed.

#include "system/file.h"

#include <windows.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "system/path.h"
#include "system/wide_win32.h"

bool
ch_sys_make_dir(const char *path)
{
    // Private by its place: folders in a profile are open to its owner, administrators and SYSTEM.
    wchar_t *wide = ch_wide_path(path);
    const bool ok = wide && (CreateDirectoryW(wide, NULL) || ch_set_errno());
    free(wide);
    return ok;
}

/// errno stays, but for what exists and is none.
static bool
is_folder(const char *path)
{
    const int err = errno;
    struct ch_sys_file_info info;
    const bool there = ch_sys_stat(path, &info);
    errno = there ? ENOTDIR : err;
    return there && info.kind == CH_SYS_FOLDER;
}

bool
ch_sys_make_dirs_above(const char *path)
{
    char *folder = strdup(path);
    int first = folder ? 0 : ENOMEM;
    bool ok = folder != NULL;
    if (folder) {
        ch_path_normalise(folder);
    }
    const size_t root = folder ? ch_path_root(folder) : 0;
    for (char *at = folder ? strchr(folder + (root ? root : 1), '/') : NULL; at;
         at = strchr(at + 1, '/')) {
        *at = 0;
        ok = ch_sys_make_dir(folder) || is_folder(folder);
        first = ok || first ? first : errno;
        *at = '/';
    }
    free(folder);
    errno = first;
    return ok;
}

// --- taking a place ------------------------------------------------------------------------------

/// As POSIX renames: whoever has the old file open keeps it.  Windows 10 1709 and NTFS can.
static bool
rename_as_posix(const wchar_t *from, const wchar_t *to)
{
    enum { REPLACE = 1, AS_POSIX = 2, RENAME_INFO_EX = 22 };
    const size_t n = wcslen(to);
    FILE_RENAME_INFO *info = calloc(1, sizeof *info + n * sizeof *to);
    if (!info) {
        return false;
    }
    // Its first field is the flags of the newer form.
    const DWORD flags = REPLACE | AS_POSIX;
    memcpy(info, &flags, sizeof flags);
    info->FileNameLength = (DWORD)(n * sizeof *to);
    memcpy(info->FileName, to, n * sizeof *to);
    const HANDLE handle = CreateFileW(
        from, DELETE | SYNCHRONIZE, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
        OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    bool ok = false;
    if (handle != INVALID_HANDLE_VALUE) {
        ok = SetFileInformationByHandle(handle, (FILE_INFO_BY_HANDLE_CLASS)RENAME_INFO_EX, info,
                                        (DWORD)(sizeof *info + n * sizeof *to));
        CloseHandle(handle);
    }
    free(info);
    return ok;
}

/// Where it can't be done as POSIX does it, whoever looks into the old file (a scanner of viruses,
/// a program that makes an index) has to be waited for.
static bool
replace(const wchar_t *from, const wchar_t *to)
{
    enum { TRIES = 10, PAUSE_MS = 10 };
    for (int i = 0;; i++) {
        if (rename_as_posix(from, to) ||
            MoveFileExW(from, to, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH)) {
            return true;
        }
        const DWORD code = GetLastError();
        if ((code != ERROR_SHARING_VIOLATION && code != ERROR_ACCESS_DENIED) || i == TRIES) {
            return ch_set_errno();
        }
        Sleep(PAUSE_MS);
    }
}

bool
ch_sys_rename(const char *from, const char *to)
{
    wchar_t *wide_from = ch_wide_path(from), *wide_to = wide_from ? ch_wide_path(to) : NULL;
    const bool ok = wide_to && replace(wide_from, wide_to);
    free(wide_from);
    free(wide_to);
    return ok;
}

bool
ch_sys_rename_new(const char *from, const char *to)
{
    wchar_t *wide_from = ch_wide_path(from), *wide_to = wide_from ? ch_wide_path(to) : NULL;
    const bool ok =
        wide_to && (MoveFileExW(wide_from, wide_to, MOVEFILE_WRITE_THROUGH) || ch_set_errno());
    free(wide_from);
    free(wide_to);
    return ok;
}

bool
ch_sys_remove(const char *path)
{
    wchar_t *wide = ch_wide_path(path);
    const bool ok = wide && (DeleteFileW(wide) || ch_set_errno());
    const DWORD attributes = wide && !ok && errno == EACCES ? GetFileAttributesW(wide) : 0;
    if (attributes != INVALID_FILE_ATTRIBUTES && attributes & FILE_ATTRIBUTE_DIRECTORY) {
        errno = EISDIR;
    }
    free(wide);
    return ok;
}

void
ch_sys_sync_names(const char *path)
{
    // Nobody but an administrator may; MOVEFILE_WRITE_THROUGH and NTFS's journal see to it.
    (void)path;
}

// --- where ---------------------------------------------------------------------------------------

static bool
give(const wchar_t *wide, char *out, size_t bytes)
{
    if (ch_narrow(wide, out, bytes) > bytes) {
        errno = ENAMETOOLONG;
        return false;
    }
    ch_path_normalise(out);
    return true;
}

bool
ch_sys_current_dir(char *out, size_t bytes)
{
    return ch_sys_absolute(".", out, bytes);
}

bool
ch_sys_absolute(const char *path, char *out, size_t bytes)
{
    wchar_t *wide = ch_wide_path(path);
    const bool ok = wide && give(wide, out, bytes);
    free(wide);
    return ok;
}

char *
ch_sys_real_path(const char *path)
{
    wchar_t *wide = ch_wide_path(path);
    const HANDLE handle = wide ? CreateFileW(wide, FILE_READ_ATTRIBUTES,
                                             FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                                             NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL)
                               : INVALID_HANDLE_VALUE;
    char *out = NULL;
    if (handle != INVALID_HANDLE_VALUE) {
        const DWORD n = GetFinalPathNameByHandleW(handle, NULL, 0, 0);
        wchar_t *final = n ? calloc(n + 1, sizeof *final) : NULL;
        // A disk without a letter has no final name that we could write; the one asked for will do.
        const bool known = final && GetFinalPathNameByHandleW(handle, final, n + 1, 0);
        out = ch_narrow_new(known ? final : wide);
        if (out) {
            ch_path_normalise(out);
        }
        free(final);
        CloseHandle(handle);
    } else if (wide) {
        ch_set_errno();
    }
    free(wide);
    return out;
}

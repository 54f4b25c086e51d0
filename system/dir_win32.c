// SPDX-License-Identifier: ISC
// system/dir_win32.c — FindFirstFile() reads an entry before it is asked for one.

#include "system/file.h"

#include <windows.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "system/wide_win32.h"

struct ch_sys_dir {
    HANDLE handle; ///< INVALID_HANDLE_VALUE: it is empty
    bool waiting;  ///< `entry` has not been given yet
    WIN32_FIND_DATAW entry;
    char name[4 * MAX_PATH];
};

static wchar_t *
pattern_of(const char *path)
{
    char *all = malloc(strlen(path) + sizeof "/*");
    wchar_t *wide = NULL;
    if (all) {
        strcpy(all, *path ? path : ".");
        strcat(all, "/*");
        wide = ch_wide_path(all);
    }
    free(all);
    return wide;
}

struct ch_sys_dir *
ch_sys_dir_open(const char *path)
{
    struct ch_sys_dir *dir = calloc(1, sizeof *dir);
    wchar_t *pattern = dir ? pattern_of(path) : NULL;
    struct ch_sys_file_info info;
    bool ok = false;
    if (pattern && ch_sys_stat(path, &info)) {
        dir->handle = FindFirstFileExW(pattern, FindExInfoBasic, &dir->entry, FindExSearchNameMatch,
                                       NULL, FIND_FIRST_EX_LARGE_FETCH);
        dir->waiting = dir->handle != INVALID_HANDLE_VALUE;
        // The root of a disk has not even "." in it.
        ok = dir->waiting || GetLastError() == ERROR_FILE_NOT_FOUND || ch_set_errno();
        if (info.kind != CH_SYS_FOLDER) {
            errno = ENOTDIR;
        }
    }
    free(pattern);
    if (dir && !ok) {
        free(dir);
        dir = NULL;
    }
    return dir;
}

static bool
advance(struct ch_sys_dir *dir)
{
    if (dir->handle == INVALID_HANDLE_VALUE) {
        return false;
    }
    if (dir->waiting) {
        dir->waiting = false;
        return true;
    }
    if (!FindNextFileW(dir->handle, &dir->entry)) {
        errno = GetLastError() == ERROR_NO_MORE_FILES ? 0 : ch_errno_of(GetLastError());
        return false;
    }
    return true;
}

const char *
ch_sys_dir_next(struct ch_sys_dir *dir)
{
    errno = 0;
    while (advance(dir)) {
        const wchar_t *name = dir->entry.cFileName;
        if (wcscmp(name, L".") != 0 && wcscmp(name, L"..") != 0) {
            ch_narrow(name, dir->name, sizeof dir->name);
            return dir->name;
        }
    }
    return NULL;
}

void
ch_sys_dir_close(struct ch_sys_dir *dir)
{
    if (dir && dir->handle != INVALID_HANDLE_VALUE) {
        FindClose(dir->handle);
    }
    free(dir);
}

// SPDX-License-Identifier: ISC
// tests/unit/host_win32.c — tests on Windows.

#include "tests/unit/host.h"

#include <direct.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

#include <tlhelp32.h>

bool
host_folder_make(char path[HOST_PATH_BYTES])
{
    static unsigned n_made;
    char tmp[MAX_PATH];
    if (!GetTempPathA(sizeof tmp, tmp)) {
        return false;
    }
    const unsigned long process = GetCurrentProcessId(), ms = GetTickCount();
    snprintf(path, HOST_PATH_BYTES, "%schant-test-%lu-%lu-%u", tmp, process, ms, n_made++);
    for (char *at = path; (at = strchr(at, '\\'));) {
        *at = '/';
    }
    return host_make_dir(path);
}

/// Deep, and with names in no code page.
static bool
remove_all(const wchar_t *path)
{
    const size_t room = wcslen(path) + MAX_PATH + 2;
    wchar_t *inside = calloc(room, sizeof *inside);
    WIN32_FIND_DATAW found;
    if (!inside) {
        return false;
    }
    wcscat(wcscpy(inside, path), L"\\*");
    HANDLE search = FindFirstFileW(inside, &found);
    for (bool more = search != INVALID_HANDLE_VALUE; more; more = FindNextFileW(search, &found)) {
        if (!wcscmp(found.cFileName, L".") || !wcscmp(found.cFileName, L"..")) {
            continue;
        }
        wcscat(wcscat(wcscpy(inside, path), L"\\"), found.cFileName);
        if (found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) {
            remove_all(inside);
        } else {
            DeleteFileW(inside);
        }
    }
    if (search != INVALID_HANDLE_VALUE) {
        FindClose(search);
    }
    free(inside);
    return RemoveDirectoryW(path);
}

bool
host_folder_remove(const char *path)
{
    wchar_t whole[2 * HOST_PATH_BYTES] = L"\\\\?\\";
    const int n = MultiByteToWideChar(CP_UTF8, 0, path, -1, whole + 4, HOST_PATH_BYTES);
    for (wchar_t *at = whole; (at = wcschr(at, L'/'));) {
        *at = L'\\';
    }
    return n > 0 && remove_all(whole);
}

bool
host_run_in(const char *folder, const char *line)
{
    (void)folder, (void)line;
    return false;
}

bool
host_make_dir(const char *path)
{
    return _mkdir(path) == 0;
}

void
host_set_env(const char *name, const char *value)
{
    wchar_t wide_name[64], wide_value[2 * HOST_PATH_BYTES];
    MultiByteToWideChar(CP_UTF8, 0, name, -1, wide_name, 64);
    MultiByteToWideChar(CP_UTF8, 0, value ? value : "", -1, wide_value, 2 * HOST_PATH_BYTES);
    _wputenv_s(wide_name, wide_value);
}

void *
host_aligned(size_t alignment, size_t bytes)
{
    return _aligned_malloc(bytes, alignment);
}

void
host_aligned_free(void *memory)
{
    _aligned_free(memory);
}

unsigned
host_n_threads(void)
{
    unsigned n = 0;
    THREADENTRY32 entry = {.dwSize = sizeof entry};
    HANDLE all = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
    for (BOOL more = Thread32First(all, &entry); more; more = Thread32Next(all, &entry)) {
        n += entry.th32OwnerProcessID == GetCurrentProcessId();
    }
    CloseHandle(all);
    return n;
}

long
host_page_faults(void)
{
    return 0;
}

bool
host_limit_file_bytes(size_t bytes)
{
    (void)bytes;
    return false;
}

bool
host_make_link(const char *target, const char *path)
{
    (void)target, (void)path;
    return false;
}

bool
host_make_fifo(const char *path)
{
    (void)path;
    return false;
}

bool
host_forbid_reading(const char *path)
{
    (void)path;
    return false;
}

void
host_forbid_reading_after(void)
{
}

bool
host_waits_of_thread(const char *name, long *out)
{
    (void)name, (void)out;
    return false;
}

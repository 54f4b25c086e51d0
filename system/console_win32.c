// SPDX-License-Identifier: ISC
// system/console_win32.c — arguments from the wide command line; code pages lent and given back.

#include "system/console.h"

#include <windows.h>

#include <fcntl.h>
#include <io.h>
#include <shellapi.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "system/wide_win32.h"

/// What the console had; 0 if there is none or it has been given back.
static atomic_uint input_page, output_page;

void
ch_sys_end(void)
{
    const UINT input = atomic_exchange(&input_page, 0), output = atomic_exchange(&output_page, 0);
    if (input) {
        SetConsoleCP(input);
    }
    if (output) {
        SetConsoleOutputCP(output);
    }
}

/// Ours is asked last.  If nobody before wanted to go on, the process is ended after it.  [ctrl]
static BOOL WINAPI
on_control(DWORD event)
{
    (void)event;
    ch_sys_end();
    return FALSE;
}

static void
begin_console(void)
{
    // Both are 0 where there is no console.
    atomic_store(&input_page, GetConsoleCP());
    atomic_store(&output_page, GetConsoleOutputCP());
    if (!output_page) {
        return;
    }
    SetConsoleCP(CP_UTF8);
    SetConsoleOutputCP(CP_UTF8);
    SetConsoleCtrlHandler(on_control, TRUE);
    atexit(ch_sys_end);
}

void
ch_sys_begin(int *argc, char ***argv)
{
    for (int fd = 0; fd <= 2; fd++) {
        _setmode(fd, _O_BINARY);
    }
    setvbuf(stderr, NULL, _IONBF, 0); // Wine would keep it back when it is a file
    begin_console();
    int n = 0;
    wchar_t **wide = CommandLineToArgvW(GetCommandLineW(), &n);
    char **narrow = wide ? calloc((size_t)n + 1, sizeof *narrow) : NULL;
    bool ok = narrow != NULL;
    for (int i = 0; ok && i < n; i++) {
        narrow[i] = ch_narrow_new(wide[i]);
        ok = narrow[i] != NULL;
    }
    if (!ok) {
        fputs("not enough memory for the arguments\n", stderr);
        exit(1);
    }
    LocalFree(wide);
    *argc = n;
    *argv = narrow;
}

bool
ch_sys_is_terminal(int fd)
{
    DWORD mode;
    return fd >= 0 && _isatty(fd) && GetConsoleMode((HANDLE)_get_osfhandle(fd), &mode);
}

bool
ch_sys_speaks_utf8(void)
{
    const UINT page = GetConsoleOutputCP();
    return page == CP_UTF8 || page == 0;
}

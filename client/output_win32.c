// SPDX-License-Identifier: ISC
// client/output_win32.c — characters arrive whole; the console's line by its cells.

#include "client/output.h"

#include <windows.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "system/console.h"

void
ch_out_begin(void)
{
    // Else the C library gives a console each byte by itself, which it does not take for UTF-8.
    setvbuf(stdout, NULL, _IOFBF, 8192);
    setvbuf(stderr, NULL, _IOFBF, 8192);
}

bool
ch_out_utf8(void)
{
    return ch_sys_speaks_utf8();
}

int
ch_out_write_errno(void)
{
    // The C library has no name for these but "invalid argument".
    switch (_doserrno) {
    case ERROR_BROKEN_PIPE:
    case ERROR_NO_DATA:
    case ERROR_PIPE_NOT_CONNECTED:
        return EPIPE;
    default:
        return errno;
    }
}

static bool
error_console(HANDLE *console, CONSOLE_SCREEN_BUFFER_INFO *info)
{
    *console = GetStdHandle(STD_ERROR_HANDLE);
    return GetConsoleScreenBufferInfo(*console, info);
}

static int
columns_of(const CONSOLE_SCREEN_BUFFER_INFO *info)
{
    return info->srWindow.Right - info->srWindow.Left + 1;
}

int
ch_out_columns(void)
{
    CONSOLE_SCREEN_BUFFER_INFO info;
    return GetConsoleScreenBufferInfo(GetStdHandle(STD_OUTPUT_HANDLE), &info) ? columns_of(&info)
                                                                              : 80;
}

int
ch_out_error_columns(void)
{
    HANDLE console;
    CONSOLE_SCREEN_BUFFER_INFO info;
    return error_console(&console, &info) ? columns_of(&info) : 80;
}

void
ch_out_erase_error_line(void)
{
    HANDLE console;
    CONSOLE_SCREEN_BUFFER_INFO info;
    fflush(stderr);
    if (error_console(&console, &info)) {
        const COORD begin = {0, info.dwCursorPosition.Y};
        DWORD n;
        FillConsoleOutputCharacterW(console, L' ', (DWORD)info.dwSize.X, begin, &n);
        SetConsoleCursorPosition(console, begin);
    }
}

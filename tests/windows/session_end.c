// SPDX-License-Identifier: ISC
// tests/windows/session_end.c — tells chantd what Windows tells every program when a user logs off.
//
//   session_end PID    that chantd alone, for others may run beside it

#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

static HWND
window_of(DWORD pid)
{
    HWND window = NULL;
    DWORD owner = 0;
    do {
        window = FindWindowExW(NULL, window, L"chantd", NULL);
        if (window) {
            GetWindowThreadProcessId(window, &owner);
        }
    } while (window && owner != pid);
    return window;
}

int
main(int argc, char **argv)
{
    HWND window = window_of(argc > 1 ? strtoul(argv[1], NULL, 10) : 0);
    if (!window) {
        puts("no window");
        return 77;
    }
    if (!SendMessageW(window, WM_QUERYENDSESSION, 0, (LPARAM)ENDSESSION_LOGOFF)) {
        puts("it does not want to");
        return 1;
    }
    // Does not come back before the daemon has put everything in order.
    SendMessageW(window, WM_ENDSESSION, TRUE, (LPARAM)ENDSESSION_LOGOFF);
    return 0;
}

// SPDX-License-Identifier: ISC
// tests/windows/session_end.c — tells chantd what Windows tells every program when a user logs off.

#include <stdio.h>
#include <windows.h>

int
main(void)
{
    HWND window = FindWindowW(L"chantd", NULL);
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

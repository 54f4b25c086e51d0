// SPDX-License-Identifier: ISC
// console.c — what a console has before and after a program, and another size while it runs.
//
//   console.exe REPORT WISH PROGRAM [ARGUMENT]…
//
// REPORT gets two lines of figures, of before and of after, and one with the exit code.  While the
// program runs a file WISH may appear, with columns and rows: the window gets that size.

#include <windows.h>

#include <stdio.h>
#include <wchar.h>

static void
write_figures(FILE *report)
{
    CONSOLE_SCREEN_BUFFER_INFO info = {0};
    CONSOLE_CURSOR_INFO cursor = {0};
    DWORD in = 0, out = 0;
    GetConsoleMode(GetStdHandle(STD_INPUT_HANDLE), &in);
    GetConsoleMode(GetStdHandle(STD_OUTPUT_HANDLE), &out);
    GetConsoleScreenBufferInfo(GetStdHandle(STD_OUTPUT_HANDLE), &info);
    GetConsoleCursorInfo(GetStdHandle(STD_OUTPUT_HANDLE), &cursor);
    fprintf(report, "pages %u %u modes %lx %lx buffer %d %d colours %x cursor %d %lu\n",
            GetConsoleCP(), GetConsoleOutputCP(), in, out, info.dwSize.X, info.dwSize.Y,
            info.wAttributes, cursor.bVisible, cursor.dwSize);
}

/// The screen that is shown now, whosever it is.
static void
resize(const wchar_t *wish)
{
    int columns, rows;
    FILE *file = _wfopen(wish, L"r");
    if (!file) {
        return;
    }
    const int n = fscanf(file, "%d %d", &columns, &rows);
    fclose(file);
    if (n != 2) {
        return; // not written yet
    }
    const HANDLE screen =
        CreateFileW(L"CONOUT$", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
                    NULL, OPEN_EXISTING, 0, NULL);
    // A window is never larger than its buffer: room first, then the window, then the rest goes.
    CONSOLE_SCREEN_BUFFER_INFO now = {0};
    GetConsoleScreenBufferInfo(screen, &now);
    const COORD size = {(SHORT)columns, (SHORT)rows};
    const COORD both = {max(size.X, now.dwSize.X), max(size.Y, now.dwSize.Y)};
    const SMALL_RECT window = {0, 0, (SHORT)(columns - 1), (SHORT)(rows - 1)};
    SetConsoleScreenBufferSize(screen, both);
    SetConsoleWindowInfo(screen, TRUE, &window);
    SetConsoleScreenBufferSize(screen, size);
    CloseHandle(screen);
    _wremove(wish);
}

/// Ctrl-C is for the program.
static BOOL WINAPI
on_control(DWORD event)
{
    (void)event;
    return TRUE;
}

int
wmain(int argc, wchar_t **argv)
{
    wchar_t line[8192] = L"";
    STARTUPINFOW start = {.cb = sizeof start};
    PROCESS_INFORMATION child;
    DWORD code = 0;
    FILE *report = argc > 3 ? _wfopen(argv[1], L"w") : NULL;
    if (!report) {
        return 99;
    }
    for (int i = 3; i < argc; i++) {
        _snwprintf(line + wcslen(line), 8000 - wcslen(line), L"\"%ls\" ", argv[i]);
    }
    SetConsoleCtrlHandler(on_control, TRUE);
    SetConsoleCP(850);
    SetConsoleOutputCP(437);
    write_figures(report);
    if (!CreateProcessW(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &start, &child)) {
        return 98;
    }
    while (WaitForSingleObject(child.hProcess, 50) == WAIT_TIMEOUT) {
        resize(argv[2]);
    }
    GetExitCodeProcess(child.hProcess, &code);
    write_figures(report);
    fprintf(report, "code %lu\n", code);
    fclose(report);
    return 0;
}

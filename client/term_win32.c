// SPDX-License-Identifier: ISC
// client/term_win32.c — the console of Windows: a screen of our own beside the one that was there.
//
// curses draws on what the standard handles name when it begins, so they name our screen (and the
// keyboard, if stdin is something else) while it is open.  With the screen that was there nothing
// is done: neither its contents, its scrollback nor its modes can be lost.

#include <windows.h>

// Names of the console's events that curses has for its keys.
#undef KEY_EVENT
#undef MOUSE_MOVED

#include <stdlib.h>

#include "client/interrupt.h"
#include "client/interrupt_win32.h"
#include "client/report.h"
#include "client/term.h"
#include "client/term_system.h"

static struct {
    SCREEN *curses;
    HANDLE screen;
    HANDLE keyboard;
    DWORD keyboard_mode_before;
    HANDLE input_before, output_before;
    COORD size;
} term;

static bool
is_console(HANDLE handle)
{
    DWORD mode;
    return GetConsoleMode(handle, &mode);
}

static HANDLE
open_keyboard(void)
{
    if (is_console(term.input_before)) {
        return term.input_before;
    }
    return CreateFileW(L"CONIN$", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
                       NULL, OPEN_EXISTING, 0, NULL);
}

/// What is seen of it.
static bool
read_size(HANDLE screen, COORD *size)
{
    CONSOLE_SCREEN_BUFFER_INFO info;
    if (!GetConsoleScreenBufferInfo(screen, &info)) {
        return false;
    }
    size->X = (SHORT)(info.srWindow.Right - info.srWindow.Left + 1);
    size->Y = (SHORT)(info.srWindow.Bottom - info.srWindow.Top + 1);
    return size->X > 0 && size->Y > 0;
}

/// Nothing of our screen is beyond the window, and curses knows its size.
static void
fit_screen(COORD size)
{
    const SMALL_RECT all = {0, 0, (SHORT)(size.X - 1), (SHORT)(size.Y - 1)};
    SetConsoleWindowInfo(term.screen, TRUE, &all);
    SetConsoleScreenBufferSize(term.screen, size);
    term.size = size;
    if (LINES != size.Y || COLS != size.X) {
        resizeterm(size.Y, size.X);
    }
    clearok(curscr, TRUE);
}

static bool
open_handles(void)
{
    term.input_before = GetStdHandle(STD_INPUT_HANDLE);
    term.output_before = GetStdHandle(STD_OUTPUT_HANDLE);
    if (!is_console(term.output_before)) {
        return false;
    }
    term.keyboard = open_keyboard();
    term.screen =
        CreateConsoleScreenBuffer(GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
                                  NULL, CONSOLE_TEXTMODE_BUFFER, NULL);
    return term.screen != INVALID_HANDLE_VALUE &&
           GetConsoleMode(term.keyboard, &term.keyboard_mode_before);
}

static void
give_back(void)
{
    SetStdHandle(STD_INPUT_HANDLE, term.input_before);
    SetStdHandle(STD_OUTPUT_HANDLE, term.output_before);
    SetConsoleActiveScreenBuffer(term.output_before);
    SetConsoleMode(term.keyboard, term.keyboard_mode_before);
    if (term.screen != INVALID_HANDLE_VALUE) {
        CloseHandle(term.screen);
    }
    if (term.keyboard != term.input_before && term.keyboard != INVALID_HANDLE_VALUE) {
        CloseHandle(term.keyboard);
    }
}

static bool
open_curses(COORD size)
{
    SetStdHandle(STD_INPUT_HANDLE, term.keyboard);
    SetStdHandle(STD_OUTPUT_HANDLE, term.screen);
    SetConsoleScreenBufferSize(term.screen, size);
    SetConsoleActiveScreenBuffer(term.screen);
    _putenv("NCURSES_CONSOLE2=1"); // draw on the standard handle
    term.curses = newterm("#win32con", stdout, stdin);
    return term.curses != NULL;
}

int
ch_term_open(void)
{
    COORD size;
    const bool opened = open_handles();
    if (!opened || !read_size(term.output_before, &size) || !open_curses(size)) {
        if (term.output_before && is_console(term.output_before)) {
            give_back();
        }
        return ch_fail_plain(CH_EXIT_ERROR, "no picture on this console: use --json");
    }
    ch_term_prepare();
    fit_screen(size);
    // A change of size is an event that wakes us; the mouse stays the console's own.
    DWORD mode;
    if (GetConsoleMode(term.keyboard, &mode)) {
        SetConsoleMode(term.keyboard, (mode | ENABLE_WINDOW_INPUT) & ~(DWORD)ENABLE_MOUSE_INPUT);
    }
    ch_interrupt_take(); // after curses, whose handler would end the program
    return CH_EXIT_OK;
}

void
ch_term_close(void)
{
    endwin();
    delscreen(term.curses);
    term.curses = NULL;
    give_back();
}

void
ch_term_wait(intptr_t waitable, int timeout_ms)
{
    const HANDLE items[] = {ch_interrupt_event(), term.keyboard, (HANDLE)waitable};
    const DWORD limit = timeout_ms < 0 ? INFINITE : (DWORD)timeout_ms;
    if (WaitForMultipleObjects(3, items, FALSE, limit) == WAIT_FAILED) {
        Sleep(10); // a console that has just gone says so in a moment
    }
}

int
ch_term_signal(void)
{
    return ch_interrupt_signal();
}

bool
ch_term_resized(void)
{
    COORD size;
    if (!read_size(term.screen, &size) || (size.X == term.size.X && size.Y == term.size.Y)) {
        return false;
    }
    fit_screen(size);
    return true;
}

int
ch_term_key(void)
{
    return getch();
}

// SPDX-License-Identifier: ISC
// daemon/control/farewell_window_win32.c — one window, one thread, three messages.

#include "daemon/control/farewell_window_win32.h"

#include <stdlib.h>
#include <windows.h>

#include "daemon/base/log.h"
#include "daemon/base/os.h"
#include "daemon/control/signals_win32.h"

/// Only reserved.  A thread with a window runs what others hang into it: input methods, hooks.
#define STACK_BYTES (1024u * 1024u)

#define OURS_TO_CLOSE WM_APP ///< we are done with it; WM_CLOSE is what others send

struct ch_farewell_window {
    struct ch_thread thread;
    struct ch_event ready; ///< `handle` is what it will be
    HANDLE in_order;       ///< set when the process may go
    HWND handle;           ///< NULL if it could not be made
};

static LRESULT CALLBACK
on_message(HWND handle, UINT message, WPARAM first, LPARAM second)
{
    struct ch_farewell_window *window = (void *)GetWindowLongPtrW(handle, GWLP_USERDATA);
    if (message == WM_ENDSESSION && first && window) {
        ch_signals_end((second & (LPARAM)ENDSESSION_LOGOFF) ? "the user logs off"
                                                            : "the machine goes down");
        // The process may be ended as soon as this returns.
        WaitForSingleObject(window->in_order, INFINITE);
        return 0;
    }
    if (message == WM_CLOSE) {
        ch_signals_end("asked to close");
        return 0;
    }
    if (message == OURS_TO_CLOSE) {
        DestroyWindow(handle);
        return 0;
    }
    if (message == WM_DESTROY) {
        PostQuitMessage(0);
        return 0;
    }
    return DefWindowProcW(handle, message, first, second);
}

static void
live(void *arg)
{
    struct ch_farewell_window *window = arg;
    const WNDCLASSW class = {
        .lpfnWndProc = on_message,
        .hInstance = GetModuleHandleW(NULL),
        .lpszClassName = L"chantd",
    };
    RegisterClassW(&class);
    // Never shown; but a window of the desktop, since others are not told.
    window->handle = CreateWindowExW(0, class.lpszClassName, L"chantd", WS_OVERLAPPED, 0, 0, 0, 0,
                                     NULL, NULL, class.hInstance, NULL);
    if (window->handle) {
        SetWindowLongPtrW(window->handle, GWLP_USERDATA, (LONG_PTR)window);
    } else {
        ch_debug("no window, so the end of the session comes without a word (%lu)", GetLastError());
    }
    ch_event_set(&window->ready);
    MSG message;
    while (window->handle && GetMessageW(&message, NULL, 0, 0) > 0) {
        DispatchMessageW(&message);
    }
}

struct ch_farewell_window *
ch_farewell_window_create(void)
{
    struct ch_farewell_window *window = calloc(1, sizeof *window);
    if (!window) {
        return NULL;
    }
    window->in_order = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (window->in_order && ch_event_init(&window->ready) == CH_OK) {
        if (ch_thread_start(&window->thread, "farewell", STACK_BYTES, live, window) == CH_OK) {
            ch_event_wait(&window->ready, CH_WAIT_FOREVER);
            return window;
        }
        ch_event_fini(&window->ready);
    }
    if (window->in_order) {
        CloseHandle(window->in_order);
    }
    free(window);
    return NULL;
}

void
ch_farewell_window_destroy(struct ch_farewell_window *window)
{
    if (!window) {
        return;
    }
    SetEvent(window->in_order);
    if (window->handle) {
        PostMessageW(window->handle, OURS_TO_CLOSE, 0, 0);
    }
    ch_thread_join(&window->thread);
    ch_event_fini(&window->ready);
    CloseHandle(window->in_order);
    free(window);
}

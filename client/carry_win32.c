// SPDX-License-Identifier: ISC
// client/carry_win32.c — a thread reads stdin, which can't be waited for here; we read the pipe.
//
// A pipe has no halves to close: the end of stdin is said as the request rpc.end, behind which the
// daemon answers what is left and closes.

#include "client/carry.h"

#include <windows.h>

#include <process.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/channel_win32.h"

#define CANCEL_MS 200 ///< for a read of stdin to be given up

/// The way up, in a thread of its own.
struct up {
    struct ch_channel *channel;
    HANDLE in;
    bool is_console, is_pipe;
    bool in_line;     ///< what was sent last is no newline
    DWORD read_error; ///< why stdin could not be read; after the thread's end
};

// --- stdin -------------------------------------------------------------------------------------

enum { CHUNK_BYTES = 65536, CONSOLE_UNITS = 4096, CONTROL_Z = 26 };

/// From a console, which has characters and not bytes.  0: the end, or *err.
static size_t
read_console(struct up *up, char *bytes, DWORD *err)
{
    wchar_t line[CONSOLE_UNITS];
    DWORD n = 0;
    if (!ReadConsoleW(up->in, line, CONSOLE_UNITS - 1, &n, NULL)) {
        *err = GetLastError();
        return 0;
    }
    if (n == 0 || line[0] == CONTROL_Z) {
        return 0;
    }
    return (size_t)WideCharToMultiByte(CP_UTF8, 0, line, (int)n, bytes, CHUNK_BYTES, NULL, NULL);
}

static size_t
read_bytes(struct up *up, char *bytes, DWORD *err)
{
    DWORD n = 0;
    do {
        if (!ReadFile(up->in, bytes, CHUNK_BYTES, &n, NULL)) {
            *err = GetLastError();
            return 0;
        }
        // Of a pipe nothing means that somebody has written nothing; its end is an error.
    } while (n == 0 && up->is_pipe);
    return n;
}

static unsigned __stdcall carry_up(void *context)
{
    static const char end[] = "{\"jsonrpc\":\"2.0\",\"method\":\"rpc.end\"}\n";
    static char bytes[CHUNK_BYTES]; // there is one such thread
    struct up *up = context;
    for (;;) {
        DWORD err = 0;
        const size_t n =
            up->is_console ? read_console(up, bytes, &err) : read_bytes(up, bytes, &err);
        if (err != 0 && err != ERROR_BROKEN_PIPE && err != ERROR_HANDLE_EOF) {
            up->read_error = err;
            return 0;
        }
        if (n == 0) {
            break;
        }
        if (ch_channel_write(up->channel, bytes, n, INFINITE) != CH_CHANNEL_OK) {
            return 0; // the daemon has gone; what it has left behind is read below
        }
        up->in_line = bytes[n - 1] != '\n';
    }
    if (up->in_line) {
        ch_channel_write(up->channel, "\n", 1, INFINITE);
    }
    ch_channel_write(up->channel, end, sizeof end - 1, INFINITE);
    return 0;
}

// --- stdout ------------------------------------------------------------------------------------

/// @return ERROR_SUCCESS, or why not
static DWORD
write_all(HANDLE out, const char *bytes, size_t n_bytes)
{
    while (n_bytes > 0) {
        DWORD n = 0;
        if (!WriteFile(out, bytes, (DWORD)n_bytes, &n, NULL)) {
            return GetLastError();
        }
        bytes += n;
        n_bytes -= n;
    }
    return ERROR_SUCCESS;
}

/// What is here goes out.  @param err of the way out
static enum ch_channel_status
carry_some_down(struct ch_channel *channel, DWORD *err)
{
    static char bytes[CHUNK_BYTES];
    size_t n = 0;
    const enum ch_channel_status status = ch_channel_receive(channel, bytes, sizeof bytes, &n);
    if (status == CH_CHANNEL_OK) {
        *err = write_all(GetStdHandle(STD_OUTPUT_HANDLE), bytes, n);
    }
    return status;
}

static enum ch_carried
carry_down(struct up *up, HANDLE thread, char *why, size_t why_bytes)
{
    for (;;) {
        HANDLE events[2] = {(HANDLE)ch_channel_waitable(up->channel), thread};
        const bool ended = WaitForSingleObject(thread, 0) == WAIT_OBJECT_0;
        if (ended && up->read_error) {
            ch_channel_explain(up->read_error, why, why_bytes);
            return CH_CARRIED_NO_INPUT;
        }
        if (ch_channel_reader_gone()) {
            return CH_CARRIED;
        }
        WaitForMultipleObjects(ended ? 1 : 2, events, FALSE, CH_READER_POLL_MS);
        DWORD err = ERROR_SUCCESS;
        if (carry_some_down(up->channel, &err) == CH_CHANNEL_CLOSED) {
            // Its end may be seen here before our thread has seen that its own is out.
            const bool told = WaitForSingleObject(thread, CANCEL_MS) == WAIT_OBJECT_0;
            return told ? CH_CARRIED : CH_CARRIED_GONE;
        }
        if (err == ERROR_NO_DATA || err == ERROR_BROKEN_PIPE) {
            return CH_CARRIED; // nobody reads our stdout any more
        }
        if (err != ERROR_SUCCESS) {
            ch_channel_explain(err, why, why_bytes);
            return CH_CARRIED_NO_OUTPUT;
        }
    }
}

enum ch_carried
ch_carry(struct ch_channel *channel, char *why, size_t why_bytes)
{
    struct up up = {.channel = channel, .in = GetStdHandle(STD_INPUT_HANDLE)};
    DWORD mode;
    up.is_console = GetConsoleMode(up.in, &mode);
    up.is_pipe = GetNamedPipeInfo(up.in, NULL, NULL, NULL, NULL);
    HANDLE thread = (HANDLE)_beginthreadex(NULL, 0, carry_up, &up, 0, NULL);
    if (!thread) {
        snprintf(why, why_bytes, "no thread for stdin");
        return CH_CARRIED_FAILED;
    }
    const enum ch_carried how = carry_down(&up, thread, why, why_bytes);
    CancelSynchronousIo(thread);
    ch_channel_cancel(channel);
    if (WaitForSingleObject(thread, CANCEL_MS) != WAIT_OBJECT_0) {
        // It hangs in stdin, with nothing of its own and no lock, and must not see the channel go.
        TerminateThread(thread, 0);
        WaitForSingleObject(thread, CANCEL_MS);
    }
    CloseHandle(thread);
    return how;
}

// SPDX-License-Identifier: ISC
// client/channel_win32.c — the way to the daemon by a named pipe, and first a look at whose it is.
//
// Anybody may make a pipe of any name that is free, so a name says nothing.  What can't be forged
// is the owner in the pipe's security descriptor: to write another's SID there takes a privilege
// that only administrators have.  (The process at the other end is no proof: it may have ended and
// its number be somebody else's by now.)  A program that Windows keeps low, as browsers do with
// what they show, has its user's name but not his trust: the label of its pipe tells.  Until both
// are known not a byte is sent, and the server may learn who we are, but not act in our name.

#include "client/channel_win32.h"

#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "system/pipe_win32.h"
#include "system/user_win32.h"
#include "system/wide_win32.h"

#define WRITE_BYTES (32u * 1024u) ///< of one write, so that a large one shows that it moves

/// To read and write, without the right to make instances of the pipe that GENERIC_WRITE includes:
/// a guest does not have it.
#define ACCESS ((FILE_GENERIC_READ | FILE_GENERIC_WRITE) & ~(DWORD)FILE_CREATE_PIPE_INSTANCE)

struct ch_channel {
    HANDLE pipe;
    int timeout_ms;
    HANDLE writable;       ///< event of a write; sending is one thread's business
    OVERLAPPED reading;    ///< its event: bytes are there, or the end
    bool pending;          ///< a read is under way
    bool closed;           ///< the other end has gone, and all of it was received
    size_t n_have, n_used; ///< of bytes
    char bytes[32768];
};

const char ch_channel_option_help[] =
    "  --socket=NAME  the daemon's pipe; else %CHANT_SOCKET%, else\n"
    "                 \\\\.\\pipe\\chant-SID with the SID of the user\n";
const char ch_channel_start_hint[] = "'chantd'";

void
ch_channel_explain(DWORD err, char *why, size_t why_bytes)
{
    wchar_t text[256] = L"";
    const DWORD n = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS |
                                       FORMAT_MESSAGE_MAX_WIDTH_MASK,
                                   NULL, err, 0, text, sizeof text / sizeof *text, NULL);
    for (DWORD i = n; i > 0 && (text[i - 1] == L' ' || text[i - 1] == L'.'); i--) {
        text[i - 1] = L'\0';
    }
    if (!n || ch_narrow(text, why, why_bytes) > why_bytes) {
        snprintf(why, why_bytes, "error %lu", err);
    }
}

// --- connecting --------------------------------------------------------------------------------

static enum ch_channel_status
status_of(DWORD err)
{
    switch (err) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_INVALID_NAME:
    case ERROR_BAD_PATHNAME:
        return CH_CHANNEL_ABSENT;
    case ERROR_ACCESS_DENIED:
        return CH_CHANNEL_FORBIDDEN;
    case ERROR_PIPE_BUSY:
    case ERROR_SEM_TIMEOUT:
        return CH_CHANNEL_BUSY;
    default:
        return CH_CHANNEL_FAILED;
    }
}

/// A handle, or INVALID_HANDLE_VALUE and GetLastError().  While all instances are taken others are
/// waited for.
static HANDLE
open_pipe(const wchar_t *name, DWORD timeout_ms)
{
    const ULONGLONG deadline_ms = GetTickCount64() + timeout_ms;
    for (;;) {
        HANDLE pipe = CreateFileW(
            name, ACCESS, 0, NULL, OPEN_EXISTING,
            FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
        if (pipe != INVALID_HANDLE_VALUE || GetLastError() != ERROR_PIPE_BUSY) {
            return pipe;
        }
        const ULONGLONG now_ms = GetTickCount64();
        if (now_ms >= deadline_ms) {
            SetLastError(ERROR_PIPE_BUSY);
            return INVALID_HANDLE_VALUE;
        }
        // Whoever is waited for may be gone to somebody else: the loop asks again.
        WaitNamedPipeW(name, (DWORD)(deadline_ms - now_ms));
    }
}

// The daemon may run at a higher level than we do, or at a lower one, but not as what is kept low;
// unless we are.
static enum ch_channel_status
check_level(HANDLE pipe, char *why, size_t why_bytes)
{
    char level[CH_SID_BYTES], self[CH_SID_BYTES];
    if (!ch_user_integrity_of_object(pipe, level) || !ch_user_integrity(self)) {
        snprintf(why, why_bytes, "the system does not say the integrity level of the pipe");
        return CH_CHANNEL_UNTRUSTED;
    }
    const uint32_t medium = SECURITY_MANDATORY_MEDIUM_RID, own = ch_user_level(self);
    if (ch_user_level(level) >= (own < medium ? own : medium)) {
        return CH_CHANNEL_OK;
    }
    snprintf(why, why_bytes, "the pipe is that of a program of low integrity (%s)", level);
    return CH_CHANNEL_UNTRUSTED;
}

static enum ch_channel_status
check_owner(HANDLE pipe, char *why, size_t why_bytes)
{
    char owner[CH_SID_BYTES], self[CH_SID_BYTES];
    if (!ch_user_of_object(pipe, owner) || !ch_user_self(self)) {
        snprintf(why, why_bytes, "the system does not say whose pipe it is");
        return CH_CHANNEL_UNTRUSTED;
    }
    switch (ch_user_kind(owner, self)) {
    case CH_USER_SELF:
    case CH_USER_SYSTEM:
        return CH_CHANNEL_OK;
    case CH_USER_OTHER:
        break;
    }
    snprintf(why, why_bytes, "the pipe belongs to %s, who is neither you nor the system", owner);
    return CH_CHANNEL_UNTRUSTED;
}

static enum ch_channel_status
connect_to(struct ch_channel *channel, const char *path, char *why, size_t why_bytes)
{
    wchar_t *name = ch_wide(path);
    channel->writable = CreateEventW(NULL, TRUE, FALSE, NULL);
    channel->reading.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!name || !channel->writable || !channel->reading.hEvent) {
        free(name);
        snprintf(why, why_bytes, "out of memory");
        return CH_CHANNEL_FAILED;
    }
    channel->pipe = open_pipe(name, (DWORD)channel->timeout_ms);
    const DWORD err = GetLastError();
    free(name);
    if (channel->pipe == INVALID_HANDLE_VALUE) {
        ch_channel_explain(err, why, why_bytes);
        return status_of(err);
    }
    const enum ch_channel_status status = check_owner(channel->pipe, why, why_bytes);
    return status == CH_CHANNEL_OK ? check_level(channel->pipe, why, why_bytes) : status;
}

enum ch_channel_status
ch_channel_open(struct ch_channel **out, const char *path, int timeout_ms, char *why,
                size_t why_bytes)
{
    struct ch_channel *channel = calloc(1, sizeof *channel);
    if (!channel) {
        snprintf(why, why_bytes, "out of memory");
        return CH_CHANNEL_FAILED;
    }
    channel->pipe = INVALID_HANDLE_VALUE;
    channel->timeout_ms = timeout_ms;
    const enum ch_channel_status status = connect_to(channel, path, why, why_bytes);
    if (status != CH_CHANNEL_OK) {
        ch_channel_close(channel);
        return status;
    }
    *out = channel;
    return CH_CHANNEL_OK;
}

void
ch_channel_close(struct ch_channel *channel)
{
    if (!channel) {
        return;
    }
    DWORD n = 0;
    if (channel->pending) {
        CancelIoEx(channel->pipe, &channel->reading);
        GetOverlappedResult(channel->pipe, &channel->reading, &n, TRUE);
    }
    if (channel->pipe != INVALID_HANDLE_VALUE) {
        CloseHandle(channel->pipe);
    }
    if (channel->writable) {
        CloseHandle(channel->writable);
    }
    if (channel->reading.hEvent) {
        CloseHandle(channel->reading.hEvent);
    }
    free(channel);
}

// --- out ---------------------------------------------------------------------------------------

static enum ch_channel_status
write_piece(struct ch_channel *channel, const char *bytes, DWORD n_bytes, DWORD timeout_ms,
            DWORD *n_written)
{
    OVERLAPPED writing = {.hEvent = channel->writable};
    *n_written = 0;
    if (!WriteFile(channel->pipe, bytes, n_bytes, NULL, &writing) &&
        GetLastError() != ERROR_IO_PENDING) {
        return CH_CHANNEL_CLOSED;
    }
    const bool late = WaitForSingleObject(channel->writable, timeout_ms) != WAIT_OBJECT_0;
    if (late) {
        CancelIoEx(channel->pipe, &writing);
    }
    if (GetOverlappedResult(channel->pipe, &writing, n_written, TRUE)) {
        return CH_CHANNEL_OK;
    }
    return late && GetLastError() == ERROR_OPERATION_ABORTED ? CH_CHANNEL_BUSY : CH_CHANNEL_CLOSED;
}

enum ch_channel_status
ch_channel_write(struct ch_channel *channel, const char *bytes, size_t n_bytes, DWORD timeout_ms)
{
    while (n_bytes > 0) {
        const DWORD n = n_bytes < WRITE_BYTES ? (DWORD)n_bytes : WRITE_BYTES;
        DWORD n_written = 0;
        const enum ch_channel_status status =
            write_piece(channel, bytes, n, timeout_ms, &n_written);
        if (status != CH_CHANNEL_OK) {
            return status;
        }
        bytes += n_written;
        n_bytes -= n_written;
    }
    return CH_CHANNEL_OK;
}

enum ch_channel_status
ch_channel_send(struct ch_channel *channel, const char *bytes, size_t n_bytes)
{
    return ch_channel_write(channel, bytes, n_bytes, (DWORD)channel->timeout_ms);
}

void
ch_channel_cancel(struct ch_channel *channel)
{
    CancelIoEx(channel->pipe, NULL);
}

// --- in ----------------------------------------------------------------------------------------

static void
end(struct ch_channel *channel)
{
    channel->closed = true;
    SetEvent(channel->reading.hEvent);
}

/// See that a read is under way, unless there is something to receive already.
static void
begin_read(struct ch_channel *channel)
{
    if (channel->pending || channel->closed || channel->n_used < channel->n_have) {
        return;
    }
    channel->n_have = channel->n_used = 0;
    ResetEvent(channel->reading.hEvent);
    if (ReadFile(channel->pipe, channel->bytes, sizeof channel->bytes, NULL, &channel->reading) ||
        GetLastError() == ERROR_IO_PENDING) {
        channel->pending = true;
    } else {
        end(channel);
    }
}

/// Take what the read under way has brought.
static void
end_read(struct ch_channel *channel)
{
    DWORD n = 0;
    if (!channel->pending) {
        return;
    }
    if (GetOverlappedResult(channel->pipe, &channel->reading, &n, FALSE)) {
        channel->pending = false;
        channel->n_have = n;
    } else if (GetLastError() != ERROR_IO_INCOMPLETE) {
        channel->pending = false;
        end(channel);
    }
}

enum ch_channel_status
ch_channel_receive(struct ch_channel *channel, char *bytes, size_t n_bytes, size_t *n_received)
{
    begin_read(channel);
    end_read(channel);
    const size_t n_left = channel->n_have - channel->n_used;
    if (n_left == 0) {
        return channel->closed ? CH_CHANNEL_CLOSED : CH_CHANNEL_NONE;
    }
    const size_t n = n_left < n_bytes ? n_left : n_bytes;
    memcpy(bytes, channel->bytes + channel->n_used, n);
    channel->n_used += n;
    *n_received = n;
    return CH_CHANNEL_OK;
}

intptr_t
ch_channel_waitable(struct ch_channel *channel)
{
    begin_read(channel);
    return (intptr_t)channel->reading.hEvent;
}

// --- waiting -----------------------------------------------------------------------------------

bool
ch_channel_reader_gone(void)
{
    return ch_sys_pipe_is_left(GetStdHandle(STD_OUTPUT_HANDLE));
}

enum ch_channel_status
ch_channel_wait(struct ch_channel *channel, int timeout_ms, bool with_reader)
{
    const ULONGLONG deadline_ms = GetTickCount64() + (timeout_ms < 0 ? 0 : (ULONGLONG)timeout_ms);
    for (;;) {
        if (with_reader && ch_channel_reader_gone()) {
            return CH_CHANNEL_NONE;
        }
        const ULONGLONG now_ms = GetTickCount64();
        DWORD limit_ms = now_ms < deadline_ms ? (DWORD)(deadline_ms - now_ms) : 0;
        limit_ms = timeout_ms < 0 ? INFINITE : limit_ms;
        const bool turns = with_reader && limit_ms > CH_READER_POLL_MS;
        HANDLE readable = (HANDLE)ch_channel_waitable(channel);
        if (WaitForSingleObject(readable, turns ? CH_READER_POLL_MS : limit_ms) == WAIT_OBJECT_0) {
            return CH_CHANNEL_OK;
        }
        if (!turns) {
            return CH_CHANNEL_NONE;
        }
    }
}

// SPDX-License-Identifier: ISC
// daemon/control/listener_win32.c — a named pipe whose every instance is ours from the start.
//
// libuv makes its instances with the system's default security, so it is not asked to: instances
// are made here (pipe_win32.c), several wait for clients at a time, and one that is connected is
// handed to libuv as a stream like any other.  A thread of the system's pool watches the waiting
// ones, and does nothing but wake the loop.

#include "daemon/control/listener.h"

#include <windows.h>

#include <fcntl.h>
#include <io.h>
#include <stdlib.h>

#include "daemon/base/log.h"
#include "daemon/control/daemon.h"
#include "daemon/control/pipe_win32.h"
#include "daemon/control/session.h"
#include "system/wide_win32.h"

/// Instances that wait: as many clients may come in one turn of the loop, and the next ones find
/// the pipe busy and wait themselves.
#define N_WAITING    32
#define TRY_AGAIN_MS 250 ///< when the system had no instance left

struct ch_listener;

struct instance {
    struct ch_listener *listener;
    HANDLE pipe; ///< INVALID_HANDLE_VALUE: none
    HANDLE wait; ///< of the pool, for the event; NULL: none
    OVERLAPPED connecting;
    volatile LONG come; ///< written by the pool
};

struct ch_listener {
    struct ch_daemon *daemon;
    uv_async_t wake;
    uv_timer_t again;
    wchar_t *name;
    PSECURITY_DESCRIPTOR descriptor;
    struct instance instances[N_WAITING];
    HANDLE arrived; ///< for ch_listener_accept()
    uint32_t n_closing;
};

const size_t ch_listener_write_bytes = CH_PIPE_BYTES;

// --- one instance ------------------------------------------------------------------------------

static void CALLBACK
on_event(void *context, BOOLEAN timed_out)
{
    (void)timed_out;
    struct instance *instance = context;
    InterlockedExchange(&instance->come, 1);
    uv_async_send(&instance->listener->wake);
}

static void
stop_watching(struct instance *instance)
{
    if (instance->wait) {
        UnregisterWaitEx(instance->wait, INVALID_HANDLE_VALUE);
        instance->wait = NULL;
    }
}

static void
give_up(struct instance *instance)
{
    DWORD n = 0;
    stop_watching(instance);
    if (instance->pipe != INVALID_HANDLE_VALUE) {
        if (CancelIoEx(instance->pipe, &instance->connecting)) {
            GetOverlappedResult(instance->pipe, &instance->connecting, &n, TRUE);
        }
        CloseHandle(instance->pipe);
        instance->pipe = INVALID_HANDLE_VALUE;
    }
}

/// Have the instance wait for a client.
static bool
await_client(struct instance *instance)
{
    instance->come = 0;
    ResetEvent(instance->connecting.hEvent);
    if (!ConnectNamedPipe(instance->pipe, &instance->connecting)) {
        switch (GetLastError()) {
        case ERROR_IO_PENDING:
            break;
        case ERROR_PIPE_CONNECTED: // faster than we are
        case ERROR_NO_DATA:        // and gone again: the stream will say so
            instance->connecting.Internal = 0;
            SetEvent(instance->connecting.hEvent);
            break;
        default:
            return false;
        }
    }
    return RegisterWaitForSingleObject(&instance->wait, instance->connecting.hEvent, on_event,
                                       instance, INFINITE,
                                       WT_EXECUTEONLYONCE | WT_EXECUTEINWAITTHREAD);
}

static bool
renew(struct instance *instance, bool first)
{
    struct ch_listener *listener = instance->listener;
    instance->pipe = ch_pipe_create(listener->name, listener->descriptor, first);
    if (instance->pipe == INVALID_HANDLE_VALUE) {
        return false;
    }
    if (!await_client(instance)) {
        const DWORD err = GetLastError();
        give_up(instance);
        SetLastError(err);
        return false;
    }
    return true;
}

// --- from the loop -----------------------------------------------------------------------------

static void on_again(uv_timer_t *timer);

static void
fill_up(struct ch_listener *listener)
{
    for (unsigned i = 0; i < N_WAITING; i++) {
        struct instance *instance = &listener->instances[i];
        if (instance->pipe == INVALID_HANDLE_VALUE && !renew(instance, false)) {
            ch_warning("no more instances of the pipe for now: error %lu", GetLastError());
            uv_timer_start(&listener->again, on_again, TRY_AGAIN_MS, 0);
            return;
        }
    }
}

static void
on_again(uv_timer_t *timer)
{
    fill_up(timer->data);
}

static void
take(struct ch_listener *listener, struct instance *instance)
{
    DWORD n = 0;
    stop_watching(instance);
    const HANDLE pipe = instance->pipe;
    const bool ok = GetOverlappedResult(pipe, &instance->connecting, &n, FALSE);
    const DWORD err = GetLastError();
    instance->pipe = INVALID_HANDLE_VALUE;
    instance->come = 0;
    // The next in line first: what a client asks for may take its time.
    fill_up(listener);
    if (!ok) {
        ch_warning("a client could not be taken: error %lu", err);
        CloseHandle(pipe);
        return;
    }
    listener->arrived = pipe;
    ch_session_accept(listener->daemon, listener);
    if (listener->arrived != INVALID_HANDLE_VALUE) {
        CloseHandle(listener->arrived);
        listener->arrived = INVALID_HANDLE_VALUE;
    }
}

static void
on_wake(uv_async_t *async)
{
    struct ch_listener *listener = async->data;
    for (unsigned i = 0; i < N_WAITING && !uv_is_closing((uv_handle_t *)async); i++) {
        if (InterlockedCompareExchange(&listener->instances[i].come, 0, 0)) {
            take(listener, &listener->instances[i]);
        }
    }
}

int
ch_listener_accept(struct ch_listener *listener, uv_pipe_t *pipe)
{
    const HANDLE handle = listener->arrived;
    listener->arrived = INVALID_HANDLE_VALUE;
    const int fd = _open_osfhandle((intptr_t)handle, _O_RDWR | _O_BINARY);
    if (fd < 0) {
        CloseHandle(handle);
        return UV_EMFILE;
    }
    const int err = uv_pipe_open(pipe, fd);
    // libuv leaves the first three descriptors alone: it has made itself a copy then.
    if (err || fd <= 2) {
        _close(fd);
    }
    return err;
}

bool
ch_listener_vouches(const struct ch_listener *listener)
{
    // The descriptor lets in him alone, besides the owner and SYSTEM.
    return listener->daemon->options.allow_user != NULL;
}

// --- beginning and end -------------------------------------------------------------------------

static void
on_closed(uv_handle_t *handle)
{
    struct ch_listener *listener = handle->data;
    if (--listener->n_closing == 0) {
        free(listener->name);
        free(listener);
    }
}

void
ch_listener_close(struct ch_listener *listener)
{
    if (!listener) {
        return;
    }
    for (unsigned i = 0; i < N_WAITING; i++) {
        give_up(&listener->instances[i]);
        if (listener->instances[i].connecting.hEvent) {
            CloseHandle(listener->instances[i].connecting.hEvent);
        }
    }
    LocalFree(listener->descriptor);
    listener->n_closing = 2;
    uv_close((uv_handle_t *)&listener->wake, on_closed);
    uv_close((uv_handle_t *)&listener->again, on_closed);
}

static struct ch_listener *
create(struct ch_daemon *daemon, const char *path)
{
    struct ch_listener *listener = calloc(1, sizeof *listener);
    if (!listener) {
        return NULL;
    }
    listener->daemon = daemon;
    listener->arrived = INVALID_HANDLE_VALUE;
    uv_async_init(&daemon->loop, &listener->wake, on_wake);
    uv_timer_init(&daemon->loop, &listener->again);
    listener->wake.data = listener;
    listener->again.data = listener;
    listener->name = ch_wide(path);
    listener->descriptor = ch_pipe_descriptor(daemon->options.allow_user);
    bool ok = listener->name && listener->descriptor;
    for (unsigned i = 0; i < N_WAITING; i++) {
        struct instance *instance = &listener->instances[i];
        instance->listener = listener;
        instance->pipe = INVALID_HANDLE_VALUE;
        instance->connecting.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
        ok &= instance->connecting.hEvent != NULL;
    }
    if (!ok) {
        ch_error("can't make the security of %s: error %lu", path, GetLastError());
        ch_listener_close(listener);
        return NULL;
    }
    return listener;
}

/// Nobody else may have the name, not even for a moment: say who has.
static enum ch_status
explain(const struct ch_listener *listener, const char *path, DWORD err)
{
    char who[1024];
    if (err != ERROR_ACCESS_DENIED && err != ERROR_PIPE_BUSY) {
        ch_error("can't listen on %s: error %lu", path, err);
        return CH_INTERNAL;
    }
    switch (ch_pipe_holder(listener->name, who, sizeof who)) {
    case CH_PIPE_HOLDER_DAEMON:
        ch_error("a daemon listens on %s already (%s); use it, stop it, or name another --socket",
                 path, who);
        return CH_BUSY;
    case CH_PIPE_HOLDER_PROGRAM:
        ch_error("%s is in the way: it belongs to %s", path, who);
        return CH_CONFLICT;
    case CH_PIPE_HOLDER_SYSTEM:
    case CH_PIPE_HOLDER_OTHER:
    case CH_PIPE_HOLDER_HIDDEN:
        ch_error("%s is taken, and not by you: it belongs to %s", path, who);
        return CH_DENIED;
    case CH_PIPE_HOLDER_NONE:
        break;
    }
    ch_error("can't listen on %s: whoever had it has just gone, try again", path);
    return CH_BUSY;
}

enum ch_status
ch_listener_open(struct ch_listener **out, struct ch_daemon *daemon, const char *path)
{
    struct ch_listener *listener = create(daemon, path);
    if (!listener) {
        return CH_NO_MEMORY;
    }
    if (!renew(&listener->instances[0], true)) {
        const enum ch_status status = explain(listener, path, GetLastError());
        ch_listener_close(listener);
        return status;
    }
    fill_up(listener);
    *out = listener;
    return CH_OK;
}

enum ch_status
ch_listener_inherit(struct ch_listener **out, struct ch_daemon *daemon,
                    char path[CH_ENDPOINT_BYTES])
{
    (void)daemon;
    (void)path;
    *out = NULL;
    return CH_OK;
}

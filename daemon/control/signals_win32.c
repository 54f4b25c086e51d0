// SPDX-License-Identifier: ISC
// daemon/control/signals_win32.c — the console through libuv, everybody else by a message to it.
//
// libuv makes SIGINT of Ctrl-C, SIGBREAK of Ctrl-Break, and SIGHUP of a console that is closed,
// whose handler then sleeps: Windows ends the process when that handler returns, or after five
// seconds, and we by returning from main().

#include "daemon/control/signals.h"

#include <signal.h>
#include <stdlib.h>
#include <uv.h>
#include <windows.h>

#include "daemon/base/log.h"
#include "daemon/control/daemon.h"
#include "daemon/control/farewell_window_win32.h"
#include "daemon/control/signals_win32.h"

struct ch_signals {
    uv_signal_t interrupt, stop, hangup;
    uv_async_t told;
    struct ch_farewell_window *window;
};

// What was asked for, and whom to tell, since neither needs to be there before the other.
static SRWLOCK lock = SRWLOCK_INIT;
static const char *reason;
static uv_async_t *listener;

void
ch_signals_end(const char *why)
{
    AcquireSRWLockExclusive(&lock);
    reason = why;
    if (listener) {
        uv_async_send(listener);
    }
    ReleaseSRWLockExclusive(&lock);
}

static void
end(struct ch_daemon *daemon, const char *why)
{
    ch_info("%s: ending", why);
    ch_daemon_stop(daemon);
}

static void
on_told(uv_async_t *told)
{
    AcquireSRWLockShared(&lock);
    const char *why = reason;
    ReleaseSRWLockShared(&lock);
    if (why) {
        end(told->data, why);
    }
}

static void
on_signal(uv_signal_t *signal, int number)
{
    end(signal->data, number == SIGINT     ? "Ctrl-C"
                      : number == SIGBREAK ? "Ctrl-Break"
                                           : "the console is closed");
}

static void
watch(struct ch_daemon *daemon, uv_signal_t *signal, int number)
{
    uv_signal_init(&daemon->loop, signal);
    signal->data = daemon;
    uv_signal_start(signal, on_signal, number);
}

static void
listen_from_now(uv_async_t *to)
{
    AcquireSRWLockExclusive(&lock);
    listener = to;
    if (listener && reason) {
        uv_async_send(listener);
    }
    ReleaseSRWLockExclusive(&lock);
}

struct ch_signals *
ch_signals_create(struct ch_daemon *daemon)
{
    struct ch_signals *signals = calloc(1, sizeof *signals);
    if (!signals) {
        return NULL;
    }
    watch(daemon, &signals->interrupt, SIGINT);
    watch(daemon, &signals->stop, SIGBREAK);
    watch(daemon, &signals->hangup, SIGHUP);
    uv_async_init(&daemon->loop, &signals->told, on_told);
    signals->told.data = daemon;
    listen_from_now(&signals->told);
    if (!daemon->options.service_run) {
        signals->window = ch_farewell_window_create();
    }
    return signals;
}

void
ch_signals_stop(struct ch_signals *signals)
{
    if (signals) {
        listen_from_now(NULL);
    }
}

void
ch_signals_destroy(struct ch_signals *signals)
{
    if (signals) {
        ch_farewell_window_destroy(signals->window);
        free(signals);
    }
}

// SPDX-License-Identifier: ISC
// daemon/control/signals_posix.c — three signals, through libuv.

#include "daemon/control/signals.h"

#include <signal.h>
#include <stdlib.h>
#include <uv.h>

#include "daemon/base/log.h"
#include "daemon/control/daemon.h"

struct ch_signals {
    uv_signal_t terminate, interrupt, hangup;
};

static void
on_end(uv_signal_t *signal, int number)
{
    struct ch_daemon *daemon = signal->data;
    ch_info("%s: ending", number == SIGTERM ? "SIGTERM" : "SIGINT");
    ch_daemon_stop(daemon);
}

static void
on_hangup(uv_signal_t *signal, int number)
{
    (void)signal;
    (void)number;
    if (ch_log_reopen()) {
        ch_info("SIGHUP: a new log begins");
    } else {
        ch_info("SIGHUP: there is nothing to reload");
    }
}

static void
watch(struct ch_daemon *daemon, uv_signal_t *signal, int number, uv_signal_cb callback)
{
    uv_signal_init(&daemon->loop, signal);
    signal->data = daemon;
    uv_signal_start(signal, callback, number);
}

struct ch_signals *
ch_signals_create(struct ch_daemon *daemon)
{
    struct ch_signals *signals = calloc(1, sizeof *signals);
    if (signals) {
        // A client that is gone is an error of write().
        signal(SIGPIPE, SIG_IGN);
        watch(daemon, &signals->terminate, SIGTERM, on_end);
        watch(daemon, &signals->interrupt, SIGINT, on_end);
        watch(daemon, &signals->hangup, SIGHUP, on_hangup);
    }
    return signals;
}

void
ch_signals_stop(struct ch_signals *signals)
{
    (void)signals; // the loop's own handles
}

void
ch_signals_destroy(struct ch_signals *signals)
{
    free(signals);
}

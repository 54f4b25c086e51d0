// SPDX-License-Identifier: ISC
// daemon/backend/jack_internal.h — the JACK client, shared by its life (jack.c) and its callbacks.

#ifndef CH_BACKEND_JACK_INTERNAL_H
#define CH_BACKEND_JACK_INTERNAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/backend/backend.h"
#include "daemon/backend/common.h"
#include "daemon/backend/jack_api.h"
#include "daemon/backend/jack_ports.h"
#include "daemon/engine/account.h"

#define CH_JACK_SERVER_NAME_MAX 60 ///< bytes; it becomes part of a socket's path

struct ch_backend {
    struct ch_jack_api api;
    jack_client_t *client;
    struct ch_jack_ports ports;
    struct ch_jack_wish wish;
    char server[CH_JACK_SERVER_NAME_MAX + 1]; // as people call it
    bool named;                               // by us: not the default of libjack
    bool wedged;                              // a request was given up: ask for nothing any more
    atomic_int n_refs;

    // Answers of the server to the latest request.
    jack_status_t open_status;
    bool registered; // our ports
    bool active;

    // [rt] and [main]
    _Atomic(struct ch_engine *) engine; // NULL: write silence
    atomic_bool in_callback;            // with the engine in hand
    atomic_bool busy;                   // anywhere in the callback

    // [rt]
    uint64_t begin_ns;     // of the cycle before
    unsigned n_xruns_seen; // by it

    // The server's xruns, but for those that follow from a cycle of ours that ran too long.  One
    // that is told while a cycle runs is judged by [rt] when it has ended; others at once.
    atomic_uint n_open_xruns;    // told while a cycle ran
    unsigned n_judged;           // [rt] of these
    struct ch_incidents inside;  // written by [rt]
    struct ch_incidents outside; // written by libjack's notification thread
    _Atomic uint64_t overran_ns; // [rt] the end of our latest cycle that ran too long; 0 = none

    // Written by libjack's notification thread, read by any.
    atomic_uint rate_hz, period, latency_frames, n_xruns;
    atomic_bool lost;
    atomic_bool silent; // closed: no more events
    void (*on_event)(void *context, enum ch_backend_event event);
    void *context;
};

/// The `list` of the backend's ops, in jack_list.c.                                        [worker]
enum ch_status ch_jack_list(struct ch_device_list *out, char *detail);

/// Before the client is activated.                                                       [setup]
void ch_jack_set_callbacks(struct ch_backend *backend);

/// When it returns, no call of the engine runs or comes.                                  [worker]
void ch_jack_take_engine_back(struct ch_backend *backend);

#endif

// SPDX-License-Identifier: ISC
// daemon/backend/jack.c — a JACK client with two outputs.
//
// The server may die or hang in the middle of any request, and libjack then waits for it without
// limit.  So each request runs under a deadline (deadline.h), and the backend is counted by
// references: the handle has one, a request that has not returned has another.  Whoever lets go
// last closes the client and frees.  After a request was given up the backend is wedged: it is
// asked for nothing any more.

#include "daemon/backend/backend.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/backend/common.h"
#include "daemon/backend/deadline.h"
#include "daemon/backend/jack_internal.h"
#include "daemon/base/log.h"
#include "daemon/base/os.h"

/// A server under load may fail to answer a newcomer: times, and the pause before each.
#define OPEN_AGAIN        3
#define OPEN_AGAIN_NS     100000000u
#define PATIENCE_NS       (5 * CH_NS_PER_S)
#define CLOSE_PATIENCE_NS (2 * CH_NS_PER_S)

// Requests that may hang before no more are begun.
#define HANGING_MAX 4

// --- requests to the server -------------------------------------- [worker, under a deadline]

static void
on_message(const char *text)
{
    ch_debug("libjack: %s", text);
}

// Of the last reference.  May hang.
static void
finish(void *arg)
{
    struct ch_backend *backend = arg;
    if (backend->client) {
        if (backend->active && !atomic_load_explicit(&backend->lost, memory_order_acquire)) {
            ch_jack_ports_unlabel(&backend->api, backend->client, &backend->ports);
        }
        backend->api.client_close(backend->client);
    }
    ch_jack_wish_fini(&backend->wish);
    free(backend);
}

// @return whether that was the last reference.
static bool
drop(struct ch_backend *backend)
{
    return atomic_fetch_sub_explicit(&backend->n_refs, 1, memory_order_acq_rel) == 1;
}

static void
end_request(struct ch_backend *backend)
{
    if (drop(backend)) {
        finish(backend);
    }
}

static void
open_client(struct ch_backend *backend)
{
    const struct ch_jack_api *api = &backend->api;
    backend->client = backend->named
                          ? api->client_open("chant", JackNoStartServer | JackServerName,
                                             &backend->open_status, backend->server)
                          : api->client_open("chant", JackNoStartServer, &backend->open_status);
}

// There is a server, but it did not get round to us.
static bool
was_busy(const struct ch_backend *backend)
{
    return !backend->client && (backend->open_status & JackServerError) &&
           !(backend->open_status & JackServerFailed);
}

static void
request_open(void *arg)
{
    struct ch_backend *backend = arg;
    const struct ch_jack_api *api = &backend->api;
    open_client(backend);
    for (int i = 0; i < OPEN_AGAIN && was_busy(backend); i++) {
        ch_os_sleep_until(ch_os_mono_ns() + OPEN_AGAIN_NS);
        open_client(backend);
    }
    backend->registered =
        backend->client && ch_jack_ports_register(api, backend->client, &backend->ports);
    end_request(backend);
}

static void
request_start(void *arg)
{
    struct ch_backend *backend = arg;
    const struct ch_jack_api *api = &backend->api;
    backend->active = api->activate(backend->client) == 0;
    if (backend->active) {
        ch_jack_ports_label(api, backend->client, &backend->ports);
        ch_jack_ports_connect(api, backend->client, &backend->ports, &backend->wish);
    }
    end_request(backend);
}

static void
request_stop(void *arg)
{
    struct ch_backend *backend = arg;
    ch_jack_ports_unlabel(&backend->api, backend->client, &backend->ports);
    backend->api.deactivate(backend->client);
    backend->active = false;
    // jack2 cancels the thread of the callback wherever it is.
    atomic_store(&backend->in_callback, false);
    end_request(backend);
}

static bool
request(struct ch_backend *backend, void (*fn)(void *), uint64_t patience_ns)
{
    atomic_fetch_add_explicit(&backend->n_refs, 1, memory_order_relaxed);
    if (!ch_deadline_call(fn, backend, patience_ns)) {
        backend->wedged = true;
    }
    return !backend->wedged;
}

// --- open ------------------------------------------------------------------------------- [main]

static enum ch_status
explain_no_client(const struct ch_backend *backend, char *detail)
{
    const char *server = backend->server;
    if (backend->open_status & JackVersionError) {
        snprintf(
            detail, CH_DETAIL_BYTES,
            "JACK server “%s” and this libjack speak different versions; install both from one "
            "release",
            server);
        return CH_UNAVAILABLE;
    }
    if (backend->open_status & JackShmFailure) {
        snprintf(detail, CH_DETAIL_BYTES,
                 "the shared memory of JACK server “%s” cannot be used; run chantd as the user "
                 "that runs the server",
                 server);
        return CH_DENIED;
    }
    if (backend->open_status & (JackServerFailed | JackServerError)) {
        snprintf(detail, CH_DETAIL_BYTES,
                 "no JACK server “%s” answers; start one (jackd -n %s -d alsa) or use "
                 "--backend=null",
                 server, server);
        return CH_NO_DEVICE;
    }
    snprintf(detail, CH_DETAIL_BYTES,
             "JACK server “%s” takes no more clients (status 0x%x); close one, or use "
             "--backend=null",
             server, (unsigned)backend->open_status);
    return CH_BUSY;
}

static enum ch_status
connect_to_server(struct ch_backend *backend, char *detail)
{
    if (ch_deadline_n_hanging() >= HANGING_MAX || !request(backend, request_open, PATIENCE_NS)) {
        snprintf(detail, CH_DETAIL_BYTES,
                 "JACK server “%s” exists but does not answer; restart it, or use --backend=null",
                 backend->server);
        return CH_NO_DEVICE;
    }
    if (!backend->client) {
        return explain_no_client(backend, detail);
    }
    if (!backend->registered) {
        snprintf(detail, CH_DETAIL_BYTES,
                 "JACK server “%s” has no room for two more ports; restart it with a larger "
                 "--port-max",
                 backend->server);
        return CH_BUSY;
    }
    return CH_OK;
}

static enum ch_status
adopt_parameters(struct ch_backend *backend, const struct ch_backend_config *config, char *detail)
{
    const uint32_t rate_hz = backend->api.get_sample_rate(backend->client);
    const uint32_t period = backend->api.get_buffer_size(backend->client);
    if (rate_hz < CH_RATE_MIN_HZ || rate_hz > CH_RATE_MAX_HZ) {
        snprintf(detail, CH_DETAIL_BYTES,
                 "JACK server “%s” runs at %" PRIu32 " Hz; restart it at %d to %d Hz",
                 backend->server, rate_hz, CH_RATE_MIN_HZ, CH_RATE_MAX_HZ);
        return CH_OUT_OF_RANGE;
    }
    if (config->rate_hz && config->rate_hz != rate_hz) {
        snprintf(detail, CH_DETAIL_BYTES,
                 "JACK server “%s” runs at %" PRIu32 " Hz, not at the %" PRIu32
                 " Hz asked for; leave --rate out, or restart the server",
                 backend->server, rate_hz, config->rate_hz);
        return CH_OUT_OF_RANGE;
    }
    if (config->period && config->period != period) {
        snprintf(detail, CH_DETAIL_BYTES,
                 "JACK server “%s” has a period of %" PRIu32 " frames, not the %" PRIu32
                 " asked for; leave --period out, or change the server's (jack_bufsize)",
                 backend->server, period, config->period);
        return CH_OUT_OF_RANGE;
    }
    atomic_store(&backend->rate_hz, rate_hz);
    atomic_store(&backend->period, period);
    return CH_OK;
}

static enum ch_status
choose_server(struct ch_backend *backend, const char *device, char *detail)
{
    const char *name = device && *device ? device : NULL;
    backend->named = name != NULL;
    if (!name) {
        name = getenv("JACK_DEFAULT_SERVER");
    }
    if (!name || !*name) {
        name = "default";
    }
    if (strlen(name) > CH_JACK_SERVER_NAME_MAX) {
        snprintf(detail, CH_DETAIL_BYTES,
                 "a JACK server's name has at most %d bytes; “%.40s…” has more",
                 CH_JACK_SERVER_NAME_MAX, name);
        return CH_NO_DEVICE;
    }
    strcpy(backend->server, name);
    return CH_OK;
}

// @return false if the server did not let go in time.
static bool
release(struct ch_backend *backend)
{
    ch_jack_take_engine_back(backend);
    atomic_store_explicit(&backend->silent, true, memory_order_release);
    // A request that hangs finishes it, should it ever return.
    return drop(backend) && ch_deadline_call(finish, backend, CLOSE_PATIENCE_NS);
}

static enum ch_status
jack_open(struct ch_backend **out, const struct ch_backend_config *config, char *detail)
{
    *out = NULL;
    struct ch_backend *backend = calloc(1, sizeof *backend);
    if (!backend) {
        snprintf(detail, CH_DETAIL_BYTES, "no memory for the JACK backend");
        return CH_NO_MEMORY;
    }
    atomic_init(&backend->n_refs, 1);
    backend->on_event = config->on_event;
    backend->context = config->context;
    enum ch_status status = ch_jack_wish_init(&backend->wish, config->connect, detail);
    if (status == CH_OK) {
        status = choose_server(backend, config->device, detail);
    }
    if (status == CH_OK) {
        status = ch_jack_api_load(&backend->api, detail);
    }
    if (status == CH_OK) {
        backend->api.set_error_function(on_message);
        backend->api.set_info_function(on_message);
        status = connect_to_server(backend, detail);
    }
    if (status == CH_OK) {
        status = adopt_parameters(backend, config, detail);
    }
    if (status != CH_OK) {
        release(backend);
        return status;
    }
    ch_jack_set_callbacks(backend);
    *out = backend;
    return CH_OK;
}

static void
jack_close(struct ch_backend *backend)
{
    if (backend && !release(backend)) {
        ch_warning("the JACK server does not let go of its client; left behind");
    }
}

// --- start and stop ---------------------------------------------------------------------- [main]

static void
jack_stop(struct ch_backend *backend)
{
    ch_jack_take_engine_back(backend);
    // Of a dead server nothing can be asked; close() sees to what is left.
    if (backend->active && !backend->wedged &&
        !atomic_load_explicit(&backend->lost, memory_order_acquire)) {
        request(backend, request_stop, CLOSE_PATIENCE_NS);
    }
}

static enum ch_status
jack_start(struct ch_backend *backend, struct ch_engine *engine, char *detail)
{
    jack_stop(backend);
    if (!backend->wedged && !atomic_load_explicit(&backend->lost, memory_order_acquire)) {
        atomic_store(&backend->engine, engine);
        if (request(backend, request_start, PATIENCE_NS) && backend->active) {
            return CH_OK;
        }
        ch_jack_take_engine_back(backend);
    }
    snprintf(detail, CH_DETAIL_BYTES,
             "JACK server “%s” no longer answers; close it and open it again", backend->server);
    return CH_NO_DEVICE;
}

static void
jack_get_info(struct ch_backend *backend, struct ch_backend_info *info)
{
    const uint64_t inside_ns = ch_counter_read(&backend->inside.last_mono_ns);
    const uint64_t outside_ns = ch_counter_read(&backend->outside.last_mono_ns);
    *info = (struct ch_backend_info){
        .rate_hz = atomic_load_explicit(&backend->rate_hz, memory_order_relaxed),
        .period = atomic_load_explicit(&backend->period, memory_order_relaxed),
        .latency_frames = atomic_load_explicit(&backend->latency_frames, memory_order_relaxed),
        .n_xruns = atomic_load_explicit(&backend->n_xruns, memory_order_relaxed),
        .n_server_xruns =
            ch_counter_read(&backend->inside.n) + ch_counter_read(&backend->outside.n),
        .server_xrun_ns = inside_ns > outside_ns ? inside_ns : outside_ns,
    };
    snprintf(info->device, sizeof info->device, "JACK server %s", backend->server);
    snprintf(info->id, sizeof info->id, "%s", backend->server);
}

const struct ch_backend_ops ch_backend_jack = {
    .name = "jack",
    .summary = "plays to a JACK or PipeWire server",
    .always_on = true,
    .may_block = true,
    .waits_for = 1u << CH_NO_DEVICE,
    .open = jack_open,
    .start = jack_start,
    .stop = jack_stop,
    .close = jack_close,
    .get_info = jack_get_info,
    .list = ch_jack_list,
};

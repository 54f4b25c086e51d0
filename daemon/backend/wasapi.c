// SPDX-License-Identifier: ISC
// daemon/backend/wasapi.c — a device of Windows, as the contract of backends wants it.

#ifdef HAVE_CONFIG_H
#    include "config.h"
#endif

#include "daemon/backend/backend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/backend/wasapi_error.h"
#include "daemon/backend/wasapi_internal.h"
#include "daemon/engine/engine_setup.h"

#define PERIOD_MIN 16

bool
ch_wasapi_com_enter(HRESULT *hr)
{
    *hr = CoInitializeEx(NULL, COINIT_MULTITHREADED);
    const bool entered = SUCCEEDED(*hr);
    if (*hr == RPC_E_CHANGED_MODE) {
        *hr = S_OK; // somebody else has joined in another way, which will do
    }
    return entered;
}

void
ch_wasapi_com_leave(bool entered)
{
    if (entered) {
        CoUninitialize();
    }
}

// --- open and close -----------------------------------------------------------------------------

static void
close_handle(HANDLE *handle)
{
    if (*handle) {
        CloseHandle(*handle);
        *handle = NULL;
    }
}

static bool
create_events(struct ch_backend *backend)
{
    HANDLE *const events[] = {&backend->command, &backend->noticed,     &backend->failed,
                              &backend->refill,  &backend->reconfigure, &backend->rested};
    HANDLE *const ends[] = {&backend->end, &backend->rt_end};
    bool good = true;
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        *events[i] = CreateEventW(NULL, FALSE, FALSE, NULL);
        good &= *events[i] != NULL;
    }
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        *ends[i] = CreateEventW(NULL, TRUE, FALSE, NULL);
        good &= *ends[i] != NULL;
    }
    return good;
}

static void
close_events(struct ch_backend *backend)
{
    HANDLE *const events[] = {&backend->command, &backend->noticed,     &backend->failed,
                              &backend->refill,  &backend->reconfigure, &backend->rested,
                              &backend->end,     &backend->rt_end};
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        close_handle(events[i]);
    }
}

// Also of one that is half open.  The calling thread is in COM.
static void
destroy(struct ch_backend *backend)
{
    ch_wasapi_notify_close(backend->notify, backend->device.enumerator);
    if (backend->end) {
        SetEvent(backend->end);
    }
    ch_thread_join(&backend->keeper_thread);
    if (backend->rt_end) {
        SetEvent(backend->rt_end);
    }
    ch_thread_join(&backend->rt_thread);
    if (backend->open) {
        ch_wasapi_stream_close(&backend->stream); // no keeper has come to do it
    }
    ch_wasapi_device_close(&backend->device);
    ch_planes_fini(&backend->planes);
    close_events(backend);
    free(backend);
}

// [rt] stays in COM as long as the backend lives, so what was made in it lasts between the calls of
// other threads.
static enum ch_status
start_threads(struct ch_backend *backend, char *detail)
{
    enum ch_status status = ch_thread_start(&backend->rt_thread, "chant-wasapi", CH_STACK_WORKER,
                                            ch_wasapi_run_rt, backend);
    if (status == CH_OK) {
        WaitForSingleObject(backend->rested, INFINITE);
        status = ch_thread_start(&backend->keeper_thread, "chant-keeper", CH_STACK_WORKER,
                                 ch_wasapi_run_keeper, backend);
    }
    if (status != CH_OK) {
        snprintf(detail, CH_DETAIL_BYTES, "the wasapi backend cannot start its threads: %s",
                 ch_strerror(status));
    }
    return status;
}

static enum ch_status
open_in_com(struct ch_backend *backend, const struct ch_backend_config *config, char *detail)
{
    if (!create_events(backend) || ch_planes_init(&backend->planes, CH_BLOCK_MAX) != CH_OK) {
        snprintf(detail, CH_DETAIL_BYTES, "no memory for the wasapi backend");
        return CH_NO_MEMORY;
    }
    backend->follows = !config->device || !*config->device;
    enum ch_status status = ch_wasapi_device_open(&backend->device, config->device, detail);
    if (status == CH_OK) {
        status = ch_wasapi_keeper_open(backend, detail);
    }
    if (status == CH_OK) {
        status = start_threads(backend, detail);
    }
    if (status == CH_OK) {
        backend->notify = ch_wasapi_notify_open(backend->device.enumerator, backend->noticed);
    }
    return status;
}

static enum ch_status
wasapi_open(struct ch_backend **out, const struct ch_backend_config *config, char *detail)
{
    *out = NULL;
    uint32_t period = 0;
    enum ch_status status = CH_OK;
    if (config->period) {
        status = ch_backend_choose_period(config->period, PERIOD_MIN, &period, detail);
    }
    if (status != CH_OK) {
        return status;
    }
    HRESULT hr;
    const bool entered = ch_wasapi_com_enter(&hr);
    if (FAILED(hr)) {
        return ch_wasapi_explain(hr, "COM can't be used", detail);
    }
    struct ch_backend *backend = calloc(1, sizeof *backend);
    if (backend) {
        backend->wish = (struct ch_wasapi_wish){
            .rate_hz = config->rate_hz, .period = period, .exclusive = config->exclusive};
        backend->mmcss = ch_mmcss_counts();
        backend->on_event = config->on_event;
        backend->context = config->context;
        status = open_in_com(backend, config, detail);
        if (status != CH_OK) {
            destroy(backend);
            backend = NULL;
        }
    } else {
        snprintf(detail, CH_DETAIL_BYTES, "no memory for the wasapi backend");
        status = CH_NO_MEMORY;
    }
    *out = backend;
    ch_wasapi_com_leave(entered);
    return status;
}

// When it returns, no call of the engine runs or comes.
static void
take_engine_back(struct ch_backend *backend)
{
    atomic_store(&backend->engine, NULL);
    while (atomic_load(&backend->in_cycle)) {
        ch_os_sleep_until(ch_os_mono_ns() + 100000);
    }
}

static void
wasapi_close(struct ch_backend *backend)
{
    if (backend) {
        HRESULT hr;
        const bool entered = ch_wasapi_com_enter(&hr);
        take_engine_back(backend);
        destroy(backend);
        ch_wasapi_com_leave(entered);
    }
}

// --- start and stop -----------------------------------------------------------------------------

static void
wasapi_stop(struct ch_backend *backend)
{
    take_engine_back(backend);
    SetEvent(backend->command);
}

static enum ch_status
wasapi_start(struct ch_backend *backend, struct ch_engine *engine, char *detail)
{
    take_engine_back(backend);
    if (atomic_load(&backend->lost)) {
        snprintf(detail, CH_DETAIL_BYTES, "%.160s has gone; close it and open it again",
                 backend->device.name);
        return CH_NO_DEVICE;
    }
    atomic_store(&backend->engine_rate_hz, ch_engine_rate(engine));
    atomic_store(&backend->engine, engine);
    SetEvent(backend->command);
    return CH_OK;
}

static void
wasapi_get_info(struct ch_backend *backend, struct ch_backend_info *info)
{
    *info = (struct ch_backend_info){
        .rate_hz = atomic_load_explicit(&backend->rate_hz, memory_order_relaxed),
        .period = atomic_load_explicit(&backend->period, memory_order_relaxed),
        .latency_frames = atomic_load_explicit(&backend->latency_frames, memory_order_relaxed),
        .n_xruns = atomic_load_explicit(&backend->n_xruns, memory_order_relaxed),
        .n_server_xruns = ch_counter_read(&backend->server_xruns.n),
        .server_xrun_ns = ch_counter_read(&backend->server_xruns.last_mono_ns),
    };
    snprintf(info->device, sizeof info->device, "%s", backend->device.name);
    snprintf(info->id, sizeof info->id, "%s", backend->device.id);
}

const struct ch_backend_ops ch_backend_wasapi = {
    .name = "wasapi",
    .summary = "plays to a device of Windows",
    .always_on = false,
    .may_block = true,
    .waits_for = 1u << CH_NO_DEVICE | 1u << CH_BUSY,
    .retry_ms = 100,
    .open = wasapi_open,
    .start = wasapi_start,
    .stop = wasapi_stop,
    .close = wasapi_close,
    .get_info = wasapi_get_info,
    .list = ch_wasapi_list,
};

// SPDX-License-Identifier: ISC
// daemon/backend/null.c — a device made of nothing but a clock, for machines without a sound card.
//
// Block k begins at base + k·period/rate, computed from the count of frames each time, so rounding
// does not add up and the clock never drifts from CLOCK_MONOTONIC.  A thread that was held up runs
// the missed blocks at once, as a device with a buffer would want them, but after a long absence
// (a stopped process, a suspended machine) it counts from now on instead of racing through minutes.

#include "daemon/backend/backend.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/backend/call.h"
#include "daemon/backend/common.h"
#include "daemon/base/log.h"
#include "daemon/base/os.h"
#include "daemon/base/rt_scope.h"

enum {
    PERIOD_MIN = 16,
    PRIORITY = 5, // what JACK gives to its clients
};
#define ABSENCE_NS (CH_NS_PER_S / 2)
#define NAME       "a clock, no sound"

struct ch_backend {
    uint32_t rate_hz, period;
    struct ch_planes planes;
    struct ch_engine *engine; // of the running thread
    struct ch_thread thread;
    struct ch_event wake; // only stop() sets it
    atomic_bool stopping;
    atomic_uint n_late; // blocks begun more than a period too late
};

// false when it is time to stop.
static bool
wait_until(struct ch_backend *backend, uint64_t mono_ns)
{
    for (;;) {
        if (atomic_load_explicit(&backend->stopping, memory_order_acquire)) {
            return false;
        }
        const uint64_t now_ns = ch_os_mono_ns();
        if (now_ns >= mono_ns) {
            return true;
        }
        ch_event_wait(&backend->wake, mono_ns - now_ns);
    }
}

static void
run(void *arg)
{
    struct ch_backend *backend = arg;
    ch_os_denormals_off();
    ch_os_prefault_stack();
    if (ch_os_rt_promote(PRIORITY) != CH_OK) {
        ch_debug("null: no real-time priority; carrying on without");
    }

    const uint64_t period_ns = ch_ns_from_frames(backend->period, backend->rate_hz);
    uint64_t base_ns = ch_os_mono_ns();
    uint64_t n_frames = 0;
    for (;;) {
        const uint64_t due_ns = base_ns + ch_ns_from_frames(n_frames, backend->rate_hz);
        if (!wait_until(backend, due_ns)) {
            return;
        }
        const uint64_t now_ns = ch_os_mono_ns();
        if (now_ns - due_ns > period_ns) {
            atomic_fetch_add_explicit(&backend->n_late, 1, memory_order_relaxed);
        }
        struct ch_cycle cycle = {
            .pace = CH_PACE_CLOCK,
            .rate_hz = backend->rate_hz,
            .latency_frames = backend->period,
            .begin_ns = now_ns,
            .due_ns = due_ns,
            .mono_ns = due_ns,
        };
        if (now_ns - due_ns > ABSENCE_NS) {
            base_ns = cycle.mono_ns = now_ns;
            cycle.gap = true;
            n_frames = 0;
        }
        ch_rt_scope_enter();
        (void)ch_backend_call(backend->engine, backend->planes.out, backend->period, &cycle);
        ch_rt_scope_leave();
        n_frames += backend->period;
    }
}

static void
null_stop(struct ch_backend *backend)
{
    atomic_store_explicit(&backend->stopping, true, memory_order_release);
    ch_event_set(&backend->wake);
    ch_thread_join(&backend->thread);
    backend->engine = NULL;
}

static void
null_close(struct ch_backend *backend)
{
    if (backend) {
        null_stop(backend);
        ch_event_fini(&backend->wake);
        ch_planes_fini(&backend->planes);
        free(backend);
    }
}

static enum ch_status
null_open(struct ch_backend **out, const struct ch_backend_config *config, char *detail)
{
    *out = NULL;
    uint32_t rate_hz, period;
    enum ch_status status = ch_backend_choose_rate(config->rate_hz, &rate_hz, detail);
    if (status == CH_OK) {
        status = ch_backend_choose_period(config->period, PERIOD_MIN, &period, detail);
    }
    if (status != CH_OK) {
        return status;
    }
    struct ch_backend *backend = calloc(1, sizeof *backend);
    if (!backend) {
        goto err;
    }
    backend->rate_hz = rate_hz;
    backend->period = period;
    if (ch_planes_init(&backend->planes, period) != CH_OK) {
        goto err_backend;
    }
    if (ch_event_init(&backend->wake) != CH_OK) {
        goto err_planes;
    }
    *out = backend;
    return CH_OK;

err_planes:
    ch_planes_fini(&backend->planes);
err_backend:
    free(backend);
err:
    snprintf(detail, CH_DETAIL_BYTES, "no memory for the null backend");
    return CH_NO_MEMORY;
}

static enum ch_status
null_start(struct ch_backend *backend, struct ch_engine *engine, char *detail)
{
    null_stop(backend);
    backend->engine = engine;
    atomic_store_explicit(&backend->stopping, false, memory_order_relaxed);
    const enum ch_status status =
        ch_thread_start(&backend->thread, "chant-null", CH_STACK_WORKER, run, backend);
    if (status != CH_OK) {
        snprintf(detail, CH_DETAIL_BYTES, "the null backend cannot start its thread: %s",
                 ch_strerror(status));
    }
    return status;
}

static void
null_get_info(struct ch_backend *backend, struct ch_backend_info *info)
{
    *info = (struct ch_backend_info){
        .rate_hz = backend->rate_hz,
        .period = backend->period,
        .latency_frames = backend->period,
        .n_xruns = atomic_load_explicit(&backend->n_late, memory_order_relaxed),
        .device = NAME,
        .id = "null",
    };
}

static enum ch_status
null_list(struct ch_device_list *out, char *detail)
{
    *out = (struct ch_device_list){0};
    struct ch_device_entry entry = {.id = "null",
                                    .name = NAME,
                                    .is_default = true,
                                    .n_channels = CH_CHANNELS,
                                    .format = "f32",
                                    .period_min = PERIOD_MIN};
    (void)ch_backend_choose_rate(0, &entry.rate_hz, detail);
    (void)ch_backend_choose_period(0, PERIOD_MIN, &entry.period, detail);
    entry.period_default = entry.period;
    return ch_backend_list_one(out, &entry, detail);
}

const struct ch_backend_ops ch_backend_null = {
    .name = "null",
    .summary = "keeps time like a sound card, plays to nobody",
    .always_on = false,
    .open = null_open,
    .start = null_start,
    .stop = null_stop,
    .close = null_close,
    .get_info = null_get_info,
    .list = null_list,
};

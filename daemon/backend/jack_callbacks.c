// SPDX-License-Identifier: ISC
// daemon/backend/jack_callbacks.c — what libjack calls: [rt] once per cycle, and its notifications.
//
// The engine is given to the callback by one atomic pointer, and taken back by a handshake without
// the server, so that stop() keeps its promise when the server hangs.

#include "daemon/backend/jack_internal.h"

#include <string.h>

#include "daemon/backend/call.h"
#include "daemon/base/os.h"
#include "daemon/base/rt_scope.h"

// --- the callback --------------------------------------------------------------------------- [rt]

// When this cycle began.  JACK's clock need not be ours (jack2 reads CLOCK_MONOTONIC_RAW), so only
// the difference of two of its times is used.
CH_RT static uint64_t
cycle_mono_ns(const struct ch_backend *backend)
{
    const uint64_t now_ns = ch_os_mono_ns();
    jack_nframes_t frame;
    jack_time_t begin_us, next_us;
    float period_us;
    if (backend->api.get_cycle_times(backend->client, &frame, &begin_us, &next_us, &period_us)) {
        return now_ns;
    }
    const int64_t age_us = (int64_t)(backend->api.get_time() - begin_us);
    // Of a cycle that can't be told (freewheeling, the first ones) nothing is believed.
    const bool plausible = age_us > -1000000 && age_us < 1000000;
    return plausible ? (uint64_t)((int64_t)now_ns - age_us * 1000) : now_ns;
}

// The server says that it has missed a cycle, at the latest a little while after ours that did it.
#define EXCUSE_PERIODS 4
#define EXCUSE_NS      50000000u

CH_RT static bool
was_ours(struct ch_backend *backend, uint64_t now_ns)
{
    const uint32_t rate_hz = atomic_load_explicit(&backend->rate_hz, memory_order_relaxed);
    const uint32_t period = atomic_load_explicit(&backend->period, memory_order_relaxed);
    const uint64_t overran_ns = ch_counter_read(&backend->overran_ns);
    const uint64_t excuse_ns = EXCUSE_PERIODS * ch_ns_from_frames(period, rate_hz) + EXCUSE_NS;
    return overran_ns && now_ns < overran_ns + excuse_ns;
}

// Whose fault were the notifications that came while the cycle ran which has ended just now?
CH_RT static void
judge_xruns(struct ch_backend *backend, bool overran)
{
    const uint64_t now_ns = ch_os_mono_ns();
    if (overran) {
        ch_counter_set(&backend->overran_ns, now_ns);
    }
    const unsigned n_open = atomic_load_explicit(&backend->n_open_xruns, memory_order_relaxed);
    if (n_open != backend->n_judged) {
        if (!was_ours(backend, now_ns)) {
            ch_counter_set(&backend->inside.last_mono_ns, now_ns);
            ch_counter_add(&backend->inside.n, n_open - backend->n_judged);
        }
        backend->n_judged = n_open;
    }
}

CH_RT static void
render(struct ch_backend *backend, struct ch_engine *engine, float *const planes[CH_CHANNELS],
       uint32_t n_frames, uint64_t begin_ns)
{
    const uint64_t mono_ns = cycle_mono_ns(backend);
    const uint32_t rate_hz = atomic_load_explicit(&backend->rate_hz, memory_order_relaxed);
    const unsigned n_xruns = atomic_load_explicit(&backend->n_xruns, memory_order_relaxed);
    // JACK's clock is filtered: after a stall it says for many cycles that they had been due long
    // ago.  None is before the one that came before it.
    const uint64_t earliest_ns = backend->begin_ns + ch_ns_from_frames(n_frames / 2, rate_hz);
    const struct ch_cycle cycle = {
        .pace = CH_PACE_SERVER,
        .rate_hz = rate_hz,
        .latency_frames = atomic_load_explicit(&backend->latency_frames, memory_order_relaxed),
        .begin_ns = begin_ns,
        .due_ns = mono_ns > earliest_ns ? mono_ns : earliest_ns,
        .gap = n_xruns != backend->n_xruns_seen,
        .mono_ns = mono_ns,
    };
    backend->begin_ns = begin_ns;
    backend->n_xruns_seen = n_xruns;
    judge_xruns(backend, ch_backend_call(engine, planes, n_frames, &cycle));
}

CH_RT static void
process(struct ch_backend *backend, jack_nframes_t n_frames, uint64_t begin_ns)
{
    float *planes[CH_CHANNELS];
    for (unsigned i = 0; i < CH_CHANNELS; i++) {
        planes[i] = backend->api.port_get_buffer(backend->ports.out[i], n_frames);
        if (!planes[i]) {
            return;
        }
    }
    ch_os_denormals_off(); // a library may have turned them on again

    // Sequentially consistent, as in ch_jack_take_engine_back(): either we see its NULL, or it sees
    // that we are here.
    atomic_store(&backend->in_callback, true);
    struct ch_engine *engine = atomic_load(&backend->engine);
    if (engine) {
        render(backend, engine, planes, n_frames, begin_ns);
    } else {
        for (unsigned i = 0; i < CH_CHANNELS; i++) {
            memset(planes[i], 0, n_frames * sizeof *planes[i]);
        }
    }
    atomic_store_explicit(&backend->in_callback, false, memory_order_release);
}

CH_RT static int
on_process(jack_nframes_t n_frames, void *arg)
{
    struct ch_backend *backend = arg;
    const uint64_t begin_ns = ch_os_mono_ns();
    // From here on, and not only where the engine is: a stall may lie anywhere.
    atomic_store_explicit(&backend->busy, true, memory_order_relaxed);
    ch_rt_scope_enter();
    process(backend, n_frames, begin_ns);
    ch_rt_scope_leave();
    atomic_store_explicit(&backend->busy, false, memory_order_relaxed);
    return 0;
}

static void
on_thread_init(void *arg)
{
    (void)arg;
    ch_os_denormals_off();
    ch_os_prefault_stack();
}

void
ch_jack_take_engine_back(struct ch_backend *backend)
{
    atomic_store(&backend->engine, NULL);
    while (atomic_load(&backend->in_callback)) {
        ch_os_sleep_until(ch_os_mono_ns() + 100000);
    }
}

// --- notifications ------------------------------------------------------ [libjack's own threads]

static void
tell(struct ch_backend *backend, enum ch_backend_event event)
{
    if (backend->on_event && !atomic_load_explicit(&backend->silent, memory_order_acquire)) {
        backend->on_event(backend->context, event);
    }
}

static void
update(struct ch_backend *backend, atomic_uint *field, uint32_t value)
{
    if (atomic_exchange_explicit(field, value, memory_order_relaxed) != value) {
        tell(backend, CH_BACKEND_CHANGED);
    }
}

static int
on_buffer_size(jack_nframes_t n_frames, void *arg)
{
    struct ch_backend *backend = arg;
    update(backend, &backend->period, n_frames);
    return 0;
}

static int
on_sample_rate(jack_nframes_t rate_hz, void *arg)
{
    struct ch_backend *backend = arg;
    update(backend, &backend->rate_hz, rate_hz);
    return 0;
}

static int
on_xrun(void *arg)
{
    struct ch_backend *backend = arg;
    atomic_fetch_add_explicit(&backend->n_xruns, 1, memory_order_relaxed);
    const uint64_t now_ns = ch_os_mono_ns();
    if (atomic_load_explicit(&backend->busy, memory_order_relaxed)) {
        atomic_fetch_add_explicit(&backend->n_open_xruns, 1, memory_order_relaxed);
    } else if (!was_ours(backend, now_ns)) {
        ch_incidents_add(&backend->outside, now_ns);
    }
    return 0;
}

static void
on_latency(jack_latency_callback_mode_t mode, void *arg)
{
    struct ch_backend *backend = arg;
    uint32_t latency = 0;
    for (unsigned i = 0; i < CH_CHANNELS; i++) {
        jack_latency_range_t range = {0, 0};
        if (mode == JackCaptureLatency) {
            // What we play comes from nowhere: it is born at our outputs.
            backend->api.port_set_latency_range(backend->ports.out[i], mode, &range);
        } else {
            backend->api.port_get_latency_range(backend->ports.out[i], mode, &range);
            latency = range.max > latency ? range.max : latency;
        }
    }
    if (mode == JackPlaybackLatency) {
        update(backend, &backend->latency_frames, latency);
    }
}

// As good as a signal handler: nothing but an atomic and the event.
static void
on_shutdown(jack_status_t code, const char *reason, void *arg)
{
    (void)code;
    (void)reason;
    struct ch_backend *backend = arg;
    if (!atomic_exchange_explicit(&backend->lost, true, memory_order_acq_rel)) {
        tell(backend, CH_BACKEND_LOST);
    }
}

void
ch_jack_set_callbacks(struct ch_backend *backend)
{
    const struct ch_jack_api *api = &backend->api;
    jack_client_t *client = backend->client;
    api->set_thread_init_callback(client, on_thread_init, backend);
    api->set_process_callback(client, on_process, backend);
    api->set_buffer_size_callback(client, on_buffer_size, backend);
    api->set_sample_rate_callback(client, on_sample_rate, backend);
    api->set_xrun_callback(client, on_xrun, backend);
    api->set_latency_callback(client, on_latency, backend);
    api->on_info_shutdown(client, on_shutdown, backend);
}

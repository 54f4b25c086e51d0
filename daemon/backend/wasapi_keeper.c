// SPDX-License-Identifier: ISC
// daemon/backend/wasapi_keeper.c — the thread that opens, starts, stops and gives up the stream.
//
// What it should do is read from the state, not from the order of events: it wakes, looks whether
// there is an engine to play, and makes the stream follow.  While nothing plays and the stream has
// been given back it sleeps until somebody calls.

#include <string.h>

#include "daemon/backend/mmcss.h"
#include "daemon/backend/wasapi_error.h"
#include "daemon/backend/wasapi_internal.h"
#include "daemon/base/log.h"

struct ch_wasapi_times ch_wasapi_times = {
    .release_ms = 2000,
    .poll_ms = 200,
    .settle_ms = 50,
    .linger_ms = 10,
    .patience_ms = 2000,
};

static uint64_t
ns(DWORD ms)
{
    return ms * 1000000ull;
}

static void
tell(struct ch_backend *backend, enum ch_backend_event event)
{
    if (backend->on_event) {
        backend->on_event(backend->context, event);
    }
}

static bool
has_engine(struct ch_backend *backend)
{
    return atomic_load(&backend->engine) != NULL;
}

// --- the stream ---------------------------------------------------------------------------------

enum ch_status
ch_wasapi_keeper_open(struct ch_backend *backend, char *detail)
{
    struct ch_wasapi_stream *stream = &backend->stream;
    ResetEvent(backend->refill); // of a stream before
    const enum ch_status status =
        ch_wasapi_stream_open(stream, backend->device.device, backend->device.name, &backend->wish,
                              backend->refill, detail);
    if (status != CH_OK) {
        return status;
    }
    backend->open = true;
    backend->idle_ns = ch_os_mono_ns();
    atomic_store(&backend->rate_hz, stream->rate_hz);
    atomic_store(&backend->period, stream->period);
    atomic_store(&backend->latency_frames, stream->latency_frames);
    static const char *const ways[] = {
        [CH_WASAPI_LOW] = "IAudioClient3",
        [CH_WASAPI_SHARED] = "IAudioClient",
        [CH_WASAPI_EXCLUSIVE] = "exclusive",
    };
    ch_debug("wasapi: %s: %s, %s of %u channels, a buffer of %u frames, a period of %u",
             backend->device.name, ways[stream->way], ch_sample_type_name(stream->format.type),
             stream->format.n_channels, stream->buffer_frames, stream->period);
    return CH_OK;
}

static void
drop(struct ch_backend *backend)
{
    if (backend->open) {
        ch_wasapi_stream_close(&backend->stream);
        backend->open = false;
    }
}

// [rt] lets go of the stream, and the device stops.
static void
stand(struct ch_backend *backend)
{
    if (backend->running) {
        // Two calls in a row may be answered twice: only what comes from here on is an answer.
        ResetEvent(backend->rested);
        atomic_store_explicit(&backend->playing, false, memory_order_release);
        SetEvent(backend->reconfigure);
        WaitForSingleObject(backend->rested, INFINITE);
        ch_wasapi_stream_stop(&backend->stream);
        backend->running = false;
        backend->idle_ns = ch_os_mono_ns();
    }
}

// The engine was taken away: what is in the buffer, and the fade behind it, is still to be heard.
static void
linger(struct ch_backend *backend)
{
    if (backend->running && !atomic_load(&backend->failure)) {
        const uint64_t rest_ns =
            ch_ns_from_frames(backend->stream.latency_frames, backend->stream.rate_hz);
        WaitForSingleObject(backend->failed,
                            (DWORD)(rest_ns / 1000000) + ch_wasapi_times.linger_ms);
    }
}

static void
lose(struct ch_backend *backend, const char *detail)
{
    ch_info("wasapi: %s", detail);
    stand(backend);
    drop(backend);
    atomic_store(&backend->lost, true);
    tell(backend, CH_BACKEND_LOST);
}

static void
lose_by(struct ch_backend *backend, HRESULT hr)
{
    char detail[CH_DETAIL_BYTES];
    (void)ch_wasapi_explain(hr, backend->device.name, detail);
    lose(backend, detail);
}

// --- the device ---------------------------------------------------------------------------------

// @return whether it is still the one to play on.
static bool
look(struct ch_backend *backend)
{
    backend->looked_ns = ch_os_mono_ns();
    if (backend->moved) {
        return false;
    }
    if (backend->follows && ch_wasapi_device_is_replaced(&backend->device)) {
        ch_info("wasapi: the default device is no longer %s", backend->device.name);
        backend->moved = true;
        tell(backend, CH_BACKEND_MOVED);
        return false;
    }
    if (!ch_wasapi_device_is_active(&backend->device)) {
        lose_by(backend, AUDCLNT_E_DEVICE_INVALIDATED);
        return false;
    }
    return true;
}

// What [rt] has done, told by a thread that has time to.
static void
report_mmcss(struct ch_backend *backend)
{
    const struct ch_mmcss_counts counts = ch_mmcss_counts();
    if (counts.n_joins != backend->mmcss.n_joins) {
        ch_debug("MMCSS: joined (%u)", counts.n_joins);
    }
    if (counts.n_leaves != backend->mmcss.n_leaves) {
        ch_debug("MMCSS: left (%u)", counts.n_leaves);
    }
    backend->mmcss = counts;
}

// --- following the engine -----------------------------------------------------------------------

static void
begin(struct ch_backend *backend)
{
    // While it stood nobody may have said that the default device is another one.
    if (!look(backend)) {
        return;
    }
    char detail[CH_DETAIL_BYTES];
    const uint32_t latency = atomic_load(&backend->latency_frames);
    if (!backend->open && ch_wasapi_keeper_open(backend, detail) != CH_OK) {
        lose(backend, detail);
        return;
    }
    const bool other_rate = backend->stream.rate_hz != atomic_load(&backend->engine_rate_hz);
    if (other_rate || atomic_load(&backend->latency_frames) != latency) {
        tell(backend, CH_BACKEND_CHANGED);
    }
    if (other_rate) {
        return; // control sets the engine up for it, and starts again
    }
    ch_wasapi_rt_prepare(backend);
    const HRESULT hr = ch_wasapi_stream_start(&backend->stream);
    if (FAILED(hr)) {
        lose_by(backend, hr);
        return;
    }
    atomic_store_explicit(&backend->playing, true, memory_order_release);
    SetEvent(backend->reconfigure);
    backend->running = true;
}

static void
end(struct ch_backend *backend)
{
    linger(backend);
    if (atomic_load(&backend->failure)) {
        SetEvent(backend->failed);     // which linger() may have taken
    } else if (!has_engine(backend)) { // nor given back meanwhile
        stand(backend);
    }
}

static void
follow(struct ch_backend *backend)
{
    const HRESULT hr = atomic_exchange(&backend->failure, 0);
    if (hr) {
        lose_by(backend, hr);
        return;
    }
    if (has_engine(backend) && !backend->running) {
        begin(backend);
    } else if (!has_engine(backend) && backend->running) {
        end(backend);
    }
    if (backend->open && !backend->running &&
        ch_os_mono_ns() - backend->idle_ns >= ns(ch_wasapi_times.release_ms)) {
        ch_debug("wasapi: %s is given back while nothing plays", backend->device.name);
        drop(backend);
    }
}

// --- the thread ---------------------------------------------------------------------------------

/// When it wakes by itself, in ms from now.
static DWORD
until(uint64_t due_ns)
{
    const uint64_t now_ns = ch_os_mono_ns();
    return due_ns > now_ns ? (DWORD)((due_ns - now_ns + 999999) / 1000000) : 0;
}

static DWORD
timeout(const struct ch_backend *backend, bool noticed)
{
    DWORD ms = INFINITE;
    if (atomic_load(&backend->lost)) {
        return ms;
    }
    if (backend->running || noticed) {
        const DWORD pause_ms = noticed ? ch_wasapi_times.settle_ms : ch_wasapi_times.poll_ms;
        ms = until(backend->looked_ns + ns(pause_ms));
    }
    if (backend->open && !backend->running) {
        const DWORD release_ms = until(backend->idle_ns + ns(ch_wasapi_times.release_ms));
        ms = release_ms < ms ? release_ms : ms;
    }
    return ms;
}

void
ch_wasapi_run_keeper(void *arg)
{
    struct ch_backend *backend = arg;
    HRESULT hr;
    const bool entered = ch_wasapi_com_enter(&hr);
    // `noticed` last: while a look is due anyway, it is not waited for.
    const HANDLE waits[] = {backend->end, backend->command, backend->failed, backend->noticed};
    bool noticed = false;
    for (;;) {
        const DWORD ms = timeout(backend, noticed);
        const DWORD what = WaitForMultipleObjects(noticed ? 3 : 4, waits, FALSE, ms);
        if (what == WAIT_OBJECT_0 || what == WAIT_FAILED) {
            break;
        }
        if (atomic_load(&backend->lost)) {
            continue;
        }
        noticed |= what == WAIT_OBJECT_0 + 3;
        follow(backend);
        report_mmcss(backend);
        const DWORD pause_ms = noticed ? ch_wasapi_times.settle_ms : ch_wasapi_times.poll_ms;
        if (!atomic_load(&backend->lost) && (noticed || backend->running) &&
            !until(backend->looked_ns + ns(pause_ms))) {
            noticed = false;
            look(backend);
        }
    }
    linger(backend);
    stand(backend);
    report_mmcss(backend);
    drop(backend);
    ch_wasapi_com_leave(entered);
}

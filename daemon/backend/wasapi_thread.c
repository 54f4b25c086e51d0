// SPDX-License-Identifier: ISC
// daemon/backend/wasapi_thread.c — the real-time thread: waits, fills the device's buffer, waits.
//
// It joins MMCSS when it begins to play and leaves when it stands; while it plays it calls nothing
// but the engine and GetCurrentPadding, GetPosition, GetBuffer and ReleaseBuffer of its stream.
// What fails there is left for the keeper to see to.

#include <math.h>

#include "daemon/backend/call.h"
#include "daemon/backend/mmcss.h"
#include "daemon/backend/wasapi_error.h"
#include "daemon/backend/wasapi_internal.h"
#include "daemon/base/rt_scope.h"

#define WAIT_MS 100 ///< for the event; a device that has gone does not set it

#define FADE_MS 5 ///< when the engine is taken away in the middle of a sound

/// Refusals of its buffer, in a row, until the device counts as broken.
#define REFUSALS_MAX 100

/// The device's clock is read with an error; it is followed slowly, and at once if it jumps.
#define CLOCK_FOLLOW  16
#define CLOCK_JUMP_NS 50000000

// --- time ---------------------------------------------------------------------------------- [rt]

CH_RT static bool
read_clock(struct ch_backend *backend, uint64_t *n_heard, uint64_t *at_ns, HRESULT *hr)
{
    const struct ch_wasapi_stream *stream = &backend->stream;
    if (!stream->clock) {
        return false;
    }
    UINT64 position = 0, qpc_100ns = 0;
    *hr = stream->clock->lpVtbl->GetPosition(stream->clock, &position, &qpc_100ns);
    if (FAILED(*hr) || !position) {
        return false;
    }
    *n_heard = position / stream->clock_hz * stream->rate_hz +
               position % stream->clock_hz * stream->rate_hz / stream->clock_hz;
    *at_ns = qpc_100ns * 100;
    return true;
}

// When the frame will be heard that is written next: `ahead` frames from `at_ns`.
CH_RT static uint64_t
heard_ns(struct ch_backend *backend, uint64_t at_ns, uint64_t ahead)
{
    const uint32_t rate_hz = backend->stream.rate_hz;
    const uint64_t written_ns = ch_ns_from_frames(backend->n_written, rate_hz);
    const uint64_t measured_ns = at_ns + ch_ns_from_frames(ahead, rate_hz) - written_ns;
    const int64_t error_ns = (int64_t)(measured_ns - backend->begin_ns);
    if (!backend->begin_ns || error_ns > CLOCK_JUMP_NS || error_ns < -CLOCK_JUMP_NS) {
        backend->begin_ns = measured_ns;
    } else {
        backend->begin_ns += (uint64_t)(error_ns / CLOCK_FOLLOW);
    }
    return backend->begin_ns + written_ns;
}

// --- one refill --------------------------------------------------------------------------- [rt]

/// What is known when the buffer is to be refilled.
struct refill {
    uint64_t now_ns;
    uint32_t padding; // frames that wait in the buffer
    uint32_t room;    // frames that are free
    bool gap;         // the device had nothing to play
};

// A way down to nothing from where the engine was taken away.
CH_RT static void
fade_out(struct ch_backend *backend, uint32_t n_frames)
{
    const float step = 1000.0f / (FADE_MS * (float)backend->stream.rate_hz);
    for (uint32_t i = 0; i < n_frames; i++) {
        const float x = (float)backend->fade_left * step;
        const float gain = x * x * (3.0f - 2.0f * x);
        for (unsigned c = 0; c < CH_CHANNELS; c++) {
            backend->planes.out[c][i] = backend->last[c] * gain;
        }
        backend->fade_left -= backend->fade_left > 0;
    }
}

CH_RT static void
call_engine(struct ch_backend *backend, struct ch_engine *engine, uint32_t n_frames,
            const struct ch_cycle *cycle)
{
    backend->overran = ch_backend_call(engine, backend->planes.out, n_frames, cycle);
    for (unsigned c = 0; c < CH_CHANNELS; c++) {
        const float last = backend->planes.out[c][n_frames - 1];
        backend->last[c] = last == last ? last : 0.0f;
    }
    backend->fade_left = backend->stream.rate_hz * FADE_MS / 1000;
}

// n_frames at most CH_BLOCK_MAX.
CH_RT static void
render(struct ch_backend *backend, uint32_t n_frames, const struct ch_cycle *cycle)
{
    // Sequentially consistent, as in stop(): either we see its NULL, or it sees that we are here.
    atomic_store(&backend->in_cycle, true);
    struct ch_engine *engine = atomic_load(&backend->engine);
    if (engine && atomic_load_explicit(&backend->engine_rate_hz, memory_order_relaxed) ==
                      backend->stream.rate_hz) {
        call_engine(backend, engine, n_frames, cycle);
    } else {
        fade_out(backend, n_frames);
    }
    atomic_store_explicit(&backend->in_cycle, false, memory_order_release);
}

CH_RT static void
count_gap(struct ch_backend *backend, uint64_t now_ns)
{
    atomic_fetch_add_explicit(&backend->n_xruns, 1, memory_order_relaxed);
    if (!backend->overran) {
        ch_incidents_add(&backend->server_xruns, now_ns);
    }
    backend->begin_ns = 0;
}

// Into the device's memory, piece by piece.
CH_RT static void
fill(struct ch_backend *backend, BYTE *bytes, const struct refill *refill, uint64_t first_heard_ns)
{
    const struct ch_wasapi_stream *stream = &backend->stream;
    const uint32_t frame_bytes = ch_sample_frame_bytes(&stream->format);
    const uint64_t latency_ns = ch_ns_from_frames(stream->latency_frames, stream->rate_hz);
    // More room than a period says for how long nobody has come.
    const uint32_t n_late = refill->room > stream->period ? refill->room - stream->period : 0;
    const uint64_t late_ns = ch_ns_from_frames(n_late, stream->rate_hz);
    uint64_t begin_ns = refill->now_ns;
    for (uint32_t done = 0; done < refill->room;) {
        const uint32_t left = refill->room - done;
        const uint32_t n = left < CH_BLOCK_MAX ? left : CH_BLOCK_MAX;
        const uint64_t mono_ns =
            first_heard_ns + ch_ns_from_frames(done, stream->rate_hz) - latency_ns;
        if (mono_ns > backend->mono_ns || refill->gap) {
            backend->mono_ns = mono_ns;
        }
        const struct ch_cycle cycle = {
            .pace = CH_PACE_SERVER,
            .rate_hz = stream->rate_hz,
            .latency_frames = stream->latency_frames,
            .begin_ns = begin_ns,
            .due_ns = done ? begin_ns : begin_ns - late_ns,
            .gap = refill->gap && !done,
            .mono_ns = backend->mono_ns,
        };
        render(backend, n, &cycle);
        ch_sample_write(&backend->writer, bytes + (size_t)done * frame_bytes, backend->planes.out,
                        n);
        done += n;
        begin_ns = done < refill->room ? ch_os_mono_ns() : begin_ns;
    }
}

// The device has gone on without us, and so has its clock: an exclusive one plays its two buffers
// in a ring, whatever is in them.  Frames are counted from where it is now.
CH_RT static void
catch_up(struct ch_backend *backend, struct refill *refill, uint64_t n_heard)
{
    const struct ch_wasapi_stream *stream = &backend->stream;
    const bool exclusive = stream->way == CH_WASAPI_EXCLUSIVE;
    if (exclusive && n_heard >= backend->n_written) {
        refill->gap = backend->filled;
        backend->n_written = n_heard + stream->buffer_frames;
        backend->begin_ns = 0;
    } else if (!exclusive && n_heard > backend->n_written && !refill->padding) {
        backend->n_written = n_heard;
        backend->begin_ns = 0;
    }
}

// Some answers mean "not now"; others, or too many of these, that it is over.
CH_RT static HRESULT
weigh(struct ch_backend *backend, HRESULT hr)
{
    const bool passes = hr == AUDCLNT_E_BUFFER_TOO_LARGE || hr == AUDCLNT_E_OUT_OF_ORDER ||
                        hr == AUDCLNT_E_BUFFER_OPERATION_PENDING || hr == AUDCLNT_E_BUFFER_ERROR ||
                        hr == AUDCLNT_E_INVALID_SIZE;
    if (!passes || ++backend->n_refusals > REFUSALS_MAX) {
        return hr;
    }
    return S_OK;
}

CH_RT static HRESULT
write_refill(struct ch_backend *backend, struct refill *refill)
{
    struct ch_wasapi_stream *stream = &backend->stream;
    IAudioRenderClient *render_client = stream->render;
    uint64_t n_heard = 0, at_ns = refill->now_ns;
    HRESULT hr = S_OK;
    bool known = read_clock(backend, &n_heard, &at_ns, &hr);
    if (hr == AUDCLNT_E_DEVICE_INVALIDATED) {
        return hr;
    }
    if (known) {
        catch_up(backend, refill, n_heard);
        known = n_heard <= backend->n_written;
    }
    if (refill->gap) {
        count_gap(backend, refill->now_ns);
    }
    BYTE *bytes = NULL;
    hr = render_client->lpVtbl->GetBuffer(render_client, refill->room, &bytes);
    if (hr == AUDCLNT_E_OUT_OF_ORDER) {
        (void)render_client->lpVtbl->ReleaseBuffer(render_client, 0, 0);
    }
    if (FAILED(hr)) {
        return weigh(backend, hr);
    }
    const uint64_t behind = stream->latency_frames - stream->buffer_frames + refill->padding;
    const uint64_t ahead = known ? backend->n_written - n_heard : behind;
    const uint64_t first_ns = heard_ns(backend, known ? at_ns : refill->now_ns, ahead);
    if (bytes) {
        fill(backend, bytes, refill, first_ns);
    }
    hr = render_client->lpVtbl->ReleaseBuffer(render_client, refill->room, 0);
    if (FAILED(hr)) {
        return weigh(backend, hr);
    }
    backend->n_written += refill->room;
    backend->n_refusals = 0;
    backend->filled = true;
    backend->asked_ns = refill->now_ns;
    return bytes ? S_OK : E_POINTER;
}

// The device has asked for sound, or has not for a while.
CH_RT static HRESULT
on_refill(struct ch_backend *backend, bool asked)
{
    struct ch_wasapi_stream *stream = &backend->stream;
    struct refill refill = {.now_ns = ch_os_mono_ns()};
    UINT32 padding = 0;
    const HRESULT hr = stream->client->lpVtbl->GetCurrentPadding(stream->client, &padding);
    if (FAILED(hr)) {
        return weigh(backend, hr);
    }
    if (stream->way == CH_WASAPI_EXCLUSIVE) {
        refill.room = asked ? stream->buffer_frames : 0;
        refill.padding = stream->buffer_frames; // it has two, and plays the other one
    } else {
        // More than fits is no room.
        refill.padding = padding < stream->buffer_frames ? padding : stream->buffer_frames;
        refill.room = stream->buffer_frames - refill.padding;
        refill.gap = !refill.padding && backend->filled && stream->buffer_frames > stream->period;
    }
    if (refill.room >= stream->room && refill.room > 0) {
        return write_refill(backend, &refill);
    }
    const uint64_t patience_ns = ch_wasapi_times.patience_ms * 1000000ull +
                                 ch_ns_from_frames(stream->buffer_frames, stream->rate_hz);
    const bool forgotten = refill.now_ns > backend->asked_ns + patience_ns;
    return forgotten ? HRESULT_FROM_WIN32(ERROR_TIMEOUT) : S_OK;
}

// --- the thread ---------------------------------------------------------------------------------

// Until the keeper says otherwise or the device fails.  @return false at the end of it all.
static bool
play(struct ch_backend *backend)
{
    const HANDLE waits[] = {backend->rt_end, backend->reconfigure, backend->refill};
    backend->asked_ns = ch_os_mono_ns();
    for (;;) {
        const DWORD what = WaitForMultipleObjects(3, waits, FALSE, WAIT_MS);
        if (what == WAIT_OBJECT_0) {
            return false;
        }
        if (what == WAIT_OBJECT_0 + 1) {
            if (!atomic_load_explicit(&backend->playing, memory_order_acquire)) {
                SetEvent(backend->rested);
                return true;
            }
            continue;
        }
        HRESULT hr = E_HANDLE;
        if (what == WAIT_OBJECT_0 + 2 || what == WAIT_TIMEOUT) {
            ch_rt_scope_enter();
            hr = on_refill(backend, what != WAIT_TIMEOUT);
            ch_rt_scope_leave();
        }
        if (FAILED(hr)) {
            atomic_store_explicit(&backend->failure, hr, memory_order_release);
            SetEvent(backend->failed);
            return true;
        }
    }
}

void
ch_wasapi_run_rt(void *arg)
{
    struct ch_backend *backend = arg;
    HRESULT hr;
    const bool entered = ch_wasapi_com_enter(&hr);
    ch_os_denormals_off();
    ch_os_prefault_stack();
    SetEvent(backend->rested);
    const HANDLE waits[] = {backend->rt_end, backend->reconfigure};
    while (WaitForMultipleObjects(2, waits, FALSE, INFINITE) == WAIT_OBJECT_0 + 1) {
        if (!atomic_load_explicit(&backend->playing, memory_order_acquire)) {
            SetEvent(backend->rested); // it had failed, and stands already
            continue;
        }
        HANDLE mmcss = ch_mmcss_join();
        const bool goes_on = play(backend);
        ch_mmcss_leave(mmcss);
        if (!goes_on) {
            break;
        }
    }
    ch_wasapi_com_leave(entered);
}

void
ch_wasapi_rt_prepare(struct ch_backend *backend)
{
    const struct ch_wasapi_stream *stream = &backend->stream;
    ch_sample_writer_init(&backend->writer, &stream->format, stream->rate_hz);
    backend->n_written = stream->buffer_frames; // of silence, before it starts
    backend->begin_ns = 0;
    backend->mono_ns = 0;
    backend->n_refusals = 0;
    backend->filled = false;
    backend->overran = false;
    backend->last[0] = backend->last[1] = 0.0f;
    backend->fade_left = 0;
}

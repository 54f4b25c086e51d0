// SPDX-License-Identifier: ISC
// tests/windows/unit/fake_client.c — IAudioClient3 and all that it can refuse.

#include "tests/windows/unit/fake_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/backend/wasapi_format.h"
#include "daemon/backend/wasapi_internal.h"

ULONG
fake_client_hold(struct fake_client *self)
{
    return (ULONG)atomic_fetch_add(&self->n_refs, 1) + 1;
}

ULONG
fake_client_drop(struct fake_client *self)
{
    const int n = atomic_fetch_sub(&self->n_refs, 1) - 1;
    if (n < 0) {
        fake_note_misuse("a client released once too often");
    } else if (n == 0) {
        fake_lock();
        if (self->runs) {
            fake_note_misuse("a running client was released");
        }
        if (fake.running == self) {
            fake.running = NULL;
        }
        fake_unlock();
        atomic_fetch_sub(&fake.n_objects, 1);
        free(self->fifo);
        free(self->staging);
        free(self);
    }
    return (ULONG)n;
}

static HRESULT
enter(struct fake_client *self, enum fake_call call)
{
    const HRESULT hr = fake_enter(call);
    return FAILED(hr) ? hr : self->device->removed ? AUDCLNT_E_DEVICE_INVALIDATED : S_OK;
}

// Of every call that needs an initialised client.
HRESULT
fake_client_enter_ready(struct fake_client *self, enum fake_call call)
{
    const HRESULT hr = enter(self, call);
    return FAILED(hr) || self->initialized ? hr : AUDCLNT_E_NOT_INITIALIZED;
}

// --- IAudioClient -------------------------------------------------------------------------------

static HRESULT STDMETHODCALLTYPE
query(IAudioClient3 *client, REFIID iid, void **out)
{
    (void)client;
    (void)iid;
    *out = NULL;
    fake_note_misuse("QueryInterface of a client");
    return E_NOINTERFACE;
}

static ULONG STDMETHODCALLTYPE
add_ref(IAudioClient3 *client)
{
    return fake_client_hold(OF(client, client));
}

static ULONG STDMETHODCALLTYPE
release(IAudioClient3 *client)
{
    return fake_client_drop(OF(client, client));
}

static HRESULT
become_ready(struct fake_client *self, const WAVEFORMATEX *wave, UINT32 period, UINT32 buffer)
{
    struct ch_sample_format format;
    assert_true(ch_wasapi_format_read(&format, wave));
    if (self->initialized) {
        return AUDCLNT_E_ALREADY_INITIALIZED;
    }
    self->initialized = true;
    self->period = period;
    self->buffer_frames = buffer;
    self->frame_bytes = ch_sample_frame_bytes(&format);
    self->rate_hz = wave->nSamplesPerSec;
    self->fifo = calloc(2 * buffer + 1, self->frame_bytes);
    self->staging = calloc(buffer + 1, self->frame_bytes);
    fake_lock();
    fake_heard_format = format;
    fake.last_period = period;
    fake.last_buffer = buffer;
    fake.last_exclusive = self->exclusive;
    fake.last_low = self->low;
    fake_unlock();
    return S_OK;
}

static UINT32
frames_of(REFERENCE_TIME duration, const WAVEFORMATEX *wave)
{
    return (UINT32)((duration * wave->nSamplesPerSec + 5000000) / 10000000);
}

static HRESULT
initialize_exclusive(struct fake_client *self, REFERENCE_TIME buffer, REFERENCE_TIME period,
                     const WAVEFORMATEX *wave)
{
    if (buffer != period) {
        return AUDCLNT_E_BUFDURATION_PERIOD_NOT_EQUAL;
    }
    if (period < self->device->device_min) {
        return AUDCLNT_E_INVALID_DEVICE_PERIOD;
    }
    const UINT32 frames = frames_of(buffer, wave);
    const UINT32 alignment = self->device->alignment;
    if (alignment && frames % alignment) {
        self->refused_size = (frames / alignment + 1) * alignment;
        return AUDCLNT_E_BUFFER_SIZE_NOT_ALIGNED;
    }
    self->exclusive = true;
    return become_ready(self, wave, frames, frames);
}

static bool
is_mix(const struct fake_client *self, const WAVEFORMATEX *wave)
{
    return memcmp(wave, &self->device->mix, ch_wasapi_format_bytes(&self->device->mix.Format)) == 0;
}

static HRESULT STDMETHODCALLTYPE
initialize(IAudioClient3 *client, AUDCLNT_SHAREMODE mode, DWORD flags, REFERENCE_TIME buffer,
           REFERENCE_TIME period, const WAVEFORMATEX *wave, LPCGUID session)
{
    struct fake_client *self = OF(client, client);
    (void)session;
    const HRESULT hr = enter(self, FAKE_INITIALIZE);
    if (FAILED(hr)) {
        return hr;
    }
    if (flags != AUDCLNT_STREAMFLAGS_EVENTCALLBACK) {
        return AUDCLNT_E_INVALID_STREAM_FLAG;
    }
    if (self->refused_size) {
        fake_note_misuse("a client that had refused was initialised again");
    }
    if (mode == AUDCLNT_SHAREMODE_EXCLUSIVE) {
        return initialize_exclusive(self, buffer, period, wave);
    }
    if (!is_mix(self, wave) || period) {
        return period ? E_INVALIDARG : AUDCLNT_E_UNSUPPORTED_FORMAT;
    }
    const UINT32 engine = frames_of(self->device->device_period, wave);
    const UINT32 periods = self->device->buffer_periods ? self->device->buffer_periods : 2;
    const UINT32 wanted = frames_of(buffer, wave);
    return become_ready(self, wave, engine, wanted > periods * engine ? wanted : periods * engine);
}

static HRESULT STDMETHODCALLTYPE
get_buffer_size(IAudioClient3 *client, UINT32 *frames)
{
    struct fake_client *self = OF(client, client);
    const HRESULT hr = enter(self, FAKE_GET_BUFFER_SIZE);
    if (SUCCEEDED(hr) && self->refused_size) {
        *frames = self->refused_size; // the one thing such a client is good for
        return S_OK;
    }
    *frames = self->buffer_frames;
    return FAILED(hr) ? hr : self->initialized ? S_OK : AUDCLNT_E_NOT_INITIALIZED;
}

static HRESULT STDMETHODCALLTYPE
get_latency(IAudioClient3 *client, REFERENCE_TIME *latency)
{
    struct fake_client *self = OF(client, client);
    *latency = self->device->latency;
    return fake_client_enter_ready(self, FAKE_GET_LATENCY);
}

static HRESULT STDMETHODCALLTYPE
get_padding(IAudioClient3 *client, UINT32 *padding)
{
    struct fake_client *self = OF(client, client);
    const HRESULT hr = fake_client_enter_ready(self, FAKE_GET_PADDING);
    fake_lock();
    fake.rt_thread = GetCurrentThreadId();
    *padding = self->padding;
    if (fake.too_much_padding > 0) {
        fake.too_much_padding--;
        *padding = self->buffer_frames + 1000;
    }
    fake_unlock();
    return hr;
}

static HRESULT STDMETHODCALLTYPE
is_supported(IAudioClient3 *client, AUDCLNT_SHAREMODE mode, const WAVEFORMATEX *wave,
             WAVEFORMATEX **closest)
{
    struct fake_client *self = OF(client, client);
    const HRESULT hr = enter(self, FAKE_IS_SUPPORTED);
    struct ch_sample_format format;
    if (mode != AUDCLNT_SHAREMODE_EXCLUSIVE || closest || !ch_wasapi_format_read(&format, wave)) {
        fake_note_misuse("asked for a format in another way");
    } else if (SUCCEEDED(hr) && (!(self->device->exclusive_types & 1u << format.type) ||
                                 wave->nChannels != self->device->mix.Format.nChannels)) {
        return AUDCLNT_E_UNSUPPORTED_FORMAT;
    }
    return hr;
}

static HRESULT STDMETHODCALLTYPE
get_mix_format(IAudioClient3 *client, WAVEFORMATEX **out)
{
    struct fake_client *self = OF(client, client);
    const HRESULT hr = enter(self, FAKE_GET_MIX_FORMAT);
    *out = NULL;
    if (SUCCEEDED(hr)) {
        *out = CoTaskMemAlloc(sizeof self->device->mix);
        memcpy(*out, &self->device->mix, sizeof self->device->mix);
    }
    return hr;
}

static HRESULT STDMETHODCALLTYPE
get_device_period(IAudioClient3 *client, REFERENCE_TIME *normal, REFERENCE_TIME *least)
{
    struct fake_client *self = OF(client, client);
    *normal = self->device->device_period;
    *least = self->device->device_min;
    return enter(self, FAKE_GET_DEVICE_PERIOD);
}

static HRESULT STDMETHODCALLTYPE
start(IAudioClient3 *client)
{
    struct fake_client *self = OF(client, client);
    const HRESULT hr = fake_client_enter_ready(self, FAKE_START);
    if (FAILED(hr)) {
        return hr;
    }
    fake_lock();
    const HRESULT state = !self->event ? AUDCLNT_E_EVENTHANDLE_NOT_SET
                          : self->runs ? AUDCLNT_E_NOT_STOPPED
                                       : S_OK;
    if (state == S_OK) {
        if (self->padding != self->buffer_frames) {
            fake_note_misuse("started with a buffer that is not full");
        }
        self->runs = true;
        fake.running = self;
    }
    fake_unlock();
    return state;
}

static HRESULT STDMETHODCALLTYPE
stop(IAudioClient3 *client)
{
    struct fake_client *self = OF(client, client);
    const HRESULT hr = fake_client_enter_ready(self, FAKE_STOP);
    fake_lock();
    self->runs = false; // also where it fails: the device is gone
    if (fake.running == self) {
        fake.running = NULL;
        fake.rt_thread = 0;
    }
    fake_unlock();
    return hr;
}

static HRESULT STDMETHODCALLTYPE
reset(IAudioClient3 *client)
{
    struct fake_client *self = OF(client, client);
    const HRESULT hr = fake_client_enter_ready(self, FAKE_RESET);
    fake_lock();
    self->padding = self->lent = 0;
    self->played = 0;
    self->began = false;
    const bool runs = self->runs;
    fake_unlock();
    return FAILED(hr) ? hr : runs ? AUDCLNT_E_NOT_STOPPED : S_OK;
}

static HRESULT STDMETHODCALLTYPE
set_event(IAudioClient3 *client, HANDLE event)
{
    struct fake_client *self = OF(client, client);
    const HRESULT hr = fake_client_enter_ready(self, FAKE_SET_EVENT);
    self->event = event;
    return hr;
}

static HRESULT STDMETHODCALLTYPE
get_service(IAudioClient3 *client, REFIID iid, void **out)
{
    struct fake_client *self = OF(client, client);
    const bool is_clock = IsEqualIID(iid, &IID_IAudioClock);
    const HRESULT hr =
        fake_client_enter_ready(self, is_clock ? FAKE_GET_SERVICE_CLOCK : FAKE_GET_SERVICE_RENDER);
    *out = NULL;
    if (FAILED(hr)) {
        return hr;
    }
    if (!is_clock && !IsEqualIID(iid, &IID_IAudioRenderClient)) {
        return E_NOINTERFACE;
    }
    fake_client_hold(self);
    *out = is_clock ? (void *)&self->clock : (void *)&self->render;
    return S_OK;
}

// --- IAudioClient2 and 3 ------------------------------------------------------------------------

static HRESULT STDMETHODCALLTYPE
is_offload(IAudioClient3 *client, AUDIO_STREAM_CATEGORY category, WINBOOL *capable)
{
    (void)client;
    (void)category;
    *capable = FALSE;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE
set_properties(IAudioClient3 *client, const AudioClientProperties *properties)
{
    struct fake_client *self = OF(client, client);
    if (properties->eCategory != AudioCategory_Media || self->initialized) {
        fake_note_misuse("other properties, or too late");
    }
    return enter(self, FAKE_SET_PROPERTIES);
}

static HRESULT STDMETHODCALLTYPE
get_limits(IAudioClient3 *client, const WAVEFORMATEX *wave, WINBOOL event, REFERENCE_TIME *min,
           REFERENCE_TIME *max)
{
    (void)client;
    (void)wave;
    (void)event;
    *min = *max = 0;
    return E_NOTIMPL;
}

static HRESULT STDMETHODCALLTYPE
get_engine_period(IAudioClient3 *client, const WAVEFORMATEX *wave, UINT32 *normal,
                  UINT32 *fundamental, UINT32 *min, UINT32 *max)
{
    struct fake_client *self = OF(client, client);
    const HRESULT hr = enter(self, FAKE_GET_ENGINE_PERIOD);
    if (FAILED(hr)) {
        return hr;
    }
    *normal = self->device->normal;
    *fundamental = self->device->fundamental;
    *min = self->device->min;
    *max = self->device->max;
    return is_mix(self, wave) ? S_OK : AUDCLNT_E_UNSUPPORTED_FORMAT;
}

static HRESULT STDMETHODCALLTYPE
get_current_period(IAudioClient3 *client, WAVEFORMATEX **wave, UINT32 *period)
{
    struct fake_client *self = OF(client, client);
    const HRESULT hr = enter(self, FAKE_GET_CURRENT_PERIOD);
    *wave = NULL;
    if (SUCCEEDED(hr)) {
        *wave = CoTaskMemAlloc(sizeof self->device->mix);
        memcpy(*wave, &self->device->mix, sizeof self->device->mix);
        *period = self->device->locked ? self->device->locked : self->device->normal;
    }
    return hr;
}

static HRESULT STDMETHODCALLTYPE
initialize_low(IAudioClient3 *client, DWORD flags, UINT32 period, const WAVEFORMATEX *wave,
               LPCGUID session)
{
    struct fake_client *self = OF(client, client);
    (void)session;
    const struct fake_device *device = self->device;
    const HRESULT hr = enter(self, FAKE_INITIALIZE3);
    if (FAILED(hr)) {
        return hr;
    }
    if (self->refused_size) {
        fake_note_misuse("a client that had refused was initialised again");
    }
    if (flags != AUDCLNT_STREAMFLAGS_EVENTCALLBACK) {
        return AUDCLNT_E_INVALID_STREAM_FLAG;
    }
    if (!is_mix(self, wave)) {
        return AUDCLNT_E_UNSUPPORTED_FORMAT;
    }
    if (device->locked) {
        if (period != device->locked) {
            self->refused_size = 1;
            return AUDCLNT_E_ENGINE_PERIODICITY_LOCKED;
        }
    } else if (period < device->min || period > device->max || period % device->fundamental) {
        self->refused_size = 1;
        return AUDCLNT_E_INVALID_DEVICE_PERIOD;
    }
    self->low = true;
    const UINT32 periods = device->buffer_periods ? device->buffer_periods : 2;
    return become_ready(self, wave, period, periods * period);
}

static const IAudioClient3Vtbl client_vtable = {
    query,          add_ref,        release,      initialize,        get_buffer_size,
    get_latency,    get_padding,    is_supported, get_mix_format,    get_device_period,
    start,          stop,           reset,        set_event,         get_service,
    is_offload,     set_properties, get_limits,   get_engine_period, get_current_period,
    initialize_low,
};

HRESULT
fake_activate(struct fake_device *device, REFIID iid, void **out)
{
    const bool low = IsEqualIID(iid, &IID_IAudioClient3);
    HRESULT hr = fake_enter(low ? FAKE_ACTIVATE3 : FAKE_ACTIVATE);
    *out = NULL;
    if (SUCCEEDED(hr) && device->removed) {
        hr = AUDCLNT_E_DEVICE_INVALIDATED;
    }
    if (FAILED(hr)) {
        return hr;
    }
    if (!low && !IsEqualIID(iid, &IID_IAudioClient)) {
        return E_NOINTERFACE;
    }
    struct fake_client *self = calloc(1, sizeof *self);
    self->client.lpVtbl = (IAudioClient3Vtbl *)(uintptr_t)&client_vtable;
    self->render.lpVtbl = (IAudioRenderClientVtbl *)(uintptr_t)&fake_render_vtable;
    self->clock.lpVtbl = (IAudioClockVtbl *)(uintptr_t)&fake_clock_vtable;
    atomic_init(&self->n_refs, 1);
    self->device = device;
    atomic_fetch_add(&fake.n_objects, 1);
    *out = &self->client;
    return S_OK;
}

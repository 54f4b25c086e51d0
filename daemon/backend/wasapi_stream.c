// SPDX-License-Identifier: ISC
// daemon/backend/wasapi_stream.c — the shared ways, and what a stream of either way can do.

#include "daemon/backend/wasapi_stream.h"

#include <stdio.h>

#include "daemon/backend/common.h"
#include "daemon/backend/wasapi_error.h"
#include "daemon/backend/wasapi_format.h"
#include "daemon/backend/wasapi_internal.h"
#include "daemon/base/log.h"

uint32_t
ch_wasapi_frames(REFERENCE_TIME duration, uint32_t rate_hz)
{
    const int64_t frames = (duration * (int64_t)rate_hz + CH_WASAPI_SECOND / 2) / CH_WASAPI_SECOND;
    return frames > 0 ? (uint32_t)frames : 0;
}

uint32_t
ch_wasapi_snap(uint32_t wanted, uint32_t fundamental, uint32_t min, uint32_t max)
{
    const uint32_t step = fundamental ? fundamental : 1;
    const uint64_t least = wanted > min ? wanted : min;
    const uint64_t period = (least + step - 1) / step * step;
    return period && period <= max ? (uint32_t)period : 0;
}

enum ch_status
ch_wasapi_check_rate(uint32_t device_hz, uint32_t asked_hz, const char *name, char *detail)
{
    if (device_hz < CH_RATE_MIN_HZ || device_hz > CH_RATE_MAX_HZ) {
        snprintf(detail, CH_DETAIL_BYTES, "%.96s runs at %u Hz; choose %d to %d Hz in its settings",
                 name, device_hz, CH_RATE_MIN_HZ, CH_RATE_MAX_HZ);
        return CH_OUT_OF_RANGE;
    }
    if (asked_hz && asked_hz != device_hz) {
        snprintf(detail, CH_DETAIL_BYTES,
                 "%.96s runs at %u Hz, not at the %u Hz asked for; leave --rate out, change the "
                 "device's settings, or add --exclusive",
                 name, device_hz, asked_hz);
        return CH_OUT_OF_RANGE;
    }
    return CH_OK;
}

// --- a stream -----------------------------------------------------------------------------------

HRESULT
ch_wasapi_stream_finish(struct ch_wasapi_stream *stream, HANDLE refill)
{
    IAudioClient *client = stream->client;
    UINT32 buffer_frames = 0;
    HRESULT hr = IAudioClient_GetBufferSize(client, &buffer_frames);
    if (SUCCEEDED(hr)) {
        hr = IAudioClient_SetEventHandle(client, refill);
    }
    if (SUCCEEDED(hr)) {
        hr = IAudioClient_GetService(client, &IID_IAudioRenderClient, (void **)&stream->render);
    }
    if (SUCCEEDED(hr) && !buffer_frames) {
        hr = AUDCLNT_E_BUFFER_SIZE_ERROR;
    }
    if (FAILED(hr)) {
        return hr;
    }
    stream->buffer_frames = buffer_frames;
    if (stream->room > buffer_frames / 2 || !stream->room) {
        stream->room = buffer_frames / 2 < stream->room ? (buffer_frames + 1) / 2 : 1;
    }
    REFERENCE_TIME latency = 0;
    if (FAILED(IAudioClient_GetStreamLatency(client, &latency))) {
        latency = 0;
    }
    stream->latency_frames = buffer_frames + ch_wasapi_frames(latency, stream->rate_hz);
    // Without a clock what is heard is reckoned from what waits in the buffer.
    UINT64 clock_hz = 0;
    if (FAILED(IAudioClient_GetService(client, &IID_IAudioClock, (void **)&stream->clock))) {
        stream->clock = NULL;
    } else if (FAILED(IAudioClock_GetFrequency(stream->clock, &clock_hz)) || !clock_hz) {
        IAudioClock_Release(stream->clock);
        stream->clock = NULL;
    }
    stream->clock_hz = clock_hz;
    return S_OK;
}

HRESULT
ch_wasapi_stream_start(struct ch_wasapi_stream *stream)
{
    BYTE *bytes;
    HRESULT hr = IAudioRenderClient_GetBuffer(stream->render, stream->buffer_frames, &bytes);
    if (SUCCEEDED(hr)) {
        hr = IAudioRenderClient_ReleaseBuffer(stream->render, stream->buffer_frames,
                                              AUDCLNT_BUFFERFLAGS_SILENT);
    }
    return SUCCEEDED(hr) ? IAudioClient_Start(stream->client) : hr;
}

void
ch_wasapi_stream_stop(struct ch_wasapi_stream *stream)
{
    IAudioClient_Stop(stream->client);
    IAudioClient_Reset(stream->client);
}

void
ch_wasapi_stream_close(struct ch_wasapi_stream *stream)
{
    if (stream->clock) {
        IAudioClock_Release(stream->clock);
    }
    if (stream->render) {
        IAudioRenderClient_Release(stream->render);
    }
    if (stream->client) {
        IAudioClient_Release(stream->client);
    }
    *stream = (struct ch_wasapi_stream){0};
}

// --- shared -------------------------------------------------------------------------------------

// Sound that somebody listens to; where that can't be said it is not said.
static void
set_category(IAudioClient3 *client)
{
    AudioClientProperties properties = {.cbSize = sizeof properties,
                                        .eCategory = AudioCategory_Media};
    (void)IAudioClient3_SetClientProperties(client, &properties);
}

// On failure *out is NULL.  A client that refused to be initialised is no longer good for anything.
static HRESULT
activate_low(IMMDevice *device, IAudioClient3 **out)
{
    *out = NULL;
    const HRESULT hr =
        IMMDevice_Activate(device, &IID_IAudioClient3, CLSCTX_ALL, NULL, (void **)out);
    if (FAILED(hr)) {
        *out = NULL;
    } else {
        set_category(*out);
    }
    return hr;
}

static HRESULT
initialize_low(IMMDevice *device, const WAVEFORMATEX *mix, uint32_t period,
               struct ch_wasapi_stream *stream)
{
    IAudioClient3 *client;
    HRESULT hr = activate_low(device, &client);
    if (FAILED(hr)) {
        return hr;
    }
    hr = IAudioClient3_InitializeSharedAudioStream(client, AUDCLNT_STREAMFLAGS_EVENTCALLBACK,
                                                   period, mix, NULL);
    if (FAILED(hr)) {
        IAudioClient3_Release(client);
        return hr;
    }
    stream->client = (IAudioClient *)client;
    stream->period = period;
    return S_OK;
}

// Somebody else holds the engine at a period: it is good for us too unless it is too short.
static uint32_t
locked_period(IAudioClient3 *client, const WAVEFORMATEX *mix, uint32_t wanted)
{
    WAVEFORMATEX *current = NULL;
    UINT32 period = 0;
    const HRESULT hr = IAudioClient3_GetCurrentSharedModeEnginePeriod(client, &current, &period);
    const bool fits = SUCCEEDED(hr) && current && current->nSamplesPerSec == mix->nSamplesPerSec &&
                      period >= wanted;
    CoTaskMemFree(current);
    return fits ? period : 0;
}

// IAudioClient3.
static HRESULT
open_low(struct ch_wasapi_stream *stream, IMMDevice *device, const WAVEFORMATEX *mix,
         const struct ch_wasapi_wish *wish)
{
    IAudioClient3 *probe;
    HRESULT hr = activate_low(device, &probe);
    if (FAILED(hr)) {
        return hr;
    }
    UINT32 normal = 0, fundamental = 0, min = 0, max = 0;
    hr = IAudioClient3_GetSharedModeEnginePeriod(probe, mix, &normal, &fundamental, &min, &max);
    if (SUCCEEDED(hr)) {
        const uint32_t period = ch_wasapi_snap(wish->period, fundamental, min, max);
        hr = period ? initialize_low(device, mix, period, stream) : AUDCLNT_E_INVALID_DEVICE_PERIOD;
        if (hr == AUDCLNT_E_ENGINE_PERIODICITY_LOCKED) {
            const uint32_t locked = locked_period(probe, mix, wish->period);
            ch_debug("wasapi: the engine is locked at a period of %u frames", locked);
            hr = locked ? initialize_low(device, mix, locked, stream) : hr;
        }
    }
    IAudioClient3_Release(probe);
    return hr;
}

// IAudioClient.  A period that is asked for and longer than the engine's is one of ours: that many
// frames are rendered at a time, into a buffer that has room for two of them.
static HRESULT
open_shared(struct ch_wasapi_stream *stream, IMMDevice *device, const WAVEFORMATEX *mix,
            const struct ch_wasapi_wish *wish)
{
    HRESULT hr =
        IMMDevice_Activate(device, &IID_IAudioClient, CLSCTX_ALL, NULL, (void **)&stream->client);
    if (FAILED(hr)) {
        stream->client = NULL;
        return hr;
    }
    REFERENCE_TIME normal = 0, least = 0;
    if (FAILED(IAudioClient_GetDevicePeriod(stream->client, &normal, &least)) || normal <= 0) {
        normal = CH_WASAPI_SECOND / 100;
    }
    const uint32_t engine_period = ch_wasapi_frames(normal, stream->rate_hz);
    const bool longer = wish->period > engine_period;
    const REFERENCE_TIME buffer =
        longer ? 2 * (REFERENCE_TIME)wish->period * CH_WASAPI_SECOND / stream->rate_hz + normal : 0;
    stream->period = longer ? wish->period : engine_period;
    stream->room = longer ? wish->period : 1;
    return IAudioClient_Initialize(stream->client, AUDCLNT_SHAREMODE_SHARED,
                                   AUDCLNT_STREAMFLAGS_EVENTCALLBACK, buffer, 0, mix, NULL);
}

static HRESULT
climb(struct ch_wasapi_stream *stream, IMMDevice *device, const WAVEFORMATEX *mix,
      const struct ch_wasapi_wish *wish, HANDLE refill)
{
    const struct ch_wasapi_stream base = *stream;
    stream->way = CH_WASAPI_LOW;
    HRESULT hr = open_low(stream, device, mix, wish);
    if (SUCCEEDED(hr)) {
        hr = ch_wasapi_stream_finish(stream, refill);
    }
    // E_FAIL may be the device's or this interface's: then the other one fails, too, or does not.
    if (FAILED(hr) && (hr == E_FAIL || !ch_wasapi_is_gone(hr))) {
        char why[CH_DETAIL_BYTES];
        (void)ch_wasapi_explain(hr, "no low-latency stream", why);
        ch_debug("wasapi: %s", why);
        ch_wasapi_stream_close(stream);
        *stream = base;
        stream->way = CH_WASAPI_SHARED;
        hr = open_shared(stream, device, mix, wish);
        if (SUCCEEDED(hr)) {
            hr = ch_wasapi_stream_finish(stream, refill);
        }
    }
    return hr;
}

static HRESULT
get_mix_format(IMMDevice *device, WAVEFORMATEX **mix)
{
    *mix = NULL;
    IAudioClient *client = NULL;
    HRESULT hr = IMMDevice_Activate(device, &IID_IAudioClient, CLSCTX_ALL, NULL, (void **)&client);
    if (FAILED(hr)) {
        return hr;
    }
    hr = IAudioClient_GetMixFormat(client, mix);
    IAudioClient_Release(client);
    if (SUCCEEDED(hr) && !*mix) {
        hr = E_POINTER;
    }
    return hr;
}

static enum ch_status
open_in_mix_format(struct ch_wasapi_stream *stream, IMMDevice *device, const char *name,
                   const WAVEFORMATEX *mix, const struct ch_wasapi_wish *wish, HANDLE refill,
                   char *detail)
{
    if (!ch_wasapi_format_read(&stream->format, mix)) {
        snprintf(detail, CH_DETAIL_BYTES,
                 "%.96s mixes in a format that chantd does not write (tag 0x%x, %u bits, %u "
                 "channels); choose another in its settings",
                 name, mix->wFormatTag, mix->wBitsPerSample, mix->nChannels);
        return CH_UNAVAILABLE;
    }
    const enum ch_status status =
        ch_wasapi_check_rate(mix->nSamplesPerSec, wish->rate_hz, name, detail);
    if (status != CH_OK) {
        return status;
    }
    stream->rate_hz = mix->nSamplesPerSec;
    const HRESULT hr = climb(stream, device, mix, wish, refill);
    return FAILED(hr) ? ch_wasapi_explain(hr, name, detail) : CH_OK;
}

enum ch_status
ch_wasapi_stream_open(struct ch_wasapi_stream *stream, IMMDevice *device, const char *name,
                      const struct ch_wasapi_wish *wish, HANDLE refill, char *detail)
{
    *stream = (struct ch_wasapi_stream){0};
    enum ch_status status;
    if (wish->exclusive) {
        status = ch_wasapi_stream_open_exclusive(stream, device, name, wish, refill, detail);
    } else {
        WAVEFORMATEX *mix;
        const HRESULT hr = get_mix_format(device, &mix);
        if (FAILED(hr)) {
            return ch_wasapi_explain(hr, name, detail);
        }
        status = open_in_mix_format(stream, device, name, mix, wish, refill, detail);
        CoTaskMemFree(mix);
    }
    if (status != CH_OK) {
        ch_wasapi_stream_close(stream);
    }
    return status;
}

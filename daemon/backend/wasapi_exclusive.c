// SPDX-License-Identifier: ISC
// daemon/backend/wasapi_exclusive.c — a device for ourselves: its own format, no mixer in between.
//
// With an event the buffer is the period: each time all of it is written anew.

#include <stdio.h>

#include "daemon/backend/common.h"
#include "daemon/backend/wasapi_error.h"
#include "daemon/backend/wasapi_format.h"
#include "daemon/backend/wasapi_internal.h"
#include "daemon/backend/wasapi_stream.h"
#include "daemon/base/log.h"

// Best first: what needs no rounding, then what needs little.
static const enum ch_sample_type types[] = {
    CH_SAMPLE_F32, CH_SAMPLE_S32, CH_SAMPLE_S24_32, CH_SAMPLE_S24, CH_SAMPLE_S16,
};

// Some drivers do not even understand what they do not take.
static bool
is_no(HRESULT hr)
{
    return hr == S_FALSE || hr == AUDCLNT_E_UNSUPPORTED_FORMAT || hr == E_INVALIDARG;
}

// Stereo, else with as many channels as the mixer uses.  A failure that is no answer to the
// question (the device has gone, or is somebody else's) ends the search.
static HRESULT
choose_format(IAudioClient *client, uint32_t rate_hz, uint32_t mix_channels,
              WAVEFORMATEXTENSIBLE *wave)
{
    const uint32_t channels[] = {2, mix_channels};
    const bool has_more =
        mix_channels != 2 && mix_channels > 0 && mix_channels <= CH_SAMPLE_CHANNELS_MAX;
    for (unsigned c = 0; c < (has_more ? 2 : 1); c++) {
        for (unsigned t = 0; t < sizeof types / sizeof *types; t++) {
            ch_wasapi_format_make(wave, types[t], channels[c], rate_hz);
            const HRESULT hr = IAudioClient_IsFormatSupported(client, AUDCLNT_SHAREMODE_EXCLUSIVE,
                                                              &wave->Format, NULL);
            if (!is_no(hr)) {
                return hr;
            }
        }
    }
    return AUDCLNT_E_UNSUPPORTED_FORMAT;
}

static REFERENCE_TIME
choose_duration(IAudioClient *client, const struct ch_wasapi_wish *wish, uint32_t rate_hz)
{
    REFERENCE_TIME normal = 0, least = 0;
    if (FAILED(IAudioClient_GetDevicePeriod(client, &normal, &least)) || normal <= 0) {
        normal = CH_WASAPI_SECOND / 100;
    }
    const REFERENCE_TIME asked =
        ((REFERENCE_TIME)wish->period * CH_WASAPI_SECOND + rate_hz / 2) / rate_hz;
    const REFERENCE_TIME duration = asked ? asked : normal;
    return duration > least ? duration : least;
}

static HRESULT
activate(IMMDevice *device, IAudioClient **client)
{
    const HRESULT hr =
        IMMDevice_Activate(device, &IID_IAudioClient, CLSCTX_ALL, NULL, (void **)client);
    if (FAILED(hr)) {
        *client = NULL;
    }
    return hr;
}

static HRESULT
initialize(IAudioClient *client, REFERENCE_TIME duration, const WAVEFORMATEX *wave)
{
    return IAudioClient_Initialize(client, AUDCLNT_SHAREMODE_EXCLUSIVE,
                                   AUDCLNT_STREAMFLAGS_EVENTCALLBACK, duration, duration, wave,
                                   NULL);
}

// The device says which length near to ours it would take, and wants a new client for it.
static HRESULT
initialize_aligned(struct ch_wasapi_stream *stream, IMMDevice *device, REFERENCE_TIME duration,
                   const WAVEFORMATEX *wave)
{
    HRESULT hr = initialize(stream->client, duration, wave);
    if (hr != AUDCLNT_E_BUFFER_SIZE_NOT_ALIGNED) {
        return hr;
    }
    UINT32 frames = 0;
    hr = IAudioClient_GetBufferSize(stream->client, &frames);
    if (FAILED(hr) || !frames) {
        return FAILED(hr) ? hr : AUDCLNT_E_BUFFER_SIZE_ERROR;
    }
    IAudioClient_Release(stream->client);
    hr = activate(device, &stream->client);
    const REFERENCE_TIME aligned =
        ((REFERENCE_TIME)frames * CH_WASAPI_SECOND + stream->rate_hz / 2) / stream->rate_hz;
    ch_debug("wasapi: a buffer of %u frames instead", frames);
    return FAILED(hr) ? hr : initialize(stream->client, aligned, wave);
}

static enum ch_status
refuse_formats(const char *name, uint32_t rate_hz, char *detail)
{
    snprintf(detail, CH_DETAIL_BYTES,
             "%.96s takes no format of ours at %u Hz for itself; ask for another --rate, or leave "
             "--exclusive out",
             name, rate_hz);
    return CH_UNAVAILABLE;
}

enum ch_status
ch_wasapi_stream_open_exclusive(struct ch_wasapi_stream *stream, IMMDevice *device,
                                const char *name, const struct ch_wasapi_wish *wish, HANDLE refill,
                                char *detail)
{
    stream->way = CH_WASAPI_EXCLUSIVE;
    HRESULT hr = activate(device, &stream->client);
    WAVEFORMATEX *mix = NULL;
    if (SUCCEEDED(hr)) {
        hr = IAudioClient_GetMixFormat(stream->client, &mix);
    }
    if (FAILED(hr) || !mix) {
        return ch_wasapi_explain(FAILED(hr) ? hr : E_POINTER, name, detail);
    }
    stream->rate_hz = wish->rate_hz ? wish->rate_hz : mix->nSamplesPerSec;
    const uint32_t mix_channels = mix->nChannels;
    CoTaskMemFree(mix);
    const enum ch_status status = ch_wasapi_check_rate(stream->rate_hz, 0, name, detail);
    if (status != CH_OK) {
        return status;
    }
    WAVEFORMATEXTENSIBLE wave;
    hr = choose_format(stream->client, stream->rate_hz, mix_channels, &wave);
    if (hr == AUDCLNT_E_UNSUPPORTED_FORMAT ||
        (SUCCEEDED(hr) && !ch_wasapi_format_read(&stream->format, &wave.Format))) {
        return refuse_formats(name, stream->rate_hz, detail);
    }
    if (FAILED(hr)) {
        return ch_wasapi_explain(hr, name, detail);
    }
    const REFERENCE_TIME duration = choose_duration(stream->client, wish, stream->rate_hz);
    hr = initialize_aligned(stream, device, duration, &wave.Format);
    if (SUCCEEDED(hr)) {
        hr = ch_wasapi_stream_finish(stream, refill);
    }
    stream->period = stream->buffer_frames;
    return FAILED(hr) ? ch_wasapi_explain(hr, name, detail) : CH_OK;
}

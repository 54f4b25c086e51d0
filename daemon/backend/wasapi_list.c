// SPDX-License-Identifier: ISC
// daemon/backend/wasapi_list.c — what could be played on, with formats and periods.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/backend/wasapi_error.h"
#include "daemon/backend/wasapi_format.h"
#include "daemon/backend/wasapi_internal.h"

// Periods of the audio engine if it tells them; else of the device.
static void
read_periods(struct ch_device_entry *entry, IMMDevice *device, IAudioClient *client,
             const WAVEFORMATEX *mix)
{
    REFERENCE_TIME normal = 0, least = 0;
    if (SUCCEEDED(IAudioClient_GetDevicePeriod(client, &normal, &least))) {
        entry->period_default = ch_wasapi_frames(normal, mix->nSamplesPerSec);
        entry->period_min = entry->period_default; // shared, there is no other
        entry->period = entry->period_default;
    }
    IAudioClient3 *low = NULL;
    if (FAILED(IMMDevice_Activate(device, &IID_IAudioClient3, CLSCTX_ALL, NULL, (void **)&low))) {
        return;
    }
    UINT32 usual = 0, fundamental = 0, min = 0, max = 0;
    if (SUCCEEDED(
            IAudioClient3_GetSharedModeEnginePeriod(low, mix, &usual, &fundamental, &min, &max))) {
        const uint32_t period = ch_wasapi_snap(0, fundamental, min, max);
        entry->period_default = usual;
        entry->period_min = period ? period : min;
        entry->period = entry->period_min;
    }
    IAudioClient3_Release(low);
}

static void
read_format(struct ch_device_entry *entry, IMMDevice *device)
{
    IAudioClient *client = NULL;
    if (FAILED(IMMDevice_Activate(device, &IID_IAudioClient, CLSCTX_ALL, NULL, (void **)&client))) {
        return;
    }
    WAVEFORMATEX *mix = NULL;
    if (SUCCEEDED(IAudioClient_GetMixFormat(client, &mix)) && mix) {
        struct ch_sample_format format;
        entry->rate_hz = mix->nSamplesPerSec;
        entry->n_channels = mix->nChannels;
        entry->format = ch_wasapi_format_read(&format, mix) ? ch_sample_type_name(format.type) : "";
        read_periods(entry, device, client, mix);
        CoTaskMemFree(mix);
    }
    IAudioClient_Release(client);
}

static void
read_entry(struct ch_device_entry *entry, IMMDevice *device, const char *default_id)
{
    *entry = (struct ch_device_entry){.format = ""};
    ch_wasapi_device_id(device, entry->id);
    ch_wasapi_device_name(device, entry->name);
    entry->is_default = entry->id[0] && !strcmp(entry->id, default_id);
    read_format(entry, device);
}

static enum ch_status
read_all(struct ch_device_list *out, IMMDeviceCollection *all, const char *default_id, char *detail)
{
    UINT n = 0;
    const HRESULT hr = IMMDeviceCollection_GetCount(all, &n);
    if (FAILED(hr)) {
        return ch_wasapi_explain(hr, "the devices can't be counted", detail);
    }
    out->entries = calloc(n ? n : 1, sizeof *out->entries);
    if (!out->entries) {
        snprintf(detail, CH_DETAIL_BYTES, "no memory for a list of %u devices", n);
        return CH_NO_MEMORY;
    }
    for (UINT i = 0; i < n; i++) {
        IMMDevice *device = NULL;
        if (SUCCEEDED(IMMDeviceCollection_Item(all, i, &device)) && device) {
            read_entry(&out->entries[out->n++], device, default_id);
            IMMDevice_Release(device);
        }
    }
    return CH_OK;
}

static enum ch_status
list_in_com(struct ch_device_list *out, char *detail)
{
    IMMDeviceEnumerator *enumerator = NULL;
    HRESULT hr = ch_wasapi_create_enumerator(&enumerator);
    if (FAILED(hr)) {
        return ch_wasapi_explain(hr, "no audio devices", detail);
    }
    char default_id[CH_DEVICE_ID_BYTES] = "";
    IMMDevice *device;
    if (SUCCEEDED(ch_wasapi_device_default(enumerator, &device))) {
        ch_wasapi_device_id(device, default_id);
        IMMDevice_Release(device);
    }
    enum ch_status status;
    IMMDeviceCollection *all = NULL;
    hr = IMMDeviceEnumerator_EnumAudioEndpoints(enumerator, eRender, DEVICE_STATE_ACTIVE, &all);
    if (FAILED(hr)) {
        status = ch_wasapi_explain(hr, "the devices can't be listed", detail);
    } else {
        status = read_all(out, all, default_id, detail);
        IMMDeviceCollection_Release(all);
    }
    IMMDeviceEnumerator_Release(enumerator);
    return status;
}

enum ch_status
ch_wasapi_list(struct ch_device_list *out, char *detail)
{
    *out = (struct ch_device_list){0};
    HRESULT hr;
    const bool entered = ch_wasapi_com_enter(&hr);
    if (FAILED(hr)) {
        return ch_wasapi_explain(hr, "COM can't be used", detail);
    }
    const enum ch_status status = list_in_com(out, detail);
    ch_wasapi_com_leave(entered);
    return status;
}

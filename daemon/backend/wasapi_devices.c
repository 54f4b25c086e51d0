// SPDX-License-Identifier: ISC
// daemon/backend/wasapi_devices.c — asks MMDevice for devices, and them for their names.

#include "daemon/backend/wasapi_devices.h"

#include <functiondiscoverykeys_devpkey.h>
#include <stdio.h>
#include <string.h>

#include "daemon/backend/common.h"
#include "daemon/backend/wasapi_error.h"

static HRESULT
create_enumerator(IMMDeviceEnumerator **out)
{
    *out = NULL;
    return CoCreateInstance(&CLSID_MMDeviceEnumerator, NULL, CLSCTX_ALL, &IID_IMMDeviceEnumerator,
                            (void **)out);
}

HRESULT (*ch_wasapi_create_enumerator)(IMMDeviceEnumerator **out) = create_enumerator;

// --- text ---------------------------------------------------------------------------------------

// As much as fits, whole characters; "" for what is no UTF-16.
static void
to_utf8(const wchar_t *wide, char *out, int bytes)
{
    if (WideCharToMultiByte(CP_UTF8, 0, wide, -1, out, bytes, NULL, NULL) > 0) {
        return;
    }
    wchar_t part[CH_DEVICE_ID_BYTES];
    size_t n = 0;
    while (wide[n] && n < (size_t)(bytes - 1) / 3) {
        part[n] = wide[n];
        n++;
    }
    if (n && part[n - 1] >= 0xd800 && part[n - 1] < 0xdc00) {
        n--; // the first half of a pair
    }
    part[n] = 0;
    if (WideCharToMultiByte(CP_UTF8, 0, part, -1, out, bytes, NULL, NULL) <= 0) {
        out[0] = 0;
    }
}

static bool
equals(const char *a, const char *b)
{
    wchar_t wide_a[CH_DEVICE_ID_BYTES], wide_b[CH_DEVICE_ID_BYTES];
    if (MultiByteToWideChar(CP_UTF8, 0, a, -1, wide_a, CH_DEVICE_ID_BYTES) <= 0 ||
        MultiByteToWideChar(CP_UTF8, 0, b, -1, wide_b, CH_DEVICE_ID_BYTES) <= 0) {
        return false;
    }
    return CompareStringOrdinal(wide_a, -1, wide_b, -1, TRUE) == CSTR_EQUAL;
}

// --- one device ---------------------------------------------------------------------------------

void
ch_wasapi_device_id(IMMDevice *device, char id[CH_DEVICE_ID_BYTES])
{
    LPWSTR wide = NULL;
    id[0] = 0;
    if (SUCCEEDED(IMMDevice_GetId(device, &wide)) && wide) {
        to_utf8(wide, id, CH_DEVICE_ID_BYTES);
        CoTaskMemFree(wide);
    }
}

void
ch_wasapi_device_name(IMMDevice *device, char name[CH_DEVICE_NAME_BYTES])
{
    IPropertyStore *store = NULL;
    name[0] = 0;
    if (SUCCEEDED(IMMDevice_OpenPropertyStore(device, STGM_READ, &store)) && store) {
        PROPVARIANT value;
        PropVariantInit(&value);
        if (SUCCEEDED(IPropertyStore_GetValue(store, (const PROPERTYKEY *)&PKEY_Device_FriendlyName,
                                              &value)) &&
            value.vt == VT_LPWSTR && value.pwszVal) {
            to_utf8(value.pwszVal, name, CH_DEVICE_NAME_BYTES);
        }
        PropVariantClear(&value);
        IPropertyStore_Release(store);
    }
    if (!name[0]) {
        char id[CH_DEVICE_ID_BYTES];
        ch_wasapi_device_id(device, id);
        snprintf(name, CH_DEVICE_NAME_BYTES, "%.100s", id[0] ? id : "a device without a name");
    }
}

HRESULT
ch_wasapi_device_default(IMMDeviceEnumerator *enumerator, IMMDevice **out)
{
    *out = NULL;
    const HRESULT hr =
        IMMDeviceEnumerator_GetDefaultAudioEndpoint(enumerator, eRender, eMultimedia, out);
    return SUCCEEDED(hr) && !*out ? E_POINTER : hr;
}

static bool
is_active(IMMDevice *device)
{
    DWORD state = DEVICE_STATE_ACTIVE;
    return FAILED(IMMDevice_GetState(device, &state)) || state == DEVICE_STATE_ACTIVE;
}

bool
ch_wasapi_device_is_active(const struct ch_wasapi_device *device)
{
    return is_active(device->device);
}

bool
ch_wasapi_device_is_replaced(const struct ch_wasapi_device *device)
{
    IMMDevice *now;
    if (FAILED(ch_wasapi_device_default(device->enumerator, &now))) {
        return false;
    }
    char id[CH_DEVICE_ID_BYTES];
    ch_wasapi_device_id(now, id);
    IMMDevice_Release(now);
    return id[0] && strcmp(id, device->id) != 0;
}

// --- finding it ---------------------------------------------------------------------------------

static bool
is_meant(IMMDevice *device, const char *wanted)
{
    char id[CH_DEVICE_ID_BYTES], name[CH_DEVICE_NAME_BYTES];
    ch_wasapi_device_id(device, id);
    ch_wasapi_device_name(device, name);
    return equals(id, wanted) || equals(name, wanted);
}

// Among those that are there and switched on; the first if several have the name.
static HRESULT
find(IMMDeviceEnumerator *enumerator, const char *wanted, IMMDevice **out)
{
    *out = NULL;
    IMMDeviceCollection *all = NULL;
    HRESULT hr =
        IMMDeviceEnumerator_EnumAudioEndpoints(enumerator, eRender, DEVICE_STATE_ACTIVE, &all);
    if (FAILED(hr)) {
        return hr;
    }
    UINT n = 0;
    hr = IMMDeviceCollection_GetCount(all, &n);
    for (UINT i = 0; SUCCEEDED(hr) && i < n && !*out; i++) {
        IMMDevice *device = NULL;
        if (SUCCEEDED(IMMDeviceCollection_Item(all, i, &device)) && device) {
            if (is_meant(device, wanted)) {
                *out = device;
            } else {
                IMMDevice_Release(device);
            }
        }
    }
    IMMDeviceCollection_Release(all);
    return hr;
}

static enum ch_status
open_wanted(struct ch_wasapi_device *device, const char *wanted, char *detail)
{
    const HRESULT hr = find(device->enumerator, wanted, &device->device);
    if (FAILED(hr)) {
        return ch_wasapi_explain(hr, "the devices can't be listed", detail);
    }
    if (!device->device) {
        snprintf(detail, CH_DETAIL_BYTES,
                 "no device “%.120s” is there and switched on; `chant devices` lists those that "
                 "are",
                 wanted);
        return CH_NO_DEVICE;
    }
    return CH_OK;
}

static enum ch_status
open_default(struct ch_wasapi_device *device, char *detail)
{
    const HRESULT hr = ch_wasapi_device_default(device->enumerator, &device->device);
    return FAILED(hr) ? ch_wasapi_explain(hr, "no default audio device", detail) : CH_OK;
}

enum ch_status
ch_wasapi_device_open(struct ch_wasapi_device *device, const char *wanted, char *detail)
{
    *device = (struct ch_wasapi_device){0};
    const HRESULT hr = ch_wasapi_create_enumerator(&device->enumerator);
    if (FAILED(hr)) {
        device->enumerator = NULL;
        return ch_wasapi_explain(hr, "no audio devices", detail);
    }
    const enum ch_status status =
        wanted && *wanted ? open_wanted(device, wanted, detail) : open_default(device, detail);
    if (status != CH_OK) {
        ch_wasapi_device_close(device);
        return status;
    }
    ch_wasapi_device_id(device->device, device->id);
    ch_wasapi_device_name(device->device, device->name);
    return CH_OK;
}

void
ch_wasapi_device_close(struct ch_wasapi_device *device)
{
    if (device->device) {
        IMMDevice_Release(device->device);
    }
    if (device->enumerator) {
        IMMDeviceEnumerator_Release(device->enumerator);
    }
    *device = (struct ch_wasapi_device){0};
}

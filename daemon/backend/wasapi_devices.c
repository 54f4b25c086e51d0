// SPDX-License-Identifier: ISC
// daemon/backend/wasapi_devices.c — asks MMDevice for devices, and them for their names.

#include "daemon/backend/wasapi_devices.h"

#include <functiondiscoverykeys_devpkey.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/backend/common.h"
#include "daemon/backend/wasapi_error.h"
#include "system/wide_win32.h"

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
    int n = 0;
    for (int n_bytes = 0; wide[n];) {
        const bool pair = IS_HIGH_SURROGATE(wide[n]) && IS_LOW_SURROGATE(wide[n + 1]);
        n_bytes += pair ? 4 : wide[n] < 0x80 ? 1 : wide[n] < 0x800 ? 2 : 3;
        if (n_bytes >= bytes) {
            break;
        }
        n += pair ? 2 : 1;
    }
    out[n ? WideCharToMultiByte(CP_UTF8, 0, wide, n, out, bytes - 1, NULL, NULL) : 0] = 0;
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

// To be cleared, whether it is there or not.
static bool
read_name(IMMDevice *device, PROPVARIANT *name)
{
    IPropertyStore *store = NULL;
    PropVariantInit(name);
    if (FAILED(IMMDevice_OpenPropertyStore(device, STGM_READ, &store)) || !store) {
        return false;
    }
    const HRESULT hr =
        IPropertyStore_GetValue(store, (const PROPERTYKEY *)&PKEY_Device_FriendlyName, name);
    IPropertyStore_Release(store);
    return SUCCEEDED(hr) && name->vt == VT_LPWSTR && name->pwszVal;
}

void
ch_wasapi_device_name(IMMDevice *device, char name[CH_DEVICE_NAME_BYTES])
{
    PROPVARIANT value;
    name[0] = 0;
    if (read_name(device, &value)) {
        to_utf8(value.pwszVal, name, CH_DEVICE_NAME_BYTES);
    }
    PropVariantClear(&value);
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

// Of a name that is too long for us what we say of it will do, and the whole of it as well.
static bool
has_whole_name(IMMDevice *device, const char *wanted)
{
    PROPVARIANT name;
    wchar_t *wide = ch_wide(wanted);
    const bool has = read_name(device, &name) && wide &&
                     CompareStringOrdinal(name.pwszVal, -1, wide, -1, TRUE) == CSTR_EQUAL;
    PropVariantClear(&name);
    free(wide);
    return has;
}

static bool
is_meant(IMMDevice *device, const char *wanted)
{
    char id[CH_DEVICE_ID_BYTES], name[CH_DEVICE_NAME_BYTES];
    ch_wasapi_device_id(device, id);
    ch_wasapi_device_name(device, name);
    return equals(id, wanted) || equals(name, wanted) || has_whole_name(device, wanted);
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

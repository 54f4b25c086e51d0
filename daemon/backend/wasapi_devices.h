// SPDX-License-Identifier: ISC
// daemon/backend/wasapi_devices.h — which devices there are, and which one is meant.
//
// Called by threads that have joined COM, never by [rt].

#ifndef CH_BACKEND_WASAPI_DEVICES_H
#define CH_BACKEND_WASAPI_DEVICES_H

#include <stdbool.h>

#include <windows.h>

#include <mmdeviceapi.h>

#include "daemon/backend/backend.h"
#include "daemon/base/status.h"

/// Makes the system's list of devices; tests put their own here.
extern HRESULT (*ch_wasapi_create_enumerator)(IMMDeviceEnumerator **out);

struct ch_wasapi_device {
    IMMDeviceEnumerator *enumerator; ///< counted, as is the device
    IMMDevice *device;
    char id[CH_DEVICE_ID_BYTES];     ///< UTF-8, as Windows knows it
    char name[CH_DEVICE_NAME_BYTES]; ///< as people call it
};

/// The one with the id or name `wanted` (upper and lower case are the same), or by default the
/// default one.  On failure nothing is left behind, and `detail` has a sentence.
enum ch_status ch_wasapi_device_open(struct ch_wasapi_device *device, const char *wanted,
                                     char *detail);
/// Accepts a closed one.
void ch_wasapi_device_close(struct ch_wasapi_device *device);

/// Whether it is there and switched on.  Errors count as yes: the stream will tell.
bool ch_wasapi_device_is_active(const struct ch_wasapi_device *device);

/// Whether the default device is another one by now.
bool ch_wasapi_device_is_replaced(const struct ch_wasapi_device *device);

/// The `list` of the backend's ops, in wasapi_list.c.
enum ch_status ch_wasapi_list(struct ch_device_list *out, char *detail);

// --- shared with wasapi_list.c ------------------------------------------------------------------

/// The id, or "" if it will not say.
void ch_wasapi_device_id(IMMDevice *device, char id[CH_DEVICE_ID_BYTES]);
/// The name; its id if it has none.
void ch_wasapi_device_name(IMMDevice *device, char name[CH_DEVICE_NAME_BYTES]);
/// The default device for music.
HRESULT ch_wasapi_device_default(IMMDeviceEnumerator *enumerator, IMMDevice **out);

#endif

// SPDX-License-Identifier: ISC
// daemon/backend/wasapi_error.h — what an HRESULT of the audio system means to us, and to a person.

#ifndef CH_BACKEND_WASAPI_ERROR_H
#define CH_BACKEND_WASAPI_ERROR_H

#include <stdbool.h>

#include <windows.h>

#include "daemon/base/status.h"

/// CH_NO_DEVICE for all that may pass when the device, or the audio service, is back.
enum ch_status ch_wasapi_status(HRESULT hr);

/// The device, or the service behind it, is not there: no other way to open it will help.
bool ch_wasapi_is_gone(HRESULT hr);

/// Write "WHAT: NAME (0x88890004), MEANING" to `detail` (CH_DETAIL_BYTES); returns the status.
enum ch_status ch_wasapi_explain(HRESULT hr, const char *what, char *detail);

#endif

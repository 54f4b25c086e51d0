// SPDX-License-Identifier: ISC
// daemon/backend/wasapi_guids.c — the one file in which the names of the interfaces have a home.

#define INITGUID

#include <windows.h>

#include <mmdeviceapi.h>

#include <audioclient.h>
#include <functiondiscoverykeys_devpkey.h>

#include "daemon/backend/wasapi_internal.h"

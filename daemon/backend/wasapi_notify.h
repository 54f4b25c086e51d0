// SPDX-License-Identifier: ISC
// daemon/backend/wasapi_notify.h — Windows says that something about its devices has changed.
//
// What it was is not looked at, let alone asked about: the call comes in the middle of things, and
// MMDevice may not be called back from it.  It sets an event; the keeper looks.

#ifndef CH_BACKEND_WASAPI_NOTIFY_H
#define CH_BACKEND_WASAPI_NOTIFY_H

#include <windows.h>

#include <mmdeviceapi.h>

struct ch_wasapi_notify;

/// Sets `event` from now on, until it is closed.  NULL if Windows won't: then there is polling.
struct ch_wasapi_notify *ch_wasapi_notify_open(IMMDeviceEnumerator *enumerator, HANDLE event);

/// Accepts NULL.  A call that is still under way finds all that it needs.
void ch_wasapi_notify_close(struct ch_wasapi_notify *notify, IMMDeviceEnumerator *enumerator);

#endif

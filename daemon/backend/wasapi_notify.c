// SPDX-License-Identifier: ISC
// daemon/backend/wasapi_notify.c — an IMMNotificationClient that owns an event and sets it.

#include "daemon/backend/wasapi_notify.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "daemon/base/attributes.h"

struct ch_wasapi_notify {
    IMMNotificationClient base; // first: a pointer to it is a pointer to us
    atomic_ulong n_refs;
    HANDLE event; // our own handle of it
};

static struct ch_wasapi_notify *
self(IMMNotificationClient *base)
{
    return (struct ch_wasapi_notify *)base;
}

static ULONG STDMETHODCALLTYPE
add_ref(IMMNotificationClient *base)
{
    return atomic_fetch_add(&self(base)->n_refs, 1) + 1;
}

static ULONG STDMETHODCALLTYPE
release(IMMNotificationClient *base)
{
    const ULONG n = atomic_fetch_sub(&self(base)->n_refs, 1) - 1;
    if (!n) {
        CloseHandle(self(base)->event);
        free(self(base));
    }
    return n;
}

static HRESULT STDMETHODCALLTYPE
query_interface(IMMNotificationClient *base, REFIID iid, void **out)
{
    if (IsEqualIID(iid, &IID_IUnknown) || IsEqualIID(iid, &IID_IMMNotificationClient)) {
        add_ref(base);
        *out = base;
        return S_OK;
    }
    *out = NULL;
    return E_NOINTERFACE;
}

static HRESULT
notice(IMMNotificationClient *base)
{
    SetEvent(self(base)->event);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE
on_state(IMMNotificationClient *base, CH_UNUSED LPCWSTR id, CH_UNUSED DWORD state)
{
    return notice(base);
}

static HRESULT STDMETHODCALLTYPE
on_added(IMMNotificationClient *base, CH_UNUSED LPCWSTR id)
{
    return notice(base);
}

static HRESULT STDMETHODCALLTYPE
on_removed(IMMNotificationClient *base, CH_UNUSED LPCWSTR id)
{
    return notice(base);
}

static HRESULT STDMETHODCALLTYPE
on_default(IMMNotificationClient *base, CH_UNUSED EDataFlow flow, CH_UNUSED ERole role,
           CH_UNUSED LPCWSTR id)
{
    return notice(base);
}

static HRESULT STDMETHODCALLTYPE
on_property(IMMNotificationClient *base, CH_UNUSED LPCWSTR id, CH_UNUSED const PROPERTYKEY key)
{
    return notice(base);
}

static IMMNotificationClientVtbl vtable = {
    .QueryInterface = query_interface,
    .AddRef = add_ref,
    .Release = release,
    .OnDeviceStateChanged = on_state,
    .OnDeviceAdded = on_added,
    .OnDeviceRemoved = on_removed,
    .OnDefaultDeviceChanged = on_default,
    .OnPropertyValueChanged = on_property,
};

struct ch_wasapi_notify *
ch_wasapi_notify_open(IMMDeviceEnumerator *enumerator, HANDLE event)
{
    struct ch_wasapi_notify *notify = calloc(1, sizeof *notify);
    if (!notify) {
        return NULL;
    }
    notify->base.lpVtbl = &vtable;
    atomic_init(&notify->n_refs, 1);
    const HANDLE process = GetCurrentProcess();
    if (!DuplicateHandle(process, event, process, &notify->event, 0, FALSE,
                         DUPLICATE_SAME_ACCESS)) {
        free(notify);
        return NULL;
    }
    if (FAILED(
            IMMDeviceEnumerator_RegisterEndpointNotificationCallback(enumerator, &notify->base))) {
        release(&notify->base);
        return NULL;
    }
    return notify;
}

void
ch_wasapi_notify_close(struct ch_wasapi_notify *notify, IMMDeviceEnumerator *enumerator)
{
    if (notify) {
        IMMDeviceEnumerator_UnregisterEndpointNotificationCallback(enumerator, &notify->base);
        release(&notify->base);
    }
}

// SPDX-License-Identifier: ISC
// tests/windows/unit/fake_devices.c — enumerator, collection, device, properties, notifications.

#include "tests/windows/unit/fake_wasapi.h"

#include <functiondiscoverykeys_devpkey.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/backend/mmcss.h"
#include "daemon/backend/wasapi_devices.h"
#include "daemon/backend/wasapi_format.h"
#include "daemon/backend/wasapi_internal.h"

struct fake fake;

const char *const fake_call_names[FAKE_N_CALLS] = {
#define X(name) #name,
    FAKE_CALLS(X)
#undef X
};

static CRITICAL_SECTION lock;

void
fake_lock(void)
{
    EnterCriticalSection(&lock);
}

void
fake_unlock(void)
{
    LeaveCriticalSection(&lock);
}

void
fake_note_misuse(const char *what)
{
    if (!atomic_fetch_add(&fake.n_misuses, 1)) {
        snprintf(fake.misuse, sizeof fake.misuse, "%s", what);
    }
}

// What [rt] may call while it plays.
static bool
is_rt_call(enum fake_call call)
{
    return call == FAKE_GET_PADDING || call == FAKE_GET_POSITION || call == FAKE_GET_BUFFER ||
           call == FAKE_RELEASE_BUFFER;
}

HRESULT
fake_enter(enum fake_call call)
{
    fake_lock();
    atomic_fetch_add(&fake.n_calls[call], 1);
    const DWORD thread = GetCurrentThreadId();
    if ((!is_rt_call(call) && fake.rt_thread == thread) || fake.quiet_thread == thread) {
        fake_note_misuse(fake_call_names[call]);
    }
    HRESULT hr = S_OK;
    if (fake.fail[call].times && fake.fail[call].skip-- <= 0) {
        fake.fail[call].skip = 0;
        fake.fail[call].times -= fake.fail[call].times > 0;
        hr = fake.fail[call].hr;
    }
    fake_unlock();
    return hr;
}

// --- objects ------------------------------------------------------------------------------------

// All of these begin alike: a table of functions, a count, and the device or none.
struct object {
    const void *vtable;
    atomic_int n_refs;
    struct fake_device *device;
};

static void *
make(const void *vtable, struct fake_device *device)
{
    struct object *object = calloc(1, sizeof *object);
    object->vtable = vtable;
    atomic_init(&object->n_refs, 1);
    object->device = device;
    atomic_fetch_add(&fake.n_objects, 1);
    return object;
}

static ULONG
add_ref(void *of)
{
    struct object *object = of;
    return (ULONG)atomic_fetch_add(&object->n_refs, 1) + 1;
}

static ULONG
release(void *of)
{
    struct object *object = of;
    const int n = atomic_fetch_sub(&object->n_refs, 1) - 1;
    if (n == 0) {
        atomic_fetch_sub(&fake.n_objects, 1);
        free(object);
    } else if (n < 0) {
        fake_note_misuse("released once too often");
    }
    return (ULONG)n;
}

static HRESULT
no_interface(void **out)
{
    *out = NULL;
    fake_note_misuse("QueryInterface");
    return E_NOINTERFACE;
}

#define COUNTED(Interface, prefix)                                                                 \
    static ULONG STDMETHODCALLTYPE prefix##_add_ref(Interface *self)                               \
    {                                                                                              \
        return add_ref(self);                                                                      \
    }                                                                                              \
    static ULONG STDMETHODCALLTYPE prefix##_release(Interface *self)                               \
    {                                                                                              \
        return release(self);                                                                      \
    }                                                                                              \
    static HRESULT STDMETHODCALLTYPE prefix##_query(Interface *self, REFIID iid, void **out)       \
    {                                                                                              \
        (void)self;                                                                                \
        (void)iid;                                                                                 \
        return no_interface(out);                                                                  \
    }

COUNTED(IPropertyStore, store)
COUNTED(IMMDevice, device)
COUNTED(IMMDeviceCollection, collection)
COUNTED(IMMDeviceEnumerator, enumerator)

static struct fake_device *
device_of(void *object)
{
    return ((struct object *)object)->device;
}

static wchar_t *
copy_text(const wchar_t *text)
{
    wchar_t *copy = CoTaskMemAlloc((wcslen(text) + 1) * sizeof *text);
    wcscpy(copy, text);
    return copy;
}

// --- property store -----------------------------------------------------------------------------

static HRESULT STDMETHODCALLTYPE
store_get_count(IPropertyStore *self, DWORD *n)
{
    (void)self;
    *n = 1;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE
store_get_at(IPropertyStore *self, DWORD i, PROPERTYKEY *key)
{
    (void)self;
    (void)i;
    (void)key;
    return E_NOTIMPL;
}

static HRESULT STDMETHODCALLTYPE
store_get_value(IPropertyStore *self, REFPROPERTYKEY key, PROPVARIANT *value)
{
    const HRESULT hr = fake_enter(FAKE_GET_VALUE);
    if (FAILED(hr)) {
        return hr;
    }
    if (memcmp(key, &PKEY_Device_FriendlyName, sizeof *key) == 0 && device_of(self)->name) {
        value->vt = VT_LPWSTR;
        value->pwszVal = copy_text(device_of(self)->name);
    }
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE
store_set_value(IPropertyStore *self, REFPROPERTYKEY key, REFPROPVARIANT value)
{
    (void)self;
    (void)key;
    (void)value;
    return E_NOTIMPL;
}

static HRESULT STDMETHODCALLTYPE
store_commit(IPropertyStore *self)
{
    (void)self;
    return E_NOTIMPL;
}

static const IPropertyStoreVtbl store_vtable = {
    store_query,  store_add_ref,   store_release,   store_get_count,
    store_get_at, store_get_value, store_set_value, store_commit,
};

// --- device -------------------------------------------------------------------------------------

static HRESULT STDMETHODCALLTYPE
device_activate(IMMDevice *self, REFIID iid, DWORD context, PROPVARIANT *params, void **out)
{
    (void)context;
    (void)params;
    return fake_activate(device_of(self), iid, out);
}

static HRESULT STDMETHODCALLTYPE
device_open_store(IMMDevice *self, DWORD access, IPropertyStore **out)
{
    (void)access;
    const HRESULT hr = fake_enter(FAKE_OPEN_STORE);
    *out = FAILED(hr) ? NULL : make(&store_vtable, device_of(self));
    return hr;
}

static HRESULT STDMETHODCALLTYPE
device_get_id(IMMDevice *self, LPWSTR *id)
{
    const HRESULT hr = fake_enter(FAKE_GET_ID);
    *id = FAILED(hr) ? NULL : copy_text(device_of(self)->id);
    return hr;
}

static HRESULT STDMETHODCALLTYPE
device_get_state(IMMDevice *self, DWORD *state)
{
    const HRESULT hr = fake_enter(FAKE_GET_STATE);
    if (SUCCEEDED(hr)) {
        *state = device_of(self)->state;
    }
    return hr;
}

static const IMMDeviceVtbl device_vtable = {
    device_query,      device_add_ref, device_release,   device_activate,
    device_open_store, device_get_id,  device_get_state,
};

// --- collection: of those that are active -------------------------------------------------------

static struct fake_device *
active(UINT index)
{
    for (unsigned i = 0; i < fake.n_devices; i++) {
        if (fake.devices[i].state == DEVICE_STATE_ACTIVE && index-- == 0) {
            return &fake.devices[i];
        }
    }
    return NULL;
}

static HRESULT STDMETHODCALLTYPE
collection_get_count(IMMDeviceCollection *self, UINT *n)
{
    (void)self;
    const HRESULT hr = fake_enter(FAKE_GET_COUNT);
    for (*n = 0; SUCCEEDED(hr) && active(*n); (*n)++) {
    }
    return hr;
}

static HRESULT STDMETHODCALLTYPE
collection_item(IMMDeviceCollection *self, UINT index, IMMDevice **out)
{
    (void)self;
    const HRESULT hr = fake_enter(FAKE_ITEM);
    struct fake_device *device = active(index);
    *out = FAILED(hr) || !device ? NULL : make(&device_vtable, device);
    return FAILED(hr) ? hr : device ? S_OK : E_INVALIDARG;
}

static const IMMDeviceCollectionVtbl collection_vtable = {
    collection_query, collection_add_ref, collection_release, collection_get_count, collection_item,
};

// --- enumerator ---------------------------------------------------------------------------------

static HRESULT STDMETHODCALLTYPE
enumerator_enum(IMMDeviceEnumerator *self, EDataFlow flow, DWORD mask, IMMDeviceCollection **out)
{
    (void)self;
    if (flow != eRender || mask != DEVICE_STATE_ACTIVE) {
        fake_note_misuse("asked for other endpoints");
    }
    const HRESULT hr = fake_enter(FAKE_ENUM_ENDPOINTS);
    *out = FAILED(hr) ? NULL : make(&collection_vtable, NULL);
    return hr;
}

static HRESULT STDMETHODCALLTYPE
enumerator_get_default(IMMDeviceEnumerator *self, EDataFlow flow, ERole role, IMMDevice **out)
{
    (void)self;
    if (flow != eRender || role != eMultimedia) {
        fake_note_misuse("asked for another default");
    }
    const HRESULT hr = fake_enter(FAKE_GET_DEFAULT);
    const int index = fake.default_device;
    *out = FAILED(hr) || index < 0 ? NULL : make(&device_vtable, &fake.devices[index]);
    return FAILED(hr) ? hr : index < 0 ? (HRESULT)0x80070490 : S_OK;
}

static HRESULT STDMETHODCALLTYPE
enumerator_get_device(IMMDeviceEnumerator *self, LPCWSTR id, IMMDevice **out)
{
    (void)self;
    (void)id;
    *out = NULL;
    return E_NOTIMPL;
}

static HRESULT STDMETHODCALLTYPE
enumerator_register(IMMDeviceEnumerator *self, IMMNotificationClient *listener)
{
    (void)self;
    const HRESULT hr = fake_enter(FAKE_REGISTER);
    if (SUCCEEDED(hr)) {
        IMMNotificationClient_AddRef(listener);
        fake_lock();
        fake.listener = listener;
        fake_unlock();
    }
    return hr;
}

static HRESULT STDMETHODCALLTYPE
enumerator_unregister(IMMDeviceEnumerator *self, IMMNotificationClient *listener)
{
    (void)self;
    const HRESULT hr = fake_enter(FAKE_UNREGISTER);
    fake_lock();
    const bool known = fake.listener == listener;
    fake.listener = NULL;
    fake_unlock();
    if (known) {
        IMMNotificationClient_Release(listener);
    } else {
        fake_note_misuse("unregistered what was not registered");
    }
    return hr;
}

static const IMMDeviceEnumeratorVtbl enumerator_vtable = {
    enumerator_query,       enumerator_add_ref,    enumerator_release,  enumerator_enum,
    enumerator_get_default, enumerator_get_device, enumerator_register, enumerator_unregister,
};

static HRESULT
create_enumerator(IMMDeviceEnumerator **out)
{
    const HRESULT hr = fake_enter(FAKE_CREATE_ENUMERATOR);
    *out = FAILED(hr) ? NULL : make(&enumerator_vtable, NULL);
    return hr;
}

void
fake_notify(void)
{
    fake_lock();
    IMMNotificationClient *listener = fake.listener;
    if (listener) {
        IMMNotificationClient_AddRef(listener);
    }
    fake_unlock();
    if (listener) {
        IMMNotificationClientVtbl *calls = listener->lpVtbl;
        const PROPERTYKEY key = {{0, 0, 0, {0}}, 0};
        calls->OnDeviceStateChanged(listener, L"any", DEVICE_STATE_ACTIVE);
        calls->OnDeviceAdded(listener, L"any");
        calls->OnDeviceRemoved(listener, L"any");
        calls->OnDefaultDeviceChanged(listener, eRender, eConsole, NULL);
        calls->OnPropertyValueChanged(listener, L"any", key);
        IMMNotificationClient_Release(listener);
    }
}

// --- MMCSS --------------------------------------------------------------------------------------

static HANDLE WINAPI
join(LPCWSTR task, LPDWORD index)
{
    *index = 1;
    if (wcscmp(task, L"Pro Audio") != 0) {
        fake_note_misuse("another task than Pro Audio");
    }
    if (fake.no_mmcss) {
        SetLastError(ERROR_PRIVILEGE_NOT_HELD);
        return NULL;
    }
    atomic_fetch_add(&fake.n_joins, 1);
    return (HANDLE)(intptr_t)0x1234;
}

static WINBOOL WINAPI
set_priority(HANDLE handle, AVRT_PRIORITY priority)
{
    if (handle != (HANDLE)(intptr_t)0x1234 || priority != AVRT_PRIORITY_HIGH) {
        fake_note_misuse("another priority");
    }
    return TRUE;
}

static WINBOOL WINAPI
leave(HANDLE handle)
{
    if (handle != (HANDLE)(intptr_t)0x1234) {
        fake_note_misuse("left what was not joined");
    }
    atomic_fetch_add(&fake.n_leaves, 1);
    return TRUE;
}

// --- setting up ---------------------------------------------------------------------------------

void
fake_set_mix(struct fake_device *device, enum ch_sample_type type, uint32_t n_channels,
             uint32_t mask, uint32_t rate_hz)
{
    ch_wasapi_format_make(&device->mix, type, n_channels, rate_hz);
    device->mix.dwChannelMask = mask;
}

void
fake_fail(enum fake_call call, HRESULT hr, int skip, int times)
{
    fake_lock();
    fake.fail[call].hr = hr;
    fake.fail[call].skip = skip;
    fake.fail[call].times = hr ? times : 0;
    fake_unlock();
}

bool
fake_wait_calls_of(enum fake_call call, int n)
{
    for (int i = 0; i < 20000 && atomic_load(&fake.n_calls[call]) < n; i++) {
        Sleep(1);
    }
    return atomic_load(&fake.n_calls[call]) >= n;
}

void
fake_setup(void)
{
    static bool locked;
    if (!locked) {
        InitializeCriticalSection(&lock);
        locked = true;
    }
    memset(&fake, 0, sizeof fake);
    static const struct {
        const wchar_t *id, *name;
    } names[] = {{L"{0.0.0.00000000}.{speakers}", L"Speakers"},
                 {L"{0.0.0.00000000}.{headphones}", L"Headphones \u266b"}};
    fake.n_devices = 2;
    for (unsigned i = 0; i < fake.n_devices; i++) {
        fake.devices[i] = (struct fake_device){
            .id = names[i].id,
            .name = names[i].name,
            .state = DEVICE_STATE_ACTIVE,
            .normal = 480,
            .fundamental = 32,
            .min = 128,
            .max = 480,
            .device_period = 100000,
            .device_min = 30000,
            .exclusive_types = 1u << CH_SAMPLE_S16,
            .latency = 50000,
        };
        fake_set_mix(&fake.devices[i], CH_SAMPLE_F32, 2, 3, 48000);
    }
    ch_wasapi_create_enumerator = create_enumerator;
    ch_mmcss_api =
        (struct ch_mmcss_api){.join = join, .set_priority = set_priority, .leave = leave};
    // As short as can be, so that no test waits.
    ch_wasapi_times = (struct ch_wasapi_times){
        .release_ms = 60000, .poll_ms = 5, .settle_ms = 2, .linger_ms = 10, .patience_ms = 60000};
}

void
fake_teardown(void)
{
    if (atomic_load(&fake.n_misuses)) {
        print_error("misuse: %s\n", fake.misuse);
    }
    assert_int_equal(atomic_load(&fake.n_misuses), 0);
    assert_int_equal(atomic_load(&fake.n_objects), 0);
    assert_int_equal(atomic_load(&fake.n_joins), atomic_load(&fake.n_leaves));
    assert_null(fake.listener);
    assert_null(fake.running);
    fake_client_fini();
}

int
fake_before(void **state)
{
    (void)state;
    fake_setup();
    return 0;
}

int
fake_after(void **state)
{
    (void)state;
    fake_teardown();
    return 0;
}

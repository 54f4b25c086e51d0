// SPDX-License-Identifier: ISC
// daemon/backend/wasapi_error.c — the table of codes.

#include "daemon/backend/wasapi_error.h"

#include <audioclient.h>
#include <stddef.h>
#include <stdio.h>

#include "daemon/backend/common.h"

/// Newer than some headers.
#ifndef AUDCLNT_E_RESOURCES_INVALIDATED
#    define AUDCLNT_E_RESOURCES_INVALIDATED AUDCLNT_ERR(0x26)
#endif

#define NOT_FOUND    ((HRESULT)0x80070490) ///< HRESULT_FROM_WIN32(ERROR_NOT_FOUND), E_NOTFOUND
#define RPC_GONE     ((HRESULT)0x800706ba) ///< RPC_S_SERVER_UNAVAILABLE
#define RPC_FAILED   ((HRESULT)0x800706be) ///< RPC_S_CALL_FAILED
#define DISCONNECTED ((HRESULT)0x80010108) ///< RPC_E_DISCONNECTED

#define GONE true

static const struct {
    HRESULT hr;
    enum ch_status status;
    bool gone;
    const char *name;
    const char *meaning;
} codes[] = {
#define X(code, status, gone, meaning)                                                             \
    {                                                                                              \
        AUDCLNT_E_##code, status, gone, "AUDCLNT_E_" #code, meaning                                \
    }
    X(DEVICE_INVALIDATED, CH_NO_DEVICE, GONE, "the device was removed, or its format changed"),
    X(RESOURCES_INVALIDATED, CH_NO_DEVICE, GONE, "the audio system took its resources back"),
    X(SERVICE_NOT_RUNNING, CH_NO_DEVICE, GONE, "the Windows Audio service does not run; start it"),
    X(ENDPOINT_CREATE_FAILED, CH_NO_DEVICE, GONE, "the device does not answer its driver"),
    X(DEVICE_IN_USE, CH_BUSY, GONE, "another program has the device for itself; close it"),
    X(EXCLUSIVE_MODE_ONLY, CH_BUSY, GONE, "the device may be used with --exclusive only"),
    X(CPUUSAGE_EXCEEDED, CH_BUSY, false, "the audio system has no time left"),
    X(EXCLUSIVE_MODE_NOT_ALLOWED, CH_DENIED, false,
      "the device's settings forbid it; leave --exclusive out, or allow it there"),
    X(UNSUPPORTED_FORMAT, CH_UNAVAILABLE, false, "the device does not take this format"),
    X(ENGINE_FORMAT_LOCKED, CH_BUSY, false, "another program holds the device at its format"),
    X(ENGINE_PERIODICITY_LOCKED, CH_BUSY, false, "another program holds the device at its period"),
    X(NOT_INITIALIZED, CH_INTERNAL, false, "used before it was set up"),
    X(ALREADY_INITIALIZED, CH_INTERNAL, false, "set up twice"),
    X(WRONG_ENDPOINT_TYPE, CH_INTERNAL, false, "that device does not play"),
    X(NOT_STOPPED, CH_INTERNAL, false, "it is running"),
    X(BUFFER_TOO_LARGE, CH_INTERNAL, false, "more frames than there is room for"),
    X(OUT_OF_ORDER, CH_INTERNAL, false, "a buffer was taken before the last was given back"),
    X(INVALID_SIZE, CH_INTERNAL, false, "more frames given back than were taken"),
    X(BUFFER_OPERATION_PENDING, CH_INTERNAL, false, "the stream is being reset"),
    X(THREAD_NOT_REGISTERED, CH_INTERNAL, false, "the thread is not registered"),
    X(EVENTHANDLE_NOT_EXPECTED, CH_INTERNAL, false, "it has no use for an event"),
    X(BUFDURATION_PERIOD_NOT_EQUAL, CH_INTERNAL, false, "buffer and period differ"),
    X(EVENTHANDLE_NOT_SET, CH_INTERNAL, false, "its event is missing"),
    X(INCORRECT_BUFFER_SIZE, CH_INTERNAL, false, "the buffer has another size"),
    X(BUFFER_SIZE_ERROR, CH_OUT_OF_RANGE, false, "the device takes no buffer that long"),
    X(BUFFER_ERROR, CH_INTERNAL, false, "the device has no buffer to give"),
    X(BUFFER_SIZE_NOT_ALIGNED, CH_UNAVAILABLE, false, "the device takes no buffer of that length"),
    X(INVALID_DEVICE_PERIOD, CH_OUT_OF_RANGE, false, "the device has no such period"),
    X(INVALID_STREAM_FLAG, CH_INTERNAL, false, "a flag it does not know"),
    X(ENDPOINT_OFFLOAD_NOT_CAPABLE, CH_UNAVAILABLE, false, "the device can't offload"),
    X(OUT_OF_OFFLOAD_RESOURCES, CH_BUSY, false, "the device can't offload any more"),
    X(OFFLOAD_MODE_ONLY, CH_UNAVAILABLE, false, "the device can only offload"),
    X(NONOFFLOAD_MODE_ONLY, CH_UNAVAILABLE, false, "the device can't offload that"),
    X(RAW_MODE_UNSUPPORTED, CH_UNAVAILABLE, false, "the device has no raw mode"),
#undef X
    {NOT_FOUND, CH_NO_DEVICE, GONE, "E_NOTFOUND", "there is no such device"},
    {E_FAIL, CH_NO_DEVICE, GONE, "E_FAIL", "the device does not answer"},
    {REGDB_E_CLASSNOTREG, CH_NO_DEVICE, GONE, "REGDB_E_CLASSNOTREG",
     "this system has no audio at all"},
    {RPC_GONE, CH_NO_DEVICE, GONE, "RPC_S_SERVER_UNAVAILABLE", "the audio service has gone"},
    {RPC_FAILED, CH_NO_DEVICE, GONE, "RPC_S_CALL_FAILED", "the audio service has gone"},
    {DISCONNECTED, CH_NO_DEVICE, GONE, "RPC_E_DISCONNECTED", "the audio service has gone"},
    {E_ACCESSDENIED, CH_DENIED, false, "E_ACCESSDENIED", "this user may not use it"},
    {E_OUTOFMEMORY, CH_NO_MEMORY, false, "E_OUTOFMEMORY", "no memory is left"},
    {E_NOTIMPL, CH_UNAVAILABLE, false, "E_NOTIMPL", "this system does not know how"},
    {E_NOINTERFACE, CH_UNAVAILABLE, false, "E_NOINTERFACE", "this system does not know how"},
    {E_INVALIDARG, CH_INTERNAL, false, "E_INVALIDARG", "it does not accept what it was given"},
    {E_POINTER, CH_INTERNAL, false, "E_POINTER", "it does not accept what it was given"},
    {E_HANDLE, CH_INTERNAL, false, "E_HANDLE", "an event is missing"},
    {HRESULT_FROM_WIN32(ERROR_TIMEOUT), CH_NO_DEVICE, GONE, "ERROR_TIMEOUT",
     "the device no longer asks for sound"},
};
#define N_CODES (sizeof codes / sizeof *codes)

static size_t
find(HRESULT hr)
{
    size_t i = 0;
    while (i < N_CODES && codes[i].hr != hr) {
        i++;
    }
    return i;
}

enum ch_status
ch_wasapi_status(HRESULT hr)
{
    if (SUCCEEDED(hr)) {
        return CH_OK;
    }
    const size_t i = find(hr);
    // Of a code that nobody knows nothing better can be hoped for than that it passes.
    return i < N_CODES ? codes[i].status : CH_NO_DEVICE;
}

bool
ch_wasapi_is_gone(HRESULT hr)
{
    const size_t i = find(hr);
    return i < N_CODES && codes[i].gone;
}

enum ch_status
ch_wasapi_explain(HRESULT hr, const char *what, char *detail)
{
    const size_t i = find(hr);
    if (i < N_CODES) {
        snprintf(detail, CH_DETAIL_BYTES, "%.96s: %s (%s, 0x%08lx)", what, codes[i].meaning,
                 codes[i].name, (unsigned long)hr);
    } else {
        snprintf(detail, CH_DETAIL_BYTES, "%.96s: the audio system says 0x%08lx", what,
                 (unsigned long)hr);
    }
    return ch_wasapi_status(hr);
}

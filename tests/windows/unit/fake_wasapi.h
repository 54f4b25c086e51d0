// SPDX-License-Identifier: ISC
// tests/windows/unit/fake_wasapi.h — an audio system that tests own: devices, periods, and time.
//
// Every interface of it is here, down to the reference counts.  Time passes when a test says so:
// fake_step() plays one period, sets the stream's event and waits until the buffer is full again.
// Every call can be made to fail; what must not be called is noted as misuse.

#ifndef CH_TESTS_WINDOWS_UNIT_FAKE_WASAPI_H
#define CH_TESTS_WINDOWS_UNIT_FAKE_WASAPI_H

#ifdef HAVE_CONFIG_H
#    include "config.h"
#endif

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <windows.h>

#include <objbase.h>

#include <mmdeviceapi.h>

#include <audioclient.h>

#include <cmocka.h>

#include "daemon/backend/backend.h"
#include "daemon/backend/sample_format.h"

#define FAKE_CALLS(X)                                                                              \
    X(CREATE_ENUMERATOR)                                                                           \
    X(GET_DEFAULT)                                                                                 \
    X(ENUM_ENDPOINTS)                                                                              \
    X(GET_COUNT)                                                                                   \
    X(ITEM)                                                                                        \
    X(REGISTER)                                                                                    \
    X(UNREGISTER)                                                                                  \
    X(GET_ID)                                                                                      \
    X(GET_STATE)                                                                                   \
    X(OPEN_STORE)                                                                                  \
    X(GET_VALUE)                                                                                   \
    X(ACTIVATE)                                                                                    \
    X(ACTIVATE3)                                                                                   \
    X(GET_MIX_FORMAT)                                                                              \
    X(IS_SUPPORTED)                                                                                \
    X(GET_DEVICE_PERIOD)                                                                           \
    X(SET_PROPERTIES)                                                                              \
    X(GET_ENGINE_PERIOD)                                                                           \
    X(GET_CURRENT_PERIOD)                                                                          \
    X(INITIALIZE3)                                                                                 \
    X(INITIALIZE)                                                                                  \
    X(GET_BUFFER_SIZE)                                                                             \
    X(SET_EVENT)                                                                                   \
    X(GET_SERVICE_RENDER)                                                                          \
    X(GET_SERVICE_CLOCK)                                                                           \
    X(GET_LATENCY)                                                                                 \
    X(GET_FREQUENCY)                                                                               \
    X(START)                                                                                       \
    X(STOP)                                                                                        \
    X(RESET)                                                                                       \
    X(GET_PADDING)                                                                                 \
    X(GET_POSITION)                                                                                \
    X(GET_BUFFER)                                                                                  \
    X(RELEASE_BUFFER)

enum fake_call {
#define X(name) FAKE_##name,
    FAKE_CALLS(X)
#undef X
        FAKE_N_CALLS
};

extern const char *const fake_call_names[FAKE_N_CALLS];

struct fake_device {
    const wchar_t *id, *name;
    DWORD state;
    bool removed; ///< every call of its streams says so
    WAVEFORMATEXTENSIBLE mix;
    UINT32 normal, fundamental, min, max; ///< IAudioClient3's periods
    UINT32 locked;                        ///< the engine's period is this one; 0 = it is free
    REFERENCE_TIME device_period, device_min;
    UINT32 alignment;         ///< exclusive: buffers are multiples of it; 0 = any
    unsigned exclusive_types; ///< that it takes for itself: bits 1 << enum ch_sample_type
    UINT32 buffer_periods;    ///< of its shared buffers; 0 = 2
    REFERENCE_TIME latency;
};

#define FAKE_DEVICES_MAX 4

struct fake {
    struct fake_device devices[FAKE_DEVICES_MAX];
    unsigned n_devices;
    int default_device; ///< -1 = none

    // Failures to come: after `skip` calls that work, `times` that don't (-1 = all).
    struct {
        HRESULT hr;
        int skip, times;
    } fail[FAKE_N_CALLS];
    int too_much_padding; ///< so many GetCurrentPadding say more than the buffer holds

    // What has happened.
    atomic_int n_calls[FAKE_N_CALLS];
    atomic_int n_objects; ///< alive
    atomic_int n_filled;  ///< buffers that have come
    atomic_int n_misuses;
    char misuse[128]; ///< the first
    atomic_int n_joins, n_leaves;
    bool no_mmcss;

    // The stream that runs.
    struct fake_client *running;
    IMMNotificationClient *listener;
    uint8_t *heard; ///< all bytes that were played
    size_t heard_bytes, heard_room;
    DWORD rt_thread;      ///< that asked for the padding
    DWORD quiet_thread;   ///< that may not call anything
    uint64_t first_100ns; ///< when the clock was asked for the first time, and what it said, frames
    uint64_t first_played;
    UINT32 last_period, last_buffer;
    bool last_exclusive, last_low;
};
extern struct fake fake;

/// "Speakers" (default) and "Headphones", 48 kHz float stereo; put in place of Windows.
void fake_setup(void);
/// Nothing is alive any more, and nothing was misused.
void fake_teardown(void);

/// As cmocka wants them.
int fake_before(void **state);
int fake_after(void **state);

/// Of the device: its mix format.
void fake_set_mix(struct fake_device *device, enum ch_sample_type type, uint32_t n_channels,
                  uint32_t mask, uint32_t rate_hz);

/// Fail from now on; hr 0: no longer.
void fake_fail(enum fake_call call, HRESULT hr, int skip, int times);

/// One period is played; then the backend is waited for until the buffer is full.  False if it
/// does not fill it (within a long time), or nothing runs.
bool fake_step(void);
/// The same without waiting.
void fake_tick(void);
/// Set the event, though there is no more room than before.
void fake_nudge(void);
/// Play what is in the buffer and ask for no more: the sound stops.  An exclusive device begins
/// again with what is in its ring.
void fake_starve(void);
/// Whether a stream runs, within a long time.
bool fake_wait_running(bool running);
/// That many calls have been made, within a long time.
bool fake_wait_calls_of(enum fake_call call, int n);

/// All five notifications, once each.  Does nothing if nobody listens.
void fake_notify(void);

/// Sample of channel c of frame i that was heard, as a part of full scale; of the last format.
double fake_heard(size_t i, unsigned c);
size_t fake_n_heard(void); ///< frames
void fake_forget_heard(void);

// --- between the two files of it ----------------------------------------------------------------

void fake_lock(void);
void fake_unlock(void);
/// Count the call; what it should answer, S_OK if nothing was planted.
HRESULT fake_enter(enum fake_call call);
void fake_note_misuse(const char *what);
HRESULT fake_activate(struct fake_device *device, REFIID iid, void **out);
void fake_client_fini(void);

#endif

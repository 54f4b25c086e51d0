// SPDX-License-Identifier: ISC
// daemon/backend/wasapi_internal.h — the WASAPI backend, shared by its threads.
//
// Three threads: control's, which opens, starts, stops and closes (wasapi.c); the keeper, which
// does all that takes time (wasapi_keeper.c); [rt], which fills the buffer and does nothing else
// (wasapi_thread.c).  The engine is given and taken by one atomic pointer and a handshake, so that
// stop() waits for one cycle at most and never for Windows.

#ifndef CH_BACKEND_WASAPI_INTERNAL_H
#define CH_BACKEND_WASAPI_INTERNAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <windows.h>

#include "daemon/backend/backend.h"
#include "daemon/backend/common.h"
#include "daemon/backend/mmcss.h"
#include "daemon/backend/wasapi_devices.h"
#include "daemon/backend/wasapi_notify.h"
#include "daemon/backend/wasapi_stream.h"
#include "daemon/base/os.h"
#include "daemon/engine/account.h"

#define CH_WASAPI_SECOND ((REFERENCE_TIME)10000000) ///< REFERENCE_TIME counts 100 ns

/// How patient it is; tests are less so.
struct ch_wasapi_times {
    DWORD release_ms;  ///< idle: then the stream is given back, and the engine its long period
    DWORD poll_ms;     ///< while it plays: is the device still the right one?
    DWORD settle_ms;   ///< between two looks, however many notifications come
    DWORD linger_ms;   ///< longer than the device says, for what is still to be heard
    DWORD patience_ms; ///< without a call for sound: then the device counts as gone
};
extern struct ch_wasapi_times ch_wasapi_times;

struct ch_backend {
    // since open()
    struct ch_wasapi_wish wish;
    struct ch_wasapi_device device;
    bool follows; // the default device, whichever that is
    struct ch_wasapi_notify *notify;
    void (*on_event)(void *context, enum ch_backend_event event);
    void *context;
    struct ch_thread rt_thread, keeper_thread;

    // Events, reset by the wait that sees them but for the ends.
    HANDLE end;         // control → keeper
    HANDLE rt_end;      // control → [rt], when the keeper has gone
    HANDLE command;     // control → keeper: the engine was given or taken
    HANDLE noticed;     // Windows → keeper
    HANDLE failed;      // [rt] → keeper
    HANDLE refill;      // WASAPI → [rt]
    HANDLE reconfigure; // keeper → [rt]: `playing` has changed
    HANDLE rested;      // [rt] → keeper: the stream is no longer touched; once after its begin

    // control and [rt]
    _Atomic(struct ch_engine *) engine; // NULL: play silence
    atomic_bool in_cycle;               // with the engine in hand
    atomic_uint engine_rate_hz;         // what it is set up for

    // keeper and [rt]
    atomic_bool playing;
    atomic_long failure; // HRESULT

    // keeper writes, any reads
    atomic_bool lost;
    atomic_uint rate_hz, period, latency_frames;

    // [rt] writes, any reads
    atomic_uint n_xruns;
    struct ch_incidents server_xruns; // those that do not follow from a cycle of ours

    // keeper: the stream; [rt] while playing
    struct ch_wasapi_stream stream;

    // keeper
    bool open, running;           // the stream is
    bool moved;                   // the event has been sent
    uint64_t idle_ns;             // since when it stands
    uint64_t looked_ns;           // at the device, the last time
    struct ch_mmcss_counts mmcss; // that were told

    // [rt]; set up by the keeper before it plays
    struct ch_planes planes;
    struct ch_sample_writer writer;
    uint64_t n_written;      // frames since the stream was started
    uint64_t begin_ns;       // when frame 0 is heard; 0 = not known
    uint64_t mono_ns;        // of the cycle before
    uint64_t asked_ns;       // the device wanted sound, the last time
    unsigned n_refusals;     // of its buffer, in a row
    bool filled;             // the buffer was not empty when we left it
    bool overran;            // the cycle before ran longer than it lasts
    float last[CH_CHANNELS]; // what the engine said last: silence begins there
    uint32_t fade_left;      // frames of that fade
};

/// Threads that use COM: enter, and leave if that was true.
bool ch_wasapi_com_enter(HRESULT *hr);
void ch_wasapi_com_leave(bool entered);

/// [rt] from its begin to `rt_end`.
void ch_wasapi_run_rt(void *backend);
/// The stream is set up: [rt] may begin.  [keeper]
void ch_wasapi_rt_prepare(struct ch_backend *backend);

/// The keeper, likewise.
void ch_wasapi_run_keeper(void *backend);
/// Open the stream and publish what it is like.                     [keeper, or open() before it]
enum ch_status ch_wasapi_keeper_open(struct ch_backend *backend, char *detail);

#endif

// SPDX-License-Identifier: ISC
// daemon/backend/backend.h — where the sound goes: the contract of every backend.
//
// A backend owns the [rt] thread and calls ch_engine_clock() and ch_engine_run() from it, nothing
// else of ours.  jack is called by its server whenever the server likes; wasapi whenever the device
// has room; null paces itself; file runs as fast as the decoder delivers.
//
// Life: open → start ⇄ stop → close.  All calls come from one thread at a time, perhaps a helper
// (open and close may block for seconds, so control/ never calls them on the loop).  While
// stopped the engine belongs to [main]; start hands it to [rt]; stop returns when [rt] has let go.

#ifndef CH_BACKEND_BACKEND_H
#define CH_BACKEND_BACKEND_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/status.h"

struct ch_engine;
struct ch_backend; ///< an open one; each backend defines its own

enum ch_backend_event {
    CH_BACKEND_LOST,    ///< the server or device is gone: close it; the engine is no longer called
    CH_BACKEND_CHANGED, ///< rate, period or latency changed: read the info again
    CH_BACKEND_MOVED    ///< it works, but another device is the default now: close it, open anew
};

/// What control/ asks for.
struct ch_backend_config {
    const char *device;  ///< jack: server name; wasapi: id or name; file: path; NULL = default
    uint32_t rate_hz;    ///< 0 = default (48000, or the server's or device's, which refuse another)
    uint32_t period;     ///< frames; 0 = default (1024, the server's, or the device's shortest)
    bool exclusive;      ///< wasapi: a device for ourselves, at any rate and period that it has
    const char *connect; ///< jack: "auto", "none" or a POSIX extended regex of port names
    const char *format;  ///< file: "f32" (default), "s16", "s24"
    const char *dither;  ///< file: "auto" (default), "on", "off"
    /// Called from any thread but [rt].
    void (*on_event)(void *context, enum ch_backend_event event);
    void *context;
};

#define CH_DEVICE_ID_BYTES   256
#define CH_DEVICE_NAME_BYTES 128

/// What there is.
struct ch_backend_info {
    uint32_t rate_hz;
    uint32_t period;                   ///< frames
    uint32_t latency_frames;           ///< from the callback to the ear, as far as the system says
    uint32_t n_xruns;                  ///< all that it knows of, whoever caused them
    uint64_t n_server_xruns;           ///< those for which a sound server is to blame
    uint64_t server_xrun_ns;           ///< when it was the last time, CLOCK_MONOTONIC; 0 = never
    char device[CH_DEVICE_NAME_BYTES]; ///< what a person would call it
    char id[CH_DEVICE_ID_BYTES];       ///< as in the list of devices
};

/// One that could be played on.
struct ch_device_entry {
    char id[CH_DEVICE_ID_BYTES];     ///< for config.device; for good
    char name[CH_DEVICE_NAME_BYTES]; ///< what a person would call it; for config.device, too
    bool is_default;                 ///< the one that is played on when none is named
    uint32_t rate_hz, n_channels;
    const char *format;      ///< "f32", "s16", "s24" or "s32"; static
    uint32_t period;         ///< frames: what it would be played on with
    uint32_t period_min;     ///< the shortest that it allows
    uint32_t period_default; ///< its own choice
};

struct ch_device_list {
    struct ch_device_entry *entries; ///< from malloc(); the caller frees
    uint32_t n;
};

struct ch_backend_ops {
    const char *name;    ///< "jack", "wasapi", "null", "file"
    const char *summary; ///< for --help
    bool always_on; ///< called without end once started; else control/ stops it when nothing plays
    bool may_block; ///< open and close may take long: control/ has a helper thread for them
    unsigned waits_for; ///< after which failures of the first open it tries again: bits 1 << status
    uint32_t retry_ms;  ///< while something is to be heard: how often; 0 = less and less often

    /// Get the device.  On failure *out is NULL, nothing is left behind, `detail` (256 bytes) has
    /// a sentence that names the device and the remedy.  CH_NO_DEVICE, CH_BUSY, CH_OUT_OF_RANGE,
    /// CH_UNAVAILABLE, CH_DENIED, CH_NO_MEMORY.
    enum ch_status (*open)(struct ch_backend **out, const struct ch_backend_config *config,
                           char *detail);
    /// Begin to call the engine, which is set up for info.rate_hz.
    enum ch_status (*start)(struct ch_backend *backend, struct ch_engine *engine, char *detail);
    /// No call of the engine is running or comes after this returns.
    void (*stop)(struct ch_backend *backend);
    /// Stops first if needed.  Accepts a lost one.
    void (*close)(struct ch_backend *backend);
    /// [any] while open.
    void (*get_info)(struct ch_backend *backend, struct ch_backend_info *info);
    /// What there is to play on, whether or not something is open.  May take seconds, so control/
    /// asks on a helper thread.  On failure *out is empty, and `detail` (256 bytes) says why.  NULL
    /// where there is nothing to list.
    enum ch_status (*list)(struct ch_device_list *out, char *detail);
};

extern const struct ch_backend_ops ch_backend_null;
extern const struct ch_backend_ops ch_backend_file;
#ifdef HAVE_JACK
extern const struct ch_backend_ops ch_backend_jack;
#endif
#ifdef HAVE_WASAPI
extern const struct ch_backend_ops ch_backend_wasapi;
#endif

/// By name, or NULL.  `auto` is control's business: wasapi where there is one, else jack if a
/// server answers, else null.                                                                [any]
const struct ch_backend_ops *ch_backend_find(const char *name);

/// Each of this build in turn, best first; NULL after the last.                               [any]
const struct ch_backend_ops *ch_backend_at(unsigned index);

#endif

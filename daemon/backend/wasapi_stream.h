// SPDX-License-Identifier: ISC
// daemon/backend/wasapi_stream.h — one stream of a device, opened in the best way it allows.
//
// The ladder: IAudioClient3 with the smallest period that the audio engine allows and that is no
// shorter than what is asked for; else IAudioClient at the engine's own period; both shared, with
// an event, in the mix format.  Asked for exclusive, only that.  Every step down is a debug line.
//
// Called by threads that have joined COM, never by [rt].

#ifndef CH_BACKEND_WASAPI_STREAM_H
#define CH_BACKEND_WASAPI_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include <windows.h>

#include <mmdeviceapi.h>

#include <audioclient.h>

#include "daemon/backend/sample_format.h"
#include "daemon/base/status.h"

struct ch_wasapi_wish {
    uint32_t rate_hz; ///< 0 = the device's
    uint32_t period;  ///< frames; 0 = the shortest
    bool exclusive;
};

enum ch_wasapi_way { CH_WASAPI_LOW, CH_WASAPI_SHARED, CH_WASAPI_EXCLUSIVE };

struct ch_wasapi_stream {
    // The objects of it, all counted: NULL or ours.
    IAudioClient *client;
    IAudioRenderClient *render;
    IAudioClock *clock; ///< NULL if it has none

    enum ch_wasapi_way way;
    struct ch_sample_format format;
    uint32_t rate_hz;
    uint32_t buffer_frames;
    uint32_t period;         ///< frames a cycle, as a rule
    uint32_t room;           ///< less than so many free frames are not worth a cycle
    uint32_t latency_frames; ///< of the buffer and of what is behind it
    uint64_t clock_hz;       ///< what the clock counts in a second
};

/// On failure nothing is left behind, and `detail` has a sentence.  `refill` is set whenever there
/// is room in the buffer.  `name` is what people call the device.
enum ch_status ch_wasapi_stream_open(struct ch_wasapi_stream *stream, IMMDevice *device,
                                     const char *name, const struct ch_wasapi_wish *wish,
                                     HANDLE refill, char *detail);

/// Fill the buffer with silence and let it run.
HRESULT ch_wasapi_stream_start(struct ch_wasapi_stream *stream);

/// Stop it and forget what waits in its buffer.
void ch_wasapi_stream_stop(struct ch_wasapi_stream *stream);

/// Accepts a half open or a closed one.
void ch_wasapi_stream_close(struct ch_wasapi_stream *stream);

/// Frames of a REFERENCE_TIME, rounded to the nearest.
uint32_t ch_wasapi_frames(REFERENCE_TIME duration, uint32_t rate_hz);

/// The shortest period of at least `wanted` frames that is a multiple of `fundamental`, from `min`
/// to `max`; 0 if there is none.
uint32_t ch_wasapi_snap(uint32_t wanted, uint32_t fundamental, uint32_t min, uint32_t max);

// --- shared by the two files of it --------------------------------------------------------------

/// Of a device; refuses a rate that is out of range or not the one asked for.
enum ch_status ch_wasapi_check_rate(uint32_t device_hz, uint32_t asked_hz, const char *name,
                                    char *detail);

/// The client is initialised: get the rest.
HRESULT ch_wasapi_stream_finish(struct ch_wasapi_stream *stream, HANDLE refill);

/// The exclusive way, in wasapi_exclusive.c.
enum ch_status ch_wasapi_stream_open_exclusive(struct ch_wasapi_stream *stream, IMMDevice *device,
                                               const char *name, const struct ch_wasapi_wish *wish,
                                               HANDLE refill, char *detail);

#endif

// SPDX-License-Identifier: ISC
// tests/windows/unit/fake_client.h — a client of the fake, shared by its interfaces.

#ifndef CH_TESTS_WINDOWS_UNIT_FAKE_CLIENT_H
#define CH_TESTS_WINDOWS_UNIT_FAKE_CLIENT_H

#include "tests/windows/unit/fake_wasapi.h"

struct fake_client {
    IAudioClient3 client;
    IAudioRenderClient render;
    IAudioClock clock;
    atomic_int n_refs; // of all three together
    struct fake_device *device;
    bool initialized, exclusive, low, runs;
    bool began; // exclusive: the first event comes when the first buffer begins to play
    UINT32 period, buffer_frames, frame_bytes, rate_hz;
    HANDLE event;
    UINT32 padding;  // frames written and not played
    UINT32 lent;     // frames of GetBuffer() that were not given back
    uint64_t played; // frames, since the last Reset()
    uint8_t *fifo;   // what waits: buffer_frames, exclusive twice as many
    uint8_t *staging;
    UINT32 refused_size; // of a buffer that was not aligned: what it would take
};

#define OF(member, pointer)                                                                        \
    ((struct fake_client *)((char *)(pointer)-offsetof(struct fake_client, member)))

extern const IAudioRenderClientVtbl fake_render_vtable;
extern const IAudioClockVtbl fake_clock_vtable;
extern struct ch_sample_format fake_heard_format; ///< of the latest client

ULONG fake_client_hold(struct fake_client *self);
ULONG fake_client_drop(struct fake_client *self);
/// Of every call that needs an initialised client.
HRESULT fake_client_enter_ready(struct fake_client *self, enum fake_call call);

#endif

// SPDX-License-Identifier: ISC
// tests/windows/unit/fake_render.c — where a client writes, its clock, time, and what is heard.

#include "tests/windows/unit/fake_client.h"

#include <stdlib.h>
#include <string.h>

struct ch_sample_format fake_heard_format;

static HRESULT
no_interface(REFIID iid, void **out)
{
    (void)iid;
    *out = NULL;
    fake_note_misuse("QueryInterface of a client's part");
    return E_NOINTERFACE;
}

// --- IAudioRenderClient -------------------------------------------------------------------------

static HRESULT STDMETHODCALLTYPE
render_query(IAudioRenderClient *render, REFIID iid, void **out)
{
    (void)render;
    return no_interface(iid, out);
}

static ULONG STDMETHODCALLTYPE
render_add_ref(IAudioRenderClient *render)
{
    return fake_client_hold(OF(render, render));
}

static ULONG STDMETHODCALLTYPE
render_release(IAudioRenderClient *render)
{
    return fake_client_drop(OF(render, render));
}

// Locked.  An exclusive client has two buffers: one is filled while the other is played.
static UINT32
room(const struct fake_client *self)
{
    return (self->exclusive ? 2 : 1) * self->buffer_frames - self->padding;
}

static HRESULT STDMETHODCALLTYPE
get_buffer(IAudioRenderClient *render, UINT32 frames, BYTE **data)
{
    struct fake_client *self = OF(render, render);
    HRESULT hr = fake_client_enter_ready(self, FAKE_GET_BUFFER);
    *data = NULL;
    fake_lock();
    if (SUCCEEDED(hr) && self->lent) {
        hr = AUDCLNT_E_OUT_OF_ORDER;
    } else if (SUCCEEDED(hr) && self->exclusive && frames != self->buffer_frames) {
        hr = AUDCLNT_E_BUFFER_SIZE_ERROR;
    } else if (SUCCEEDED(hr) && frames > room(self)) {
        hr = AUDCLNT_E_BUFFER_TOO_LARGE;
    } else if (SUCCEEDED(hr)) {
        self->lent = frames;
        *data = self->staging;
        memset(self->staging, 0x7f, (size_t)frames * self->frame_bytes);
    }
    fake_unlock();
    return hr;
}

static HRESULT STDMETHODCALLTYPE
release_buffer(IAudioRenderClient *render, UINT32 frames, DWORD flags)
{
    struct fake_client *self = OF(render, render);
    HRESULT hr = fake_client_enter_ready(self, FAKE_RELEASE_BUFFER);
    fake_lock();
    if (frames && frames != self->lent) {
        hr = FAILED(hr) ? hr : self->lent ? AUDCLNT_E_INVALID_SIZE : AUDCLNT_E_OUT_OF_ORDER;
    }
    if (SUCCEEDED(hr)) {
        if (flags & AUDCLNT_BUFFERFLAGS_SILENT) {
            memset(self->staging, 0, (size_t)frames * self->frame_bytes);
        }
        memcpy(self->fifo + (size_t)self->padding * self->frame_bytes, self->staging,
               (size_t)frames * self->frame_bytes);
        self->padding += frames;
        atomic_fetch_add(&fake.n_filled, frames > 0);
    }
    self->lent = 0;
    fake_unlock();
    return hr;
}

const IAudioRenderClientVtbl fake_render_vtable = {
    render_query, render_add_ref, render_release, get_buffer, release_buffer,
};

// --- IAudioClock --------------------------------------------------------------------------------

static HRESULT STDMETHODCALLTYPE
clock_query(IAudioClock *clock, REFIID iid, void **out)
{
    (void)clock;
    return no_interface(iid, out);
}

static ULONG STDMETHODCALLTYPE
clock_add_ref(IAudioClock *clock)
{
    return fake_client_hold(OF(clock, clock));
}

static ULONG STDMETHODCALLTYPE
clock_release(IAudioClock *clock)
{
    return fake_client_drop(OF(clock, clock));
}

static HRESULT STDMETHODCALLTYPE
get_frequency(IAudioClock *clock, UINT64 *frequency)
{
    struct fake_client *self = OF(clock, clock);
    *frequency = (UINT64)self->rate_hz * self->frame_bytes; // bytes, as Windows has it
    return fake_client_enter_ready(self, FAKE_GET_FREQUENCY);
}

static HRESULT STDMETHODCALLTYPE
get_position(IAudioClock *clock, UINT64 *position, UINT64 *qpc_100ns)
{
    struct fake_client *self = OF(clock, clock);
    const HRESULT hr = fake_client_enter_ready(self, FAKE_GET_POSITION);
    LARGE_INTEGER now, per_second;
    QueryPerformanceCounter(&now);
    QueryPerformanceFrequency(&per_second);
    *qpc_100ns = (UINT64)((double)now.QuadPart * 1e7 / (double)per_second.QuadPart);
    fake_lock();
    *position = self->played * self->frame_bytes;
    if (!fake.first_100ns) {
        fake.first_100ns = *qpc_100ns;
        fake.first_played = self->played;
    }
    fake_unlock();
    return hr;
}

static HRESULT STDMETHODCALLTYPE
get_characteristics(IAudioClock *clock, DWORD *characteristics)
{
    (void)clock;
    *characteristics = 0;
    return S_OK;
}

const IAudioClockVtbl fake_clock_vtable = {
    clock_query, clock_add_ref, clock_release, get_frequency, get_position, get_characteristics,
};

// --- time ---------------------------------------------------------------------------------------

// Locked.
static void
play(struct fake_client *self, UINT32 n)
{
    // Exclusive, it is a ring, which is played whatever is in it.
    self->played += self->exclusive || n < self->padding ? n : self->padding;
    n = n < self->padding ? n : self->padding;
    const size_t bytes = (size_t)n * self->frame_bytes;
    if (fake.heard_bytes + bytes > fake.heard_room) {
        fake.heard_room = 2 * (fake.heard_bytes + bytes);
        fake.heard = realloc(fake.heard, fake.heard_room);
    }
    memcpy(fake.heard + fake.heard_bytes, self->fifo, bytes);
    fake.heard_bytes += bytes;
    memmove(self->fifo, self->fifo + bytes, (size_t)(self->padding - n) * self->frame_bytes);
    self->padding -= n;
}

void
fake_tick(void)
{
    fake_lock();
    if (fake.running) {
        if (fake.running->exclusive && !fake.running->began) {
            fake.running->began = true;
        } else {
            play(fake.running, fake.running->period);
        }
        SetEvent(fake.running->event);
    }
    fake_unlock();
}

void
fake_nudge(void)
{
    fake_lock();
    if (fake.running) {
        SetEvent(fake.running->event);
    }
    fake_unlock();
}

void
fake_starve(void)
{
    fake_lock();
    if (fake.running) {
        const UINT32 round = fake.running->exclusive ? fake.running->period : 0;
        play(fake.running, fake.running->padding + round);
    }
    fake_unlock();
}

bool
fake_step(void)
{
    fake_lock();
    const int before = atomic_load(&fake.n_filled);
    fake_tick();
    fake_unlock();
    for (int i = 0; i < 20000; i++) {
        fake_lock();
        const bool runs = fake.running != NULL;
        const bool full = runs && atomic_load(&fake.n_filled) > before;
        fake_unlock();
        if (full || !runs) {
            return full;
        }
        i < 200 ? SwitchToThread() : Sleep(1);
    }
    return false;
}

bool
fake_wait_running(bool running)
{
    for (int i = 0; i < 20000; i++) {
        fake_lock();
        const bool runs = fake.running != NULL;
        fake_unlock();
        if (runs == running) {
            return true;
        }
        Sleep(1);
    }
    return false;
}

// --- what was heard -----------------------------------------------------------------------------

size_t
fake_n_heard(void)
{
    return fake.heard_bytes / ch_sample_frame_bytes(&fake_heard_format);
}

double
fake_heard(size_t i, unsigned c)
{
    static const struct {
        unsigned bytes;
        bool is_float;
    } types[] = {[CH_SAMPLE_F32] = {4, true},
                 [CH_SAMPLE_S16] = {2, false},
                 [CH_SAMPLE_S24] = {3, false},
                 [CH_SAMPLE_S24_32] = {4, false},
                 [CH_SAMPLE_S32] = {4, false}};
    const unsigned bytes = types[fake_heard_format.type].bytes;
    const uint8_t *at = fake.heard + (i * fake_heard_format.n_channels + c) * bytes;
    if (types[fake_heard_format.type].is_float) {
        float x;
        memcpy(&x, at, sizeof x);
        return (double)x;
    }
    int64_t value = 0;
    for (unsigned b = 0; b < bytes; b++) {
        value |= (int64_t)at[b] << (8 * b);
    }
    value -= value >> (8 * bytes - 1) ? (int64_t)1 << (8 * bytes) : 0;
    return (double)value / (double)((int64_t)1 << (8 * bytes - 1));
}

void
fake_forget_heard(void)
{
    fake_lock();
    fake.heard_bytes = 0;
    fake_unlock();
}

void
fake_client_fini(void)
{
    free(fake.heard);
    fake.heard = NULL;
    fake.heard_bytes = fake.heard_room = 0;
}

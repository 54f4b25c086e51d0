// SPDX-License-Identifier: ISC
// daemon/media/stream.c — [main]'s side of a stream: its life, orders in, messages out.

#include "daemon/media/stream.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/log.h"
#include "daemon/base/memory.h"
#include "daemon/base/units.h"
#include "daemon/media/stream_internal.h"

#define RING_S 2

/// Workers that run, of all streams: for a clean exit.
static _Atomic uint32_t n_workers;

static void
stream_free(struct ch_stream *stream)
{
    ch_event_fini(&stream->wake);
    ch_pcm_ring_destroy(stream->pcm);
    ch_memory_aligned_free(stream);
}

static void
stream_unref(struct ch_stream *stream)
{
    // Release what this side did, acquire what the other did, before the memory goes.
    if (atomic_fetch_sub_explicit(&stream->n_refs, 1, memory_order_acq_rel) == 1) {
        stream_free(stream);
    }
}

static void
thread_main(void *arg)
{
    struct ch_stream *stream = arg;
    ch_stream_work(stream);
    stream_unref(stream);
    atomic_fetch_sub_explicit(&n_workers, 1, memory_order_release);
}

static bool
init_rings(struct ch_stream *stream)
{
    const struct ch_stream_config *config = &stream->config;
    stream->pcm =
        ch_pcm_ring_create(config->ring_frames ? config->ring_frames : RING_S * config->rate_hz);
    return stream->pcm &&
           ch_ring_init(&stream->orders, stream->order_storage, CH_STREAM_ORDERS,
                        sizeof *stream->order_storage) &&
           ch_ring_init(&stream->messages, stream->message_storage, CH_STREAM_MESSAGES,
                        sizeof *stream->message_storage);
}

static void
send_order(struct ch_stream *stream, enum ch_stream_order_kind kind,
           const struct ch_stream_item *item)
{
    struct ch_stream_order order = {.kind = kind};
    if (item) {
        order.item = *item;
    }
    if (!ch_ring_write(&stream->orders, &order, 1)) {
        ch_error("a stream was answered more often than it asked");
    }
    ch_event_set(&stream->wake);
}

static uint64_t
frames_of(double seconds, uint32_t rate_hz)
{
    const double frames = rint(seconds * rate_hz);
    return frames > 0.0 ? (uint64_t)fmin(frames, 0x1p40) : 0;
}

enum ch_status
ch_stream_create(struct ch_stream **out, const struct ch_stream_config *config,
                 const struct ch_stream_item *first)
{
    *out = NULL;
    struct ch_stream *stream = ch_memory_aligned(_Alignof(struct ch_stream), sizeof *stream);
    if (!stream) {
        return CH_NO_MEMORY;
    }
    memset(stream, 0, sizeof *stream);
    stream->config = *config;
    atomic_init(&stream->n_refs, 2);
    atomic_init(&stream->crossfade_frames, frames_of(config->crossfade_s, config->rate_hz));
    enum ch_status status = ch_event_init(&stream->wake);
    if (status) {
        goto err;
    }
    status = CH_NO_MEMORY;
    if (!init_rings(stream)) {
        goto err;
    }
    send_order(stream, CH_STREAM_ORDER_NEXT, first);
    atomic_fetch_add_explicit(&n_workers, 1, memory_order_relaxed);
    struct ch_thread thread;
    status = ch_thread_start(&thread, "chant-decode", CH_STACK_WORKER, thread_main, stream);
    if (status) {
        atomic_fetch_sub_explicit(&n_workers, 1, memory_order_relaxed);
        goto err;
    }
    ch_thread_detach(&thread);
    *out = stream;
    return CH_OK;

err:
    stream_free(stream);
    return status;
}

void
ch_stream_destroy(struct ch_stream *stream)
{
    if (stream) {
        atomic_store_explicit(&stream->quit, true, memory_order_release);
        ch_event_set(&stream->wake);
        stream_unref(stream);
    }
}

void
ch_stream_next(struct ch_stream *stream, const struct ch_stream_item *item)
{
    send_order(stream, CH_STREAM_ORDER_NEXT, item);
}

void
ch_stream_finish(struct ch_stream *stream)
{
    send_order(stream, CH_STREAM_ORDER_FINISH, NULL);
}

void
ch_stream_set_crossfade(struct ch_stream *stream, double crossfade_s)
{
    atomic_store_explicit(&stream->crossfade_frames, frames_of(crossfade_s, stream->config.rate_hz),
                          memory_order_relaxed);
    ch_event_set(&stream->wake);
}

void
ch_stream_set_flowing(struct ch_stream *stream, bool flowing)
{
    atomic_store_explicit(&stream->flowing, flowing, memory_order_relaxed);
    ch_event_set(&stream->wake);
}

void
ch_stream_poke(struct ch_stream *stream)
{
    ch_event_set(&stream->wake);
}

bool
ch_stream_take_message(struct ch_stream *stream, struct ch_stream_message *message)
{
    return ch_ring_read(&stream->messages, message, 1);
}

struct ch_pcm_ring *
ch_stream_pcm(struct ch_stream *stream)
{
    return stream->pcm;
}

bool
ch_streams_wait_ended(uint64_t timeout_ns)
{
    const uint64_t now = ch_os_mono_ns();
    const uint64_t until = timeout_ns > UINT64_MAX - now ? UINT64_MAX : now + timeout_ns;
    while (atomic_load_explicit(&n_workers, memory_order_acquire)) {
        if (ch_os_mono_ns() >= until) {
            return false;
        }
        ch_os_sleep_until(ch_os_mono_ns() + CH_NS_PER_S / 1000);
    }
    return true;
}

// SPDX-License-Identifier: ISC
// daemon/media/stream_internal.h — what the two sides of a stream share.
//
// stream.c is [main]'s side, stream_worker.c the worker's.  They share no lock: orders go in and
// messages come out through rings, the rest are single atomics.

#ifndef CH_MEDIA_STREAM_INTERNAL_H
#define CH_MEDIA_STREAM_INTERNAL_H

#include <stdatomic.h>

#include "daemon/base/os.h"
#include "daemon/lockfree/ring.h"
#include "daemon/media/stream.h"

/// Between two answers a worker has at most a handful of things to say.
#define CH_STREAM_MESSAGES 16
#define CH_STREAM_ORDERS   4

enum ch_stream_order_kind { CH_STREAM_ORDER_NEXT, CH_STREAM_ORDER_FINISH };

/// An answer to NEED_NEXT; the first item comes as one, too.
struct ch_stream_order {
    enum ch_stream_order_kind kind;
    struct ch_stream_item item;
};

struct ch_stream {
    // constant
    struct ch_stream_config config;
    struct ch_pcm_ring *pcm; // the worker produces

    struct ch_ring orders;   // main → worker
    struct ch_ring messages; // worker → main
    struct ch_event wake;    // any → worker

    // written by main, read by the worker
    _Atomic bool quit;
    _Atomic bool flowing;
    _Atomic uint64_t crossfade_frames; // at the engine's rate

    _Atomic uint32_t n_refs; // the two sides; the last one frees

    struct ch_stream_order order_storage[CH_STREAM_ORDERS];
    struct ch_stream_message message_storage[CH_STREAM_MESSAGES];
};

/// The thread.                                                                            [worker]
void ch_stream_work(struct ch_stream *stream);

#endif

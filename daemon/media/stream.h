// SPDX-License-Identifier: ISC
// daemon/media/stream.h — a decoder thread that fills one PCM ring with one item after another.
//
// [main] creates a stream with a first item; the [worker] opens, decodes, mixes down, resamples
// (libsoxr VHQ; bit-exact bypass at equal rates) and writes frames at the engine's rate.  When an
// item has come to its end the worker asks NEED_NEXT and goes on in the same ring: items join
// without a gap, and items of equal rate share one resampler, so that not even its tails are cut.
// With a crossfade the next item is asked for that much earlier and the two are mixed here
// (equal-power).  [main] answers with ch_stream_next() or ch_stream_finish().
//
// The worker sleeps while the ring is full.  Nobody wakes it from [rt]: while the consumer moves
// (ch_stream_set_flowing) it looks again by itself, at the latest when a quarter of the ring has
// drained; while the consumer stands it sleeps without a time-out.  A consumer without a clock,
// which may drain faster than that, calls ch_stream_poke().

#ifndef CH_MEDIA_STREAM_H
#define CH_MEDIA_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/status.h"
#include "daemon/lockfree/pcm_ring.h"
#include "daemon/media/loudness_gain.h"
#include "daemon/media/media.h"
#include "daemon/media/source.h"

struct ch_stream;

struct ch_stream_item {
    uint64_t id; ///< the queue's id, handed back in messages
    char uri[CH_URI_BYTES];
    double start_s;     ///< position to begin at
    double crossfade_s; ///< overlap with the item *before* it in this stream; 0 = gapless
    struct ch_loudness_order loudness;
};

enum ch_stream_kind {
    CH_STREAM_BEGAN,  ///< item_id begins (with item_frame) at ring frame ring_frame, which may not
                      ///< be written yet; info is set
    CH_STREAM_PRIMED, ///< enough to start playing is in the ring (100 ms, or all there is); once
    CH_STREAM_NEED_NEXT, ///< answer with ch_stream_next() or ch_stream_finish()
    CH_STREAM_FAILED,    ///< item_id could not be opened (status, detail); NEED_NEXT follows
    CH_STREAM_DAMAGED,   ///< item_id broke off while it played (status, detail); NEED_NEXT follows,
                         ///< unless it came before
    CH_STREAM_FINISHED,  ///< the ring is ended; ring_frame = frames written in all
};

struct ch_stream_message {
    enum ch_stream_kind kind;
    enum ch_status status;
    uint64_t item_id;
    uint64_t ring_frame; ///< frames written to the ring before the first of the item
    uint64_t item_frame; ///< position inside the item at that point, frames at the engine's rate
    struct ch_media_info info;
    struct ch_loudness_applied loudness; ///< BEGAN: the gain that is in its frames
    char detail[CH_DETAIL_BYTES];
};

struct ch_stream_config {
    uint32_t rate_hz;              ///< the engine's
    uint32_t ring_frames;          ///< 0 = 2 s
    double crossfade_s;            ///< what ch_stream_set_crossfade() would set, from the beginning
    void (*notify)(void *context); ///< [worker] messages wait; may be NULL
    void *context;                 ///< lives until ch_streams_wait_ended()
};

/// Start a worker on `first`.                                                               [main]
CH_NODISCARD enum ch_status ch_stream_create(struct ch_stream **out,
                                             const struct ch_stream_config *config,
                                             const struct ch_stream_item *first);

/// The worker ends soon (a decoder that hangs in a read may take its time); nobody waits for it.
/// [rt] must have given the ring back.  Memory goes with whichever side is last.            [main]
void ch_stream_destroy(struct ch_stream *stream);

/// Answer NEED_NEXT.                                                                        [main]
void ch_stream_next(struct ch_stream *stream, const struct ch_stream_item *item);
void ch_stream_finish(struct ch_stream *stream);

/// How long before the end of an item NEED_NEXT is to come.  Takes effect for items not yet that
/// near their end.                                                                          [main]
void ch_stream_set_crossfade(struct ch_stream *stream, double crossfade_s);

/// The consumer moves (or stands).                                                          [main]
void ch_stream_set_flowing(struct ch_stream *stream, bool flowing);

/// The consumer has made room: look now.                            [main or worker, never rt]
void ch_stream_poke(struct ch_stream *stream);

/// Take one message; false if there is none.                                                [main]
bool ch_stream_take_message(struct ch_stream *stream, struct ch_stream_message *message);

struct ch_pcm_ring *ch_stream_pcm(struct ch_stream *stream);

/// Wait until all workers have ended, at most timeout_ns: for a clean exit.                 [main]
bool ch_streams_wait_ended(uint64_t timeout_ns);

#endif

// SPDX-License-Identifier: ISC
// daemon/media/stream_worker.c — the worker of a stream: one step after another.          [worker]
//
// A step looks at what there is (the current lane, the one that comes in, an order) and does one
// small thing: opens, writes some frames, joins, asks.  It says what to wait for before the next.

#include <math.h>
#include <string.h>

#include "daemon/base/units.h"
#include "daemon/media/detail.h"
#include "daemon/media/lane.h"
#include "daemon/media/stream_internal.h"

#define CHUNK   CH_LANE_CHUNK
#define UNKNOWN UINT64_MAX

enum step {
    STEP_ON,    ///< go on at once
    STEP_FULL,  ///< when there is room in the ring
    STEP_ASKED, ///< when an order has come
    STEP_DONE,
};

struct worker {
    struct ch_stream *stream;
    struct ch_pcm_ring *pcm;
    uint32_t rate_hz;

    struct ch_lane *current;  ///< what the ring is filled with
    struct ch_lane *incoming; ///< what follows it, open
    bool current_ended;       ///< it has given all but what its resampler holds
    uint64_t written;         ///< frames of the ring
    uint64_t overlap_at;      ///< ring frame at which both are mixed, UNKNOWN: they are not
    uint64_t overlap;         ///< frames that are mixed
    bool mixing;              ///< incoming is in place
    bool primed;
    bool asked;     ///< NEED_NEXT was said and not answered
    bool has_order; ///< an answer that was not carried out yet
    struct ch_stream_order order;
    struct ch_stream_message message;
    float other[2 * CHUNK]; ///< incoming while it is mixed
};

// --- what it says ------------------------------------------------------------------------------

static bool
told_to_quit(const struct worker *w)
{
    return atomic_load_explicit(&w->stream->quit, memory_order_acquire);
}

/// Send w->message.
static void
post(struct worker *w)
{
    while (!ch_ring_write(&w->stream->messages, &w->message, 1)) {
        // Only a [main] that answers without listening can get here.
        if (told_to_quit(w)) {
            return;
        }
        ch_event_wait(&w->stream->wake, CH_NS_PER_S / 100);
    }
    if (w->stream->config.notify && !told_to_quit(w)) {
        w->stream->config.notify(w->stream->config.context);
    }
}

static void
say(struct worker *w, enum ch_stream_kind kind, uint64_t item_id, enum ch_status status,
    const char *detail)
{
    w->message = (struct ch_stream_message){
        .kind = kind, .status = status, .item_id = item_id, .ring_frame = w->written};
    memcpy(w->message.detail, detail, strnlen(detail, CH_DETAIL_BYTES - 1));
    post(w);
}

static void
say_began(struct worker *w, const struct ch_lane *lane)
{
    w->message = (struct ch_stream_message){
        .kind = CH_STREAM_BEGAN,
        .item_id = lane->item_id,
        .ring_frame = lane->began,
        .item_frame = ch_lane_item_frame(lane),
        .info = *ch_source_info(lane->source),
        .loudness = lane->loudness,
    };
    post(w);
}

static void
say_primed(struct worker *w)
{
    if (!w->primed) {
        w->primed = true;
        say(w, CH_STREAM_PRIMED, w->current ? w->current->item_id : 0, CH_OK, "");
    }
}

static void
say_if_damaged(struct worker *w, const struct ch_lane *lane)
{
    if (lane->ended != CH_OK && lane->ended != CH_END) {
        say(w, CH_STREAM_DAMAGED, lane->item_id, lane->ended, lane->detail);
    }
}

static enum step
ask(struct worker *w)
{
    if (!w->asked) {
        w->asked = true;
        say(w, CH_STREAM_NEED_NEXT, w->current ? w->current->item_id : 0, CH_OK, "");
    }
    return STEP_ASKED;
}

// --- the ring ----------------------------------------------------------------------------------

/// Where up to `n` frames can be written; how many is the result.
static uint32_t
reserve(struct worker *w, uint64_t n, float **stereo)
{
    const uint32_t room = ch_ring_write_space(&w->pcm->ring);
    n = n < CHUNK ? n : CHUNK;
    n = n < room ? n : room;
    struct ch_span span;
    if (!ch_ring_reserve(&w->pcm->ring, (uint32_t)n, &span)) {
        return 0;
    }
    *stereo = span.data[0];
    return span.n[0]; // the rest, beyond the wrap, is for the next step
}

static void
commit(struct worker *w, uint32_t n)
{
    ch_ring_commit(&w->pcm->ring, n);
    w->written += n;
    if (w->written >= w->rate_hz / 10 || !ch_ring_write_space(&w->pcm->ring)) {
        say_primed(w);
    }
}

// --- lanes come and go -------------------------------------------------------------------------

static void
drop_incoming(struct worker *w, enum ch_status status, const char *detail)
{
    const uint64_t id = w->incoming->item_id;
    ch_lane_close(w->incoming);
    w->incoming = NULL;
    w->overlap_at = UNKNOWN;
    say(w, CH_STREAM_FAILED, id, status, detail);
}

/// Carry out an order of the kind NEXT: open its item as the incoming lane.
static bool
open_incoming(struct worker *w)
{
    char detail[CH_DETAIL_BYTES];
    w->has_order = false;
    w->asked = false;
    const enum ch_status status = ch_lane_open(&w->incoming, &w->order.item, w->rate_hz, detail);
    if (status) {
        say(w, CH_STREAM_FAILED, w->order.item.id, status, detail);
    }
    return status == CH_OK;
}

static void
replace_current(struct worker *w)
{
    ch_lane_close(w->current);
    w->current = w->incoming;
    w->current_ended = false;
    w->incoming = NULL;
    w->overlap_at = UNKNOWN;
    w->mixing = false;
}

/// The incoming lane has been put in its place (or, by `status`, could not be).
static enum step
take_incoming(struct worker *w, enum ch_status status, const char *detail)
{
    if (status) {
        drop_incoming(w, status, detail);
    } else {
        say_began(w, w->incoming);
        replace_current(w);
    }
    return STEP_ON;
}

static enum step
start_incoming(struct worker *w)
{
    char detail[CH_DETAIL_BYTES] = "";
    const enum ch_status status = ch_lane_start(w->incoming, w->written, detail);
    return take_incoming(w, status, detail);
}

static enum step
follow_with_incoming(struct worker *w)
{
    char detail[CH_DETAIL_BYTES] = "";
    const enum ch_status status = ch_lane_follow(w->incoming, w->current, detail);
    return take_incoming(w, status, detail);
}

static enum step
finish(struct worker *w)
{
    ch_pcm_ring_end(w->pcm);
    say_primed(w);
    say(w, CH_STREAM_FINISHED, 0, CH_OK, "");
    return STEP_DONE;
}

// --- crossfade ---------------------------------------------------------------------------------

static uint64_t
least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/// Ring frame at which the next item is asked for, so that it can be mixed in; UNKNOWN if it won't
/// be, or if that frame has passed.
static uint64_t
crossfade_point(const struct worker *w)
{
    const uint64_t end = ch_lane_end(w->current);
    const uint64_t wanted =
        atomic_load_explicit(&w->stream->crossfade_frames, memory_order_relaxed);
    if (!wanted || end == UNKNOWN) {
        return UNKNOWN;
    }
    const uint64_t point = end - least(wanted, ch_lane_length(w->current) / 2);
    return point >= w->written ? point : UNKNOWN;
}

/// The incoming lane is open: decide over which frames it is mixed in.
static void
plan_overlap(struct worker *w)
{
    const double wanted = rint(w->incoming->crossfade_s * w->rate_hz);
    const uint64_t end = ch_lane_end(w->current);
    const uint64_t length = ch_lane_length(w->incoming);
    w->overlap_at = UNKNOWN;
    if (!(wanted >= 1.0) || end == UNKNOWN || end <= w->written || length == UNKNOWN) {
        return;
    }
    w->overlap = least(wanted < 0x1p40 ? (uint64_t)wanted : UNKNOWN, end - w->written);
    w->overlap = least(w->overlap, ch_lane_length(w->current) / 2);
    w->overlap = least(w->overlap, length / 2);
    w->overlap_at = w->overlap ? end - w->overlap : UNKNOWN;
}

static enum step
start_mixing(struct worker *w)
{
    char detail[CH_DETAIL_BYTES] = "";
    const enum ch_status status = ch_lane_start(w->incoming, w->written, detail);
    if (status) {
        drop_incoming(w, status, detail);
        return STEP_ON;
    }
    say_began(w, w->incoming);
    w->mixing = true;
    return STEP_ON;
}

/// All that the current lane still has, and silence after it.
static void
pull_to_the_end(struct ch_lane *lane, float *stereo, uint32_t n_frames)
{
    uint32_t n = ch_lane_pull(lane, stereo, n_frames);
    while (n < n_frames) {
        const uint32_t more = ch_lane_drain(lane, stereo + 2 * (size_t)n, n_frames - n);
        if (!more) {
            break;
        }
        n += more;
    }
    memset(stereo + 2 * (size_t)n, 0, (size_t)(n_frames - n) * 2 * sizeof *stereo);
}

static enum step
mix(struct worker *w)
{
    float *out = NULL;
    const uint64_t done = w->written - w->overlap_at;
    const uint32_t n = reserve(w, w->overlap - done, &out);
    if (!n) {
        return STEP_FULL;
    }
    pull_to_the_end(w->current, out, n);
    const uint32_t n_other = ch_lane_pull(w->incoming, w->other, n);
    memset(w->other + 2 * (size_t)n_other, 0, (size_t)(n - n_other) * 2 * sizeof *w->other);
    for (uint32_t i = 0; i < n; i++) {
        // Equal power: cos² + sin² = 1.
        const double x = ((double)(done + i) + 0.5) / (double)w->overlap * (0.5 * M_PI);
        const float falling = (float)cos(x);
        const float rising = (float)sin(x);
        out[2 * i] = falling * out[2 * i] + rising * w->other[2 * i];
        out[2 * i + 1] = falling * out[2 * i + 1] + rising * w->other[2 * i + 1];
    }
    commit(w, n);
    if (done + n == w->overlap) {
        say_if_damaged(w, w->current);
        replace_current(w);
    }
    return STEP_ON;
}

// --- steps -------------------------------------------------------------------------------------

/// Nothing is in place.
static enum step
step_without_current(struct worker *w)
{
    if (w->incoming) {
        return start_incoming(w);
    }
    if (!w->has_order) {
        return ask(w);
    }
    if (w->order.kind == CH_STREAM_ORDER_FINISH) {
        return finish(w);
    }
    open_incoming(w);
    return STEP_ON;
}

/// The current lane has given all its frames, but for what is in the resampler.
static enum step
step_at_end(struct worker *w)
{
    if (!w->incoming && !w->has_order) {
        return ask(w);
    }
    if (!w->incoming && w->order.kind == CH_STREAM_ORDER_NEXT) {
        open_incoming(w);
        return STEP_ON;
    }
    w->overlap_at = UNKNOWN; // it ended before its time
    if (w->incoming && w->incoming->source_hz == w->current->source_hz) {
        return follow_with_incoming(w);
    }
    float *out = NULL;
    const uint32_t room = reserve(w, CHUNK, &out);
    if (!room) {
        return STEP_FULL;
    }
    const uint32_t n = ch_lane_drain(w->current, out, room);
    if (n) {
        commit(w, n);
        return STEP_ON;
    }
    ch_lane_close(w->current);
    w->current = NULL;
    w->current_ended = false;
    return STEP_ON;
}

/// Write frames of the current lane, up to ring frame `limit`.
static enum step
fill(struct worker *w, uint64_t limit)
{
    float *out = NULL;
    const uint32_t room = reserve(w, limit - w->written, &out);
    if (!room) {
        return STEP_FULL;
    }
    const uint32_t n = ch_lane_pull(w->current, out, room);
    commit(w, n);
    if (n < room) {
        say_if_damaged(w, w->current);
        w->current_ended = true;
    }
    return STEP_ON;
}

static enum step
step(struct worker *w)
{
    if (!w->has_order) {
        w->has_order = ch_ring_read(&w->stream->orders, &w->order, 1);
    }
    if (!w->current) {
        return step_without_current(w);
    }
    if (w->mixing) {
        return mix(w);
    }
    if (w->current_ended) {
        return step_at_end(w);
    }
    if (w->incoming) {
        return w->overlap_at == w->written ? start_mixing(w) : fill(w, w->overlap_at);
    }
    uint64_t limit = crossfade_point(w);
    if (limit == w->written) {
        if (!w->has_order) {
            return ask(w);
        }
        if (w->order.kind == CH_STREAM_ORDER_NEXT && w->order.item.crossfade_s > 0.0) {
            if (open_incoming(w)) {
                plan_overlap(w);
            }
            return STEP_ON;
        }
        limit = UNKNOWN; // they only join
    }
    return fill(w, limit);
}

/// Sleep until a quarter of the ring is free.  While the consumer moves, that is a matter of time.
static void
wait_for_room(struct worker *w)
{
    const uint32_t enough = (w->pcm->ring.capacity + 3) / 4;
    uint32_t room;
    while (!told_to_quit(w) && (room = ch_ring_write_space(&w->pcm->ring)) < enough) {
        const bool flowing = atomic_load_explicit(&w->stream->flowing, memory_order_relaxed);
        ch_event_wait(&w->stream->wake,
                      flowing ? ch_ns_from_frames(enough - room, w->rate_hz) : CH_WAIT_FOREVER);
    }
}

void
ch_stream_work(struct ch_stream *stream)
{
    struct worker w = {
        .stream = stream,
        .pcm = stream->pcm,
        .rate_hz = stream->config.rate_hz,
        .overlap_at = UNKNOWN,
    };
    bool done = false;
    while (!done && !told_to_quit(&w)) {
        switch (step(&w)) {
        case STEP_ON:
            break;
        case STEP_FULL:
            wait_for_room(&w);
            break;
        case STEP_ASKED:
            ch_event_wait(&stream->wake, CH_WAIT_FOREVER);
            break;
        case STEP_DONE:
            done = true;
            break;
        }
    }
    ch_lane_close(w.incoming);
    ch_lane_close(w.current);
}

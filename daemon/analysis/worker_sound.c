// SPDX-License-Identifier: ISC
// daemon/analysis/worker_sound.c — from the taps into the analyses, or silence in their place.
//                                                                                          [worker]

#include "daemon/analysis/worker_sound.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "daemon/base/units.h"
#include "daemon/lockfree/clock.h"

/// Of silence that is made up at a time: enough to fill any window and the meter's memory.
#define SILENCE_MAX_S 4
#define CHUNK_FRAMES  512
/// Larger samples are no sound; their squares must fit into a float.
#define SAMPLE_MAX 1e6f

static void
push_all(struct ch_worker *worker, enum ch_tap_point point, const struct ch_pcm_frame *frames,
         uint32_t n_frames)
{
    const uint64_t serial = ++worker->n_pushes;
    for (uint32_t i = 0; i < worker->n_analyses; i++) {
        struct ch_analysis *analysis = worker->analysis[i];
        if (analysis->tap != point) {
            continue;
        }
        if (analysis->spectrum) {
            ch_spectrum_push_shared(analysis->spectrum, frames, n_frames, serial);
        } else {
            ch_meter_push(analysis->meter, frames, n_frames);
        }
    }
}

static float
sane(float sample)
{
    return fabsf(sample) <= SAMPLE_MAX ? sample : 0.0f; // NaN compares false
}

/// The engine's number of the frame that is read next.
static uint64_t
next_frame(const struct ch_tap_reader *reader)
{
    const uint64_t first = atomic_load_explicit(&reader->tap->first_frame, memory_order_relaxed);
    return first + reader->n_read + reader->n_dropped;
}

static void
update_position(struct ch_tap_reader *reader)
{
    reader->position = next_frame(reader);
    reader->n_silent = 0;
}

/// What is in the ring belongs before frames that are lost: leave it.
static void
skip_to_now(struct ch_tap_reader *reader, uint32_t available, uint64_t n_dropped)
{
    ch_ring_release(&reader->tap->pcm->ring, available);
    reader->n_read += available;
    reader->n_dropped = n_dropped;
}

void
ch_worker_attach(struct ch_tap_reader *reader, struct ch_tap *tap)
{
    reader->tap = tap;
    if (!tap) {
        return;
    }
    struct ch_ring *ring = &tap->pcm->ring;
    // A tap that was read before goes on where it was; any other one starts from its own index.
    const uint32_t index = atomic_load_explicit(&ring->r, memory_order_relaxed);
    if ((uint32_t)reader->n_read != index) {
        reader->n_read = index;
    }
    const uint32_t available = ch_ring_read_space(ring);
    reader->n_dropped = 0;
    const uint64_t n_dropped = atomic_load_explicit(&tap->n_dropped, memory_order_relaxed);
    if (n_dropped > 0) {
        skip_to_now(reader, available, n_dropped);
    }
}

/// The picture of a tap that has lost frames begins anew; a meter goes on.
static void
restart_spectra(struct ch_worker *worker, enum ch_tap_point point)
{
    for (uint32_t i = 0; i < worker->n_analyses; i++) {
        if (worker->analysis[i]->tap == point && worker->analysis[i]->spectrum) {
            ch_spectrum_reset(worker->analysis[i]->spectrum);
        }
    }
}

/// How many of the frames that wait are due by now.  A device takes a whole period at once; read
/// as it comes, pictures would stand still in between.
static uint32_t
due_frames(const struct ch_worker *worker, const struct ch_tap_reader *reader, uint32_t available,
           uint64_t now_ns)
{
    // What comes later than this fills the tap, and after sound stops nothing needs to be even.
    if (!worker->flowing || available > reader->tap->pcm->ring.capacity / 2) {
        return available;
    }
    struct ch_clock clock;
    ch_snapshot_read(worker->clock, &clock);
    const double since_s = (double)(int64_t)(now_ns - clock.mono_ns) * 1e-9;
    const double ahead = (double)(int64_t)(clock.frame - next_frame(reader));
    return (uint32_t)fmax(0.0, fmin(available, ahead + since_s * worker->rate_hz));
}

static void
read_frames(struct ch_worker *worker, enum ch_tap_point point, uint32_t n_frames)
{
    struct ch_tap_reader *reader = &worker->reader[point];
    while (n_frames > 0) {
        struct ch_pcm_frame chunk[CHUNK_FRAMES];
        const uint32_t n = n_frames < CHUNK_FRAMES ? n_frames : CHUNK_FRAMES;
        if (!ch_ring_read(&reader->tap->pcm->ring, chunk, n)) {
            return;
        }
        for (uint32_t i = 0; i < n; i++) {
            chunk[i].left = sane(chunk[i].left);
            chunk[i].right = sane(chunk[i].right);
        }
        push_all(worker, point, chunk, n);
        reader->n_read += n;
        n_frames -= n;
    }
}

/// Read what waits and is due; false if nothing waits.
static bool
drain(struct ch_worker *worker, enum ch_tap_point point, uint64_t now_ns)
{
    struct ch_tap_reader *reader = &worker->reader[point];
    const uint32_t available = ch_ring_read_space(&reader->tap->pcm->ring);
    const uint64_t n_dropped = atomic_load_explicit(&reader->tap->n_dropped, memory_order_relaxed);
    if (n_dropped != reader->n_dropped) {
        skip_to_now(reader, available, n_dropped);
        restart_spectra(worker, point);
        update_position(reader);
        return available > 0;
    }
    const uint32_t n_due = due_frames(worker, reader, available, now_ns);
    read_frames(worker, point, n_due);
    if (n_due > 0) {
        update_position(reader);
    }
    return available > 0;
}

/// Nothing comes from the tap: time goes on in silence.
static void
fill_silence(struct ch_worker *worker, enum ch_tap_point point, uint64_t now_ns)
{
    struct ch_tap_reader *reader = &worker->reader[point];
    const double s = (double)(now_ns - reader->filled_ns) * 1e-9;
    const uint32_t n = (uint32_t)(fmin(s, SILENCE_MAX_S) * worker->rate_hz);
    if (n > 0) {
        push_all(worker, point, NULL, n);
        reader->n_silent += n;
        reader->filled_ns =
            s > SILENCE_MAX_S ? now_ns : reader->filled_ns + ch_ns_from_frames(n, worker->rate_hz);
    }
}

void
ch_worker_pump(struct ch_worker *worker, uint64_t now_ns)
{
    for (uint32_t i = 0; i < CH_TAP_POINTS; i++) {
        const enum ch_tap_point point = (enum ch_tap_point)i;
        struct ch_tap_reader *reader = &worker->reader[i];
        const bool sounds = reader->tap && drain(worker, point, now_ns);
        if (sounds || (worker->flowing && reader->tap)) {
            reader->filled_ns = now_ns;
        } else {
            fill_silence(worker, point, now_ns);
        }
    }
}

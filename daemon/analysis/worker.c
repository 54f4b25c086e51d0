// SPDX-License-Identifier: ISC
// daemon/analysis/worker.c — drain the taps, run what is due, send it up, sleep.           [worker]
//
// It wakes for the next frame that is due and for commands, and while sound flows often enough that
// no tap fills up.  After sound stops, silence goes on in its place until every picture has come to
// rest; then it sleeps until a command comes.

#include "daemon/analysis/worker.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/units.h"

#define NICE 5
/// A picture that has not decayed by then (long peak hold) is put to rest.
#define DECAY_MAX_NS (4 * CH_NS_PER_S)
/// Of silence that is made up at a time: enough to fill any window and the meter's memory.
#define SILENCE_MAX_S 4
#define CHUNK_FRAMES  512
/// Larger samples are no sound; their squares must fit into a float.
#define SAMPLE_MAX 1e6f

// --- sound in -------------------------------------------------------------------------------

static void
push_all(struct ch_worker *worker, enum ch_tap_point point, const struct ch_pcm_frame *frames,
         uint32_t n_frames)
{
    for (uint32_t i = 0; i < worker->n_analyses; i++) {
        struct ch_analysis *analysis = worker->analysis[i];
        if (analysis->tap != point) {
            continue;
        }
        if (analysis->spectrum) {
            ch_spectrum_push(analysis->spectrum, frames, n_frames);
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

static void
update_position(struct ch_tap_reader *reader)
{
    const uint64_t first = atomic_load_explicit(&reader->tap->first_frame, memory_order_relaxed);
    reader->position = first + reader->n_read + reader->n_dropped;
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

static void
attach(struct ch_tap_reader *reader, struct ch_tap *tap)
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

/// Read all that waits; frames read.
static uint32_t
drain(struct ch_worker *worker, enum ch_tap_point point)
{
    struct ch_tap_reader *reader = &worker->reader[point];
    struct ch_ring *ring = &reader->tap->pcm->ring;
    const uint32_t available = ch_ring_read_space(ring);
    const uint64_t n_dropped = atomic_load_explicit(&reader->tap->n_dropped, memory_order_relaxed);
    if (n_dropped != reader->n_dropped) {
        skip_to_now(reader, available, n_dropped);
        restart_spectra(worker, point);
        update_position(reader);
        return available;
    }
    for (uint32_t left = available; left > 0;) {
        struct ch_pcm_frame chunk[CHUNK_FRAMES];
        const uint32_t n = left < CHUNK_FRAMES ? left : CHUNK_FRAMES;
        if (!ch_ring_read(ring, chunk, n)) {
            break;
        }
        for (uint32_t i = 0; i < n; i++) {
            chunk[i].left = sane(chunk[i].left);
            chunk[i].right = sane(chunk[i].right);
        }
        push_all(worker, point, chunk, n);
        reader->n_read += n;
        left -= n;
    }
    if (available > 0) {
        update_position(reader);
    }
    return available;
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

static void
pump(struct ch_worker *worker, uint64_t now_ns)
{
    for (uint32_t i = 0; i < CH_TAP_POINTS; i++) {
        const enum ch_tap_point point = (enum ch_tap_point)i;
        struct ch_tap_reader *reader = &worker->reader[i];
        const uint32_t n = reader->tap ? drain(worker, point) : 0;
        if (n > 0 || (worker->flowing && reader->tap)) {
            reader->filled_ns = now_ns;
        } else {
            fill_silence(worker, point, now_ns);
        }
    }
}

// --- frames out -----------------------------------------------------------------------------

/// Which engine frame the analysis is about, and when that one is heard.
static void
stamp(const struct ch_worker *worker, const struct ch_analysis *analysis, uint64_t now_ns,
      struct ch_frame *frame)
{
    const struct ch_tap_reader *reader = &worker->reader[analysis->tap];
    struct ch_clock clock;
    ch_snapshot_read(worker->clock, &clock);
    const int64_t back = analysis->spectrum ? ch_spectrum_age(analysis->spectrum) : 0;
    const int64_t end = (int64_t)reader->position;
    // Silence that was made up has no frames of the engine, but it takes its time.
    int64_t about = end + (int64_t)reader->n_silent - back;
    about = about < 0 ? 0 : about;
    frame->frame = (uint64_t)(about < end ? about : end);
    if (clock.heard_mono_ns == 0) {
        frame->heard_mono_ns = now_ns;
        return;
    }
    const double later_s = (double)(about - (int64_t)clock.frame) / worker->rate_hz;
    const double heard_ns = (double)clock.heard_mono_ns + later_s * 1e9;
    frame->heard_mono_ns =
        heard_ns > 0.0 ? clock.heard_mono_ns + (uint64_t)(int64_t)llrint(later_s * 1e9) : 0;
}

static struct ch_frame *
encode(const struct ch_worker *worker, const struct ch_analysis *analysis, uint64_t now_ns)
{
    const uint32_t capacity =
        analysis->spectrum ? ch_spectrum_encoded_max(analysis->spectrum) : CH_METER_ENCODED_MAX;
    struct ch_frame *frame = malloc(sizeof *frame + capacity);
    if (!frame) {
        return NULL;
    }
    struct ch_text text = {.data = frame->data, .capacity = capacity};
    if (analysis->spectrum) {
        ch_spectrum_encode(analysis->spectrum, &text);
    } else {
        ch_meter_encode(analysis->meter, &text);
    }
    assert(!text.full);
    frame->n_refs = 1;
    frame->analysis = analysis->handle;
    frame->n_bytes = text.n_bytes;
    stamp(worker, analysis, now_ns, frame);
    struct ch_frame *shrunk = realloc(frame, sizeof *frame + text.n_bytes);
    return shrunk ? shrunk : frame;
}

/// false if nobody will see it.
static bool
emit(struct ch_worker *worker, const struct ch_analysis *analysis, uint64_t now_ns)
{
    struct ch_frame *frame = encode(worker, analysis, now_ns);
    if (!frame) {
        return false;
    }
    if (!ch_ring_write(&worker->frames, &frame, 1)) {
        free(frame);
        return false;
    }
    // Released to the exchange in ch_analyser_take(): either that one finds the frame, or it has
    // cleared the flag and is told.
    if (atomic_exchange_explicit(&worker->notified, 1, memory_order_acq_rel) == 0) {
        worker->notify(worker->context);
    }
    return true;
}

static bool
at_rest(const struct ch_analysis *analysis)
{
    return analysis->spectrum ? ch_spectrum_at_rest(analysis->spectrum)
                              : ch_meter_at_rest(analysis->meter);
}

static void
put_to_rest(const struct ch_worker *worker, struct ch_analysis *analysis)
{
    if (analysis->spectrum) {
        ch_spectrum_reset(analysis->spectrum);
    } else {
        const double s = CH_METER_MEMORY_S + 0.5;
        ch_meter_push(analysis->meter, NULL, (uint32_t)(s * worker->rate_hz));
        ch_meter_run(analysis->meter); // ends the interval that still holds peaks
        ch_meter_run(analysis->meter);
    }
}

static uint64_t
next_due_ns(const struct ch_worker *worker, const struct ch_analysis *analysis, uint64_t now_ns)
{
    const double period_ns = 1e9 / analysis->rate_hz;
    const uint64_t tick = (uint64_t)((double)(now_ns - worker->epoch_ns) / period_ns) + 1;
    const uint64_t due_ns = worker->epoch_ns + (uint64_t)((double)tick * period_ns);
    return due_ns > now_ns ? due_ns : now_ns + 1;
}

static void
run(struct ch_worker *worker, struct ch_analysis *analysis, uint64_t now_ns)
{
    const double elapsed_s =
        analysis->last_ns ? (double)(now_ns - analysis->last_ns) * 1e-9 : 1.0 / analysis->rate_hz;
    analysis->last_ns = now_ns;
    if (analysis->spectrum) {
        ch_spectrum_run(analysis->spectrum, elapsed_s);
    } else {
        ch_meter_run(analysis->meter);
    }
    if (worker->flowing) {
        (void)emit(worker, analysis, now_ns); // the next one comes anyway
        return;
    }
    if (!at_rest(analysis) && now_ns - worker->stopped_ns > DECAY_MAX_NS) {
        put_to_rest(worker, analysis);
    }
    const bool last = at_rest(analysis);
    // The last one stands for long: if it did not get through it is sent again.
    if (emit(worker, analysis, now_ns) && last) {
        analysis->resting = true;
    }
}

static void
run_due(struct ch_worker *worker, uint64_t now_ns)
{
    for (uint32_t i = 0; i < worker->n_analyses; i++) {
        struct ch_analysis *analysis = worker->analysis[i];
        if (analysis->due_ns <= now_ns && !analysis->resting) {
            run(worker, analysis, now_ns);
            analysis->due_ns = next_due_ns(worker, analysis, now_ns);
        }
    }
}

// --- commands -------------------------------------------------------------------------------

static void
retire(struct ch_worker *worker, struct ch_analysis *analysis)
{
    const bool written = ch_ring_write(&worker->retired, &analysis, 1);
    assert(written);
    (void)written;
}

static void
add(struct ch_worker *worker, struct ch_analysis *analysis, uint64_t now_ns)
{
    assert(worker->n_analyses < CH_ANALYSES_MAX);
    analysis->due_ns = next_due_ns(worker, analysis, now_ns);
    worker->analysis[worker->n_analyses++] = analysis;
}

static void
drop(struct ch_worker *worker, struct ch_analysis *analysis, struct ch_analysis *other,
     uint64_t now_ns)
{
    for (uint32_t i = 0; i < worker->n_analyses; i++) {
        if (worker->analysis[i] != analysis) {
            continue;
        }
        if (other) {
            other->due_ns = next_due_ns(worker, other, now_ns);
            worker->analysis[i] = other;
        } else {
            worker->analysis[i] = worker->analysis[--worker->n_analyses];
        }
        break;
    }
    retire(worker, analysis);
}

static void
set_flowing(struct ch_worker *worker, bool flowing, uint64_t now_ns)
{
    if (worker->flowing && !flowing) {
        worker->stopped_ns = now_ns;
    }
    worker->flowing = flowing;
    for (uint32_t i = 0; i < worker->n_analyses && flowing; i++) {
        struct ch_analysis *analysis = worker->analysis[i];
        if (analysis->resting) {
            analysis->resting = false;
            analysis->last_ns = 0;
            analysis->due_ns = next_due_ns(worker, analysis, now_ns);
        }
    }
}

/// false if it is to end.
static bool
obey(struct ch_worker *worker, const struct ch_worker_command *command, uint64_t now_ns)
{
    switch (command->verb) {
    case CH_WORKER_ADD:
        add(worker, command->analysis, now_ns);
        break;
    case CH_WORKER_REMOVE:
    case CH_WORKER_REPLACE:
        drop(worker, command->analysis, command->other, now_ns);
        break;
    case CH_WORKER_TAP:
        attach(&worker->reader[command->point], command->tap);
        break;
    case CH_WORKER_FLOWING:
        set_flowing(worker, command->value != 0, now_ns);
        break;
    case CH_WORKER_RATE:
        worker->rate_hz = command->value;
        break;
    case CH_WORKER_QUIT:
        return false;
    }
    return true;
}

static bool
take_commands(struct ch_worker *worker)
{
    struct ch_worker_command command;
    const uint64_t now_ns = ch_os_mono_ns();
    uint64_t n = 0;
    bool go_on = true;
    while (go_on && ch_ring_read(&worker->commands, &command, 1)) {
        go_on = obey(worker, &command, now_ns);
        n++;
    }
    if (n > 0) {
        atomic_fetch_add_explicit(&worker->n_done, n, memory_order_release);
        ch_event_set(&worker->done);
    }
    return go_on;
}

/// Nanoseconds in which half of the smallest tap fills up.
static uint64_t
tap_patience_ns(const struct ch_worker *worker)
{
    uint64_t least = CH_WAIT_FOREVER;
    for (uint32_t i = 0; i < CH_TAP_POINTS; i++) {
        const struct ch_tap *tap = worker->reader[i].tap;
        if (tap) {
            const uint64_t ns = ch_ns_from_frames(tap->pcm->ring.capacity / 2, worker->rate_hz);
            least = ns < least ? ns : least;
        }
    }
    return least;
}

static void
sleep_until_due(struct ch_worker *worker)
{
    const uint64_t now_ns = ch_os_mono_ns();
    uint64_t wait_ns = worker->flowing ? tap_patience_ns(worker) : CH_WAIT_FOREVER;
    for (uint32_t i = 0; i < worker->n_analyses; i++) {
        const struct ch_analysis *analysis = worker->analysis[i];
        if (!analysis->resting) {
            const uint64_t until_ns = analysis->due_ns > now_ns ? analysis->due_ns - now_ns : 0;
            wait_ns = until_ns < wait_ns ? until_ns : wait_ns;
        }
    }
    (void)ch_event_wait(&worker->wake, wait_ns);
    if (wait_ns == CH_WAIT_FOREVER) {
        // All was silent already: that time needs no silence.
        for (uint32_t i = 0; i < CH_TAP_POINTS; i++) {
            worker->reader[i].filled_ns = ch_os_mono_ns();
        }
    }
}

static void
begin(struct ch_worker *worker)
{
    ch_os_be_nice(NICE);
    ch_os_denormals_off();
    struct ch_clock clock;
    ch_snapshot_read(worker->clock, &clock);
    worker->epoch_ns = ch_os_mono_ns();
    worker->stopped_ns = worker->epoch_ns;
    for (uint32_t i = 0; i < CH_TAP_POINTS; i++) {
        struct ch_tap_reader *reader = &worker->reader[i];
        reader->position = clock.frame;
        reader->n_silent = 0;
        reader->filled_ns = worker->epoch_ns;
        attach(reader, reader->tap);
    }
}

static void
work(void *arg)
{
    struct ch_worker *worker = arg;
    begin(worker);
    while (take_commands(worker)) {
        const uint64_t now_ns = ch_os_mono_ns();
        pump(worker, now_ns);
        run_due(worker, now_ns);
        sleep_until_due(worker);
    }
}

// --- [main] ---------------------------------------------------------------------------------

void
ch_analysis_destroy(struct ch_analysis *analysis)
{
    if (analysis) {
        ch_spectrum_destroy(analysis->spectrum);
        ch_meter_destroy(analysis->meter);
        free(analysis);
    }
}

enum ch_status
ch_worker_init(struct ch_worker *worker)
{
    const bool sized = ch_ring_init(&worker->commands, worker->command_storage, CH_WORKER_COMMANDS,
                                    sizeof *worker->command_storage) &&
                       ch_ring_init(&worker->frames, worker->frame_storage, CH_WORKER_FRAMES,
                                    sizeof *worker->frame_storage) &&
                       ch_ring_init(&worker->retired, worker->retired_storage, CH_WORKER_RETIRED,
                                    sizeof *worker->retired_storage);
    assert(sized);
    (void)sized;
    atomic_init(&worker->n_done, 0);
    atomic_init(&worker->notified, 0);
    const enum ch_status status = ch_event_init(&worker->wake);
    if (status != CH_OK) {
        return status;
    }
    return ch_event_init(&worker->done);
}

void
ch_worker_fini(struct ch_worker *worker)
{
    ch_event_fini(&worker->done);
    ch_event_fini(&worker->wake);
}

enum ch_status
ch_worker_start(struct ch_worker *worker)
{
    worker->n_analyses = 0;
    return ch_thread_start(&worker->thread, "ch-analysis", CH_STACK_WORKER, work, worker);
}

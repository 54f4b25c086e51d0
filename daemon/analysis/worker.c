// SPDX-License-Identifier: ISC
// daemon/analysis/worker.c — drain the taps, run what is due, send up what is new, sleep.  [worker]
//
// It takes a turn for the next frame that is due and for commands, and while sound flows often
// enough that no tap fills up.  After sound stops, silence goes on in its place until every picture
// has come to rest; then it sleeps until a command comes.

#include "daemon/analysis/worker.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/analysis/worker_sound.h"
#include "daemon/base/units.h"

#define NICE 5
/// A picture that has not decayed by then (long peak hold) is put to rest.
#define DECAY_MAX_NS (4 * CH_NS_PER_S)

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

/// What there is to see now, into the draft; its length.
static uint32_t
encode(const struct ch_analysis *analysis)
{
    struct ch_text text = {.data = analysis->draft, .capacity = analysis->capacity};
    if (analysis->spectrum) {
        ch_spectrum_encode(analysis->spectrum, &text);
    } else {
        ch_meter_encode(analysis->meter, &text);
    }
    assert(!text.full);
    return text.n_bytes;
}

static bool
at_rest(const struct ch_analysis *analysis)
{
    return analysis->spectrum ? ch_spectrum_at_rest(analysis->spectrum)
                              : ch_meter_at_rest(analysis->meter);
}

/// A spectrum is a picture of what is, and one that stands stays true.  A reading of a meter is of
/// the time since the last one: only one of silence has nothing to tell twice.
static bool
is_news(const struct ch_analysis *analysis, uint32_t n_bytes)
{
    return n_bytes != analysis->n_sent || memcmp(analysis->draft, analysis->sent, n_bytes) != 0 ||
           (analysis->meter && !at_rest(analysis));
}

static bool
send_draft(struct ch_worker *worker, const struct ch_analysis *analysis, uint32_t n_bytes,
           uint64_t now_ns)
{
    struct ch_frame *frame = malloc(sizeof *frame + n_bytes);
    if (!frame) {
        return false;
    }
    memcpy(frame->data, analysis->draft, n_bytes);
    frame->n_refs = 1;
    frame->analysis = analysis->handle;
    frame->n_bytes = n_bytes;
    stamp(worker, analysis, now_ns, frame);
    if (!ch_ring_write(&worker->frames, &frame, 1)) {
        free(frame);
        return false;
    }
    // Released to the exchange in ch_analyser_take(): either that one finds the frame, or it has
    // cleared the flag and is told.
    if (worker->alone &&
        atomic_exchange_explicit(&worker->notified, 1, memory_order_acq_rel) == 0) {
        worker->notify(worker->context);
    }
    return true;
}

/// false if [main] does not have what there is to see: then it has to be sent again.
static bool
emit(struct ch_worker *worker, struct ch_analysis *analysis, uint64_t now_ns)
{
    const uint32_t n_bytes = encode(analysis);
    if (!is_news(analysis, n_bytes)) {
        return true;
    }
    if (!send_draft(worker, analysis, n_bytes, now_ns)) {
        return false;
    }
    char *sent = analysis->draft;
    analysis->draft = analysis->sent;
    analysis->sent = sent;
    analysis->n_sent = n_bytes;
    return true;
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

/// The first time after `after_ns`.
static uint64_t
next_due_ns(const struct ch_worker *worker, const struct ch_analysis *analysis, uint64_t after_ns)
{
    const double period_ns = 1e9 / analysis->rate_hz;
    const uint64_t tick = (uint64_t)((double)(after_ns - worker->epoch_ns) / period_ns) + 1;
    const uint64_t due_ns = worker->epoch_ns + (uint64_t)((double)tick * period_ns);
    return due_ns > after_ns ? due_ns : after_ns + 1;
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
run_due(struct ch_worker *worker, uint64_t now_ns, uint64_t early_ns)
{
    for (uint32_t i = 0; i < worker->n_analyses; i++) {
        struct ch_analysis *analysis = worker->analysis[i];
        if (analysis->due_ns <= now_ns + early_ns && !analysis->resting) {
            run(worker, analysis, now_ns);
            analysis->due_ns = next_due_ns(worker, analysis, now_ns + early_ns);
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
reset_meters(struct ch_worker *worker)
{
    for (uint32_t i = 0; i < worker->n_analyses; i++) {
        struct ch_analysis *analysis = worker->analysis[i];
        if (analysis->meter) {
            ch_meter_reset(analysis->meter);
            analysis->resting = false; // there is something new to say, once
        }
    }
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
carry_out(struct ch_worker *worker, const struct ch_worker_command *command, uint64_t now_ns)
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
        ch_worker_attach(&worker->reader[command->point], command->tap);
        break;
    case CH_WORKER_FLOWING:
        set_flowing(worker, command->value != 0, now_ns);
        break;
    case CH_WORKER_RATE:
        worker->rate_hz = command->value;
        break;
    case CH_WORKER_RESET:
        reset_meters(worker);
        break;
    case CH_WORKER_QUIT:
        return false;
    }
    return true;
}

bool
ch_worker_obey(struct ch_worker *worker)
{
    struct ch_worker_command command;
    const uint64_t now_ns = ch_os_mono_ns();
    uint64_t n = 0;
    bool go_on = true;
    while (go_on && ch_ring_read(&worker->commands, &command, 1)) {
        go_on = carry_out(worker, &command, now_ns);
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

static uint64_t
wait_ns(const struct ch_worker *worker)
{
    const uint64_t now_ns = ch_os_mono_ns();
    uint64_t least_ns = worker->flowing ? tap_patience_ns(worker) : CH_WAIT_FOREVER;
    for (uint32_t i = 0; i < worker->n_analyses; i++) {
        const struct ch_analysis *analysis = worker->analysis[i];
        if (!analysis->resting) {
            const uint64_t until_ns = analysis->due_ns > now_ns ? analysis->due_ns - now_ns : 0;
            least_ns = until_ns < least_ns ? until_ns : least_ns;
        }
    }
    return least_ns;
}

uint64_t
ch_worker_turn(struct ch_worker *worker, uint64_t early_ns)
{
    const uint64_t now_ns = ch_os_mono_ns();
    if (worker->slept) {
        // All was silent already: that time needs no silence.
        for (uint32_t i = 0; i < CH_TAP_POINTS; i++) {
            worker->reader[i].filled_ns = now_ns;
        }
    }
    ch_worker_pump(worker, now_ns);
    run_due(worker, now_ns, early_ns);
    const uint64_t until_ns = wait_ns(worker);
    worker->slept = until_ns == CH_WAIT_FOREVER;
    return until_ns;
}

static void
work(void *arg)
{
    struct ch_worker *worker = arg;
    ch_os_be_nice(NICE);
    ch_os_denormals_off();
    while (ch_worker_obey(worker)) {
        (void)ch_event_wait(&worker->wake, ch_worker_turn(worker, 0));
    }
}

// --- [main] ---------------------------------------------------------------------------------

void
ch_analysis_destroy(struct ch_analysis *analysis)
{
    if (analysis) {
        ch_spectrum_destroy(analysis->spectrum);
        ch_meter_destroy(analysis->meter);
        free(analysis->draft);
        free(analysis->sent);
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

void
ch_worker_begin(struct ch_worker *worker)
{
    struct ch_clock clock;
    ch_snapshot_read(worker->clock, &clock);
    worker->n_analyses = 0;
    worker->slept = false;
    worker->alone = false;
    worker->epoch_ns = ch_os_mono_ns();
    worker->stopped_ns = worker->epoch_ns;
    for (uint32_t i = 0; i < CH_TAP_POINTS; i++) {
        struct ch_tap_reader *reader = &worker->reader[i];
        reader->position = clock.frame;
        reader->n_silent = 0;
        reader->filled_ns = worker->epoch_ns;
        ch_worker_attach(reader, reader->tap);
    }
}

enum ch_status
ch_worker_start(struct ch_worker *worker)
{
    worker->alone = true;
    const enum ch_status status =
        ch_thread_start(&worker->thread, "ch-analysis", CH_STACK_WORKER, work, worker);
    if (status != CH_OK) {
        worker->alone = false; // otherwise the thread reads it already
    }
    return status;
}

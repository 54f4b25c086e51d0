// SPDX-License-Identifier: ISC
// daemon/analysis/analyser.c — who wants which analysis, and the worker's life.              [main]

#include "daemon/analysis/analyser.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/analysis/transform.h"
#include "daemon/analysis/worker.h"
#include "daemon/base/log.h"
#include "daemon/base/memory.h"

/// What one turn on [main] may cost, see ch_spectrum_cost(): some 50 µs.
#define TURN_COST_MAX 12288
#define METER_COST    4096

/// One analysis and all who share it.
struct entry {
    struct entry *next;
    uint32_t n_users;
    uint32_t handle;
    bool is_meter;
    struct ch_spectrum_spec spectrum;
    struct ch_meter_spec meter;
    char *description;            ///< of a spectrum
    uint32_t cost;                ///< of a frame
    struct ch_analysis *analysis; ///< owned by the worker; here only its name
    struct ch_frame *latest;      ///< a reference to what was taken last
};

struct ch_analyser {
    struct ch_worker worker; // first: it asks for the alignment
    struct ch_transforms transforms;
    struct entry *entries;
    uint32_t n_entries;
    uint32_t last_handle;
    uint64_t n_posted; ///< commands
    uint32_t rate_hz;
    bool flowing;
    bool takes_turns;
    struct ch_tap *tap[CH_TAP_POINTS];
};

// --- frames ---------------------------------------------------------------------------------

void
ch_frame_ref(struct ch_frame *frame)
{
    frame->n_refs++;
}

void
ch_frame_unref(struct ch_frame *frame)
{
    if (frame && --frame->n_refs == 0) {
        free(frame);
    }
}

static struct entry *
find_entry(const struct ch_analyser *analyser, uint32_t handle)
{
    struct entry *entry = analyser->entries;
    while (entry && entry->handle != handle) {
        entry = entry->next;
    }
    return entry;
}

/// Free what the worker has let go of.
static void
reap(struct ch_analyser *analyser)
{
    struct ch_analysis *analysis;
    while (ch_ring_read(&analyser->worker.retired, &analysis, 1)) {
        ch_analysis_destroy(analysis);
    }
}

static struct ch_frame *
next_frame(struct ch_analyser *analyser)
{
    struct ch_frame *frame;
    while (ch_ring_read(&analyser->worker.frames, &frame, 1)) {
        struct entry *entry = find_entry(analyser, frame->analysis);
        if (entry) {
            ch_frame_unref(entry->latest);
            entry->latest = frame;
            ch_frame_ref(frame);
            return frame;
        }
        ch_frame_unref(frame); // sent before its analysis was removed
    }
    return NULL;
}

struct ch_frame *
ch_analyser_take(struct ch_analyser *analyser)
{
    reap(analyser);
    struct ch_frame *frame = next_frame(analyser);
    if (!frame) {
        // Ask to be told again, then look once more for what came in between.
        (void)atomic_exchange_explicit(&analyser->worker.notified, 0, memory_order_acq_rel);
        frame = next_frame(analyser);
    }
    return frame;
}

const struct ch_frame *
ch_analyser_latest(const struct ch_analyser *analyser, uint32_t handle)
{
    const struct entry *entry = find_entry(analyser, handle);
    return entry ? entry->latest : NULL;
}

// --- the worker -----------------------------------------------------------------------------

bool
ch_analyser_has_thread(const struct ch_analyser *analyser)
{
    return analyser->worker.thread.handle != NULL;
}

static bool
is_running(const struct ch_analyser *analyser)
{
    return analyser->n_entries > 0;
}

static void
post(struct ch_analyser *analyser, const struct ch_worker_command *command)
{
    struct ch_worker *worker = &analyser->worker;
    reap(analyser);
    while (!ch_ring_write(&worker->commands, command, 1)) {
        (void)ch_event_wait(&worker->done, CH_WAIT_FOREVER);
        reap(analyser);
    }
    analyser->n_posted++;
    if (ch_analyser_has_thread(analyser)) {
        ch_event_set(&worker->wake);
    } else {
        (void)ch_worker_obey(worker);
    }
}

/// Wait until all that was posted has been carried out.
static void
settle(struct ch_analyser *analyser)
{
    struct ch_worker *worker = &analyser->worker;
    while (atomic_load_explicit(&worker->n_done, memory_order_acquire) != analyser->n_posted) {
        (void)ch_event_wait(&worker->done, CH_WAIT_FOREVER);
    }
}

static void
begin(struct ch_analyser *analyser)
{
    struct ch_worker *worker = &analyser->worker;
    worker->rate_hz = analyser->rate_hz;
    worker->flowing = analyser->flowing;
    for (uint32_t i = 0; i < CH_TAP_POINTS; i++) {
        worker->reader[i].tap = analyser->tap[i];
    }
    ch_worker_begin(worker);
}

static void
end_thread(struct ch_analyser *analyser)
{
    if (ch_analyser_has_thread(analyser)) {
        post(analyser, &(struct ch_worker_command){.verb = CH_WORKER_QUIT});
        ch_thread_join(&analyser->worker.thread);
        analyser->worker.alone = false;
        reap(analyser);
    }
}

/// Let a thread do the work, or [main], by what a frame of everything costs.  The worker's state
/// goes over as it is: no picture begins anew.
static enum ch_status
place(struct ch_analyser *analyser, uint32_t more_cost)
{
    uint64_t cost = more_cost;
    for (const struct entry *entry = analyser->entries; entry; entry = entry->next) {
        cost += entry->cost;
    }
    const bool turns = cost == 0 || (analyser->takes_turns && cost <= TURN_COST_MAX);
    if (turns) {
        end_thread(analyser);
        return CH_OK;
    }
    return ch_analyser_has_thread(analyser) ? CH_OK : ch_worker_start(&analyser->worker);
}

uint64_t
ch_analyser_turn(struct ch_analyser *analyser, uint64_t early_ns)
{
    if (!is_running(analyser) || ch_analyser_has_thread(analyser)) {
        return CH_WAIT_FOREVER;
    }
    const uint64_t float_mode = ch_os_denormals_enter();
    const uint64_t wait_ns = ch_worker_turn(&analyser->worker, early_ns);
    ch_os_denormals_leave(float_mode);
    return wait_ns;
}

enum ch_status
ch_analyser_create(struct ch_analyser **out, const struct ch_analyser_config *config)
{
    *out = NULL;
    const size_t apart = CH_CACHE_APART;
    const size_t bytes = (sizeof(struct ch_analyser) + apart - 1) / apart * apart;
    struct ch_analyser *analyser = ch_memory_aligned(apart, bytes);
    if (!analyser) {
        return CH_NO_MEMORY;
    }
    memset(analyser, 0, bytes);
    analyser->rate_hz = config->rate_hz;
    analyser->takes_turns = config->takes_turns;
    analyser->worker.clock = config->clock;
    analyser->worker.notify = config->notify;
    analyser->worker.context = config->context;
    const enum ch_status status = ch_worker_init(&analyser->worker);
    if (status != CH_OK) {
        ch_worker_fini(&analyser->worker);
        ch_memory_aligned_free(analyser);
        return status;
    }
    *out = analyser;
    return CH_OK;
}

static void
free_entry(struct entry *entry)
{
    ch_frame_unref(entry->latest);
    free(entry->description);
    free(entry);
}

void
ch_analyser_destroy(struct ch_analyser *analyser)
{
    if (!analyser) {
        return;
    }
    while (analyser->entries) {
        struct entry *entry = analyser->entries;
        entry->n_users = 1;
        ch_analyser_remove(analyser, entry->handle);
    }
    while (next_frame(analyser)) {
        // None is wanted any more: all are freed in there.
    }
    ch_worker_fini(&analyser->worker);
    ch_memory_aligned_free(analyser);
}

void
ch_analyser_set_tap(struct ch_analyser *analyser, enum ch_tap_point point, struct ch_tap *tap)
{
    analyser->tap[point] = tap;
    if (is_running(analyser)) {
        post(analyser,
             &(struct ch_worker_command){.verb = CH_WORKER_TAP, .point = point, .tap = tap});
        settle(analyser);
    }
}

void
ch_analyser_set_flowing(struct ch_analyser *analyser, bool flowing)
{
    if (analyser->flowing == flowing) {
        return;
    }
    analyser->flowing = flowing;
    if (is_running(analyser)) {
        post(analyser,
             &(struct ch_worker_command){.verb = CH_WORKER_FLOWING, .value = flowing ? 1 : 0});
    }
}

// --- analyses -------------------------------------------------------------------------------

static enum ch_status
make_room(struct ch_analysis *analysis)
{
    analysis->capacity =
        analysis->spectrum ? ch_spectrum_encoded_max(analysis->spectrum) : CH_METER_ENCODED_MAX;
    analysis->draft = malloc(analysis->capacity);
    analysis->sent = malloc(analysis->capacity);
    return analysis->draft && analysis->sent ? CH_OK : CH_NO_MEMORY;
}

/// What the worker runs for an entry, at the present rate.
static enum ch_status
build(struct ch_analyser *analyser, struct entry *entry, struct ch_analysis **out)
{
    struct ch_analysis *analysis = calloc(1, sizeof *analysis);
    *out = NULL;
    if (!analysis) {
        return CH_NO_MEMORY;
    }
    analysis->handle = entry->handle;
    enum ch_status status;
    if (entry->is_meter) {
        analysis->tap = CH_TAP_OUTPUT;
        analysis->rate_hz = entry->meter.rate_hz;
        entry->cost = METER_COST;
        status = ch_meter_create(&analysis->meter, analyser->rate_hz);
    } else {
        analysis->tap = entry->spectrum.tap;
        analysis->rate_hz = entry->spectrum.rate_hz;
        status = ch_spectrum_create(&analysis->spectrum, &entry->spectrum, analyser->rate_hz,
                                    &analyser->transforms);
    }
    if (status == CH_OK && analysis->spectrum) {
        entry->cost = ch_spectrum_cost(analysis->spectrum);
    }
    if (status == CH_OK) {
        status = make_room(analysis);
    }
    if (status != CH_OK) {
        ch_analysis_destroy(analysis);
        return status;
    }
    *out = analysis;
    return CH_OK;
}

/// Take over `entry`, which has its spec and nothing else, and set it going; it is freed on
/// failure.
static enum ch_status
launch(struct ch_analyser *analyser, struct entry *entry)
{
    struct ch_analysis *analysis = NULL;
    entry->n_users = 1;
    entry->handle = ++analyser->last_handle;
    enum ch_status status = build(analyser, entry, &analysis);
    if (status == CH_OK && !entry->is_meter) {
        entry->description = ch_spectrum_describe(analysis->spectrum);
        status = entry->description ? CH_OK : CH_NO_MEMORY;
    }
    if (status == CH_OK) {
        if (!is_running(analyser)) {
            begin(analyser);
        }
        status = place(analyser, entry->cost);
    }
    if (status != CH_OK) {
        ch_analysis_destroy(analysis);
        free_entry(entry);
        return status;
    }
    entry->analysis = analysis;
    entry->next = analyser->entries;
    analyser->entries = entry;
    analyser->n_entries++;
    post(analyser, &(struct ch_worker_command){.verb = CH_WORKER_ADD, .analysis = analysis});
    return CH_OK;
}

static struct entry *
find_spectrum(struct ch_analyser *analyser, const struct ch_spectrum_spec *spec)
{
    struct entry *entry = analyser->entries;
    while (entry && (entry->is_meter || memcmp(&entry->spectrum, spec, sizeof *spec) != 0)) {
        entry = entry->next;
    }
    return entry;
}

static struct entry *
find_meter(struct ch_analyser *analyser, const struct ch_meter_spec *spec)
{
    struct entry *entry = analyser->entries;
    while (entry && !(entry->is_meter && memcmp(&entry->meter, spec, sizeof *spec) == 0)) {
        entry = entry->next;
    }
    return entry;
}

static enum ch_status
start_spectrum(struct ch_analyser *analyser, const struct ch_spectrum_spec *spec,
               struct entry **out, const char **why)
{
    *why = ch_spectrum_check(spec, analyser->rate_hz);
    if (*why) {
        return CH_OUT_OF_RANGE;
    }
    if (analyser->n_entries == CH_ANALYSES_MAX) {
        *why = CH_ANALYSES_TOO_MANY;
        return CH_BUSY;
    }
    struct entry *entry = calloc(1, sizeof *entry);
    if (!entry) {
        return CH_NO_MEMORY;
    }
    memcpy(&entry->spectrum, spec, sizeof *spec); // padding too: it is compared
    const enum ch_status status = launch(analyser, entry);
    *out = status == CH_OK ? entry : NULL;
    return status;
}

enum ch_status
ch_analyser_add_spectrum(struct ch_analyser *analyser, const struct ch_spectrum_spec *spec,
                         uint32_t *handle, char **description, const char **why)
{
    *handle = 0;
    *description = NULL;
    *why = NULL;
    struct entry *entry = find_spectrum(analyser, spec);
    if (entry) {
        entry->n_users++;
    } else {
        const enum ch_status status = start_spectrum(analyser, spec, &entry, why);
        if (status != CH_OK) {
            return status;
        }
    }
    *description = strdup(entry->description);
    if (!*description) {
        ch_analyser_remove(analyser, entry->handle);
        return CH_NO_MEMORY;
    }
    *handle = entry->handle;
    return CH_OK;
}

enum ch_status
ch_analyser_add_meter(struct ch_analyser *analyser, const struct ch_meter_spec *spec,
                      uint32_t *handle)
{
    *handle = 0;
    struct entry *entry = find_meter(analyser, spec);
    if (entry) {
        entry->n_users++;
        *handle = entry->handle;
        return CH_OK;
    }
    if (!(spec->rate_hz >= 1.0 && spec->rate_hz <= 120.0)) {
        return CH_OUT_OF_RANGE;
    }
    if (analyser->n_entries == CH_ANALYSES_MAX) {
        return CH_BUSY;
    }
    entry = calloc(1, sizeof *entry);
    if (!entry) {
        return CH_NO_MEMORY;
    }
    entry->is_meter = true;
    memcpy(&entry->meter, spec, sizeof *spec);
    const uint32_t next_handle = analyser->last_handle + 1;
    const enum ch_status status = launch(analyser, entry);
    *handle = status == CH_OK ? next_handle : 0;
    return status;
}

void
ch_analyser_remove(struct ch_analyser *analyser, uint32_t handle)
{
    struct entry **link = &analyser->entries;
    while (*link && (*link)->handle != handle) {
        link = &(*link)->next;
    }
    struct entry *entry = *link;
    if (!entry || --entry->n_users > 0) {
        return;
    }
    *link = entry->next;
    analyser->n_entries--;
    if (entry->analysis) {
        post(analyser,
             &(struct ch_worker_command){.verb = CH_WORKER_REMOVE, .analysis = entry->analysis});
    }
    free_entry(entry);
    reap(analyser);
    (void)place(analyser, 0); // without a thread it stays where it is
}

/// Build the entry's analysis again; without memory there are no frames rather than wrong ones.
static struct ch_analysis *
rebuild(struct ch_analyser *analyser, struct entry *entry)
{
    struct ch_analysis *analysis;
    const enum ch_status status = build(analyser, entry, &analysis);
    if (status != CH_OK) {
        ch_error("analysis: can't go on at %u Hz: %s", analyser->rate_hz, ch_strerror(status));
        return NULL;
    }
    if (!entry->is_meter) {
        char *description = ch_spectrum_describe(analysis->spectrum);
        if (description) {
            free(entry->description);
            entry->description = description;
        }
    }
    return analysis;
}

void
ch_analyser_set_rate(struct ch_analyser *analyser, uint32_t rate_hz)
{
    analyser->rate_hz = rate_hz;
    if (!is_running(analyser)) {
        return;
    }
    post(analyser, &(struct ch_worker_command){.verb = CH_WORKER_RATE, .value = rate_hz});
    for (struct entry *entry = analyser->entries; entry; entry = entry->next) {
        struct ch_worker_command command = {.analysis = entry->analysis,
                                            .other = rebuild(analyser, entry)};
        entry->analysis = command.other;
        if (command.analysis) {
            command.verb = command.other ? CH_WORKER_REPLACE : CH_WORKER_REMOVE;
            post(analyser, &command);
        } else if (command.other) {
            command.verb = CH_WORKER_ADD;
            command.analysis = command.other;
            command.other = NULL;
            post(analyser, &command);
        }
    }
    (void)place(analyser, 0); // without a thread it stays where it is
}

void
ch_analyser_reset_meters(struct ch_analyser *analyser)
{
    if (is_running(analyser)) {
        post(analyser, &(struct ch_worker_command){.verb = CH_WORKER_RESET});
    }
}

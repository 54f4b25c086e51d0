// SPDX-License-Identifier: ISC
// daemon/control/loudness_scans.c — the row of scans, their answers and their progress.

#include "daemon/control/loudness_scans.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/log.h"
#include "daemon/control/daemon.h"
#include "daemon/control/request.h"
#include "daemon/media/detail.h"
#include "daemon/media/uri.h"

/// Of what is played and was not asked for: more than can be waited for is left.
#define UNASKED_MAX 64

struct ch_scan_job {
    struct ch_scan_job *next;
    struct ch_scan *scan;
    struct ch_request *request; ///< NULL = nobody's
    bool unasked;               ///< counted in n_waiting_unasked
    bool started;
    bool cancelled;
    uint32_t n_taken; ///< results that are in the cache
};

struct ch_loudness_cache *
ch_scans_cache(struct ch_daemon *daemon)
{
    if (!daemon->scans.cache) {
        daemon->scans.cache = ch_loudness_cache_open();
    }
    return daemon->scans.cache;
}

// The scan's thread.
static void
on_progress(void *context)
{
    struct ch_daemon *daemon = context;
    uv_async_send(&daemon->wake);
}

// --- answers -----------------------------------------------------------------------------------

static void
write_levels(const struct ch_daemon *daemon, struct ch_buf *buf, double lufs, double true_peak_dbtp)
{
    // What mode `track` would do to it; an album is treated as one track here.
    struct ch_loudness_settings settings = daemon->loudness.settings;
    settings.mode = CH_LOUDNESS_TRACK;
    const struct ch_loudness_facts facts = {.has_track = isfinite(lufs), .track_lufs = lufs};
    const struct ch_loudness_applied applied = ch_loudness_gain(&settings, &facts, false);
    ch_json_kv_fixed(buf, "integrated_lufs", lufs, 2);
    ch_json_kv_fixed(buf, "true_peak_dbtp", true_peak_dbtp, 2);
    ch_json_kv_fixed(buf, "gain_db", applied.gain_db, 2);
}

static void
write_result(const struct ch_daemon *daemon, const struct ch_scan_file *file, struct ch_buf *buf)
{
    ch_json_begin_object(buf);
    ch_json_kv_string(buf, "uri", file->uri);
    if (file->status) {
        const enum ch_rpc_error error = ch_rpc_error_from_status(file->status);
        ch_json_key(buf, "error");
        ch_json_begin_object(buf);
        ch_json_kv_string(buf, "name", ch_rpc_error_name(error));
        ch_json_kv_string(buf, "detail", file->detail);
        ch_json_end_object(buf);
    } else {
        write_levels(daemon, buf, file->measured.lufs, file->measured.true_peak_dbtp);
        ch_json_kv_fixed(buf, "lra_lu", file->measured.range_lu, 2);
        ch_json_kv_bool(buf, "cached", file->cached);
    }
    ch_json_end_object(buf);
}

static void
answer(struct ch_daemon *daemon, struct ch_scan_job *job)
{
    const struct ch_scan *scan = job->scan;
    const uint32_t n_done = atomic_load_explicit(&scan->n_done, memory_order_acquire);
    struct ch_request *request = job->request;
    if (!request) {
        return;
    }
    struct ch_buf *buf = ch_request_result(request);
    ch_json_begin_object(buf);
    ch_json_key(buf, "results");
    ch_json_begin_array(buf);
    for (uint32_t i = 0; i < n_done; i++) {
        write_result(daemon, &scan->files[i], buf);
    }
    ch_json_end_array(buf);
    if (atomic_load_explicit(&scan->finished, memory_order_acquire) && scan->has_album) {
        ch_json_key(buf, "album");
        ch_json_begin_object(buf);
        write_levels(daemon, buf, scan->album_lufs, scan->album_true_peak_dbtp);
        ch_json_end_object(buf);
    }
    ch_json_kv_bool(buf, "cancelled", job->cancelled);
    ch_json_end_object(buf);
    job->request = NULL;
    ch_request_finish(request);
}

// --- the row -----------------------------------------------------------------------------------

static void
free_job(struct ch_daemon *daemon, struct ch_scan_job *job)
{
    daemon->scans.n_waiting_unasked -= job->unasked;
    ch_scan_destroy(job->scan);
    free(job);
}

static void
tell_all(struct ch_daemon *daemon)
{
    ch_topics_changed(daemon, CH_TOPIC_LOUDNESS, "scan");
}

static void
append(struct ch_daemon *daemon, struct ch_scan_job *job)
{
    struct ch_scans *scans = &daemon->scans;
    *(scans->first ? &scans->last->next : &scans->first) = job;
    scans->last = job;
    scans->n_jobs++;
    if (scans->first == job) {
        ch_scans_poll(daemon);
    } else {
        tell_all(daemon); // one more waits
    }
}

static struct ch_scan_job *
make_job(struct ch_daemon *daemon, uint32_t n_files, struct ch_request *request)
{
    struct ch_scan_job *job = calloc(1, sizeof *job);
    if (job) {
        job->request = request;
        job->scan = ch_scan_create(n_files);
    }
    if (job && !job->scan) {
        free(job);
        return NULL;
    }
    if (job) {
        job->scan->notify = on_progress;
        job->scan->context = daemon;
    }
    return job;
}

/// On failure `detail` says why it can't be scanned.
static enum ch_status
fill_file(struct ch_daemon *daemon, struct ch_scan_file *file, const char *text, char *detail)
{
    struct ch_uri *uri = malloc(sizeof *uri);
    enum ch_status status = CH_NO_MEMORY;
    ch_detail_set(detail, "out of memory");
    if (uri) {
        status = ch_uri_parse(uri, text, detail);
    }
    if (!status && uri->kind != CH_URI_FILE) {
        ch_detail_set(detail, "only files can be scanned, not %s", ch_name_of(text).text);
        status = CH_INVALID;
    }
    if (!status) {
        file->uri = strdup(text);
        file->path = strdup(uri->path);
        status = file->uri && file->path ? CH_OK : CH_NO_MEMORY;
    }
    if (!status) {
        const struct ch_loudness_measured *known =
            ch_loudness_cache_find(ch_scans_cache(daemon), file->path);
        file->has_known = known != NULL;
        if (known) {
            file->known = *known;
        }
    }
    free(uri);
    return status;
}

void
ch_scans_add(struct ch_daemon *daemon, struct ch_request *request, const cJSON *uris, bool album)
{
    const cJSON *first = cJSON_IsString(uris) ? uris : uris->child;
    uint32_t n = 0;
    for (const cJSON *uri = first; uri; uri = uri == uris ? NULL : uri->next) {
        n++;
    }
    if (n > CH_SCAN_FILES_MAX) {
        ch_request_fail(request, CH_RPC_OUT_OF_RANGE, "uris", "%u files; at most %d in one scan", n,
                        CH_SCAN_FILES_MAX);
        return;
    }
    struct ch_scan_job *job = make_job(daemon, n, request);
    if (!job) {
        ch_request_fail(request, CH_RPC_INTERNAL, NULL, "out of memory for a scan");
        return;
    }
    job->scan->album = album;
    uint32_t i = 0;
    for (const cJSON *uri = first; uri; uri = uri == uris ? NULL : uri->next, i++) {
        char detail[CH_DETAIL_BYTES];
        const enum ch_status status =
            fill_file(daemon, &job->scan->files[i], uri->valuestring, detail);
        if (status) {
            ch_request_fail(request, ch_rpc_error_from_status(status), "uris", "%s", detail);
            free_job(daemon, job);
            return;
        }
    }
    append(daemon, job);
}

void
ch_scans_add_unasked(struct ch_daemon *daemon, const char *uri)
{
    char detail[CH_DETAIL_BYTES];
    if (daemon->stopping || daemon->scans.n_waiting_unasked >= UNASKED_MAX) {
        return;
    }
    struct ch_scan_job *job = make_job(daemon, 1, NULL);
    if (!job) {
        return;
    }
    daemon->scans.n_waiting_unasked++;
    job->unasked = true;
    if (fill_file(daemon, &job->scan->files[0], uri, detail) || job->scan->files[0].has_known) {
        free_job(daemon, job);
        return;
    }
    append(daemon, job);
}

// --- progress ----------------------------------------------------------------------------------

/// Results that are new go into the cache; of an album that has `ended` all, with its values.
static void
take_results(struct ch_daemon *daemon, struct ch_scan_job *job, bool ended)
{
    const struct ch_scan *scan = job->scan;
    const bool album = ended && scan->has_album;
    const uint32_t n_done = atomic_load_explicit(&scan->n_done, memory_order_acquire);
    for (uint32_t i = album ? 0 : job->n_taken; i < n_done; i++) {
        const struct ch_scan_file *file = &scan->files[i];
        struct ch_loudness_measured measured = file->measured;
        if (album) {
            measured.album_lufs = scan->album_lufs;
            measured.album_true_peak_dbtp = scan->album_true_peak_dbtp;
            measured.album_key = scan->album_key;
        }
        if (!file->status && !file->cached && measured.file.bytes) {
            ch_loudness_cache_put(ch_scans_cache(daemon), file->path, &measured);
        }
    }
    job->n_taken = n_done;
}

static void
finish_first(struct ch_daemon *daemon)
{
    struct ch_scan_job *job = daemon->scans.first;
    if (job->started) {
        take_results(daemon, job, true);
    }
    daemon->scans.first = job->next;
    daemon->scans.n_jobs--;
    answer(daemon, job);
    free_job(daemon, job);
    tell_all(daemon);
}

/// Started if it was not; true if it goes on.
static bool
goes_on(struct ch_daemon *daemon, struct ch_scan_job *job)
{
    if (job->request && !ch_request_session(job->request)) {
        job->cancelled = true; // its client has gone
    }
    if (job->cancelled) {
        atomic_store_explicit(&job->scan->cancel, true, memory_order_relaxed);
    }
    if (!job->started) {
        if (job->cancelled || ch_scan_start(job->scan) != CH_OK) {
            job->cancelled = true;
            return false;
        }
        job->started = true;
        daemon->scans.n_waiting_unasked -= job->unasked;
        job->unasked = false;
    }
    return !atomic_load_explicit(&job->scan->finished, memory_order_acquire);
}

void
ch_scans_poll(struct ch_daemon *daemon)
{
    struct ch_scans *scans = &daemon->scans;
    while (scans->first && !goes_on(daemon, scans->first)) {
        finish_first(daemon);
    }
    if (scans->first) {
        take_results(daemon, scans->first, false);
        tell_all(daemon);
    }
}

uint32_t
ch_scans_cancel(struct ch_daemon *daemon)
{
    uint32_t n = 0;
    for (struct ch_scan_job *job = daemon->scans.first; job; job = job->next) {
        job->cancelled = true;
        n++;
    }
    ch_scans_poll(daemon);
    return n;
}

void
ch_scans_write_progress(const struct ch_daemon *daemon, struct ch_buf *buf)
{
    const struct ch_scan_job *job = daemon->scans.first;
    if (!job || !job->started) {
        ch_json_null(buf);
        return;
    }
    const uint32_t n_done = atomic_load_explicit(&job->scan->n_done, memory_order_acquire);
    const uint32_t at = n_done < job->scan->n_files ? n_done : job->scan->n_files - 1;
    const uint32_t per_mille = atomic_load_explicit(&job->scan->per_mille, memory_order_relaxed);
    ch_json_begin_object(buf);
    ch_json_kv_uint(buf, "done", n_done);
    ch_json_kv_uint(buf, "total", job->scan->n_files);
    ch_json_kv_string(buf, "uri", job->scan->files[at].uri);
    ch_json_kv_fixed(buf, "fraction", per_mille / 1000.0, 3);
    ch_json_kv_uint(buf, "waiting", daemon->scans.n_jobs - 1);
    ch_json_end_object(buf);
}

void
ch_scans_fini(struct ch_daemon *daemon)
{
    struct ch_scans *scans = &daemon->scans;
    while (scans->first) {
        struct ch_scan_job *job = scans->first;
        scans->first = job->next;
        job->cancelled = true;
        answer(daemon, job);
        free_job(daemon, job);
    }
    ch_loudness_cache_close(scans->cache);
    scans->cache = NULL;
}

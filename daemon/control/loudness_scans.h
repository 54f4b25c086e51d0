// SPDX-License-Identifier: ISC
// daemon/control/loudness_scans.h — scans that run or wait, one at a time.                   [main]
//
// A scan belongs to a request, and ends when its client goes; or to nobody, when something was
// played whose loudness is not known.  What it finds goes into the cache file by file, so that a
// scan that is cancelled has not been in vain.

#ifndef CH_CONTROL_LOUDNESS_SCANS_H
#define CH_CONTROL_LOUDNESS_SCANS_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/control/loudness_cache.h"
#include "protocol/json.h"

struct ch_daemon;
struct ch_request;

/// Files of one scan.
#define CH_SCAN_FILES_MAX 1000

struct ch_scans {
    struct ch_loudness_cache *cache; ///< opened when first needed
    struct ch_scan_job *first;       ///< runs; those after it wait
    struct ch_scan_job *last;
    uint32_t n_jobs;
    uint32_t n_waiting_unasked; ///< of nobody's
};

/// The cache, opened now if it was not.
struct ch_loudness_cache *ch_scans_cache(struct ch_daemon *daemon);

/// Scan `uris` (strings, all of them of files) and answer `request` with what was found.
void ch_scans_add(struct ch_daemon *daemon, struct ch_request *request, const cJSON *uris,
                  bool album);
/// Scan what is being played, if it is a file that is not known yet.
void ch_scans_add_unasked(struct ch_daemon *daemon, const char *uri);

/// End them, answering what has been found so far.  Returns how many.
uint32_t ch_scans_cancel(struct ch_daemon *daemon);

/// The worker may have news.
void ch_scans_poll(struct ch_daemon *daemon);

/// What is being scanned, or null, as a value.
void ch_scans_write_progress(const struct ch_daemon *daemon, struct ch_buf *buf);

/// Wait for the worker's end and free everything.
void ch_scans_fini(struct ch_daemon *daemon);

#endif

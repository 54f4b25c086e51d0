// SPDX-License-Identifier: ISC
// daemon/media/loudness_scan.h — measures how loud files are, behind everything else.
//
// [main] fills in a scan and starts it; one [worker] of the lowest priority goes through its files
// and publishes each result by counting n_done up.  Measured are the file's own channels, weighted
// as BS.1770 says; mono as the two that it is heard from.  The loudness of an album is that of all
// its files together, by the gate of BS.1770 over all their blocks, so it needs all of them at
// once.

#ifndef CH_MEDIA_LOUDNESS_SCAN_H
#define CH_MEDIA_LOUDNESS_SCAN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/attributes.h"
#include "daemon/base/os.h"
#include "daemon/base/status.h"
#include "daemon/media/loudness_gain.h"
#include "daemon/media/media.h"

/// What is known of one file.  -inf: silence, or too short to tell.
struct ch_loudness_measured {
    struct ch_file_identity file;
    double lufs, true_peak_dbtp;
    double range_lu;
    double album_lufs, album_true_peak_dbtp; ///< with album_key
    uint64_t album_key;                      ///< of the files of the album; 0 = no album
};

struct ch_scan_file {
    // [main], before it starts
    char *uri;  ///< owned
    char *path; ///< owned
    bool has_known;
    struct ch_loudness_measured known; ///< counts if the file has not changed

    // [worker]; [main] when n_done has passed it
    enum ch_status status;
    bool cached;
    struct ch_loudness_measured measured;
    char detail[CH_DETAIL_BYTES]; ///< why not
};

struct ch_scan {
    struct ch_scan_file *files; ///< owned
    uint32_t n_files;
    bool album;                    ///< they are one
    void (*notify)(void *context); ///< [worker] there is progress
    void *context;
    struct ch_thread thread;

    _Atomic bool cancel;        ///< main → worker
    _Atomic uint32_t n_done;    ///< worker → main: results are there
    _Atomic uint32_t per_mille; ///< of the file after those
    _Atomic bool finished;      ///< n_done counts no further, and the album's values are set
    double album_lufs, album_true_peak_dbtp;
    bool has_album;
    uint64_t album_key; ///< of the files of it that could be measured
};

/// With room for n files.                                                                   [main]
struct ch_scan *ch_scan_create(uint32_t n_files);
CH_NODISCARD enum ch_status ch_scan_start(struct ch_scan *scan);
/// Cancels it and waits for its end; NULL is allowed.                                       [main]
void ch_scan_destroy(struct ch_scan *scan);

/// As facts for a gain.
struct ch_loudness_facts ch_loudness_facts_from_scan(const struct ch_loudness_measured *measured);

#endif

// SPDX-License-Identifier: ISC
// daemon/media/loudness_scan.c — one file after another through libebur128.              [worker]

#include "daemon/media/loudness_scan.h"

#include <ebur128.h>
#include <math.h>
#include <stdlib.h>

#include "daemon/base/units.h"
#include "daemon/media/detail.h"
#include "daemon/media/loudness_resolve.h"
#include "daemon/media/source.h"

#define CHUNK     4096
#define NOTIFY_NS (CH_NS_PER_S / 10)
/// Above this the blocks of a file are kept as a histogram, 0.05 LU coarse at worst.
#define EXACT_S 7200.0
/// A finished measurement keeps its blocks; the sound it has in hand goes with a rate like this.
#define RATE_OF_NOTHING_HZ 16
/// Larger samples are damage, and no sound; the live meter leaves them out as well.
#define SAMPLE_MAX 1e6f

struct scanner {
    struct ch_scan *scan;
    uint64_t notified_ns;
    ebur128_state **states; ///< one for each file of an album; else of the present one alone
    float samples[CH_MIXDOWN_CHANNELS_MAX * CHUNK];
};

static bool
cancelled(const struct scanner *scanner)
{
    return atomic_load_explicit(&scanner->scan->cancel, memory_order_relaxed);
}

static void
notify(struct scanner *scanner, bool now)
{
    const uint64_t now_ns = ch_os_mono_ns();
    if (now || now_ns - scanner->notified_ns >= NOTIFY_NS) {
        scanner->notified_ns = now_ns;
        scanner->scan->notify(scanner->scan->context);
    }
}

static void
say_progress(struct scanner *scanner, uint64_t done, uint64_t length)
{
    const uint32_t per_mille =
        length && length != UINT64_MAX ? (uint32_t)((double)done * 1000.0 / (double)length) : 0;
    atomic_store_explicit(&scanner->scan->per_mille, per_mille, memory_order_relaxed);
    notify(scanner, false);
}

// --- one file ----------------------------------------------------------------------------------

static void
read_values(ebur128_state *state, struct ch_loudness_measured *measured)
{
    double peak = 0.0;
    for (unsigned c = 0; c < state->channels; c++) {
        double true_peak = 0.0, sample_peak = 0.0;
        (void)ebur128_true_peak(state, c, &true_peak);
        (void)ebur128_sample_peak(state, c, &sample_peak);
        peak = fmax(peak, fmax(true_peak, sample_peak));
    }
    measured->true_peak_dbtp = ch_db_from_linear(peak);
    if (ebur128_loudness_global(state, &measured->lufs) != EBUR128_SUCCESS) {
        measured->lufs = -INFINITY;
    }
    if (ebur128_loudness_range(state, &measured->range_lu) != EBUR128_SUCCESS) {
        measured->range_lu = 0.0;
    }
}

static void
leave_out_damage(float *samples, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        samples[i] = fabsf(samples[i]) <= SAMPLE_MAX ? samples[i] : 0.0f;
    }
}

static enum ch_status
run_through(struct scanner *scanner, struct ch_source *source, ebur128_state *state, char *detail)
{
    const uint64_t length = ch_source_length(source);
    enum ch_status status;
    uint64_t done = 0;
    uint32_t n;
    // Mono is heard from two speakers, and counts as that.
    const bool mixed = ch_source_info(source)->channels <= 2;
    while (!(status = (mixed ? ch_source_read : ch_source_read_channels)(source, scanner->samples,
                                                                         CHUNK, &n, detail)) &&
           n) {
        leave_out_damage(scanner->samples, state->channels * n);
        if (ebur128_add_frames_float(state, scanner->samples, n) != EBUR128_SUCCESS) {
            return CH_NO_MEMORY;
        }
        done += n;
        say_progress(scanner, done, length);
        if (cancelled(scanner)) {
            return CH_BUSY;
        }
    }
    return status == CH_END ? CH_OK : status;
}

static ebur128_state *
prepare(const struct ch_source *source)
{
    static const int places[] = {[CH_PART_FRONT] = EBUR128_LEFT,
                                 [CH_PART_SURROUND] = EBUR128_LEFT_SURROUND,
                                 [CH_PART_NONE] = EBUR128_UNUSED};
    const struct ch_media_info *info = ch_source_info(source);
    const bool is_long = !(info->duration_s >= 0.0 && info->duration_s < EXACT_S);
    const uint32_t n_channels = info->channels > 2 ? info->channels : 2;
    ebur128_state *state = ebur128_init(n_channels, info->rate_hz,
                                        EBUR128_MODE_I | EBUR128_MODE_LRA | EBUR128_MODE_TRUE_PEAK |
                                            (is_long ? EBUR128_MODE_HISTOGRAM : 0));
    for (uint32_t c = 0; state && n_channels > 2 && c < n_channels; c++) {
        (void)ebur128_set_channel(state, c, places[ch_source_part(source, c)]);
    }
    return state;
}

static enum ch_status
measure(struct scanner *scanner, struct ch_scan_file *file, ebur128_state **out)
{
    struct ch_source *source;
    *out = NULL;
    enum ch_status status = ch_source_open(&source, file->uri, 48000, file->detail);
    if (status) {
        return status;
    }
    ebur128_state *state = prepare(source);
    status = state ? run_through(scanner, source, state, file->detail) : CH_NO_MEMORY;
    ch_source_close(source);
    if (status) {
        if (state) {
            ebur128_destroy(&state);
        }
        if (status == CH_NO_MEMORY) {
            ch_detail_set(file->detail, "%s: out of memory", ch_name_of(file->path).text);
        }
        return status;
    }
    read_values(state, &file->measured);
    // Its blocks are what an album is made of; the seconds of sound it holds are not.
    (void)ebur128_change_parameters(state, 1, RATE_OF_NOTHING_HZ);
    *out = state;
    return CH_OK;
}

// --- all of them -------------------------------------------------------------------------------

static uint64_t
mix_up(uint64_t x)
{
    // The finaliser of SplitMix64 (Steele, Lea, Flood, 2014).
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
    return x ^ (x >> 31);
}

/// To be added up: a sum is the same for the same files in any order.
static uint64_t
share_of_key(const struct ch_file_identity *file)
{
    return 1 + mix_up(mix_up(mix_up(file->device + 1) ^ file->inode) ^ file->bytes ^
                      (uint64_t)file->modified_ns);
}

/// Which files there are, and which have not changed since they were measured.
static void
identify(struct ch_scan *scan)
{
    for (uint32_t i = 0; i < scan->n_files; i++) {
        struct ch_scan_file *file = &scan->files[i];
        file->measured = (struct ch_loudness_measured){.lufs = -INFINITY};
        const bool there = ch_file_identify(file->path, &file->measured.file);
        file->cached =
            there && file->has_known && ch_file_is_same(&file->known.file, &file->measured.file);
    }
}

static ebur128_state **
state_of(struct scanner *scanner, uint32_t i)
{
    return &scanner->states[scanner->scan->album ? i : 0];
}

/// What is cached was measured as one album, of these files and no others.
static bool
cached_are_album(const struct ch_scan *scan)
{
    uint64_t key = 0;
    for (uint32_t i = 0; i < scan->n_files; i++) {
        const struct ch_scan_file *file = &scan->files[i];
        key += file->cached ? share_of_key(&file->known.file) : 0;
    }
    for (uint32_t i = 0; i < scan->n_files; i++) {
        if (scan->files[i].cached && scan->files[i].known.album_key != key) {
            return false;
        }
    }
    return key != 0; // there is something
}

/// Whether the album is the one that is known.  What is not cached could not be measured then, or
/// has come since: that is found out by measuring it.
static bool
album_is_known(struct scanner *scanner)
{
    struct ch_scan *scan = scanner->scan;
    bool known = cached_are_album(scan);
    for (uint32_t i = 0; i < scan->n_files && known; i++) {
        struct ch_scan_file *file = &scan->files[i];
        if (!file->cached) {
            file->status = measure(scanner, file, state_of(scanner, i));
            known = file->status && !cancelled(scanner);
        }
    }
    return known;
}

static void
recall_album(struct ch_scan *scan)
{
    for (uint32_t i = 0; i < scan->n_files; i++) {
        if (scan->files[i].cached) {
            const struct ch_loudness_measured *known = &scan->files[i].known;
            scan->has_album = true;
            scan->album_lufs = known->album_lufs;
            scan->album_true_peak_dbtp = known->album_true_peak_dbtp;
            scan->album_key = known->album_key;
        }
    }
}

static void
finish_album(struct scanner *scanner)
{
    struct ch_scan *scan = scanner->scan;
    uint64_t key = 0;
    double lufs = -INFINITY, peak_dbtp = -INFINITY;
    size_t n = 0;
    for (uint32_t i = 0; i < scan->n_files; i++) {
        if (scanner->states[i]) {
            key += share_of_key(&scan->files[i].measured.file);
            peak_dbtp = fmax(peak_dbtp, scan->files[i].measured.true_peak_dbtp);
            ebur128_state *state = scanner->states[i];
            scanner->states[i] = NULL;
            scanner->states[n++] = state;
        }
    }
    if (!n || ebur128_loudness_global_multiple(scanner->states, n, &lufs) != EBUR128_SUCCESS) {
        return;
    }
    scan->has_album = true;
    scan->album_lufs = lufs;
    scan->album_true_peak_dbtp = peak_dbtp;
    scan->album_key = key;
}

static void
scan_files(struct scanner *scanner, bool use_known)
{
    struct ch_scan *scan = scanner->scan;
    for (uint32_t i = 0; i < scan->n_files && !cancelled(scanner); i++) {
        struct ch_scan_file *file = &scan->files[i];
        ebur128_state **state = state_of(scanner, i);
        file->cached &= use_known;
        if (file->cached) {
            file->measured = file->known;
        } else if (!file->status && !*state) {
            file->status = measure(scanner, file, state);
            if (file->status && cancelled(scanner)) {
                break; // half a file is no result
            }
        }
        if (!scan->album && *state) {
            ebur128_destroy(state);
        }
        atomic_store_explicit(&scan->per_mille, 0, memory_order_relaxed);
        atomic_store_explicit(&scan->n_done, i + 1, memory_order_release);
        notify(scanner, false);
    }
}

static void
work(void *arg)
{
    struct ch_scan *scan = arg;
    ch_os_be_idle();
    struct scanner *scanner = calloc(1, sizeof *scanner);
    const uint32_t n_states = scan->album ? scan->n_files : 1;
    ebur128_state **states = calloc(n_states, sizeof *states);
    if (scanner && states) {
        *scanner = (struct scanner){.scan = scan, .states = states};
        identify(scan);
        const bool use_known = !scan->album || album_is_known(scanner);
        scan_files(scanner, use_known);
        if (scan->album && use_known) {
            recall_album(scan);
        } else if (scan->album && !cancelled(scanner)) {
            finish_album(scanner);
        }
        for (uint32_t i = 0; i < n_states; i++) {
            if (states[i]) {
                ebur128_destroy(&states[i]);
            }
        }
    }
    free(states);
    free(scanner);
    atomic_store_explicit(&scan->finished, true, memory_order_release);
    scan->notify(scan->context);
}

// --- [main] ------------------------------------------------------------------------------------

struct ch_scan *
ch_scan_create(uint32_t n_files)
{
    struct ch_scan *scan = calloc(1, sizeof *scan);
    if (scan) {
        scan->files = calloc(n_files, sizeof *scan->files);
        scan->n_files = n_files;
    }
    if (scan && !scan->files) {
        free(scan);
        return NULL;
    }
    return scan;
}

enum ch_status
ch_scan_start(struct ch_scan *scan)
{
    return ch_thread_start(&scan->thread, "chant-scan", CH_STACK_WORKER, work, scan);
}

void
ch_scan_destroy(struct ch_scan *scan)
{
    if (!scan) {
        return;
    }
    atomic_store_explicit(&scan->cancel, true, memory_order_relaxed);
    ch_thread_join(&scan->thread);
    for (uint32_t i = 0; i < scan->n_files; i++) {
        free(scan->files[i].uri);
        free(scan->files[i].path);
    }
    free(scan->files);
    free(scan);
}

struct ch_loudness_facts
ch_loudness_facts_from_scan(const struct ch_loudness_measured *measured)
{
    struct ch_loudness_facts facts = {
        .has_track = isfinite(measured->lufs),
        .has_album = measured->album_key && isfinite(measured->album_lufs),
        .track_lufs = measured->lufs,
        .album_lufs = measured->album_lufs,
    };
    facts.origin = facts.has_track || facts.has_album ? CH_LOUDNESS_FROM_SCAN : CH_LOUDNESS_UNKNOWN;
    return facts;
}

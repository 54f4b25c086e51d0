// SPDX-License-Identifier: ISC
// daemon/control/loudness_cache.c — a table of paths, and the lines it is kept in.

#include "daemon/control/loudness_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/log.h"
#include "system/file.h"
#include "system/folders.h"
#include "system/path.h"

/// First word of every line: the version of its form.  In a path of the second a backslash stands
/// before each backslash, and before an n in place of a newline.
#define MAGIC         "1"
#define MAGIC_ESCAPED "2"
/// Files that are remembered; what was measured first is forgotten first.
#define ENTRIES_MAX 32768
#define N_BUCKETS   8192
/// Lines without use that are borne before the file is written anew.
#define STALE_MAX  4096
#define LINE_BYTES (CH_URI_BYTES + 512)

struct entry {
    struct entry *next;          ///< in its bucket
    struct entry *older, *newer; ///< in the order of measuring
    struct ch_loudness_measured measured;
    char path[];
};

struct ch_loudness_cache {
    struct entry *buckets[N_BUCKETS];
    struct entry *oldest, *newest;
    uint32_t n_entries;
    uint32_t n_stale; ///< lines of the file that say nothing any more
    int fd;           ///< opened for appending; -1 = in memory alone
    char path[CH_URI_BYTES];
};

// --- the table ---------------------------------------------------------------------------------

static struct entry **
bucket_of(struct ch_loudness_cache *cache, const char *path)
{
    uint32_t hash = 2166136261u; // FNV-1a
    for (const char *c = path; *c; c++) {
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    }
    return &cache->buckets[hash % N_BUCKETS];
}

static void
unlink_age(struct ch_loudness_cache *cache, struct entry *entry)
{
    *(entry->older ? &entry->older->newer : &cache->oldest) = entry->newer;
    *(entry->newer ? &entry->newer->older : &cache->newest) = entry->older;
}

static void
link_newest(struct ch_loudness_cache *cache, struct entry *entry)
{
    entry->older = cache->newest;
    entry->newer = NULL;
    *(cache->newest ? &cache->newest->newer : &cache->oldest) = entry;
    cache->newest = entry;
}

static void
forget_oldest(struct ch_loudness_cache *cache)
{
    struct entry *entry = cache->oldest;
    struct entry **at = bucket_of(cache, entry->path);
    while (*at != entry) {
        at = &(*at)->next;
    }
    *at = entry->next;
    unlink_age(cache, entry);
    free(entry);
    cache->n_entries--;
    cache->n_stale++;
}

static void
remember(struct ch_loudness_cache *cache, const char *path,
         const struct ch_loudness_measured *measured)
{
    struct entry **bucket = bucket_of(cache, path);
    struct entry *entry = *bucket;
    while (entry && strcmp(entry->path, path) != 0) {
        entry = entry->next;
    }
    if (entry) {
        unlink_age(cache, entry);
        cache->n_stale++;
    } else {
        entry = malloc(sizeof *entry + strlen(path) + 1);
        if (!entry) {
            return;
        }
        strcpy(entry->path, path);
        entry->next = *bucket;
        *bucket = entry;
        cache->n_entries++;
    }
    entry->measured = *measured;
    link_newest(cache, entry);
    if (cache->n_entries > ENTRIES_MAX) {
        forget_oldest(cache);
    }
}

const struct ch_loudness_measured *
ch_loudness_cache_find(const struct ch_loudness_cache *cache, const char *path)
{
    const struct entry *entry = cache ? *bucket_of((struct ch_loudness_cache *)cache, path) : NULL;
    while (entry && strcmp(entry->path, path) != 0) {
        entry = entry->next;
    }
    return entry ? &entry->measured : NULL;
}

// --- lines -------------------------------------------------------------------------------------

/// False if it does not fit.
static bool
escape(const char *path, char out[CH_URI_BYTES])
{
    size_t n = 0;
    for (; *path && n + 2 < CH_URI_BYTES; path++) {
        if (*path == '\n' || *path == '\\') {
            out[n++] = '\\';
        }
        out[n++] = *path == '\n' ? 'n' : *path;
    }
    out[n] = '\0';
    return !*path;
}

/// In place.
static void
unescape(char *path)
{
    char *to = path;
    for (const char *from = path; *from; from++) {
        const bool escaped = *from == '\\' && from[1];
        from += escaped;
        *to++ = escaped && *from == 'n' ? '\n' : *from;
    }
    *to = '\0';
}

/// 0 if it does not fit.
static size_t
format_line(const char *path, const struct ch_loudness_measured *m, char line[LINE_BYTES])
{
    const struct ch_file_identity *file = &m->file;
    char escaped[CH_URI_BYTES];
    const bool plain = !strchr(path, '\n');
    if (!plain && !escape(path, escaped)) {
        return 0;
    }
    const int n =
        snprintf(line, LINE_BYTES,
                 "%s %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRId64
                 " %.3f %.3f %.3f %.3f %.3f %" PRIx64 " %s\n",
                 plain ? MAGIC : MAGIC_ESCAPED, file->device, file->inode, file->bytes,
                 file->modified_ns, m->lufs, m->range_lu, m->true_peak_dbtp, m->album_lufs,
                 m->album_true_peak_dbtp, m->album_key, plain ? path : escaped);
    return n > 0 && n < LINE_BYTES ? (size_t)n : 0;
}

static bool
is_level(double db)
{
    return db == -INFINITY || (db >= -400.0 && db <= 200.0);
}

static bool
parse_line(char *line, struct ch_loudness_measured *m, const char **path)
{
    int n = 0;
    const bool escaped = !strncmp(line, MAGIC_ESCAPED " ", 2);
    if (!escaped && strncmp(line, MAGIC " ", 2) != 0) {
        return false;
    }
    struct ch_file_identity *file = &m->file;
    *m = (struct ch_loudness_measured){0};
    const int found = sscanf(
        line + 2,
        "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNd64 " %lf %lf %lf %lf %lf %" SCNx64 " %n",
        &file->device, &file->inode, &file->bytes, &file->modified_ns, &m->lufs, &m->range_lu,
        &m->true_peak_dbtp, &m->album_lufs, &m->album_true_peak_dbtp, &m->album_key, &n);
    *path = line + 2 + n;
    if (escaped) {
        unescape(line + 2 + n);
    }
    return found == 10 && n > 0 && ch_path_is_absolute(*path) && is_level(m->lufs) &&
           m->range_lu >= 0.0 && m->range_lu < 200.0 && is_level(m->true_peak_dbtp) &&
           is_level(m->album_lufs) && is_level(m->album_true_peak_dbtp);
}

static void
read_lines(struct ch_loudness_cache *cache, FILE *in)
{
    char *line = malloc(LINE_BYTES);
    uint32_t n_bad = 0;
    bool inside = false; // of a line that is too long
    while (line && fgets(line, LINE_BYTES, in)) {
        const size_t n = strlen(line);
        const bool whole = n && line[n - 1] == '\n';
        const bool rest = inside;
        inside = !whole;
        struct ch_loudness_measured measured;
        const char *path;
        if (!whole || rest) {
            n_bad += !rest;
            continue;
        }
        line[n - 1] = '\0';
        if (parse_line(line, &measured, &path)) {
            remember(cache, path, &measured);
        } else {
            n_bad++;
        }
    }
    free(line);
    cache->n_stale += n_bad;
    if (n_bad) {
        ch_debug("%s: %u lines make no sense; passed over", cache->path, n_bad);
    }
}

static void
open_to_append(struct ch_loudness_cache *cache)
{
    cache->fd = ch_sys_open(cache->path, O_RDWR | O_APPEND | O_CREAT, 0600);
}

/// All that is known, in a new file that takes the place of the old one.
static void
write_anew(struct ch_loudness_cache *cache)
{
    char part[CH_URI_BYTES + 8], line[LINE_BYTES];
    snprintf(part, sizeof part, "%s.new", cache->path);
    FILE *out = ch_sys_fopen(part, "w");
    for (const struct entry *entry = cache->oldest; out && entry; entry = entry->newer) {
        fwrite(line, 1, format_line(entry->path, &entry->measured, line), out);
    }
    if (!out || fclose(out) || !ch_sys_rename(part, cache->path)) {
        ch_debug("%s can't be written anew: %s", cache->path, strerror(errno));
        (void)ch_sys_remove(part);
        return;
    }
    cache->n_stale = 0;
}

// --- its place ---------------------------------------------------------------------------------

static void
open_file(struct ch_loudness_cache *cache)
{
    if (!ch_sys_folder(CH_FOLDER_CACHE, cache->path, sizeof cache->path - sizeof "/loudness")) {
        cache->path[0] = '\0';
        return;
    }
    strcat(cache->path, "/loudness");
    (void)ch_sys_make_dirs_above(cache->path);
    FILE *in = ch_sys_fopen(cache->path, "r");
    if (in) {
        read_lines(cache, in);
        fclose(in);
    }
    if (cache->n_stale > STALE_MAX) {
        write_anew(cache);
    }
    open_to_append(cache);
    if (cache->fd < 0) {
        ch_info("%s: %s; what scans find is kept in memory", cache->path, strerror(errno));
        cache->path[0] = '\0';
        return;
    }
    // A line that was cut off by a crash must not swallow the next one.
    char last = '\n';
    const int64_t end = ch_sys_seek(cache->fd, 0, SEEK_END);
    if (end > 0 && ch_sys_read_at(cache->fd, &last, 1, end - 1) == 1 && last != '\n') {
        (void)ch_sys_write_all(cache->fd, "\n", 1);
    }
}

struct ch_loudness_cache *
ch_loudness_cache_open(void)
{
    struct ch_loudness_cache *cache = calloc(1, sizeof *cache);
    if (cache) {
        cache->fd = -1;
        open_file(cache);
    }
    return cache;
}

void
ch_loudness_cache_close(struct ch_loudness_cache *cache)
{
    if (!cache) {
        return;
    }
    if (cache->fd >= 0) {
        ch_sys_close(cache->fd);
    }
    while (cache->oldest) {
        struct entry *entry = cache->oldest;
        cache->oldest = entry->newer;
        free(entry);
    }
    free(cache);
}

void
ch_loudness_cache_put(struct ch_loudness_cache *cache, const char *path,
                      const struct ch_loudness_measured *measured)
{
    if (!cache) {
        return;
    }
    char line[LINE_BYTES];
    remember(cache, path, measured);
    const size_t n = format_line(path, measured, line);
    if (cache->fd >= 0 && n && !ch_sys_write_all(cache->fd, line, n)) {
        ch_debug("%s: %s", cache->path, strerror(errno));
    }
    if (cache->fd >= 0 && cache->n_stale > ENTRIES_MAX) {
        ch_sys_close(cache->fd);
        write_anew(cache);
        cache->n_stale = 0;
        open_to_append(cache);
    }
}

const char *
ch_loudness_cache_path(const struct ch_loudness_cache *cache)
{
    return cache ? cache->path : "";
}

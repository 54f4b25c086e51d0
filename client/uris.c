// SPDX-License-Identifier: ISC
// client/uris.c — what people name on a command line, as the list of URIs the daemon takes.

#include "client/uris.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "client/report.h"
#include "protocol/json.h"
#include "system/env.h"
#include "system/file.h"
#include "system/path.h"
#include "system/printf.h"

#define PLAYLIST_DEPTH_MAX 4 ///< playlists inside playlists

/// The playlists that are being read, the innermost first.
struct playlist {
    const struct playlist *outer;
    int depth;
    uint64_t device, inode;
};

static bool add_word(struct ch_uris *uris, const char *word, const char *folder,
                     const struct playlist *outer, struct ch_uris_problem *problem);

CH_PRINTF(3, 4)
static bool
fail(struct ch_uris_problem *problem, const char *name, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(problem->text, sizeof problem->text, format, args);
    va_end(args);
    problem->name = name;
    return false;
}

static bool
fail_memory(struct ch_uris_problem *problem)
{
    return fail(problem, "INTERNAL", "out of memory");
}

static bool
fail_errno(struct ch_uris_problem *problem, const char *path, int err)
{
    switch (err) {
    case ENOENT:
    case ENOTDIR:
        return fail(problem, "NOT_FOUND", "no such file: %s", path);
    case EACCES:
    case EPERM:
        return fail(problem, "DENIED", "no permission to read %s", path);
    default:
        return fail(problem, "UNAVAILABLE", "can't read %s: %s", path, strerror(err));
    }
}

/// Takes `uri` over, in any case.
static bool
push(struct ch_uris *uris, char *uri, struct ch_uris_problem *problem)
{
    if (uri && uris->count == uris->capacity) {
        size_t capacity = uris->capacity ? uris->capacity * 2 : 16;
        char **items = realloc(uris->items, capacity * sizeof *items);
        if (!items) {
            free(uri);
            uri = NULL;
        } else {
            uris->items = items;
            uris->capacity = capacity;
        }
    }
    if (!uri) {
        return fail_memory(problem);
    }
    uris->items[uris->count++] = uri;
    return true;
}

/// A path as a URI that survives JSON: itself, or with percent signs if it isn't UTF-8.
static char *
uri_from_path(const char *path)
{
    if (ch_utf8_valid(path, strlen(path))) {
        return strdup(path);
    }
    const char *prefix = ch_path_uri_prefix(path);
    char *uri = malloc(strlen(prefix) + 3 * strlen(path) + 1);
    if (!uri) {
        return NULL;
    }
    strcpy(uri, prefix);
    char *out = uri + strlen(prefix);
    for (const unsigned char *p = (const unsigned char *)path; *p != '\0'; p++) {
        if (*p > 0x20 && *p < 0x7f && *p != '%' && *p != '?' && *p != '#') {
            *out++ = (char)*p;
        } else {
            out += sprintf(out, "%%%02X", *p);
        }
    }
    *out = '\0';
    return uri;
}

static int
compare_items(const void *a, const void *b)
{
    return ch_natural_compare(*(char *const *)a, *(char *const *)b);
}

static bool
is_regular(const char *folder, const char *name)
{
    char *path = ch_path_absolute(folder, name);
    struct ch_sys_file_info info;
    const bool yes = path && ch_sys_stat(path, &info) && info.kind == CH_SYS_REGULAR;
    free(path);
    return yes;
}

static bool
add_directory(struct ch_uris *uris, const char *word, const char *path,
              struct ch_uris_problem *problem)
{
    struct ch_sys_dir *dir = ch_sys_dir_open(path);
    if (!dir) {
        return fail_errno(problem, word, errno);
    }
    struct ch_uris names = {0};
    bool ok = true;
    for (const char *name; ok && (name = ch_sys_dir_next(dir)) != NULL;) {
        if (name[0] != '.' && ch_is_audio_name(name) && is_regular(path, name)) {
            ok = push(&names, strdup(name), problem);
        }
    }
    ch_sys_dir_close(dir);
    if (ok && names.count == 0) {
        ok = fail(problem, "NOT_FOUND", "no audio files in %s", word);
    }
    if (ok) {
        qsort(names.items, names.count, sizeof *names.items, compare_items);
    }
    for (size_t i = 0; ok && i < names.count; i++) {
        char *full = ch_path_absolute(path, names.items[i]);
        ok = push(uris, full ? uri_from_path(full) : NULL, problem);
        free(full);
    }
    ch_uris_fini(&names);
    return ok;
}

static bool
is_playlist_name(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot && (strcasecmp(dot, ".m3u8") == 0 || strcasecmp(dot, ".m3u") == 0);
}

/// One line of a playlist without its ends; NULL if it names nothing.
static char *
playlist_entry(char *line, size_t length, bool first)
{
    char *entry = line;
    if (first && length >= 3 && memcmp(entry, "\xef\xbb\xbf", 3) == 0) {
        entry += 3;
    }
    entry += strspn(entry, " \t");
    size_t n = strlen(entry);
    while (n > 0 && strchr("\r\n \t", entry[n - 1])) {
        entry[--n] = '\0';
    }
    return n == 0 || entry[0] == '#' ? NULL : entry;
}

/// A line with its end, however long; false at the end of the file or without memory.
static bool
read_line(FILE *file, char **line, size_t *capacity, size_t *length)
{
    *length = 0;
    for (;;) {
        if (*capacity - *length < 2) {
            const size_t more = *capacity ? 2 * *capacity : 256;
            char *longer = realloc(*line, more);
            if (!longer) {
                return false;
            }
            *line = longer;
            *capacity = more;
        }
        const size_t room = *capacity - *length;
        if (!fgets(*line + *length, room < INT_MAX ? (int)room : INT_MAX, file)) {
            return *length > 0;
        }
        *length += strlen(*line + *length);
        if (*length > 0 && (*line)[*length - 1] == '\n') {
            return true;
        }
    }
}

static bool
add_entries(struct ch_uris *uris, FILE *file, const char *path, const struct playlist *playlist,
            struct ch_uris_problem *problem)
{
    char *folder = strdup(path);
    char *line = NULL;
    size_t capacity = 0;
    bool ok = folder != NULL || fail_memory(problem);
    if (ok) {
        strrchr(folder, '/')[0] = '\0'; // the path is absolute
    }
    size_t length;
    for (int number = 1; ok && read_line(file, &line, &capacity, &length); number++) {
        char *entry = playlist_entry(line, length, number == 1);
        if (!entry || add_word(uris, entry, folder, playlist, problem)) {
            continue;
        }
        ok = strcmp(problem->name, "INTERNAL") != 0;
        if (ok) {
            ch_warn("%s:%d: %s (left out)", path, number, problem->text);
        }
    }
    free(line);
    free(folder);
    return ok && (!ferror(file) || fail_errno(problem, path, errno));
}

/// Whether it may be read inside of the others.
static bool
check_nesting(const struct playlist *playlist, const char *word, struct ch_uris_problem *problem)
{
    for (const struct playlist *p = playlist->outer; p; p = p->outer) {
        if (p->device == playlist->device && p->inode == playlist->inode) {
            return fail(problem, "UNSUPPORTED_FORMAT", "a playlist inside itself: %s", word);
        }
    }
    return playlist->depth <= PLAYLIST_DEPTH_MAX ||
           fail(problem, "UNSUPPORTED_FORMAT", "playlists nested too deeply: %s", word);
}

static bool
add_playlist(struct ch_uris *uris, const char *word, const char *path,
             const struct playlist *playlist, struct ch_uris_problem *problem)
{
    if (!check_nesting(playlist, word, problem)) {
        return false;
    }
    FILE *file = ch_sys_fopen(path, "r");
    if (!file) {
        return fail_errno(problem, word, errno);
    }
    size_t n_before = uris->count;
    bool ok = add_entries(uris, file, path, playlist, problem);
    fclose(file);
    if (ok && uris->count == n_before) {
        return fail(problem, "NOT_FOUND", "nothing to play in %s", word);
    }
    return ok;
}

static bool
add_path(struct ch_uris *uris, const char *word, const char *path, const struct playlist *outer,
         struct ch_uris_problem *problem)
{
    struct ch_sys_file_info info;
    if (!ch_sys_stat(path, &info)) {
        return fail_errno(problem, word, errno);
    }
    if (info.kind == CH_SYS_FOLDER) {
        return add_directory(uris, word, path, problem);
    }
    if (info.kind == CH_SYS_REGULAR && is_playlist_name(path)) {
        struct playlist playlist = {outer, outer ? outer->depth + 1 : 1, info.device, info.inode};
        return add_playlist(uris, word, path, &playlist, problem);
    }
    return push(uris, uri_from_path(path), problem);
}

static bool
is_scheme(const char *word)
{
    static const char *const schemes[] = {"tone:", "file:", "input:", "http://", "https://"};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        if (strncasecmp(word, schemes[i], strlen(schemes[i])) == 0) {
            return true;
        }
    }
    return false;
}

static bool
add_word(struct ch_uris *uris, const char *word, const char *folder, const struct playlist *outer,
         struct ch_uris_problem *problem)
{
    if (is_scheme(word)) {
        return push(uris, strdup(word), problem);
    }
    if (word[0] == '\0') {
        return fail(problem, "NOT_FOUND", "an empty name is no file");
    }
    char *path = ch_path_absolute(folder, word);
    if (!path) {
        return fail_memory(problem);
    }
    bool ok = add_path(uris, word, path, outer, problem);
    free(path);
    return ok;
}

/// The working directory as the shell shows it, that is with its symbolic links; the caller's.
static char *
working_directory(void)
{
    char folder[CH_SYS_PATH_BYTES];
    const bool shown = ch_sys_env("PWD", folder, sizeof folder) && ch_path_is_absolute(folder) &&
                       ch_sys_same_file(folder, ".");
    return shown || ch_sys_current_dir(folder, sizeof folder) ? strdup(folder) : NULL;
}

bool
ch_uris_add(struct ch_uris *uris, const char *word, struct ch_uris_problem *problem)
{
    if (ch_path_is_absolute(word)) {
        return add_word(uris, word, "", NULL, problem);
    }
    char *folder = working_directory();
    if (!folder) {
        return fail_errno(problem, "the working directory", errno);
    }
    bool ok = add_word(uris, word, folder, NULL, problem);
    free(folder);
    return ok;
}

int
ch_uris_collect(struct ch_uris *uris, char *const *words, int n_words)
{
    struct ch_uris_problem problem;
    for (int i = 0; i < n_words; i++) {
        if (!ch_uris_add(uris, words[i], &problem)) {
            return ch_fail(problem.name, "%s", problem.text);
        }
    }
    return CH_EXIT_OK;
}

void
ch_uris_fini(struct ch_uris *uris)
{
    for (size_t i = 0; i < uris->count; i++) {
        free(uris->items[i]);
    }
    free(uris->items);
    *uris = (struct ch_uris){0};
}

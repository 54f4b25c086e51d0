// SPDX-License-Identifier: ISC
// daemon/control/preset_store.c — finding, reading, writing and deleting the files.

#include "daemon/control/preset_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/control/equaliser.h"
#include "daemon/control/preset_file.h"
#include "daemon/eqtext/eqtext.h"
#include "protocol/decode.h"
#include "system/file.h"
#include "system/folders.h"
#include "system/path.h"

/// A longer file is none of ours.
#define FILE_BYTES_MAX (1024 * 1024)
/// Presets that are told of.
#define LIST_MAX 1000

static const char *const suffixes[] = {".json", ".txt"};

enum ch_status
ch_preset_folder(char *path, size_t size)
{
    static const char below[] = "/presets";
    if (size <= sizeof below || !ch_sys_folder(CH_FOLDER_CONFIG, path, size - sizeof below)) {
        return CH_UNAVAILABLE;
    }
    strcat(path, below);
    return CH_OK;
}

static enum ch_status
folder(char path[CH_SYS_PATH_BYTES], char *detail)
{
    const enum ch_status status = ch_preset_folder(path, CH_SYS_PATH_BYTES);
    if (status != CH_OK) {
        snprintf(detail, CH_PRESET_DETAIL_BYTES,
                 "there is no place for presets: neither XDG_CONFIG_HOME nor HOME is set");
    }
    return status;
}

static bool
file_path(char path[CH_SYS_PATH_BYTES], const char *dir, const char *name, const char *suffix)
{
    return snprintf(path, CH_SYS_PATH_BYTES, "%s/%s%s", dir, name, suffix) < CH_SYS_PATH_BYTES;
}

static enum ch_status
fail(char *detail, const char *path, int err)
{
    snprintf(detail, CH_PRESET_DETAIL_BYTES, "%.300s: %s", path, strerror(err));
    const enum ch_status status = err == EEXIST ? CH_CONFLICT : ch_status_from_errno(err);
    return status == CH_INTERNAL ? CH_UNAVAILABLE : status; // read-only, full, broken
}

bool
ch_preset_name_ok(const char *name, char detail[CH_PRESET_DETAIL_BYTES])
{
    size_t n_characters = 0;
    const char *why = NULL;
    for (const unsigned char *p = (const unsigned char *)name; *p; p++) {
        n_characters += (*p & 0xC0) != 0x80;
        if (*p == '/') {
            why = "must not have a '/' in it";
        } else if (*p < 0x20 || *p == 0x7F) {
            why = "must not have control characters in it";
        }
    }
    if (!*name) {
        why = "must not be empty";
    } else if (*name == '.') {
        why = "must not begin with a '.'";
    } else if (n_characters > CH_PRESET_NAME_CHARACTERS || strlen(name) >= CH_PRESET_NAME_BYTES) {
        why = "must not be longer than 64 characters and 240 bytes";
    } else if (!ch_utf8_valid(name, strlen(name))) {
        why = "must be UTF-8";
    } else if (!why) {
        (void)ch_path_name_ok(name, &why);
    }
    if (why) {
        snprintf(detail, CH_PRESET_DETAIL_BYTES, "the name of a preset %s", why);
    }
    return !why;
}

// --- reading -----------------------------------------------------------------------------------

// The whole file as UTF-8, to be freed; NULL after errno was set.
static char *
read_file(const char *path, size_t *length)
{
    const int fd = ch_sys_open(path, O_RDONLY, 0);
    struct ch_sys_file_info info = {.kind = CH_SYS_OTHER};
    char *text = NULL;
    if (fd < 0) {
        return NULL;
    }
    if (!ch_sys_fstat(fd, &info) || info.kind != CH_SYS_REGULAR || info.bytes > FILE_BYTES_MAX) {
        errno = info.kind == CH_SYS_REGULAR ? EFBIG : EINVAL;
    } else {
        char *bytes = malloc((size_t)info.bytes + 1);
        const int64_t n = bytes ? ch_sys_read(fd, bytes, (size_t)info.bytes) : -1;
        text = n < 0 ? NULL : ch_text_to_utf8(bytes, (size_t)n, length);
        free(bytes);
    }
    const int err = errno;
    ch_sys_close(fd);
    errno = err;
    return text;
}

static bool
understand(struct ch_equaliser *eq, const char *text, size_t length, uint32_t rate_hz,
           struct ch_eqtext **read, char *why)
{
    *read = malloc(sizeof **read);
    if (*read && ch_preset_read_text(eq, text, length, rate_hz, *read, why)) {
        return true;
    }
    if (!*read) {
        snprintf(why, CH_PRESET_WHY_BYTES, "there is no memory to read it");
    }
    free(*read);
    *read = NULL;
    return false;
}

enum ch_status
ch_preset_load(struct ch_equaliser *eq, const char *name, uint32_t rate_hz, struct ch_eqtext **read,
               char detail[CH_PRESET_DETAIL_BYTES])
{
    char dir[CH_SYS_PATH_BYTES], path[CH_SYS_PATH_BYTES];
    *read = NULL;
    if (ch_preset_find(name)) {
        ch_preset_apply(eq, name);
        ch_equaliser_update(eq, rate_hz);
        return CH_OK;
    }
    if (!ch_preset_name_ok(name, detail)) {
        return CH_INVALID;
    }
    const enum ch_status status = folder(dir, detail);
    if (status != CH_OK) {
        return status;
    }
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        size_t length = 0;
        char why[CH_PRESET_WHY_BYTES];
        char *text = file_path(path, dir, name, suffixes[i]) ? read_file(path, &length) : NULL;
        if (!text && errno != ENOENT && errno != ENOTDIR) {
            return fail(detail, path, errno);
        }
        if (text) {
            const bool ok = i == 0 ? ch_preset_read_json(eq, text, length, rate_hz, why)
                                   : understand(eq, text, length, rate_hz, read, why);
            free(text);
            if (!ok) {
                snprintf(detail, CH_PRESET_DETAIL_BYTES, "%.60s%s: %s", name, suffixes[i], why);
                return CH_INVALID;
            }
            ch_preset_mark(eq, name);
            return CH_OK;
        }
    }
    snprintf(detail, CH_PRESET_DETAIL_BYTES,
             "no preset '%.64s': it is not built in, and there is no such file in %.300s", name,
             dir);
    return CH_NOT_FOUND;
}

// --- the list ----------------------------------------------------------------------------------

// "rock.json" -> "rock"; false if the file is no preset.
static bool
name_of_file(const char *file, char name[CH_PRESET_NAME_BYTES], bool *json)
{
    char detail[CH_PRESET_DETAIL_BYTES];
    const size_t length = strlen(file);
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        const size_t tail = strlen(suffixes[i]);
        if (length > tail && length - tail < CH_PRESET_NAME_BYTES &&
            !strcmp(file + length - tail, suffixes[i])) {
            memcpy(name, file, length - tail);
            name[length - tail] = '\0';
            *json = i == 0;
            return ch_preset_name_ok(name, detail);
        }
    }
    return false;
}

static void
visit_file(ch_preset_visit *visit, void *context, const char *dir, const char *name, bool json)
{
    char path[CH_SYS_PATH_BYTES], description[256];
    char why[CH_PRESET_WHY_BYTES] = "";
    size_t length = 0;
    char *text =
        file_path(path, dir, name, suffixes[json ? 0 : 1]) ? read_file(path, &length) : NULL;
    bool described = false;
    if (!text) {
        snprintf(why, sizeof why, "%s", strerror(errno));
    } else if (json) {
        struct ch_equaliser eq;
        ch_equaliser_init(&eq);
        if (ch_preset_read_json(&eq, text, length, CH_RATE_MIN_HZ, why)) {
            *why = '\0';
        }
        described = ch_preset_read_description(text, length, description, sizeof description);
    } else {
        (void)ch_preset_check_text(text, length, why);
    }
    free(text);
    visit(context, name, described ? description : NULL, *why ? why : NULL);
}

static bool
has_json(const char *dir, const char *name)
{
    char path[CH_SYS_PATH_BYTES];
    struct ch_sys_file_info info;
    return file_path(path, dir, name, suffixes[0]) && ch_sys_stat_link(path, &info);
}

struct names {
    char **items;
    size_t n, capacity;
};

static void
forget_names(struct names *names)
{
    for (size_t i = 0; i < names->n; i++) {
        free(names->items[i]);
    }
    free(names->items);
}

static bool
take_name(struct names *names, const char *name)
{
    if (names->n == names->capacity) {
        const size_t capacity = names->capacity ? 2 * names->capacity : 64;
        char **items = realloc(names->items, capacity * sizeof *items);
        if (!items) {
            return false;
        }
        names->items = items;
        names->capacity = capacity;
    }
    names->items[names->n] = strdup(name);
    return names->items[names->n] && ++names->n;
}

static int
compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/// All in the folder, sorted; false and errno if it can't be read.
static bool
list_files(const char *dir, struct names *names)
{
    struct ch_sys_dir *files = ch_sys_dir_open(dir);
    if (!files) {
        return false;
    }
    const char *file;
    bool ok = true;
    while (ok && (file = ch_sys_dir_next(files))) {
        ok = take_name(names, file);
    }
    ch_sys_dir_close(files);
    if (!ok) {
        errno = ENOMEM;
    } else if (names->n) {
        qsort(names->items, names->n, sizeof *names->items, compare_names);
    }
    return ok;
}

enum ch_status
ch_preset_list(ch_preset_visit *visit, void *context, char detail[CH_PRESET_DETAIL_BYTES])
{
    char dir[CH_SYS_PATH_BYTES];
    struct names files = {0};
    const enum ch_status status = folder(dir, detail);
    if (status != CH_OK) {
        return status;
    }
    if (!list_files(dir, &files)) {
        const int err = errno;
        forget_names(&files);
        return err == ENOENT ? CH_OK : fail(detail, dir, err);
    }
    for (size_t i = 0, n_told = 0; i < files.n; i++) {
        char name[CH_PRESET_NAME_BYTES];
        bool json;
        // Of "x.json" and "x.txt" the first is the one that counts.
        if (n_told < LIST_MAX && name_of_file(files.items[i], name, &json) &&
            (json || !has_json(dir, name)) && !ch_preset_find(name)) {
            visit_file(visit, context, dir, name, json);
            n_told++;
        }
    }
    forget_names(&files);
    return CH_OK;
}

// --- writing -----------------------------------------------------------------------------------

static enum ch_status
write_file(const char *dir, const char *path, const struct ch_buf *content, bool replace,
           char *detail)
{
    char temporary[CH_SYS_PATH_BYTES];
    if (snprintf(temporary, sizeof temporary, "%s/.new-XXXXXX", dir) >= CH_SYS_PATH_BYTES) {
        return fail(detail, path, ENAMETOOLONG);
    }
    const int fd = ch_sys_make_dirs_above(temporary) ? ch_sys_open_new(temporary) : -1;
    if (fd < 0) {
        return fail(detail, dir, errno);
    }
    bool ok = ch_sys_write_all(fd, content->data, content->length) && ch_sys_sync(fd);
    int err = errno;
    ch_sys_close(fd);
    if (ok) {
        ok = replace ? ch_sys_rename(temporary, path) : ch_sys_rename_new(temporary, path);
        err = errno;
    }
    if (!ok) {
        (void)ch_sys_remove(temporary);
        return fail(detail, path, err);
    }
    ch_sys_sync_names(path);
    return CH_OK;
}

static bool
exists(const char *dir, const char *name)
{
    char path[CH_SYS_PATH_BYTES];
    struct ch_sys_file_info info;
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        if (file_path(path, dir, name, suffixes[i]) && ch_sys_stat_link(path, &info)) {
            return true;
        }
    }
    return false;
}

// Whether the name may be changed or deleted at all.
static enum ch_status
check_name(const char *name, char dir[CH_SYS_PATH_BYTES], char *detail)
{
    if (!ch_preset_name_ok(name, detail)) {
        return CH_INVALID;
    }
    if (ch_preset_find(name)) {
        snprintf(detail, CH_PRESET_DETAIL_BYTES, "'%s' is built in, and stays as it is", name);
        return CH_CONFLICT;
    }
    return folder(dir, detail);
}

enum ch_status
ch_preset_save(const struct ch_equaliser *eq, const char *name, const char *description,
               bool replace, char detail[CH_PRESET_DETAIL_BYTES])
{
    char dir[CH_SYS_PATH_BYTES], path[CH_SYS_PATH_BYTES];
    enum ch_status status = check_name(name, dir, detail);
    if (status != CH_OK) {
        return status;
    }
    if (!replace && exists(dir, name)) {
        snprintf(detail, CH_PRESET_DETAIL_BYTES,
                 "there is a preset '%.64s' already; \"replace\":true takes its place", name);
        return CH_CONFLICT;
    }
    if (!file_path(path, dir, name, suffixes[0])) {
        return fail(detail, dir, ENAMETOOLONG);
    }
    struct ch_buf content;
    ch_buf_init(&content);
    ch_preset_write_json(eq, description, &content);
    status = content.failed ? CH_NO_MEMORY : write_file(dir, path, &content, replace, detail);
    ch_buf_fini(&content);
    return status;
}

enum ch_status
ch_preset_delete(const char *name, char detail[CH_PRESET_DETAIL_BYTES])
{
    char dir[CH_SYS_PATH_BYTES], path[CH_SYS_PATH_BYTES];
    const enum ch_status status = check_name(name, dir, detail);
    bool gone = false;
    if (status != CH_OK) {
        return status;
    }
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        if (!file_path(path, dir, name, suffixes[i])) {
            continue;
        }
        if (ch_sys_remove(path)) {
            gone = true;
        } else if (errno != ENOENT && errno != ENOTDIR) {
            return fail(detail, path, errno);
        }
    }
    if (!gone) {
        snprintf(detail, CH_PRESET_DETAIL_BYTES, "no preset '%.64s' in %.300s", name, dir);
    }
    return gone ? CH_OK : CH_NOT_FOUND;
}

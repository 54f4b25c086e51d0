// SPDX-License-Identifier: ISC
// daemon/control/preset_store.c — finding, reading, writing and deleting the files.

#include "daemon/control/preset_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/control/equaliser.h"
#include "daemon/control/preset_file.h"

/// A longer file is none of ours.
#define FILE_BYTES_MAX (1024u * 1024u)
/// Presets that are told of.
#define LIST_MAX 1000

static const char *const suffixes[] = {".json", ".txt"};

enum ch_status
ch_preset_folder(char *path, size_t size)
{
    const char *config = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    int n = -1;
    if (config && *config == '/') { // the specification: a relative one is to be ignored
        n = snprintf(path, size, "%s/chant/presets", config);
    } else if (home && *home) {
        n = snprintf(path, size, "%s/.config/chant/presets", home);
    }
    return n > 0 && (size_t)n < size ? CH_OK : CH_UNAVAILABLE;
}

static enum ch_status
folder(char path[PATH_MAX], char *detail)
{
    const enum ch_status status = ch_preset_folder(path, PATH_MAX);
    if (status != CH_OK) {
        snprintf(detail, CH_PRESET_DETAIL_BYTES,
                 "there is no place for presets: neither XDG_CONFIG_HOME nor HOME is set");
    }
    return status;
}

static bool
file_path(char path[PATH_MAX], const char *dir, const char *name, const char *suffix)
{
    return snprintf(path, PATH_MAX, "%s/%s%s", dir, name, suffix) < PATH_MAX;
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
    }
    if (why) {
        snprintf(detail, CH_PRESET_DETAIL_BYTES, "the name of a preset %s", why);
    }
    return !why;
}

// --- reading -----------------------------------------------------------------------------------

// The whole file, to be freed; NULL after errno was set.
static char *
read_file(const char *path, size_t *length)
{
    // A pipe that somebody put there must not stop us.
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    char *text = NULL;
    if (fd < 0) {
        return NULL;
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > (off_t)FILE_BYTES_MAX) {
        errno = S_ISREG(st.st_mode) ? EFBIG : EINVAL;
    } else {
        text = malloc((size_t)st.st_size + 1);
        const ssize_t n = text ? read(fd, text, (size_t)st.st_size) : -1;
        if (n < 0) {
            free(text);
            text = NULL;
        } else {
            *length = (size_t)n;
        }
    }
    const int err = errno;
    close(fd);
    errno = err;
    return text;
}

static bool
understand(struct ch_equaliser *eq, bool json, const char *text, size_t length, uint32_t rate_hz,
           char *why)
{
    return json ? ch_preset_read_json(eq, text, length, rate_hz, why)
                : ch_preset_read_text(eq, text, length, rate_hz, why);
}

enum ch_status
ch_preset_load(struct ch_equaliser *eq, const char *name, uint32_t rate_hz,
               char detail[CH_PRESET_DETAIL_BYTES])
{
    char dir[PATH_MAX], path[PATH_MAX];
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
            const bool ok = understand(eq, i == 0, text, length, rate_hz, why);
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
    char path[PATH_MAX], description[256];
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
    }
    free(text);
    visit(context, name, described ? description : NULL, *why ? why : NULL);
}

static bool
has_json(const char *dir, const char *name)
{
    char path[PATH_MAX];
    struct stat st;
    return file_path(path, dir, name, suffixes[0]) && lstat(path, &st) == 0;
}

enum ch_status
ch_preset_list(ch_preset_visit *visit, void *context, char detail[CH_PRESET_DETAIL_BYTES])
{
    char dir[PATH_MAX];
    struct dirent **entries = NULL;
    const enum ch_status status = folder(dir, detail);
    if (status != CH_OK) {
        return status;
    }
    const int n = scandir(dir, &entries, NULL, alphasort);
    if (n < 0) {
        return errno == ENOENT ? CH_OK : fail(detail, dir, errno);
    }
    for (int i = 0, n_told = 0; i < n; i++) {
        char name[CH_PRESET_NAME_BYTES];
        bool json;
        // Of "x.json" and "x.txt" the first is the one that counts.
        if (n_told < LIST_MAX && name_of_file(entries[i]->d_name, name, &json) &&
            (json || !has_json(dir, name)) && !ch_preset_find(name)) {
            visit_file(visit, context, dir, name, json);
            n_told++;
        }
        free(entries[i]);
    }
    free(entries);
    return CH_OK;
}

// --- writing -----------------------------------------------------------------------------------

static bool
make_folders(const char *dir)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", dir);
    for (char *p = path + 1; *p; p++) {
        if (*p == '/') {
            *p = '\0';
            if (mkdir(path, 0700) != 0 && errno != EEXIST) {
                return false;
            }
            *p = '/';
        }
    }
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

static bool
write_all(int fd, const char *data, size_t length)
{
    while (length) {
        const ssize_t n = write(fd, data, length);
        if (n < 0 && errno != EINTR) {
            return false;
        }
        if (n > 0) {
            data += n;
            length -= (size_t)n;
        }
    }
    return fsync(fd) == 0;
}

static bool
move_into_place(const char *from, const char *to, bool replace)
{
    if (!replace) {
        if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) {
            return true;
        }
        if (errno != EINVAL && errno != ENOSYS) {
            return false;
        }
    }
    return rename(from, to) == 0;
}

static void
sync_folder(const char *dir)
{
    const int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}

static enum ch_status
write_file(const char *dir, const char *path, const struct ch_buf *content, bool replace,
           char *detail)
{
    char temporary[PATH_MAX];
    if (snprintf(temporary, sizeof temporary, "%s/.new-XXXXXX", dir) >= PATH_MAX) {
        return fail(detail, path, ENAMETOOLONG);
    }
    const int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0) {
        return fail(detail, dir, errno);
    }
    bool ok = write_all(fd, content->data, content->length);
    int err = errno;
    close(fd);
    if (ok) {
        ok = move_into_place(temporary, path, replace);
        err = errno;
    }
    if (!ok) {
        unlink(temporary);
        return fail(detail, path, err);
    }
    sync_folder(dir);
    return CH_OK;
}

static bool
exists(const char *dir, const char *name)
{
    char path[PATH_MAX];
    struct stat st;
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        if (file_path(path, dir, name, suffixes[i]) && lstat(path, &st) == 0) {
            return true;
        }
    }
    return false;
}

// Whether the name may be changed or deleted at all.
static enum ch_status
check_name(const char *name, char dir[PATH_MAX], char *detail)
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
    char dir[PATH_MAX], path[PATH_MAX];
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
    if (!make_folders(dir)) {
        return fail(detail, dir, errno);
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
    char dir[PATH_MAX], path[PATH_MAX];
    const enum ch_status status = check_name(name, dir, detail);
    bool gone = false;
    if (status != CH_OK) {
        return status;
    }
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        if (!file_path(path, dir, name, suffixes[i])) {
            continue;
        }
        if (unlink(path) == 0) {
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

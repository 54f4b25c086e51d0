// SPDX-License-Identifier: ISC
// daemon/control/state_file.c — read at once; written beside, synced, renamed.

#include "daemon/control/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/log.h"
#include "system/file.h"
#include "system/folders.h"
#include "system/process.h"

#define DETAIL_BYTES 256

char *
ch_state_file_path(const char *name)
{
    char folder[CH_SYS_PATH_BYTES];
    char *path = NULL;
    if (!ch_sys_folder(CH_FOLDER_STATE, folder, sizeof folder) ||
        asprintf(&path, "%s/%s", folder, name) < 0) {
        return NULL;
    }
    return path;
}

static enum ch_status
failure(char *detail, const char *path, const char *verb)
{
    const int err = errno;
    snprintf(detail, DETAIL_BYTES, "%.160s cannot be %s: %s", path, verb, strerror(err));
    return ch_status_from_errno(err);
}

enum ch_status
ch_state_file_read(const char *path, char **text, size_t *n, char *detail)
{
    *text = NULL;
    *n = 0;
    const int fd = ch_sys_open(path, O_RDONLY, 0);
    if (fd < 0) {
        return failure(detail, path, "read");
    }
    enum ch_status status = CH_OK;
    struct ch_sys_file_info info;
    if (!ch_sys_fstat(fd, &info) || info.kind != CH_SYS_REGULAR ||
        info.bytes > (int64_t)CH_STATE_FILE_BYTES_MAX) {
        snprintf(detail, DETAIL_BYTES, "%.160s is no file of at most 1 MiB", path);
        status = CH_INVALID;
    } else {
        *text = malloc(CH_STATE_FILE_BYTES_MAX);
        status = *text ? CH_OK : CH_NO_MEMORY;
    }
    while (status == CH_OK && *n < CH_STATE_FILE_BYTES_MAX) {
        const int64_t got = ch_sys_read(fd, *text + *n, CH_STATE_FILE_BYTES_MAX - *n);
        if (got < 0) {
            status = failure(detail, path, "read");
        } else if (got == 0) {
            break;
        } else {
            *n += (size_t)got;
        }
    }
    ch_sys_close(fd);
    if (status != CH_OK) {
        free(*text);
        *text = NULL;
    }
    return status;
}

enum ch_status
ch_state_file_write(const char *path, const char *text, size_t n, char *detail)
{
    char *beside;
    // Two daemons may share the place.
    if (asprintf(&beside, "%s.%" PRIu32, path, ch_sys_process_id()) < 0) {
        snprintf(detail, DETAIL_BYTES, "no memory to write %.160s", path);
        return CH_NO_MEMORY;
    }
    // What does not work shows when the file is made.
    (void)ch_sys_make_dirs_above(path);
    enum ch_status status = CH_OK;
    // What a crash has left is in the way, and a link that somebody put there is not followed.
    (void)ch_sys_remove(beside);
    const int fd = ch_sys_open(beside, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd < 0) {
        status = failure(detail, path, "written");
    } else {
        const bool written = ch_sys_write_all(fd, text, n) && ch_sys_sync(fd);
        const int err = errno;
        ch_sys_close(fd);
        errno = err;
        if (!written || !ch_sys_rename(beside, path)) {
            status = failure(detail, path, "written");
            (void)ch_sys_remove(beside);
        }
    }
    if (status == CH_OK) {
        ch_sys_sync_names(path);
    }
    free(beside);
    return status;
}

void
ch_state_file_set_aside(const char *path)
{
    char *aside;
    if (asprintf(&aside, "%s.bad", path) < 0) {
        return;
    }
    if (ch_sys_rename(path, aside)) {
        ch_warning("it is kept as %s", aside);
    }
    free(aside);
}

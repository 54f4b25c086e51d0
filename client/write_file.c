// SPDX-License-Identifier: ISC
// client/write_file.c — a draft beside the file, renamed when it is whole.

#include "client/write_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/report.h"
#include "system/file.h"

#define SUFFIX ".XXXXXX"

static int
fail(const char *path, int error)
{
    const char *name = error == ENOENT || error == ENOTDIR ? "NOT_FOUND"
                       : error == EACCES || error == EPERM ? "DENIED"
                                                           : "UNAVAILABLE";
    return ch_fail(name, "can't write %s: %s", path, strerror(error));
}

int
ch_write_file_open(struct ch_write_file *file, const char *path)
{
    *file = (struct ch_write_file){.path = path};
    if (strcmp(path, "-") == 0) {
        file->out = stdout;
        return CH_EXIT_OK;
    }
    struct ch_sys_file_info info;
    if (ch_sys_stat(path, &info) && info.kind != CH_SYS_REGULAR) {
        file->out = ch_sys_fopen(path, "w");
        return file->out ? CH_EXIT_OK : fail(path, errno);
    }
    const size_t n = strlen(path);
    file->draft = malloc(n + sizeof SUFFIX);
    if (!file->draft) {
        return ch_fail_memory();
    }
    memcpy(file->draft, path, n);
    memcpy(file->draft + n, SUFFIX, sizeof SUFFIX);
    const int fd = ch_sys_open_new(file->draft);
    if (fd >= 0) {
        ch_sys_usual_access(fd);
        file->out = fdopen(fd, "wb");
    }
    if (!file->out) {
        const int error = errno;
        if (fd >= 0) {
            ch_sys_close(fd);
            (void)ch_sys_remove(file->draft);
        }
        free(file->draft);
        return fail(path, error);
    }
    return CH_EXIT_OK;
}

bool
ch_write_file_put(struct ch_write_file *file, const void *bytes, size_t n_bytes)
{
    if (file->error == 0 && fwrite(bytes, 1, n_bytes, file->out) != n_bytes) {
        file->error = errno;
    }
    return file->error == 0;
}

int
ch_write_file_close(struct ch_write_file *file, bool whole)
{
    int error = file->error;
    if (fflush(file->out) != 0 && error == 0) {
        error = errno;
    }
    if (file->out != stdout && fclose(file->out) != 0 && error == 0) {
        error = errno;
    }
    whole = whole && error == 0;
    if (whole && file->draft && !ch_sys_rename(file->draft, file->path)) {
        whole = false;
        error = errno;
    }
    if (file->draft && !whole) {
        (void)ch_sys_remove(file->draft);
    }
    free(file->draft);
    return whole ? CH_EXIT_OK : fail(file->path, error ? error : EIO);
}

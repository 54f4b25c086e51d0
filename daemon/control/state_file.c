// SPDX-License-Identifier: ISC
// daemon/control/state_file.c — read at once; written beside, synced, renamed.

#include "daemon/control/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/base/log.h"

#define DETAIL_BYTES 256

// Those that are not absolute are to be ignored, says the XDG base directory specification.
static const char *
folder_of(const char *variable)
{
    const char *value = getenv(variable);
    return value && *value == '/' ? value : NULL;
}

char *
ch_state_file_path(const char *name)
{
    char *path = NULL;
    int n = -1;
    const char *folder = folder_of("STATE_DIRECTORY");
    if (folder) {
        // It may be a list.
        n = asprintf(&path, "%.*s/%s", (int)strcspn(folder, ":"), folder, name);
    } else if ((folder = folder_of("XDG_STATE_HOME"))) {
        n = asprintf(&path, "%s/chant/%s", folder, name);
    } else if ((folder = folder_of("HOME"))) {
        n = asprintf(&path, "%s/.local/state/chant/%s", folder, name);
    }
    return n < 0 ? NULL : path;
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
    // Not to wait for the other end of a pipe.
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return failure(detail, path, "read");
    }
    enum ch_status status = CH_OK;
    struct stat info;
    if (fstat(fd, &info) < 0 || !S_ISREG(info.st_mode) ||
        info.st_size > (off_t)CH_STATE_FILE_BYTES_MAX) {
        snprintf(detail, DETAIL_BYTES, "%.160s is no file of at most 1 MiB", path);
        status = CH_INVALID;
    } else {
        *text = malloc(CH_STATE_FILE_BYTES_MAX);
        status = *text ? CH_OK : CH_NO_MEMORY;
    }
    while (status == CH_OK && *n < CH_STATE_FILE_BYTES_MAX) {
        const ssize_t got = read(fd, *text + *n, CH_STATE_FILE_BYTES_MAX - *n);
        if (got < 0 && errno != EINTR) {
            status = failure(detail, path, "read");
        } else if (got == 0) {
            break;
        } else if (got > 0) {
            *n += (size_t)got;
        }
    }
    close(fd);
    if (status != CH_OK) {
        free(*text);
        *text = NULL;
    }
    return status;
}

static void
make_folders(const char *path)
{
    char *folder = strdup(path);
    for (char *at = folder ? strchr(folder + 1, '/') : NULL; at; at = strchr(at + 1, '/')) {
        *at = 0;
        // What does not work shows when the file is made.
        (void)mkdir(folder, 0700);
        *at = '/';
    }
    free(folder);
}

static bool
write_all(int fd, const char *text, size_t n)
{
    while (n > 0) {
        const ssize_t done = write(fd, text, n);
        if (done < 0 && errno != EINTR) {
            return false;
        }
        if (done > 0) {
            text += done;
            n -= (size_t)done;
        }
    }
    return fsync(fd) == 0;
}

// So that the new name outlives a loss of power, too; not every file system can.
static void
sync_folder(const char *path)
{
    char *folder = strdup(path);
    char *slash = folder ? strrchr(folder, '/') : NULL;
    if (slash) {
        slash[slash == folder] = 0;
        const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0) {
            (void)fsync(fd);
            close(fd);
        }
    }
    free(folder);
}

enum ch_status
ch_state_file_write(const char *path, const char *text, size_t n, char *detail)
{
    char *beside;
    // Two daemons may share the place.
    if (asprintf(&beside, "%s.%ld", path, (long)getpid()) < 0) {
        snprintf(detail, DETAIL_BYTES, "no memory to write %.160s", path);
        return CH_NO_MEMORY;
    }
    make_folders(path);
    enum ch_status status = CH_OK;
    const int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        status = failure(detail, path, "written");
    } else {
        if (!write_all(fd, text, n) || rename(beside, path) < 0) {
            status = failure(detail, path, "written");
            unlink(beside);
        }
        close(fd);
    }
    if (status == CH_OK) {
        sync_folder(path);
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
    if (rename(path, aside) == 0) {
        ch_warning("it is kept as %s", aside);
    }
    free(aside);
}

// SPDX-License-Identifier: ISC
// system/file_posix.c — the calls themselves, with what is always wanted of them.

#include "system/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// --- one file -----------------------------------------------------------------------------------

int
ch_sys_open(const char *path, int flags, unsigned mode)
{
    // Nothing to wait for in a regular file, so a writer may have O_NONBLOCK, too.
    return open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, (mode_t)mode);
}

FILE *
ch_sys_fopen(const char *path, const char *mode)
{
    char with[8];
    snprintf(with, sizeof with, "%.6se", mode);
    return fopen(path, with);
}

int
ch_sys_open_new(char *path)
{
    return mkostemp(path, O_CLOEXEC);
}

static bool
tell(bool ok, const struct stat *st, struct ch_sys_file_info *info)
{
    if (ok) {
        *info = (struct ch_sys_file_info){
            .kind = S_ISREG(st->st_mode)   ? CH_SYS_REGULAR
                    : S_ISDIR(st->st_mode) ? CH_SYS_FOLDER
                                           : CH_SYS_OTHER,
            .bytes = st->st_size,
            .modified_ns = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec,
            .device = st->st_dev,
            .inode = st->st_ino,
        };
    }
    return ok;
}

bool
ch_sys_stat(const char *path, struct ch_sys_file_info *info)
{
    struct stat st;
    return tell(stat(path, &st) == 0, &st, info);
}

bool
ch_sys_stat_link(const char *path, struct ch_sys_file_info *info)
{
    struct stat st;
    return tell(lstat(path, &st) == 0, &st, info);
}

bool
ch_sys_fstat(int fd, struct ch_sys_file_info *info)
{
    struct stat st;
    return tell(fstat(fd, &st) == 0, &st, info);
}

int64_t
ch_sys_read(int fd, void *bytes, size_t n)
{
    ssize_t got;
    do {
        got = read(fd, bytes, n);
    } while (got < 0 && errno == EINTR);
    return got;
}

int64_t
ch_sys_read_at(int fd, void *bytes, size_t n, int64_t at)
{
    ssize_t got;
    do {
        got = pread(fd, bytes, n, (off_t)at);
    } while (got < 0 && errno == EINTR);
    return got;
}

bool
ch_sys_write_all(int fd, const void *bytes, size_t n)
{
    const char *from = bytes;
    while (n > 0) {
        const ssize_t done = write(fd, from, n);
        if (done < 0 && errno != EINTR) {
            return false;
        }
        if (done > 0) {
            from += done;
            n -= (size_t)done;
        }
    }
    return true;
}

int64_t
ch_sys_seek(int fd, int64_t offset, int whence)
{
    return lseek(fd, (off_t)offset, whence);
}

bool
ch_sys_sync(int fd)
{
    return fsync(fd) == 0;
}

void
ch_sys_close(int fd)
{
    close(fd);
}

// --- names ---------------------------------------------------------------------------------------

bool
ch_sys_make_dir(const char *path)
{
    return mkdir(path, 0700) == 0;
}

void
ch_sys_make_dirs_above(const char *path)
{
    char *folder = strdup(path);
    for (char *at = folder ? strchr(folder + 1, '/') : NULL; at; at = strchr(at + 1, '/')) {
        *at = 0;
        (void)mkdir(folder, 0700);
        *at = '/';
    }
    free(folder);
}

bool
ch_sys_rename(const char *from, const char *to)
{
    return rename(from, to) == 0;
}

bool
ch_sys_remove(const char *path)
{
    return unlink(path) == 0;
}

void
ch_sys_sync_names(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = !slash ? strdup(".") : strndup(path, slash == path ? 1 : (size_t)(slash - path));
    const int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        (void)fsync(fd); // not every file system can
        close(fd);
    }
    free(folder);
}

bool
ch_sys_current_dir(char *out, size_t bytes)
{
    return getcwd(out, bytes) != NULL;
}

bool
ch_sys_absolute(const char *path, char *out, size_t bytes)
{
    size_t n = 0;
    if (path[0] != '/') {
        if (!ch_sys_current_dir(out, bytes)) {
            return false;
        }
        n = strlen(out);
    }
    const int more = snprintf(out + n, bytes - n, "%s%s", n > 1 ? "/" : "", path);
    if (more < 0 || (size_t)more >= bytes - n) {
        errno = ENAMETOOLONG;
        return false;
    }
    return true;
}

char *
ch_sys_real_path(const char *path)
{
    return realpath(path, NULL);
}

// SPDX-License-Identifier: ISC
// system/file_posix.c — the calls themselves, with what is always wanted of them.

#include "system/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int
ch_sys_open(const char *path, int flags, unsigned mode)
{
    const int patience = (flags & O_ACCMODE) == O_RDONLY ? O_NONBLOCK : 0;
    return open(path, flags | patience | O_CLOEXEC | O_NOCTTY, (mode_t)mode);
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
            .kind = S_ISREG(st->st_mode)    ? CH_SYS_REGULAR
                    : S_ISDIR(st->st_mode)  ? CH_SYS_FOLDER
                    : S_ISFIFO(st->st_mode) ? CH_SYS_PIPE
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

bool
ch_sys_same_file(const char *path, const char *other)
{
    struct stat a, b;
    return stat(path, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

void
ch_sys_usual_access(int fd)
{
    const mode_t mask = umask(0);
    umask(mask);
    (void)!fchmod(fd, 0666 & ~mask);
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

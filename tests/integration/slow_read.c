// SPDX-License-Identifier: ISC
// slow_read.c — preloaded into a program: a disk that hangs while the file $SLOW_WHILE exists.
//
// Only reads of the file $SLOW_PATH hang; all others are the C library's own.

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int
is_slow(int fd)
{
    char link[64], path[PATH_MAX];
    const char *slow = getenv("SLOW_PATH");
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t n = readlink(link, path, sizeof path - 1);
    if (!slow || n < 0) {
        return 0;
    }
    path[n] = 0;
    return !strcmp(path, slow);
}

ssize_t
read(int fd, void *buffer, size_t n_bytes)
{
    static ssize_t (*next)(int fd, void *buffer, size_t n_bytes);
    if (!next) {
        *(void **)&next = dlsym(RTLD_NEXT, "read");
    }
    const char *flag = getenv("SLOW_WHILE");
    while (flag && is_slow(fd) && !access(flag, F_OK)) {
        usleep(10000);
    }
    return next(fd, buffer, n_bytes);
}

// SPDX-License-Identifier: ISC
// system/names_posix.c — names that are made, changed, followed.

#include "system/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool
ch_sys_make_dir(const char *path)
{
    return mkdir(path, 0700) == 0;
}

bool
ch_sys_make_dirs_above(const char *path)
{
    char *folder = strdup(path);
    int first = folder ? 0 : ENOMEM;
    bool ok = folder != NULL;
    for (char *at = folder ? strchr(folder + 1, '/') : NULL; at; at = strchr(at + 1, '/')) {
        *at = 0;
        ok = ch_sys_make_dir(folder) || errno == EEXIST;
        first = ok || first ? first : errno;
        *at = '/';
    }
    free(folder);
    errno = first;
    return ok;
}

bool
ch_sys_rename(const char *from, const char *to)
{
    return rename(from, to) == 0;
}

bool
ch_sys_rename_new(const char *from, const char *to)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) {
        return true;
    }
    return (errno == EINVAL || errno == ENOSYS) && rename(from, to) == 0;
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

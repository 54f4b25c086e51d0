// SPDX-License-Identifier: ISC
// system/dir_posix.c — readdir() without the two names that every folder has.

#include "system/file.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

// A DIR under another name.
struct ch_sys_dir;

struct ch_sys_dir *
ch_sys_dir_open(const char *path)
{
    return (struct ch_sys_dir *)opendir(path);
}

const char *
ch_sys_dir_next(struct ch_sys_dir *dir)
{
    const struct dirent *entry;
    do {
        errno = 0;
        entry = readdir((DIR *)dir);
    } while (entry && (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")));
    return entry ? entry->d_name : NULL;
}

void
ch_sys_dir_close(struct ch_sys_dir *dir)
{
    if (dir) {
        closedir((DIR *)dir);
    }
}

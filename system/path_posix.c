// SPDX-License-Identifier: ISC
// system/path_posix.c — one root, and every character but '/' may stand in a name.

#include "system/path.h"

#include <string.h>

size_t
ch_path_root(const char *path)
{
    return path[0] == '/';
}

bool
ch_path_is_half(const char *path)
{
    (void)path;
    return false;
}

void
ch_path_normalise(char *path)
{
    (void)path;
}

const char *
ch_path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool
ch_path_name_ok(const char *name, const char **why)
{
    (void)name;
    *why = NULL;
    return true;
}

const char *
ch_path_uri_prefix(const char *path)
{
    (void)path;
    return "file://";
}

void
ch_path_from_uri(char *path)
{
    (void)path;
}

bool
ch_path_has_servers(void)
{
    return false;
}

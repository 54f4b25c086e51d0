// SPDX-License-Identifier: ISC
// system/folders_posix.c — systemd's variables, then XDG's, then the home folder.

#include "system/folders.h"

#include <stdio.h>
#include <string.h>

#include "system/env.h"
#include "system/file.h"

struct place {
    const char *service; ///< systemd's; its folder is complete
    const char *base;    ///< XDG's
    const char *in_home;
};

static const struct place places[] = {
    [CH_FOLDER_STATE] = {"STATE_DIRECTORY", "XDG_STATE_HOME", ".local/state"},
    [CH_FOLDER_CACHE] = {"CACHE_DIRECTORY", "XDG_CACHE_HOME", ".cache"},
    [CH_FOLDER_CONFIG] = {NULL, "XDG_CONFIG_HOME", ".config"},
    [CH_FOLDER_LOG] = {"LOGS_DIRECTORY", "XDG_STATE_HOME", ".local/state"},
};

static bool
absolute_of(const char *variable, char out[CH_SYS_PATH_BYTES])
{
    return variable && ch_sys_env(variable, out, CH_SYS_PATH_BYTES) && out[0] == '/';
}

bool
ch_sys_folder(enum ch_folder folder, char *out, size_t bytes)
{
    const struct place *place = &places[folder];
    char value[CH_SYS_PATH_BYTES];
    int n = -1;
    if (absolute_of(place->service, value)) {
        n = snprintf(out, bytes, "%.*s", (int)strcspn(value, ":"), value);
    } else if (folder == CH_FOLDER_LOG && absolute_of("STATE_DIRECTORY", value)) {
        n = snprintf(out, bytes, "%.*s", (int)strcspn(value, ":"), value);
    } else if (absolute_of(place->base, value)) {
        n = snprintf(out, bytes, "%s/chant", value);
    } else if (absolute_of("HOME", value)) {
        n = snprintf(out, bytes, "%s/%s/chant", value, place->in_home);
    }
    return n > 0 && (size_t)n < bytes;
}

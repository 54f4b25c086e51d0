// SPDX-License-Identifier: ISC
// system/env_posix.c — getenv(), with a copy.

#include "system/env.h"

#include <stdlib.h>
#include <string.h>

bool
ch_sys_env(const char *name, char *out, size_t bytes)
{
    const char *value = getenv(name);
    const size_t n = value ? strlen(value) : bytes;
    if (n >= bytes) {
        out[0] = '\0';
        return false;
    }
    memcpy(out, value, n + 1);
    return true;
}

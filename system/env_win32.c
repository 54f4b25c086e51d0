// SPDX-License-Identifier: ISC
// system/env_win32.c — the environment is UTF-16; the C library's copy of it is not.

#include "system/env.h"

#include <windows.h>

#include <stdlib.h>

#include "system/wide_win32.h"

bool
ch_sys_env(const char *name, char *out, size_t bytes)
{
    out[0] = '\0';
    wchar_t *wide_name = ch_wide(name);
    const DWORD n = wide_name ? GetEnvironmentVariableW(wide_name, NULL, 0) : 0;
    wchar_t *value = n ? calloc(n, sizeof *value) : NULL;
    bool ok = false;
    if (value) {
        // Somebody may have changed it in between: then it does not fit, or is gone.
        SetLastError(ERROR_SUCCESS);
        const DWORD got = GetEnvironmentVariableW(wide_name, value, n);
        ok = got < n && (got || GetLastError() == ERROR_SUCCESS) &&
             ch_narrow(value, out, bytes) <= bytes;
    }
    free(value);
    free(wide_name);
    return ok;
}

// SPDX-License-Identifier: ISC
// system/folders_win32.c — the variables first, so that a test or a user can point elsewhere.

#include "system/folders.h"

#include <windows.h>

#include <initguid.h>
#include <knownfolders.h>
#include <shlobj.h>
#include <stdio.h>
#include <string.h>

#include "system/env.h"
#include "system/file.h"
#include "system/path.h"
#include "system/wide_win32.h"

static bool
known_folder(const GUID *id, char *out, size_t bytes)
{
    wchar_t *wide = NULL;
    const bool ok = SHGetKnownFolderPath(id, KF_FLAG_DONT_VERIFY, NULL, &wide) == S_OK &&
                    ch_narrow(wide, out, bytes) <= bytes;
    CoTaskMemFree(wide);
    return ok;
}

bool
ch_sys_folder(enum ch_folder folder, char *out, size_t bytes)
{
    const bool roams = folder == CH_FOLDER_CONFIG;
    char base[CH_SYS_PATH_BYTES];
    if (!ch_sys_env(roams ? "APPDATA" : "LOCALAPPDATA", base, sizeof base) ||
        (ch_path_normalise(base), !ch_path_is_absolute(base))) {
        if (!known_folder(roams ? &FOLDERID_RoamingAppData : &FOLDERID_LocalAppData, base,
                          sizeof base)) {
            return false;
        }
        ch_path_normalise(base);
    }
    const size_t n = strlen(base);
    const int made = snprintf(out, bytes, "%s%schant", base, base[n - 1] == '/' ? "" : "/");
    return made > 0 && (size_t)made < bytes;
}

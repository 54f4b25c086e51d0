// SPDX-License-Identifier: ISC
// daemon/service_log_win32.c — a folder, and who may do what in it.

#include "daemon/service_log_win32.h"

#include <windows.h>

#include <initguid.h>

#include <knownfolders.h>
#include <sddl.h>
#include <shlobj.h>
#include <stdio.h>

#include "daemon/base/log.h"
#include "daemon/service_account_win32.h"
#include "system/path.h"
#include "system/wide_win32.h"

#define FOLDER_CHARS 512

static bool
name_folder(wchar_t folder[FOLDER_CHARS])
{
    wchar_t *all = NULL;
    const bool ok = SHGetKnownFolderPath(&FOLDERID_ProgramData, 0, NULL, &all) == S_OK;
    const int n = ok ? swprintf(folder, FOLDER_CHARS, L"%ls\\chant", all) : -1;
    CoTaskMemFree(all);
    return n > 0;
}

bool
ch_service_log_path(char *out, size_t bytes)
{
    wchar_t folder[FOLDER_CHARS];
    char name[3 * FOLDER_CHARS];
    if (!name_folder(folder) || ch_narrow(folder, name, sizeof name) > sizeof name) {
        return false;
    }
    ch_path_normalise(name);
    const int n = snprintf(out, bytes, "%s/chantd.log", name);
    return n > 0 && (size_t)n < bytes;
}

// Full rights for SYSTEM and administrators, changing for the service, reading for one more.
static PSECURITY_DESCRIPTOR
describe(const char *reader_sid)
{
    char text[512];
    PSECURITY_DESCRIPTOR descriptor = NULL;
    int n =
        snprintf(text, sizeof text, "O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1301bf;;;%s)",
                 CH_USER_SERVICE);
    if (*reader_sid) {
        n += snprintf(text + n, sizeof text - (size_t)n, "(A;OICI;FRFX;;;%s)", reader_sid);
    }
    ConvertStringSecurityDescriptorToSecurityDescriptorA(text, SDDL_REVISION_1, &descriptor, NULL);
    return descriptor;
}

// Everybody may make folders in %ProgramData%, and put a link in the place of one of his own at any
// time: what is looked at and what is changed is one handle, which follows no link.
static bool
take_over(const wchar_t *folder, PSECURITY_DESCRIPTOR descriptor)
{
    const HANDLE handle =
        CreateFileW(folder, FILE_READ_ATTRIBUTES | WRITE_DAC | WRITE_OWNER,
                    FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
                    FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    if (handle == INVALID_HANDLE_VALUE) {
        return false;
    }
    BY_HANDLE_FILE_INFORMATION info;
    bool ok = GetFileInformationByHandle(handle, &info);
    if (ok && (info.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT ||
               !(info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY))) {
        SetLastError(ERROR_DIRECTORY);
        ok = false;
    }
    ok = ok && SetKernelObjectSecurity(
                   handle, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, descriptor);
    const DWORD err = GetLastError();
    CloseHandle(handle);
    SetLastError(err);
    return ok;
}

bool
ch_service_log_prepare(const char *reader_sid)
{
    wchar_t folder[FOLDER_CHARS];
    PSECURITY_DESCRIPTOR descriptor = describe(reader_sid);
    if (!name_folder(folder) || !descriptor) {
        ch_error("there is no place for a log: name one with --log-file");
        LocalFree(descriptor);
        return false;
    }
    SECURITY_ATTRIBUTES attributes = {.nLength = sizeof attributes,
                                      .lpSecurityDescriptor = descriptor};
    bool ok = CreateDirectoryW(folder, &attributes);
    if (!ok && GetLastError() == ERROR_ALREADY_EXISTS) {
        ok = take_over(folder, descriptor);
    }
    if (!ok) {
        ch_error("%%ProgramData%%\\chant can't be made a folder for the log (%lu): look at what is "
                 "there, or name a file with --log-file",
                 GetLastError());
    }
    LocalFree(descriptor);
    return ok;
}

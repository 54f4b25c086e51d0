// SPDX-License-Identifier: ISC
// daemon/service_account_win32.c — tokens, SIDs, and the policy of this machine.

#include "daemon/service_account_win32.h"

#include <windows.h>

#include <ntsecapi.h>
#include <sddl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "system/wide_win32.h"

// --- SIDs ----------------------------------------------------------------------------------------

static bool
write_sid(PSID binary, char sid[CH_SID_BYTES])
{
    char *text = NULL;
    if (!ConvertSidToStringSidA(binary, &text)) {
        return false;
    }
    const bool fits = strlen(text) < CH_SID_BYTES;
    if (fits) {
        strcpy(sid, text);
    }
    LocalFree(text);
    return fits;
}

// Malloc()ed, or NULL: of a SID as text or of an account's name.
static PSID
find(const char *name)
{
    PSID sid = malloc(SECURITY_MAX_SID_SIZE), local;
    wchar_t *wide = ch_wide(name), domain[CH_ACCOUNT_CHARS];
    DWORD bytes = SECURITY_MAX_SID_SIZE, chars = CH_ACCOUNT_CHARS;
    SID_NAME_USE kind;
    bool found = false;
    if (sid && wide && ConvertStringSidToSidW(wide, &local)) {
        found = CopySid(SECURITY_MAX_SID_SIZE, sid, local);
        LocalFree(local);
    } else if (sid && wide) {
        // ".\" is this machine, which is looked at first in any case.
        const wchar_t *account = wide + (wcsncmp(wide, L".\\", 2) ? 0 : 2);
        found = LookupAccountNameW(NULL, account, sid, &bytes, domain, &chars, &kind);
    }
    free(wide);
    if (!found) {
        free(sid);
        sid = NULL;
    }
    return sid;
}

bool
ch_account_find_sid(const char *name, char sid[CH_SID_BYTES])
{
    PSID binary = find(name);
    const bool ok = binary && write_sid(binary, sid);
    free(binary);
    return ok;
}

bool
ch_account_is_built_in(const char *name)
{
    return !_strnicmp(name, "NT AUTHORITY\\", 13) || !_strnicmp(name, "NT SERVICE\\", 11) ||
           !_stricmp(name, "LocalSystem") || ch_account_is_shared(name) ||
           !_stricmp(name, ".\\LocalSystem");
}

bool
ch_account_is_shared(const char *name)
{
    return !_stricmp(name, "NT AUTHORITY\\LocalService") ||
           !_stricmp(name, "NT AUTHORITY\\NetworkService") || !_stricmp(name, "LocalService") ||
           !_stricmp(name, "NetworkService");
}

// --- passwords -----------------------------------------------------------------------------------

static bool
read_unseen(HANDLE console, wchar_t password[CH_ACCOUNT_CHARS])
{
    DWORD mode, n = 0;
    if (!GetConsoleMode(console, &mode)) {
        return false;
    }
    SetConsoleMode(console, (mode | ENABLE_LINE_INPUT) & ~(DWORD)ENABLE_ECHO_INPUT);
    const bool ok = ReadConsoleW(console, password, CH_ACCOUNT_CHARS - 1, &n, NULL);
    SetConsoleMode(console, mode);
    password[n] = L'\0';
    fputc('\n', stderr);
    return ok;
}

static bool
read_line(wchar_t password[CH_ACCOUNT_CHARS])
{
    char line[4 * CH_ACCOUNT_CHARS];
    const bool ok = fgets(line, sizeof line, stdin) != NULL;
    if (ok) {
        line[strcspn(line, "\r\n")] = '\0';
    }
    // Not by way of the heap, which is not cleared.
    const bool fits =
        ok && MultiByteToWideChar(CP_UTF8, 0, line, -1, password, CH_ACCOUNT_CHARS) > 0;
    SecureZeroMemory(line, sizeof line);
    return fits;
}

bool
ch_account_ask_password(const char *name, wchar_t password[CH_ACCOUNT_CHARS])
{
    HANDLE input = GetStdHandle(STD_INPUT_HANDLE);
    DWORD mode;
    bool ok;
    if (GetConsoleMode(input, &mode)) {
        fprintf(stderr, "Password of %s: ", name);
        fflush(stderr);
        ok = read_unseen(input, password);
    } else {
        ok = read_line(password);
    }
    password[ok ? wcscspn(password, L"\r\n") : 0] = L'\0';
    return ok;
}

// --- rights --------------------------------------------------------------------------------------

bool
ch_account_allow_services(const char *name)
{
    static wchar_t right[] = L"SeServiceLogonRight";
    LSA_UNICODE_STRING rights = {
        .Length = sizeof right - sizeof *right,
        .MaximumLength = sizeof right,
        .Buffer = right,
    };
    LSA_OBJECT_ATTRIBUTES attributes = {.Length = sizeof attributes};
    LSA_HANDLE policy;
    PSID sid = find(name);
    bool ok = false;
    if (sid && LsaOpenPolicy(NULL, &attributes, POLICY_CREATE_ACCOUNT | POLICY_LOOKUP_NAMES,
                             &policy) == 0) {
        ok = LsaAddAccountRights(policy, sid, &rights, 1) == 0;
        LsaClose(policy);
    }
    free(sid);
    return ok;
}

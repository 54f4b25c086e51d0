// SPDX-License-Identifier: ISC
// system/user_win32.c — SIDs out of tokens and security descriptors.

#include "system/user_win32.h"

#include <windows.h>

#include <aclapi.h>
#include <sddl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "system/wide_win32.h"

#define LOCAL_SYSTEM     "S-1-5-18"
#define INTEGRITY_MEDIUM "S-1-16-8192"

enum ch_user_kind
ch_user_kind(const char *sid, const char *self)
{
    if (strncmp(sid, "S-", 2) != 0) {
        return CH_USER_OTHER;
    }
    if (strcmp(sid, self) == 0) {
        return CH_USER_SELF;
    }
    return !strcmp(sid, LOCAL_SYSTEM) || !strcmp(sid, CH_USER_SERVICE) ? CH_USER_SYSTEM
                                                                       : CH_USER_OTHER;
}

static bool
write_sid(PSID sid, char out[CH_SID_BYTES])
{
    LPWSTR text;
    out[0] = '\0';
    if (!sid || !ConvertSidToStringSidW(sid, &text)) {
        return false;
    }
    const bool ok = ch_narrow(text, out, CH_SID_BYTES) <= CH_SID_BYTES;
    LocalFree(text);
    return ok;
}

/// malloc()ed; NULL if it can't be had.
static void *
query(HANDLE token, TOKEN_INFORMATION_CLASS what)
{
    DWORD n_bytes = 0;
    GetTokenInformation(token, what, NULL, 0, &n_bytes);
    void *info = n_bytes ? malloc(n_bytes) : NULL;
    if (info && !GetTokenInformation(token, what, info, n_bytes, &n_bytes)) {
        free(info);
        return NULL;
    }
    return info;
}

bool
ch_user_of_token(void *token, char out[CH_SID_BYTES])
{
    TOKEN_USER *user = query(token, TokenUser);
    const bool ok = write_sid(user ? user->User.Sid : NULL, out);
    free(user);
    return ok;
}

static bool
of_process(HANDLE process, char out[CH_SID_BYTES])
{
    HANDLE token;
    out[0] = '\0';
    if (!OpenProcessToken(process, TOKEN_QUERY, &token)) {
        return false;
    }
    const bool ok = ch_user_of_token(token, out);
    CloseHandle(token);
    return ok;
}

bool
ch_user_self(char out[CH_SID_BYTES])
{
    return of_process(GetCurrentProcess(), out);
}

bool
ch_user_of_process(uint32_t pid, char out[CH_SID_BYTES])
{
    HANDLE process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, pid);
    out[0] = '\0';
    if (!process) {
        return false;
    }
    const bool ok = of_process(process, out);
    CloseHandle(process);
    return ok;
}

bool
ch_user_integrity(char out[CH_SID_BYTES])
{
    HANDLE token;
    out[0] = '\0';
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) {
        return false;
    }
    TOKEN_MANDATORY_LABEL *label = query(token, TokenIntegrityLevel);
    const bool ok = write_sid(label ? label->Label.Sid : NULL, out);
    free(label);
    CloseHandle(token);
    return ok;
}

bool
ch_user_of_object(void *handle, char out[CH_SID_BYTES])
{
    PSID owner = NULL;
    PSECURITY_DESCRIPTOR descriptor = NULL;
    out[0] = '\0';
    if (GetSecurityInfo(handle, SE_KERNEL_OBJECT, OWNER_SECURITY_INFORMATION, &owner, NULL, NULL,
                        NULL, &descriptor) != ERROR_SUCCESS) {
        return false;
    }
    const bool ok = write_sid(owner, out);
    LocalFree(descriptor);
    return ok;
}

static DWORD
level_of(PSID label)
{
    return *GetSidSubAuthorityCount(label) ? *GetSidSubAuthority(label, 0) : 0;
}

// Windows writes one label.  Of several, of which one may only be for what is inherited, it is not
// for us to say which counts: the lowest does.
static PSID
labelled(PACL acl)
{
    PSID lowest = NULL;
    for (DWORD i = 0; acl && i < acl->AceCount; i++) {
        SYSTEM_MANDATORY_LABEL_ACE *ace;
        if (GetAce(acl, i, (void **)&ace) &&
            ace->Header.AceType == SYSTEM_MANDATORY_LABEL_ACE_TYPE) {
            PSID sid = &ace->SidStart;
            lowest = !lowest || level_of(sid) < level_of(lowest) ? sid : lowest;
        }
    }
    return lowest;
}

bool
ch_user_integrity_of_object(void *handle, char out[CH_SID_BYTES])
{
    PACL acl = NULL;
    PSECURITY_DESCRIPTOR descriptor = NULL;
    out[0] = '\0';
    if (GetSecurityInfo(handle, SE_KERNEL_OBJECT, LABEL_SECURITY_INFORMATION, NULL, NULL, NULL,
                        &acl, &descriptor) != ERROR_SUCCESS) {
        return false;
    }
    PSID label = labelled(acl);
    const bool ok =
        label ? write_sid(label, out) : snprintf(out, CH_SID_BYTES, "%s", INTEGRITY_MEDIUM) > 0;
    LocalFree(descriptor);
    return ok;
}

uint32_t
ch_user_level(const char *integrity)
{
    static const char authority[] = "S-1-16-";
    const size_t n = sizeof authority - 1;
    return strncmp(integrity, authority, n) == 0 ? (uint32_t)strtoul(integrity + n, NULL, 10) : 0;
}

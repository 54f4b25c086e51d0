// SPDX-License-Identifier: ISC
// daemon/control/pipe_win32.c — the security of our pipe, and a look at whoever has its name.

#include "daemon/control/pipe_win32.h"

#include <windows.h>

#include <sddl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "system/user_win32.h"
#include "system/wide_win32.h"

#define MEDIUM  "S-1-16-8192"
#define LOOK_MS 1000 ///< for an instance to look at, while its owner has none to spare

// --- the descriptor ----------------------------------------------------------------------------

wchar_t *
ch_pipe_descriptor_text(const char *owner, const char *integrity, const char *guest)
{
    char text[5 * CH_SID_BYTES + 96], ace[CH_SID_BYTES + 32] = "";
    if (guest) {
        // All of FRFW but the bit that lets one make instances; the system does not ask for it when
        // a client opens the pipe to write.
        snprintf(ace, sizeof ace, "(A;;0x%lx;;;%s)",
                 (FILE_GENERIC_READ | FILE_GENERIC_WRITE) & ~(DWORD)FILE_CREATE_PIPE_INSTANCE,
                 guest);
    }
    // P: nothing is inherited.  FA: all access.  SY: LocalSystem.  ML: the mandatory label, with no
    // reading, writing or executing up to it from below.
    snprintf(text, sizeof text, "O:%sG:%sD:P(A;;FA;;;%s)(A;;FA;;;SY)%sS:(ML;;NWNRNX;;;%s)", owner,
             owner, owner, ace, integrity);
    return ch_wide(text);
}

void *
ch_pipe_descriptor(const char *guest)
{
    char owner[CH_SID_BYTES], integrity[CH_SID_BYTES];
    if (!ch_user_self(owner) || !ch_user_integrity(integrity)) {
        return NULL;
    }
    wchar_t *text = ch_pipe_descriptor_text(owner, guest ? MEDIUM : integrity, guest);
    PSECURITY_DESCRIPTOR descriptor = NULL;
    if (!text) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
    } else if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(text, SDDL_REVISION_1,
                                                                     &descriptor, NULL)) {
        descriptor = NULL;
    }
    free(text);
    return descriptor;
}

/// Wine 8 takes the flag for the first instance and does not heed it; so they are counted, too.
static bool
is_alone(HANDLE pipe)
{
    DWORD n_instances = 0;
    return GetNamedPipeHandleStateW(pipe, NULL, &n_instances, NULL, NULL, NULL, 0) &&
           n_instances == 1;
}

void *
ch_pipe_create(const wchar_t *name, void *descriptor, bool first)
{
    SECURITY_ATTRIBUTES attributes = {
        .nLength = sizeof attributes, .lpSecurityDescriptor = descriptor, .bInheritHandle = FALSE};
    const DWORD open_mode =
        PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | (first ? FILE_FLAG_FIRST_PIPE_INSTANCE : 0);
    const DWORD pipe_mode =
        PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS;
    HANDLE pipe = CreateNamedPipeW(name, open_mode, pipe_mode, PIPE_UNLIMITED_INSTANCES,
                                   CH_PIPE_BYTES, CH_PIPE_BYTES, 0, &attributes);
    if (first && pipe != INVALID_HANDLE_VALUE && !is_alone(pipe)) {
        CloseHandle(pipe);
        SetLastError(ERROR_ACCESS_DENIED);
        pipe = INVALID_HANDLE_VALUE;
    }
    return pipe;
}

// --- who has the name --------------------------------------------------------------------------

/// The file name of a program; "" if the system does not say it.
static void
program_of(DWORD pid, char *out, size_t bytes)
{
    wchar_t path[1024];
    DWORD n = sizeof path / sizeof *path;
    HANDLE process = pid ? OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, pid) : NULL;
    out[0] = '\0';
    if (process && QueryFullProcessImageNameW(process, 0, path, &n)) {
        const wchar_t *slash = wcsrchr(path, L'\\');
        ch_narrow(slash ? slash + 1 : path, out, bytes);
    }
    if (process) {
        CloseHandle(process);
    }
}

static enum ch_pipe_holder
look_at(HANDLE pipe, char *who, size_t who_bytes)
{
    char owner[CH_SID_BYTES], self[CH_SID_BYTES], program[512], ours[512];
    ULONG pid = 0;
    GetNamedPipeServerProcessId(pipe, &pid);
    program_of(pid, program, sizeof program);
    program_of(GetCurrentProcessId(), ours, sizeof ours);
    ch_user_of_object(pipe, owner);
    ch_user_self(self);
    snprintf(who, who_bytes, "%s, pid %lu of user %s", program[0] ? program : "some program", pid,
             owner[0] ? owner : "unknown");
    if (!owner[0]) {
        return CH_PIPE_HOLDER_HIDDEN;
    }
    switch (ch_user_kind(owner, self)) {
    case CH_USER_SELF:
        break;
    case CH_USER_SYSTEM:
        return CH_PIPE_HOLDER_SYSTEM;
    case CH_USER_OTHER:
        return CH_PIPE_HOLDER_OTHER;
    }
    // What does not say its name is taken for one of ours: that is what it most likely is.
    return !program[0] || _stricmp(program, ours) == 0 ? CH_PIPE_HOLDER_DAEMON
                                                       : CH_PIPE_HOLDER_PROGRAM;
}

enum ch_pipe_holder
ch_pipe_holder(const wchar_t *name, char *who, size_t who_bytes)
{
    snprintf(who, who_bytes, "a program that may not be looked at");
    for (int i = 0; i < 3; i++) {
        HANDLE pipe = CreateFileW(
            name, GENERIC_READ, 0, NULL, OPEN_EXISTING,
            FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
        if (pipe != INVALID_HANDLE_VALUE) {
            const enum ch_pipe_holder holder = look_at(pipe, who, who_bytes);
            CloseHandle(pipe);
            return holder;
        }
        if (GetLastError() == ERROR_FILE_NOT_FOUND) {
            return CH_PIPE_HOLDER_NONE;
        }
        if (GetLastError() != ERROR_PIPE_BUSY) {
            break;
        }
        WaitNamedPipeW(name, LOOK_MS);
    }
    return CH_PIPE_HOLDER_HIDDEN;
}

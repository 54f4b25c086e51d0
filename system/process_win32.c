// SPDX-License-Identifier: ISC
// system/process_win32.c — a child in place of exec(), which does not outlive us.

#include "system/process.h"

#include <windows.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "system/console.h"
#include "system/file.h"
#include "system/path.h"
#include "system/wide_win32.h"

uint32_t
ch_sys_process_id(void)
{
    return GetCurrentProcessId();
}

/// The file of this program; malloc()ed, NULL.
static char *
own_file(void)
{
    enum { LONGEST = 32768 }; // units, says Windows of any path
    wchar_t *wide = calloc(LONGEST, sizeof *wide);
    const DWORD n = wide ? GetModuleFileNameW(NULL, wide, LONGEST) : 0;
    char *out = n > 0 && n < LONGEST ? ch_narrow_new(wide) : NULL;
    if (out) {
        ch_path_normalise(out);
    }
    free(wide);
    return out;
}

bool
ch_sys_program_beside(const char *name, char *out, size_t bytes)
{
    char *own = own_file();
    bool ok = false;
    if (own) {
        const size_t n = (size_t)(ch_path_name(own) - own);
        if (n + strlen(name) + sizeof ".exe" <= bytes) {
            struct ch_sys_file_info info;
            memcpy(out, own, n);
            strcpy(out + n, name);
            strcat(out, ".exe");
            ok = ch_sys_stat(out, &info) && info.kind == CH_SYS_REGULAR;
        }
    }
    free(own);
    return ok;
}

// --- becoming another ----------------------------------------------------------------------------

/// Its file; a bare name is looked for in PATH alone, not in the working folder.
static wchar_t *
file_of(const char *program)
{
    if (strchr(program, '/')) {
        return ch_wide_path(program);
    }
    wchar_t *name = ch_wide(program), *found = NULL;
    const DWORD n_path = GetEnvironmentVariableW(L"PATH", NULL, 0);
    wchar_t *path = n_path ? calloc(n_path, sizeof *path) : NULL;
    if (name && path && GetEnvironmentVariableW(L"PATH", path, n_path) < n_path) {
        const DWORD n = SearchPathW(path, name, L".exe", 0, NULL, NULL);
        found = n ? calloc(n + 1, sizeof *found) : NULL;
        if (found && !SearchPathW(path, name, L".exe", n + 1, found, NULL)) {
            free(found);
            found = NULL;
        }
    }
    if (!found) {
        errno = ENOENT;
    }
    free(name);
    free(path);
    return found;
}

/// One argument as CommandLineToArgvW() reads it back: quotes around it, and backslashes doubled
/// where a quote follows.  The end of what was written.
static wchar_t *
quote(wchar_t *to, const wchar_t *text)
{
    *to++ = L'"';
    for (size_t n_back = 0;; text++) {
        if (*text == L'\\') {
            n_back++;
            *to++ = L'\\';
            continue;
        }
        if (*text == L'"' || !*text) {
            for (; n_back > 0; n_back--) {
                *to++ = L'\\';
            }
        }
        if (!*text) {
            break;
        }
        if (*text == L'"') {
            *to++ = L'\\';
        }
        *to++ = *text;
        n_back = 0;
    }
    *to++ = L'"';
    return to;
}

static wchar_t *
command_line(char *const argv[])
{
    size_t n = 1;
    for (size_t i = 0; argv[i]; i++) {
        n += 2 * strlen(argv[i]) + 3;
    }
    wchar_t *line = calloc(n, sizeof *line), *at = line;
    for (size_t i = 0; line && argv[i]; i++) {
        wchar_t *wide = ch_wide(argv[i]);
        if (!wide) {
            free(line);
            return NULL;
        }
        if (i > 0) {
            *at++ = L' ';
        }
        at = quote(at, wide);
        free(wide);
    }
    return line;
}

/// Ctrl-C reaches both; the child decides what it means.                                   [ctrl]
static BOOL WINAPI
leave_to_child(DWORD event)
{
    return event == CTRL_C_EVENT || event == CTRL_BREAK_EVENT;
}

static HANDLE
job_for(HANDLE child)
{
    const HANDLE job = CreateJobObjectW(NULL, NULL);
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {.BasicLimitInformation.LimitFlags =
                                                       JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE};
    if (job) {
        SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits);
        AssignProcessToJobObject(job, child);
    }
    return job; // closed with this process
}

void
ch_sys_become(const char *program, char *const argv[])
{
    wchar_t *file = file_of(program), *line = file ? command_line(argv) : NULL;
    STARTUPINFOW start = {.cb = sizeof start};
    PROCESS_INFORMATION child = {0};
    if (line && CreateProcessW(file, line, NULL, NULL, TRUE, CREATE_SUSPENDED, NULL, NULL, &start,
                               &child)) {
        DWORD code = 1;
        (void)job_for(child.hProcess);
        SetConsoleCtrlHandler(leave_to_child, TRUE);
        ResumeThread(child.hThread);
        WaitForSingleObject(child.hProcess, INFINITE);
        GetExitCodeProcess(child.hProcess, &code);
        exit((int)code);
    }
    if (line) {
        ch_set_errno();
    }
    free(file);
    free(line);
}

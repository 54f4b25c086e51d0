// SPDX-License-Identifier: ISC
// protocol/endpoint_win32.c — the name of a local pipe, and nothing that only looks like one.

#include <windows.h>

#include <stdio.h>
#include <string.h>

#include "protocol/endpoint.h"
#include "system/user_win32.h"
#include "system/wide_win32.h"

#define PREFIX     "\\\\.\\pipe\\"
#define NAME_UNITS 256 ///< UTF-16 units of a pipe's whole name that the system takes

static bool
fail(char *out, const char **why, const char *reason)
{
    out[0] = '\0';
    if (why) {
        *why = reason;
    }
    return false;
}

static bool
is_slash(char c)
{
    return c == '\\' || c == '/';
}

/// What stands behind \\HOST\pipe\ in `text`; NULL if it is not of that form.
static const char *
behind_pipe(const char *text, size_t *n_host)
{
    if (!is_slash(text[0]) || !is_slash(text[1])) {
        return NULL;
    }
    const char *host = text + 2;
    *n_host = strcspn(host, "\\/");
    const char *share = host + *n_host;
    if (*n_host == 0 || !is_slash(share[0]) || _strnicmp(share + 1, "pipe", 4) != 0) {
        return NULL;
    }
    return share[5] == '\0' ? share + 5 : is_slash(share[5]) ? share + 6 : NULL;
}

/// Why `name` can't be what stands behind the prefix; NULL if it can.
static const char *
check_name(const char *name)
{
    const size_t length = strlen(name);
    if (length == 0) {
        return "the pipe's name is empty";
    }
    if (strpbrk(name, "\\/")) {
        return "a pipe's name has no '\\' or '/' in it: give a bare name, or \\\\.\\pipe\\NAME";
    }
    for (const char *p = name; *p; p++) {
        if ((unsigned char)*p < 0x20) {
            return "a pipe's name has no control characters";
        }
    }
    // The system would drop these, and another name would be meant; "." and ".." are ways.
    if (name[length - 1] == '.' || name[length - 1] == ' ') {
        return "a pipe's name does not end in a dot or a blank";
    }
    return NULL;
}

/// @param text what the user has given, a whole name or the last part of one
static bool
make_name(const char *text, char *out, const char **why)
{
    size_t n_host = 0;
    const char *name = behind_pipe(text, &n_host);
    if (name && (n_host != 1 || (text[2] != '.' && text[2] != '?'))) {
        return fail(out, why,
                    "it names another machine: chant's pipes are local, \\\\.\\pipe\\NAME");
    }
    name = name ? name : text;
    const char *reason = check_name(name);
    if (reason) {
        return fail(out, why, reason);
    }
    if (strlen(name) > NAME_UNITS - strlen(PREFIX)) {
        return fail(out, why, "the pipe's name is longer than 256 bytes; choose a shorter one");
    }
    snprintf(out, CH_ENDPOINT_BYTES, "%s%s", PREFIX, name);
    wchar_t wide[CH_ENDPOINT_BYTES];
    if (!MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, out, -1, wide, CH_ENDPOINT_BYTES)) {
        return fail(out, why, "the pipe's name is not UTF-8");
    }
    return true;
}

static bool
default_name(char *out)
{
    char sid[CH_SID_BYTES];
    if (!ch_user_self(sid)) {
        out[0] = '\0';
        return false;
    }
    snprintf(out, CH_ENDPOINT_BYTES, "%schant-%s", PREFIX, sid);
    return true;
}

bool
ch_endpoint_path(const char *option, char *out, const char **why)
{
    if (option) {
        return make_name(option, out, why);
    }
    // One unit more than any name has: what does not fit is none.
    wchar_t wide[NAME_UNITS + 2];
    const DWORD n = GetEnvironmentVariableW(L"CHANT_SOCKET", wide, NAME_UNITS + 2);
    char variable[3 * NAME_UNITS + 8];
    if (n >= NAME_UNITS + 2 ||
        (n && ch_narrow(wide, variable, sizeof variable) > sizeof variable)) {
        return fail(out, why, "%CHANT_SOCKET% is longer than 256 bytes; choose a shorter name");
    }
    if (n) {
        return make_name(variable, out, why);
    }
    return default_name(out) || fail(out, why, "the system does not say who you are");
}

bool
ch_endpoint_is_default(const char *path)
{
    char expected[CH_ENDPOINT_BYTES];
    return default_name(expected) && _stricmp(path, expected) == 0;
}

// SPDX-License-Identifier: ISC
// system/path_win32.c — drives, servers, and the names that DOS left behind.

#include "system/path.h"

#include <ctype.h>
#include <string.h>

static bool
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_slash(char c)
{
    return c == '/' || c == '\\';
}

size_t
ch_path_root(const char *path)
{
    if (is_letter(path[0]) && path[1] == ':') {
        return is_slash(path[2]) ? 3 : 0;
    }
    if (!is_slash(path[0]) || !is_slash(path[1])) {
        return 0;
    }
    const size_t n_server = strcspn(path + 2, "/\\");
    const char *share = path + 2 + n_server;
    const size_t n_share = *share ? strcspn(share + 1, "/\\") : 0;
    if (n_server == 0 || n_share == 0) {
        return 0;
    }
    const size_t n = 2 + n_server + 1 + n_share;
    return path[n] ? n + 1 : n;
}

bool
ch_path_is_half(const char *path)
{
    return !ch_path_is_absolute(path) &&
           (is_slash(path[0]) || (is_letter(path[0]) && path[1] == ':'));
}

void
ch_path_normalise(char *path)
{
    for (char *at = path; *at; at++) {
        *at = *at == '\\' ? '/' : *at;
    }
    if (!strncmp(path, "//?/", 4)) {
        if (!_strnicmp(path + 4, "UNC/", 4)) {
            memmove(path + 2, path + 8, strlen(path + 8) + 1);
        } else if (is_letter(path[4]) && path[5] == ':') {
            memmove(path, path + 4, strlen(path + 4) + 1);
        }
    }
    if (path[0] >= 'a' && path[0] <= 'z' && path[1] == ':') {
        path[0] = (char)(path[0] - 'a' + 'A');
    }
}

const char *
ch_path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : is_letter(path[0]) && path[1] == ':' ? path + 2 : path;
}

/// Bytes of the number of a port: a digit, or one of ¹ ² ³, which count as digits there; else 0.
static size_t
port_number(const char *text)
{
    static const char *const raised[] = {"¹", "²", "³"};
    if (text[0] >= '0' && text[0] <= '9') {
        return 1;
    }
    for (size_t i = 0; i < sizeof raised / sizeof *raised; i++) {
        if (!strncmp(text, raised[i], strlen(raised[i]))) {
            return strlen(raised[i]);
        }
    }
    return 0;
}

/// CON, PRN, AUX, NUL, COM0 … 9, LPT0 … 9, with or without a suffix.
static bool
is_device(const char *name)
{
    static const char *const devices[] = {"con", "prn", "aux", "nul", "com", "lpt"};
    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) {
        size_t n = 0;
        while (n < 3 && tolower((unsigned char)name[n]) == devices[i][n]) {
            n++;
        }
        const size_t n_number = n == 3 && i >= 4 ? port_number(name + 3) : 0;
        if (n == 3 && (i < 4 || n_number)) {
            n += n_number;
            // Blanks before the suffix do not make it another.
            n += strspn(name + n, " ");
            if (!name[n] || name[n] == '.') {
                return true;
            }
        }
    }
    return false;
}

bool
ch_path_name_ok(const char *name, const char **why)
{
    const size_t n = strlen(name);
    *why = NULL;
    if (strpbrk(name, "<>:\"|?*\\")) {
        *why = "must not have any of < > : \" | ? * \\ in it";
    } else if (n > 0 && (name[n - 1] == '.' || name[n - 1] == ' ')) {
        *why = "must not end with a dot or a blank";
    } else if (is_device(name)) {
        *why = "must not be that of a device (CON, NUL, COM1 …)";
    }
    return !*why;
}

const char *
ch_path_uri_prefix(const char *path)
{
    return path[0] == '/' && path[1] == '/' ? "file:" : path[0] == '/' ? "file://" : "file:///";
}

void
ch_path_from_uri(char *path)
{
    // '|' for ':' is of the first browsers, and still written.
    if (path[0] == '/' && is_letter(path[1]) && (path[2] == ':' || path[2] == '|')) {
        memmove(path, path + 1, strlen(path));
        path[1] = ':';
    }
    ch_path_normalise(path);
}

bool
ch_path_has_servers(void)
{
    return true;
}

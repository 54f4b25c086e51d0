// SPDX-License-Identifier: ISC
// protocol/endpoint_posix.c — the path of a Unix socket, from option, environment or default.

#include "protocol/endpoint.h"

#include <stdlib.h>
#include <string.h>

/// Room for a Unix socket path on every system: sun_path is 108 bytes on Linux.
#define PATH_BYTES 108

// What does not fit becomes the empty string: no path is ever cut short, for a shorter one might
// exist and belong to someone else.
static bool
join(char *out, const char *directory, const char *file)
{
    size_t head = strlen(directory);
    size_t tail = strlen(file);
    if (head >= PATH_BYTES || tail >= PATH_BYTES - head) {
        out[0] = '\0';
        return false;
    }
    memcpy(out, directory, head);
    memcpy(out + head, file, tail + 1);
    return true;
}

static bool
default_path(char *out)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    // The XDG base directory specification: a relative path is invalid and to be ignored.
    if (runtime && runtime[0] == '/') {
        return join(out, runtime, "/chant/chant.sock");
    }
    return join(out, "/run/chant", "/chant.sock");
}

static bool
fail(char *out, const char **why, const char *reason)
{
    out[0] = '\0';
    if (why) {
        *why = reason;
    }
    return false;
}

bool
ch_endpoint_path(const char *option, char *out, const char **why)
{
    if (option) {
        if (!option[0]) {
            return fail(out, why, "the socket path is empty");
        }
        return join(out, option, "") ||
               fail(out, why, "the socket path is longer than 107 bytes; choose a shorter one");
    }
    const char *variable = getenv("CHANT_SOCKET");
    if (variable && variable[0]) {
        return join(out, variable, "") ||
               fail(out, why, "$CHANT_SOCKET is longer than 107 bytes; choose a shorter path");
    }
    return default_path(out) ||
           fail(out, why, "$XDG_RUNTIME_DIR is too long for a socket; give one with --socket");
}

bool
ch_endpoint_is_default(const char *path)
{
    char expected[CH_ENDPOINT_BYTES];
    return default_path(expected) && !strcmp(path, expected);
}

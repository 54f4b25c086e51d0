// SPDX-License-Identifier: ISC
// protocol/endpoint.h — where the daemon listens and the client calls: one rule for both.
//
// A Unix socket (endpoint_posix.c):
//   --socket > $CHANT_SOCKET > $XDG_RUNTIME_DIR/chant/chant.sock > /run/chant/chant.sock
// A named pipe (endpoint_win32.c):
//   --socket > %CHANT_SOCKET% > \\.\pipe\chant-SID, SID being that of the user
// where a bare NAME stands for \\.\pipe\NAME, and a pipe of another machine is refused.

#ifndef CH_PROTOCOL_ENDPOINT_H
#define CH_PROTOCOL_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>

/// Room for either: 108 for the path of a socket, 256 units for the name of a pipe.
#define CH_ENDPOINT_BYTES 260

/// @param option   value of --socket, or NULL
/// @param out      CH_ENDPOINT_BYTES
/// @param why      on failure a static reason: too long, empty, no name of a pipe
/// @return false if the address can't be one.
bool ch_endpoint_path(const char *option, char *out, const char **why);

/// The directory part of the default address, which the daemon may create (0700); false if `path`
/// is not the default one and its directory is the user's business.
bool ch_endpoint_is_default(const char *path);

#endif

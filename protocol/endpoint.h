// SPDX-License-Identifier: ISC
// protocol/endpoint.h — where the daemon listens and the client calls: one rule for both.
//
// --socket > $CHANT_SOCKET > $XDG_RUNTIME_DIR/chant/chant.sock > /run/chant/chant.sock

#ifndef CH_PROTOCOL_ENDPOINT_H
#define CH_PROTOCOL_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>

/// Room for a Unix socket path on every system: sun_path is 108 bytes on Linux.
#define CH_ENDPOINT_BYTES 108

/// @param option   value of --socket, or NULL
/// @param out      CH_ENDPOINT_BYTES
/// @param why      on failure a static reason: too long, empty
/// @return false if the address can't be one.
bool ch_endpoint_path(const char *option, char *out, const char **why);

/// The directory part of the default address, which the daemon may create (0700); false if `path`
/// is not the default one and its directory is the user's business.
bool ch_endpoint_is_default(const char *path);

#endif

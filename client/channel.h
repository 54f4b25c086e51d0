// SPDX-License-Identifier: ISC
// client/channel.h — the way to the daemon: a Unix socket, or a named pipe whose owner is known.
//
// Bytes out and bytes in, bounded in time, and a wait for what ends a command: the daemon speaks or
// goes, or nobody reads what we print any more.  A wait for a key as well belongs to the terminal:
// ch_channel_waitable() is what it waits on beside its keyboard.

#ifndef CH_CLIENT_CHANNEL_H
#define CH_CLIENT_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ch_channel_status {
    CH_CHANNEL_OK,
    CH_CHANNEL_NONE,      ///< nothing in time, or our reader has gone
    CH_CHANNEL_ABSENT,    ///< nobody listens there
    CH_CHANNEL_FORBIDDEN, ///< the system does not let us in
    CH_CHANNEL_UNTRUSTED, ///< who listens there is neither us nor the system
    CH_CHANNEL_BUSY,      ///< it does not take connections, or does not read, in time
    CH_CHANNEL_CLOSED,    ///< the other end has gone
    CH_CHANNEL_FAILED,
};

struct ch_channel; ///< channel_posix.c, channel_win32.c

/// Connect; on Windows nothing is sent before the owner of the other end is known to be us or the
/// system.
/// @param timeout_ms for the connection, and for each ch_channel_send()
/// @param why        filled with what went wrong, if it did
enum ch_channel_status ch_channel_open(struct ch_channel **out, const char *path, int timeout_ms,
                                       char *why, size_t why_bytes);
/// What was sent is with the system and arrives.  NULL is nothing.
void ch_channel_close(struct ch_channel *channel);

/// All of it: OK, BUSY or CLOSED.
enum ch_channel_status ch_channel_send(struct ch_channel *channel, const char *bytes,
                                       size_t n_bytes);

/// What is there, at most n_bytes: OK and *n_received > 0, NONE or CLOSED.  Never waits.
enum ch_channel_status ch_channel_receive(struct ch_channel *channel, char *bytes, size_t n_bytes,
                                          size_t *n_received);

/// Wait until ch_channel_receive() has something to say: OK; or NONE, in vain.
/// @param timeout_ms < 0: for ever
/// @param with_reader end the waiting, too, when whoever reads our stdout has gone
enum ch_channel_status ch_channel_wait(struct ch_channel *channel, int timeout_ms,
                                       bool with_reader);

/// What becomes ready when ch_channel_receive() has something to say: a descriptor to poll for
/// POLLIN, or the HANDLE of an event that stays set until it was received.  The channel's own; ask
/// again before each wait.
intptr_t ch_channel_waitable(struct ch_channel *channel);

/// How a daemon is started here, for a message.
extern const char ch_channel_start_hint[];

/// What --socket takes and what is taken without it: two lines of `chant --help`.
extern const char ch_channel_option_help[];

#endif

// SPDX-License-Identifier: ISC
// client/channel_win32.h — what the carrying of bytes needs of the pipe besides client/channel.h.

#ifndef CH_CLIENT_CHANNEL_WIN32_H
#define CH_CLIENT_CHANNEL_WIN32_H

#include "client/channel.h"

/// As ch_channel_send(), with a limit of its own, INFINITE for none; may be called beside
/// ch_channel_receive() in another thread.
enum ch_channel_status ch_channel_write(struct ch_channel *channel, const char *bytes,
                                        size_t n_bytes, unsigned long timeout_ms);

/// Give up what is under way in any thread; nothing more can be sent or received.
void ch_channel_cancel(struct ch_channel *channel);

/// Whether stdout is a pipe whose reader has gone, without writing to it.
bool ch_channel_reader_gone(void);

/// How often that is asked while something is waited for.
#define CH_READER_POLL_MS 100

/// What the system says to a code of GetLastError(), on one line.
void ch_channel_explain(unsigned long err, char *why, size_t why_bytes);

#endif

// SPDX-License-Identifier: ISC
// protocol/decode.h — text files as UTF-8, whatever they were saved as.

#ifndef CH_PROTOCOL_DECODE_H
#define CH_PROTOCOL_DECODE_H

#include <stddef.h>

/// UTF-16 with a byte order mark or with letters to tell it by, UTF-8 with or without a mark, and
/// what is neither as Windows-1252.  No NUL is left in it: that and what is broken becomes U+FFFD.
/// With a '\0' behind it, to be freed; NULL: out of memory.                              [any]
char *ch_text_to_utf8(const char *bytes, size_t n_bytes, size_t *length);

#endif

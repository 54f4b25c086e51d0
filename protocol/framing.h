// SPDX-License-Identifier: ISC
// protocol/framing.h — bytes from a stream into lines, whatever pieces they come in.
//
// The buffer grows with what arrives and never beyond the limit; a longer line is reported once,
// when its end has come, and drained without being kept.  It shrinks again when it is empty.

#ifndef CH_PROTOCOL_FRAMING_H
#define CH_PROTOCOL_FRAMING_H

#include <stdbool.h>
#include <stddef.h>

struct ch_framer {
    char *buffer; ///< an unfinished line
    size_t length, capacity;
    size_t max_line; ///< bytes without the newline
    bool draining;   ///< inside a line that is too long
};

enum ch_line { CH_LINE_OK, CH_LINE_TOO_LONG };

/// One line without "\n" or "\r\n"; `text` is valid during the call, and text[length] may be read
/// (it is the terminator or 0).  A line that is too long comes without its text.  A line that is
/// empty or all spaces and tabs is not reported.  If it returns false, feeding stops there, and the
/// framer may be gone already.
typedef bool (*ch_line_fn)(void *context, enum ch_line kind, char *text, size_t length);

void ch_framer_init(struct ch_framer *framer, size_t max_line);
void ch_framer_fini(struct ch_framer *framer);

/// Take `length` bytes.  Complete lines inside `bytes` are reported in place, without a copy.
/// *n_taken (may be NULL) is less than length only if on_line returned false.
/// False without memory: the unfinished line is lost and will be reported as too long.
bool ch_framer_feed(struct ch_framer *framer, char *bytes, size_t length, size_t *n_taken,
                    ch_line_fn on_line, void *context);

/// The peer has closed: report what is left as a last line.
void ch_framer_finish(struct ch_framer *framer, ch_line_fn on_line, void *context);

#endif

// SPDX-License-Identifier: ISC
// client/term.h — the terminal as a picture: opened, drawn on, and always given back whole.
//
// The only header of ours that needs curses.  There is one terminal, so its state is the file's.

#ifndef CH_CLIENT_TERM_H
#define CH_CLIENT_TERM_H

#include <curses.h>
#include <stdbool.h>
#include <stdint.h>

struct ch_rect {
    int y, x, height, width; ///< cells; height and width may be 0 or less
};

// Opening, waiting, keys and the size: term_posix.c, term_win32.c.  Drawing: term.c.

/// An exit code; after CH_EXIT_OK ch_term_close() is due.
int ch_term_open(void);
void ch_term_close(void);

/// Wait for what ch_channel_waitable() gave, a key, a signal or the time to pass.
void ch_term_wait(intptr_t waitable, int timeout_ms);

/// The signal that asks us to end, or 0.
int ch_term_signal(void);

/// Whether the size has changed since the last call; curses knows it then.
bool ch_term_resized(void);

/// The next key, or ERR.
int ch_term_key(void);

bool ch_term_utf8(void);

/// Attributes of a place on the scale from 0 (calm, green) to 1 (loud, red).
attr_t ch_term_gradient(double place);
/// For what should not catch the eye.
attr_t ch_term_faint(void);

/// One character.
void ch_term_put(int y, int x, uint32_t glyph, attr_t attributes);

/// Text cut to `width` columns; what steers a terminal or can't be shown becomes '?'.
/// @return columns used
int ch_term_text(int y, int x, int width, attr_t attributes, const char *text);
/// Columns that it takes.
int ch_term_text_width(const char *text);

#endif

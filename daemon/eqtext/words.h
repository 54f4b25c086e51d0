// SPDX-License-Identifier: ISC
// daemon/eqtext/words.h — words and numbers of a line as people and programs write them.

#ifndef CH_EQTEXT_WORDS_H
#define CH_EQTEXT_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#define CH_WORDS_LINE_BYTES 512
#define CH_WORD_BYTES       32

/// Copy a line with every kind of blank as a space and a typographic minus as '-'.  False if it
/// does not fit.
bool ch_words_tidy(char out[CH_WORDS_LINE_BYTES], const char *text, size_t length);

/// Letters, and what may stand in a name; *at moves behind it.  Longer words are cut.
/// False if there is none.
bool ch_words_word(const char **at, char word[CH_WORD_BYTES]);

/// Whether the next word is this one, in any case; then *at moves behind it.
bool ch_words_skip(const char **at, const char *word);

/// A number, with a point or a comma.
bool ch_words_number(const char **at, double *value);

/// A frequency with its unit ("Hz", "kHz" or none), and thousands apart: "1,200 Hz", "1 200,5 Hz",
/// "1.2 kHz".
bool ch_words_frequency(const char **at, double *freq_hz);

void ch_words_blanks(const char **at);

/// strcasecmp() of this alphabet, whatever the locale.
bool ch_words_same(const char *a, const char *b);

#endif

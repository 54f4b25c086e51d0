// SPDX-License-Identifier: ISC
// client/eq_sliders.h — the sliders of the graphic equaliser, drawn and by name.

#ifndef CH_CLIENT_EQ_SLIDERS_H
#define CH_CLIENT_EQ_SLIDERS_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

/// The sliders in an answer that has "graphic", or what layouts there are.
void ch_sliders_print(const cJSON *answer);

/// "31.5", "1k", "12.5k": a centre as sliders are labelled.  `out` holds CH_SLIDER_BYTES.
void ch_slider_label(double hz, char *out);
#define CH_SLIDER_BYTES 16

/// Which slider of "graphic" a word such as "1k", "63" or "12.5kHz" means; -1: none.
int ch_slider_find(const cJSON *graphic, const char *word);

/// Whether the word is a frequency at all.
bool ch_slider_is_word(const char *word);

#endif

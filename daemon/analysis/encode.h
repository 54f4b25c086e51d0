// SPDX-License-Identifier: ISC
// daemon/analysis/encode.h — numbers to text, straight into a buffer.                  [any, pure]
//
// Frames go out a hundred times a second: no JSON tree, no printf, no locale.  A buffer that is too
// small is noticed (`full`), never overrun.

#ifndef CH_ANALYSIS_ENCODE_H
#define CH_ANALYSIS_ENCODE_H

#include <stdbool.h>
#include <stdint.h>

struct ch_text {
    char *data;
    uint32_t n_bytes, capacity;
    bool full; ///< something did not fit; what is there is not to be used
};

/// Bytes of a number as put by ch_text_fixed(), and a comma, for magnitudes below 10^9.
#define CH_TEXT_NUMBER_MAX 16

/// Text as it is; the caller sees to it that it is valid JSON.
void ch_text_literal(struct ch_text *text, const char *literal);

/// A JSON number with `decimals` (0…4) places, rounded, never "-0"; null if it is not finite.
/// Magnitudes are limited to 10^9.
void ch_text_fixed(struct ch_text *text, double value, uint32_t decimals);

/// A level as ch_text_fixed() with one decimal has it, between -999.9 and 999.9; no branch is taken
/// for what levels are not.
void ch_text_tenths(struct ch_text *text, float value);

void ch_text_uint(struct ch_text *text, uint32_t value);

/// RFC 4648 base64 with padding.  Pieces of a multiple of 3 bytes join up.
void ch_text_base64(struct ch_text *text, const uint8_t *bytes, uint32_t n_bytes);

#endif

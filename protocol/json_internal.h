// SPDX-License-Identifier: ISC
// protocol/json_internal.h — what the JSON files know of one another; for nobody else.

#ifndef CH_PROTOCOL_JSON_INTERNAL_H
#define CH_PROTOCOL_JSON_INTERNAL_H

#include "protocol/json.h"

/// Bytes of a number that every cJSON reads: 1.7.15 copies it into 64 bytes and stops there.
#define CH_NUMBER_BYTES 63

/// Digits that a shortened number keeps: more than twice what a double holds.
#define CH_DECIMAL_DIGITS 40

/// What a check learns on its way.
struct ch_json_facts {
    bool long_number; ///< a number has more than CH_NUMBER_BYTES
    size_t at;        ///< offset of the first offence
};

enum ch_json_verdict ch_json_scan(const char *text, size_t length, unsigned max_depth,
                                  struct ch_json_facts *facts);

/// A JSON number taken apart: 0.d1d2d3… × 10^exponent, d1 != 0; n_digits is 0 for zero.
struct ch_decimal {
    char digits[CH_DECIMAL_DIGITS];
    size_t n_digits;
    long long exponent;
    bool negative;
    bool more; ///< digits other than 0 were left out
};

/// `text` is a number by the grammar.
void ch_decimal_read(struct ch_decimal *decimal, const char *text, size_t length);
/// Whether it rounds to a finite double.
bool ch_decimal_is_finite(const struct ch_decimal *decimal);
/// Write it as a JSON number; `out` has CH_NUMBER_BYTES + 1 and is terminated.  Returns the length.
size_t ch_decimal_write(const struct ch_decimal *decimal, char *out);

/// Length of the UTF-8 sequence at `p` < `end`; minus the number of bytes that one U+FFFD stands
/// for if there is none (a "maximal subpart", as Unicode recommends).
int ch_utf8_step(const unsigned char *p, const unsigned char *end);

/// Make room for n_bytes more.  False, and buf->failed, without memory.
bool ch_buf_grow(struct ch_buf *buf, size_t n_bytes);

/// Where the next n_bytes may be written, or NULL.  buf->length is the writer's to set.
static inline char *
ch_buf_reserve(struct ch_buf *buf, size_t n_bytes)
{
    if (buf->capacity - buf->length < n_bytes && !ch_buf_grow(buf, n_bytes)) {
        return NULL;
    }
    return buf->failed ? NULL : buf->data + buf->length;
}

/// Room for a value of n_bytes, behind the comma that it may need.
char *ch_json_reserve(struct ch_buf *buf, size_t n_bytes);

/// What was reserved has been written up to `end`.
static inline void
ch_buf_commit(struct ch_buf *buf, const char *end)
{
    buf->length = (size_t)(end - buf->data);
}

#endif

// SPDX-License-Identifier: ISC
// protocol/json.h — JSON as this protocol has it: checked strictly, written straight into a buffer.
//
// Reading: ch_json_parse() first checks the grammar of RFC 8259, UTF-8 and nesting itself, without
// recursion, then lets cJSON build the tree.  (cJSON alone takes "01", control characters in
// strings and a thousand levels.)  Of equal keys, cJSON_GetObjectItemCaseSensitive() finds the
// first.  A number may have any length and becomes a double; of one with more than 63 bytes the
// first 40 digits count.  Writing: struct ch_buf plus ch_json_* below, no tree.
//
// One thread parses: cJSON notes the place of its last error in a global.

#ifndef CH_PROTOCOL_JSON_H
#define CH_PROTOCOL_JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// --- reading ---------------------------------------------------------------------------------

enum ch_json_verdict {
    CH_JSON_OK,
    CH_JSON_SYNTAX,
    CH_JSON_BAD_UTF8,
    CH_JSON_TOO_DEEP,
    CH_JSON_NUL,     ///< a string holds U+0000, which no text of this protocol may
    CH_JSON_TOO_BIG, ///< a number beyond the range of a double; it would come out as infinite
    CH_JSON_NO_MEMORY,
};

/// A phrase for `detail`.
const char *ch_json_verdict_text(enum ch_json_verdict verdict);

/// Check only, to max_depth levels (1000 at most, as cJSON has it).  *at (may be NULL) is the
/// offset of the first offence.
enum ch_json_verdict ch_json_check(const char *text, size_t length, unsigned max_depth, size_t *at);

/// Check and build; *out is the caller's, to be given to cJSON_Delete().
enum ch_json_verdict ch_json_parse(const char *text, size_t length, unsigned max_depth, cJSON **out,
                                   size_t *at);

/// Whether `length` bytes are well-formed UTF-8 (no surrogates, nothing overlong, <= U+10FFFF).
bool ch_utf8_valid(const char *text, size_t length);

// --- writing ---------------------------------------------------------------------------------

/// A growing byte string.  Out of memory is remembered in `failed` and later writes do nothing.
struct ch_buf {
    char *data; ///< not terminated
    size_t length, capacity;
    bool failed;
};

void ch_buf_init(struct ch_buf *buf);
void ch_buf_fini(struct ch_buf *buf);
void ch_buf_append(struct ch_buf *buf, const void *bytes, size_t length);
void ch_buf_text(struct ch_buf *buf, const char *text);
void ch_buf_char(struct ch_buf *buf, char c);
/// Keep the memory, forget the content and the failure.
void ch_buf_clear(struct ch_buf *buf);

/// Commas are put where they belong: a writer knows whether it stands after '{', '[', ':' or a
/// value by the last byte of the buffer; after a newline it begins anew.
void ch_json_begin_object(struct ch_buf *buf);
void ch_json_end_object(struct ch_buf *buf);
void ch_json_begin_array(struct ch_buf *buf);
void ch_json_end_array(struct ch_buf *buf);
/// `key` is one of ours: not escaped.
void ch_json_key(struct ch_buf *buf, const char *key);

void ch_json_null(struct ch_buf *buf);
void ch_json_bool(struct ch_buf *buf, bool value);
void ch_json_uint(struct ch_buf *buf, uint64_t value);
void ch_json_int(struct ch_buf *buf, int64_t value);
/// Shortest text with at most `decimals` (0…15) digits after the point, ties away from zero, no -0;
/// NaN and infinity become null.
void ch_json_fixed(struct ch_buf *buf, double value, int decimals);
/// Escaped; bytes that are not UTF-8 become U+FFFD, and so does U+0000.  NULL becomes null.
void ch_json_string(struct ch_buf *buf, const char *text);
void ch_json_string_n(struct ch_buf *buf, const char *text, size_t length);
/// A JSON value that stands in `text` already.
void ch_json_raw(struct ch_buf *buf, const char *text, size_t length);
/// A number as JSON-RPC ids need it: integers to 2^53 keep their digits, others get as many (15 to
/// 17) as it takes to read the same number back.
void ch_json_number(struct ch_buf *buf, double value);
/// A parsed value, written compactly (ids are echoed by this).
void ch_json_value(struct ch_buf *buf, const cJSON *value);
/// A string value holding `length` bytes in base64 (RFC 4648, padded).
void ch_json_base64(struct ch_buf *buf, const void *bytes, size_t length);

/// Key and value at once.
void ch_json_kv_null(struct ch_buf *buf, const char *key);
void ch_json_kv_bool(struct ch_buf *buf, const char *key, bool value);
void ch_json_kv_uint(struct ch_buf *buf, const char *key, uint64_t value);
void ch_json_kv_fixed(struct ch_buf *buf, const char *key, double value, int decimals);
void ch_json_kv_string(struct ch_buf *buf, const char *key, const char *text);

#endif

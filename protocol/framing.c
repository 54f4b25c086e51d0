// SPDX-License-Identifier: ISC
// protocol/framing.c — bytes into lines.
//
// A line that lies whole in the incoming bytes is handed out where it lies; only the piece that a
// read cuts off is copied.  The buffer never holds a newline, so no byte is looked at twice.

#include "protocol/framing.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_BYTES = 256, ///< first size of the buffer
    KEEP_BYTES = 4096, ///< an empty buffer up to this size is kept for the next piece
};

void
ch_framer_init(struct ch_framer *framer, size_t max_line)
{
    // Half the address space: the sums below can't wrap.
    *framer = (struct ch_framer){.max_line = max_line < SIZE_MAX / 2 ? max_line : SIZE_MAX / 2};
}

static void
release(struct ch_framer *framer)
{
    free(framer->buffer);
    framer->buffer = NULL;
    framer->length = 0;
    framer->capacity = 0;
}

void
ch_framer_fini(struct ch_framer *framer)
{
    release(framer);
    framer->draining = false;
}

// The rest of this line goes by unseen.
static void
drain(struct ch_framer *framer)
{
    release(framer);
    framer->draining = true;
}

// Bytes of the line without the '\r' of its "\r\n".
static size_t
without_return(const char *text, size_t length)
{
    return length > 0 && text[length - 1] == '\r' ? length - 1 : length;
}

static bool
is_blank(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] != ' ' && text[i] != '\t') {
            return false;
        }
    }
    return true;
}

static bool
report_too_long(ch_line_fn on_line, void *context)
{
    char nothing[1] = "";
    return on_line(context, CH_LINE_TOO_LONG, nothing, 0);
}

static bool
report(const struct ch_framer *framer, char *text, size_t length, ch_line_fn on_line, void *context)
{
    length = without_return(text, length);
    if (length > framer->max_line) {
        return report_too_long(on_line, context);
    }
    return is_blank(text, length) || on_line(context, CH_LINE_OK, text, length);
}

// Room for `length` bytes and a terminator.
static bool
reserve(struct ch_framer *framer, size_t length)
{
    if (length < framer->capacity) {
        return true;
    }
    size_t capacity = framer->capacity ? framer->capacity : FIRST_BYTES;
    while (capacity <= length) {
        capacity *= 2;
    }
    // A line at the limit, its '\r' and a terminator are all that is ever kept.
    if (capacity - 2 > framer->max_line) {
        capacity = framer->max_line + 2;
    }
    char *buffer = realloc(framer->buffer, capacity);
    if (!buffer) {
        return false;
    }
    framer->buffer = buffer;
    framer->capacity = capacity;
    return true;
}

// Add to the unfinished line, or begin to drain if it is too long already.
static bool
keep(struct ch_framer *framer, const char *bytes, size_t length)
{
    if (framer->draining || length == 0) {
        return true;
    }
    // The last byte may turn out to be the '\r' of the newline, which does not count.
    size_t sum = framer->length + length;
    if (length > framer->max_line + 1 ||
        sum - (bytes[length - 1] == '\r' ? 1 : 0) > framer->max_line) {
        drain(framer);
        return true;
    }
    if (!reserve(framer, sum)) {
        drain(framer);
        return false;
    }
    memcpy(framer->buffer + framer->length, bytes, length);
    framer->length = sum;
    framer->buffer[sum] = '\0';
    return true;
}

// The unfinished line is complete.  Nothing is touched after a callback that returns false, so that
// it may take the framer with it.
static bool
finish_line(struct ch_framer *framer, ch_line_fn on_line, void *context)
{
    if (framer->draining) {
        framer->draining = false;
        return report_too_long(on_line, context);
    }
    size_t length = framer->length;
    framer->length = 0;
    if (!report(framer, framer->buffer, length, on_line, context)) {
        return false;
    }
    if (framer->capacity > KEEP_BYTES) {
        release(framer);
    }
    return true;
}

bool
ch_framer_feed(struct ch_framer *framer, char *bytes, size_t length, size_t *n_taken,
               ch_line_fn on_line, void *context)
{
    char *const end = length ? bytes + length : bytes; // an empty read may come without bytes
    char *at = bytes;
    bool go_on = true;
    bool ok = true;
    while (go_on && at < end) {
        char *newline = memchr(at, '\n', (size_t)(end - at));
        char *stop = newline ? newline : end;
        if (newline && framer->length == 0 && !framer->draining) {
            go_on = report(framer, at, (size_t)(stop - at), on_line, context);
        } else {
            ok &= keep(framer, at, (size_t)(stop - at));
            go_on = !newline || finish_line(framer, on_line, context);
        }
        at = newline ? newline + 1 : end;
    }
    if (n_taken) {
        *n_taken = (size_t)(at - bytes);
    }
    return ok;
}

void
ch_framer_finish(struct ch_framer *framer, ch_line_fn on_line, void *context)
{
    if (framer->length > 0 || framer->draining) {
        finish_line(framer, on_line, context);
    }
}

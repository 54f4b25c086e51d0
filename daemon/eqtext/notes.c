// SPDX-License-Identifier: ISC
// daemon/eqtext/notes.c — what was left out, and why.

#include <stdarg.h>
#include <string.h>

#include "daemon/eqtext/internal.h"

// As much of the line as fits, whole characters, without what would not be text.
static void
copy_text(char out[CH_EQTEXT_TEXT_BYTES], const struct ch_eqtext_line *line)
{
    size_t length = line->length;
    if (length >= CH_EQTEXT_TEXT_BYTES) {
        length = CH_EQTEXT_TEXT_BYTES - 1;
        while (length && ((unsigned char)line->text[length] & 0xC0) == 0x80) {
            length--;
        }
    }
    for (size_t i = 0; i < length; i++) {
        out[i] = line->text[i] ? line->text[i] : '?';
    }
    out[length] = '\0';
}

static struct ch_eqtext_note *
next_note(struct ch_eqtext_notes *notes)
{
    notes->n++;
    return notes->n_listed < CH_EQTEXT_NOTES_MAX ? &notes->list[notes->n_listed++] : NULL;
}

void
ch_eqtext_note(struct ch_eqtext_notes *notes, const struct ch_eqtext_line *line, const char *fmt,
               ...)
{
    struct ch_eqtext_note *note = next_note(notes);
    if (!note) {
        return;
    }
    note->line = line->number;
    note->index = -1;
    copy_text(note->text, line);
    va_list args;
    va_start(args, fmt);
    vsnprintf(note->why, sizeof note->why, fmt, args);
    va_end(args);
}

void
ch_eqtext_unsaid(struct ch_eqtext_notes *notes, int index, const char *fmt, ...)
{
    struct ch_eqtext_note *note = next_note(notes);
    if (!note) {
        return;
    }
    note->line = 0;
    note->index = index;
    note->text[0] = '\0';
    va_list args;
    va_start(args, fmt);
    vsnprintf(note->why, sizeof note->why, fmt, args);
    va_end(args);
}

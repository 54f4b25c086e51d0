// SPDX-License-Identifier: ISC
// system/text.h — a stream whose text ends up in memory.

#ifndef CH_SYSTEM_TEXT_H
#define CH_SYSTEM_TEXT_H

#include <stdio.h>

struct ch_sys_text {
    FILE *out; ///< to write to; NULL if it could not be opened
    char *text;
    size_t n;
};

/// text->out is to be written to until ch_sys_text_close().                               [any]
void ch_sys_text_open(struct ch_sys_text *text);

/// What was written, with a '\0', malloc()ed; NULL if it could not be kept.  The stream is gone.
char *ch_sys_text_close(struct ch_sys_text *text);

#endif

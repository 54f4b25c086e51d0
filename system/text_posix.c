// SPDX-License-Identifier: ISC
// system/text_posix.c — open_memstream().

#include "system/text.h"

#include <stdlib.h>

void
ch_sys_text_open(struct ch_sys_text *text)
{
    *text = (struct ch_sys_text){0};
    text->out = open_memstream(&text->text, &text->n);
}

char *
ch_sys_text_close(struct ch_sys_text *text)
{
    if (!text->out) {
        return NULL;
    }
    if (fclose(text->out) != 0) {
        free(text->text);
        return NULL;
    }
    return text->text;
}

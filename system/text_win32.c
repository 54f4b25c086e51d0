// SPDX-License-Identifier: ISC
// system/text_win32.c — a temporary file that is read back: this C library has no stream in memory.

#include "system/text.h"

#include <windows.h>

#include <fcntl.h>
#include <io.h>
#include <stdlib.h>

void
ch_sys_text_open(struct ch_sys_text *text)
{
    wchar_t folder[MAX_PATH + 1], path[MAX_PATH];
    *text = (struct ch_sys_text){0};
    if (!GetTempPathW(MAX_PATH + 1, folder) || !GetTempFileNameW(folder, L"cha", 0, path)) {
        return;
    }
    // Temporary: not written to the disk without need, and gone when it is closed.
    const int fd =
        _wopen(path, _O_RDWR | _O_TRUNC | _O_BINARY | _O_TEMPORARY | _O_SHORT_LIVED | _O_NOINHERIT);
    text->out = fd < 0 ? NULL : _fdopen(fd, "w+b");
    if (fd >= 0 && !text->out) {
        _close(fd);
    }
}

char *
ch_sys_text_close(struct ch_sys_text *text)
{
    if (!text->out) {
        return NULL;
    }
    const long n = fflush(text->out) ? -1 : ftell(text->out);
    char *all = n < 0 ? NULL : malloc((size_t)n + 1);
    if (all) {
        rewind(text->out);
        all[n] = '\0';
        if (fread(all, 1, (size_t)n, text->out) != (size_t)n) {
            free(all);
            all = NULL;
        }
    }
    fclose(text->out);
    return all;
}

// SPDX-License-Identifier: ISC
// system/console_posix.c — the terminal's character set is the locale's.

#include "system/console.h"

#include <langinfo.h>
#include <string.h>
#include <unistd.h>

void
ch_sys_begin(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
}

void
ch_sys_end(void)
{
}

bool
ch_sys_is_terminal(int fd)
{
    return isatty(fd);
}

bool
ch_sys_speaks_utf8(void)
{
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

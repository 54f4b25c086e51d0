// SPDX-License-Identifier: ISC
// client/output_posix.c — what our output goes to: the terminal's characters, its width, its line.

#include "client/output.h"

#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

void
ch_out_begin(void)
{
    // Characters as the terminal has them; numbers stay as they are in C.
    setlocale(LC_CTYPE, "");
    // Whoever reads us may leave: that is an error of write(), not the end by a signal.
    signal(SIGPIPE, SIG_IGN);
}

bool
ch_out_utf8(void)
{
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

bool
ch_out_is_terminal(FILE *stream)
{
    return isatty(fileno(stream)) != 0;
}

int
ch_out_columns(FILE *stream)
{
    struct winsize size;
    return ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void
ch_out_erase_line(FILE *stream)
{
    fputs("\r\033[K", stream);
}

// SPDX-License-Identifier: ISC
// client/output_posix.c — a reader that leaves is an error of write(); the terminal by its codes.

#include "client/output.h"

#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "system/console.h"

void
ch_out_begin(void)
{
    // Characters are the terminal's, numbers stay ours.
    setlocale(LC_CTYPE, "");
    // Not the end by a signal.
    signal(SIGPIPE, SIG_IGN);
}

bool
ch_out_utf8(void)
{
    return ch_sys_speaks_utf8();
}

int
ch_out_write_errno(void)
{
    return errno;
}

static int
columns_of(int fd)
{
    struct winsize size;
    return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

int
ch_out_columns(void)
{
    return columns_of(STDOUT_FILENO);
}

int
ch_out_error_columns(void)
{
    return columns_of(STDERR_FILENO);
}

void
ch_out_erase_error_line(void)
{
    fputs("\r\033[K", stderr);
}

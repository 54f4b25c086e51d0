// SPDX-License-Identifier: ISC
// tests/traps/report.c — what is said of an offence: to standard error, and to a file if one is
// named.
//
// CHANT_TRAP_LOG=PREFIX adds PREFIX.PID, so that a run of many processes can be asked whether one
// of them offended.  Nothing here allocates: it may be called from a signal handler.

#include <execinfo.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/rt_scope.h"
#include "tests/traps/traps.h"

static char log_path[512];

static void
append_number(char *text, unsigned long number)
{
    char digits[24];
    char *digit = digits + sizeof digits - 1;
    *digit = '\0';
    do {
        *--digit = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    strcat(text, digit);
}

static void
write_text(int fd, const char *text)
{
    (void)!write(fd, text, strlen(text));
}

static void
write_report(int fd, const char *what, void *const *frames, int n_frames)
{
    write_text(fd, "RT TRAP: ");
    write_text(fd, what);
    write_text(fd, "\n");
    backtrace_symbols_fd(frames, n_frames, fd);
}

_Noreturn void
ch_trap_report(const char *what)
{
    void *frames[48];
    const int n_frames = backtrace(frames, 48);
    write_report(STDERR_FILENO, what, frames, n_frames);
    if (log_path[0]) {
        const int fd = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        if (fd >= 0) {
            write_report(fd, what, frames, n_frames);
            close(fd);
        }
    }
    abort();
}

_Noreturn void
ch_trap_offence(const char *function)
{
    ch_rt_scope_leave();
    static char what[96];
    strcpy(what, function);
    strcat(what, "() called in the audio callback");
    ch_trap_report(what);
}

__attribute__((constructor)) static void
set_up(void)
{
    const char *prefix = getenv("CHANT_TRAP_LOG");
    if (prefix && *prefix && strlen(prefix) < sizeof log_path - 32) {
        strcpy(log_path, prefix);
        strcat(log_path, ".");
        append_number(log_path, (unsigned long)getpid());
    }
    // The first call loads the unwinder, which allocates.
    void *frame;
    (void)backtrace(&frame, 1);
}

// SPDX-License-Identifier: ISC
// system/process_posix.c — /proc names this program; exec() makes it another.

#include "system/process.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

uint32_t
ch_sys_process_id(void)
{
    return (uint32_t)getpid();
}

bool
ch_sys_program_beside(const char *name, char *out, size_t bytes)
{
    const ssize_t n = readlink("/proc/self/exe", out, bytes - 1);
    if (n <= 0) {
        return false;
    }
    out[n] = '\0';
    char *slash = strrchr(out, '/');
    if (!slash || (size_t)(slash + 1 - out) + strlen(name) >= bytes) {
        return false;
    }
    strcpy(slash + 1, name);
    return access(out, X_OK) == 0;
}

void
ch_sys_become(const char *program, char *const argv[])
{
    void (*before)(int) = signal(SIGPIPE, SIG_DFL); // ignored signals would stay so
    execvp(program, argv);
    signal(SIGPIPE, before);
}

// SPDX-License-Identifier: ISC
// tests/unit/host_posix.c — tests on a POSIX system, with Linux's /proc.

#include "tests/unit/host.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

bool
host_folder_make(char path[HOST_PATH_BYTES])
{
    const char *tmp = getenv("TMPDIR");
    const int n =
        snprintf(path, HOST_PATH_BYTES, "%s/chant-test-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    return n > 0 && n < HOST_PATH_BYTES && mkdtemp(path);
}

bool
host_folder_remove(const char *path)
{
    char command[HOST_PATH_BYTES + 16];
    snprintf(command, sizeof command, "rm -rf '%s'", path);
    return system(command) == 0;
}

bool
host_run_in(const char *folder, const char *line)
{
    char command[1024];
    snprintf(command, sizeof command, "cd '%s' && { %s; } >/dev/null 2>&1 </dev/null", folder,
             line);
    return system(command) == 0;
}

bool
host_make_dir(const char *path)
{
    return mkdir(path, 0755) == 0;
}

void
host_set_env(const char *name, const char *value)
{
    if (value) {
        setenv(name, value, 1);
    } else {
        unsetenv(name);
    }
}

void *
host_aligned(size_t alignment, size_t bytes)
{
    return aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
}

void
host_aligned_free(void *memory)
{
    free(memory);
}

unsigned
host_n_threads(void)
{
    unsigned n = 0;
    DIR *tasks = opendir("/proc/self/task");
    for (struct dirent *entry; tasks && (entry = readdir(tasks));) {
        n += entry->d_name[0] != '.';
    }
    if (tasks) {
        closedir(tasks);
    }
    return n;
}

long
host_page_faults(void)
{
    struct rusage usage;
    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_minflt + usage.ru_majflt;
}

bool
host_limit_file_bytes(size_t bytes)
{
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes ? bytes : limit.rlim_max;
    signal(SIGXFSZ, bytes ? SIG_IGN : SIG_DFL);
    return setrlimit(RLIMIT_FSIZE, &limit) == 0;
}

bool
host_make_link(const char *target, const char *path)
{
    return symlink(target, path) == 0;
}

bool
host_make_fifo(const char *path)
{
    return mkfifo(path, 0600) == 0;
}

bool
host_forbid_reading(const char *path)
{
    // Root may read anything, so be somebody else for a while.
    return chmod(path, 0) == 0 && (getuid() != 0 || seteuid(65534) == 0);
}

void
host_forbid_reading_after(void)
{
    if (getuid() == 0 && seteuid(0) != 0) {
        abort();
    }
}

bool
host_waits_of_thread(const char *name, long *out)
{
    char wanted[64];
    snprintf(wanted, sizeof wanted, "Name:\t%s\n", name);
    bool found = false;
    DIR *tasks = opendir("/proc/self/task");
    for (struct dirent *entry; tasks && (entry = readdir(tasks));) {
        char path[320], line[256];
        snprintf(path, sizeof path, "/proc/self/task/%s/status", entry->d_name);
        FILE *file = fopen(path, "r");
        bool this_one = false;
        while (file && fgets(line, sizeof line, file)) {
            this_one = this_one || !strcmp(line, wanted);
            found |= this_one && sscanf(line, "voluntary_ctxt_switches: %ld", out) == 1;
        }
        if (file) {
            fclose(file);
        }
    }
    if (tasks) {
        closedir(tasks);
    }
    return found;
}

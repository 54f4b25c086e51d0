// SPDX-License-Identifier: ISC
// tests/traps/interpose.c — functions of the C library that abort in the callback and forward
// elsewhere.
//
// Many of them seldom enter the kernel (a heap with room, a lock that is free), so trapping system
// calls is not enough.  The program defines them, so that its libraries call them here, too.

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#include "tests/traps/interposed.h"
#include "tests/traps/traps.h"

struct uv_async_s;
int uv_async_send(struct uv_async_s *a);

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *block, size_t size);
void __libc_free(void *block);
void *__libc_memalign(size_t alignment, size_t size);
void *__libc_valloc(size_t size);
void *__libc_pvalloc(size_t size);

int __printf_chk(int flag, const char *format, ...);
int __fprintf_chk(FILE *file, int flag, const char *format, ...);
int __vfprintf_chk(FILE *file, int flag, const char *format, va_list args);
int __sprintf_chk(char *text, int flag, size_t room, const char *format, ...);
int __vsprintf_chk(char *text, int flag, size_t room, const char *format, va_list args);
int __snprintf_chk(char *text, size_t n, int flag, size_t size, const char *format, ...);
int __vsnprintf_chk(char *text, size_t n, int flag, size_t size, const char *format, va_list args);

// --- the real ones -----------------------------------------------------------------------------

typedef void *(*finder)(void *handle, const char *name);

/// dlsym() is interposed; the versions are those of 64-bit glibc on x86 and elsewhere.
static finder
real_dlsym(void)
{
    static finder found;
    static const char *const versions[] = {"GLIBC_2.34", "GLIBC_2.2.5", "GLIBC_2.17"};
    for (unsigned i = 0; !found && i < sizeof versions / sizeof *versions; i++) {
        *(void **)&found = dlvsym(RTLD_NEXT, "dlsym", versions[i]);
    }
    return found;
}

/// Without a version dlsym() may find the condition variables of 2002.
static void *
find(const char *name)
{
    void *real = NULL;
    if (strncmp(name, "pthread_cond_", 13) == 0) {
        real = dlvsym(RTLD_NEXT, name, "GLIBC_2.3.2");
    }
    return real ? real : real_dlsym()(RTLD_NEXT, name);
}

#define DEFINE(type, name, params, args)                                                           \
    static type(*real_##name) params;                                                              \
    type name params                                                                               \
    {                                                                                              \
        ch_trap_check(#name);                                                                      \
        if (!real_##name) {                                                                        \
            *(void **)&real_##name = find(#name);                                                  \
        }                                                                                          \
        return real_##name args;                                                                   \
    }
CH_TRAP_FORWARDED(DEFINE)
#undef DEFINE

// --- the heap ----------------------------------------------------------------------------------

void *
malloc(size_t size)
{
    ch_trap_check("malloc");
    return __libc_malloc(size);
}

void *
calloc(size_t n, size_t size)
{
    ch_trap_check("calloc");
    return __libc_calloc(n, size);
}

void *
realloc(void *block, size_t size)
{
    ch_trap_check("realloc");
    return __libc_realloc(block, size);
}

void
free(void *block)
{
    ch_trap_check("free");
    __libc_free(block);
}

void *
memalign(size_t alignment, size_t size)
{
    ch_trap_check("memalign");
    return __libc_memalign(alignment, size);
}

void *
valloc(size_t size)
{
    ch_trap_check("valloc");
    return __libc_valloc(size);
}

void *
pvalloc(size_t size)
{
    ch_trap_check("pvalloc");
    return __libc_pvalloc(size);
}

void *
aligned_alloc(size_t alignment, size_t size)
{
    ch_trap_check("aligned_alloc");
    return __libc_memalign(alignment, size);
}

int
posix_memalign(void **out, size_t alignment, size_t size)
{
    ch_trap_check("posix_memalign");
    if (alignment % sizeof(void *) || (alignment & (alignment - 1)) || alignment == 0) {
        return EINVAL;
    }
    void *block = __libc_memalign(alignment, size);
    if (!block) {
        return ENOMEM;
    }
    *out = block;
    return 0;
}

// --- loader and kernel -------------------------------------------------------------------------

void *
dlsym(void *handle, const char *name)
{
    ch_trap_check("dlsym");
    return real_dlsym()(handle, name);
}

static int (*real_openat)(int, const char *, int, ...);

#define OPEN(name, params, dir)                                                                    \
    int name params                                                                                \
    {                                                                                              \
        ch_trap_check(#name);                                                                      \
        mode_t mode = 0;                                                                           \
        if (flags & (O_CREAT | O_TMPFILE)) {                                                       \
            va_list more;                                                                          \
            va_start(more, flags);                                                                 \
            mode = va_arg(more, mode_t);                                                           \
            va_end(more);                                                                          \
        }                                                                                          \
        if (!real_openat) {                                                                        \
            *(void **)&real_openat = find("openat");                                               \
        }                                                                                          \
        return real_openat(dir, path, flags, mode);                                                \
    }
OPEN(open, (const char *path, int flags, ...), AT_FDCWD)
OPEN(open64, (const char *path, int flags, ...), AT_FDCWD)
OPEN(openat, (int dir, const char *path, int flags, ...), dir)
OPEN(openat64, (int dir, const char *path, int flags, ...), dir)
#undef OPEN

long
syscall(long number, ...)
{
    ch_trap_check("syscall");
    static long (*real)(long, ...);
    if (!real) {
        *(void **)&real = find("syscall");
    }
    long a[6];
    va_list more;
    va_start(more, number);
    for (unsigned i = 0; i < 6; i++) {
        a[i] = va_arg(more, long);
    }
    va_end(more);
    return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

// --- printing ----------------------------------------------------------------------------------

static int (*real_vfprintf)(FILE *, const char *, va_list);
static int (*real_vdprintf)(int, const char *, va_list);
static int (*real_vsprintf)(char *, const char *, va_list);
static int (*real_vsnprintf)(char *, size_t, const char *, va_list);

static void
find_printers(void)
{
    *(void **)&real_vfprintf = find("vfprintf");
    *(void **)&real_vdprintf = find("vdprintf");
    *(void **)&real_vsprintf = find("vsprintf");
    *(void **)&real_vsnprintf = find("vsnprintf");
}

/// `call` prints with what follows `last`.
#define PRINT(name, last, call)                                                                    \
    ch_trap_check(name);                                                                           \
    va_list args;                                                                                  \
    va_start(args, last);                                                                          \
    const int n = call;                                                                            \
    va_end(args);                                                                                  \
    return n

#define VPRINT(name, real, call)                                                                   \
    ch_trap_check(name);                                                                           \
    if (!(real)) {                                                                                 \
        find_printers();                                                                           \
    }                                                                                              \
    return call

int
vfprintf(FILE *file, const char *format, va_list args)
{
    VPRINT("vfprintf", real_vfprintf, real_vfprintf(file, format, args));
}

int
vprintf(const char *format, va_list args)
{
    VPRINT("vprintf", real_vfprintf, real_vfprintf(stdout, format, args));
}

int
vdprintf(int fd, const char *format, va_list args)
{
    VPRINT("vdprintf", real_vdprintf, real_vdprintf(fd, format, args));
}

int
vsprintf(char *text, const char *format, va_list args)
{
    VPRINT("vsprintf", real_vsprintf, real_vsprintf(text, format, args));
}

int
vsnprintf(char *text, size_t n, const char *format, va_list args)
{
    VPRINT("vsnprintf", real_vsnprintf, real_vsnprintf(text, n, format, args));
}

int
__vfprintf_chk(FILE *file, int flag, const char *format, va_list args)
{
    (void)flag;
    VPRINT("__vfprintf_chk", real_vfprintf, real_vfprintf(file, format, args));
}

int
__vsnprintf_chk(char *text, size_t n, int flag, size_t size, const char *format, va_list args)
{
    (void)flag;
    ch_trap_check("__vsnprintf_chk");
    if (size < n) {
        abort();
    }
    VPRINT("__vsnprintf_chk", real_vsnprintf, real_vsnprintf(text, n, format, args));
}

int
__vsprintf_chk(char *text, int flag, size_t room, const char *format, va_list args)
{
    (void)flag;
    VPRINT("__vsprintf_chk", real_vsnprintf, real_vsnprintf(text, room, format, args));
}

int
__sprintf_chk(char *text, int flag, size_t room, const char *format, ...)
{
    PRINT("__sprintf_chk", format, __vsprintf_chk(text, flag, room, format, args));
}

int
printf(const char *format, ...)
{
    PRINT("printf", format, vfprintf(stdout, format, args));
}

int
fprintf(FILE *file, const char *format, ...)
{
    PRINT("fprintf", format, vfprintf(file, format, args));
}

int
dprintf(int fd, const char *format, ...)
{
    PRINT("dprintf", format, vdprintf(fd, format, args));
}

int
sprintf(char *text, const char *format, ...)
{
    PRINT("sprintf", format, vsprintf(text, format, args));
}

int
snprintf(char *text, size_t size, const char *format, ...)
{
    PRINT("snprintf", format, vsnprintf(text, size, format, args));
}

int
__printf_chk(int flag, const char *format, ...)
{
    (void)flag;
    PRINT("__printf_chk", format, vfprintf(stdout, format, args));
}

int
__fprintf_chk(FILE *file, int flag, const char *format, ...)
{
    (void)flag;
    PRINT("__fprintf_chk", format, vfprintf(file, format, args));
}

int
__snprintf_chk(char *text, size_t size, int flag, size_t room, const char *format, ...)
{
    (void)flag;
    ch_trap_check("__snprintf_chk");
    if (room < size) {
        abort();
    }
    PRINT("__snprintf_chk", format, vsnprintf(text, size, format, args));
}

// --- the list ----------------------------------------------------------------------------------

static const struct {
    const char *name;
    void (*call)(void);
} interposed[] = {
#define X(type, name, params, args) {#name, (void (*)(void))name},
    CH_TRAP_FORWARDED(X)
#undef X
#define X(name) {#name, (void (*)(void))name},
        CH_TRAP_OTHERS(X)
#undef X
};

void (*ch_trap_interposed(const char *name))(void)
{
    for (unsigned i = 0; i < sizeof interposed / sizeof *interposed; i++) {
        if (strcmp(interposed[i].name, name) == 0) {
            return interposed[i].call;
        }
    }
    return NULL;
}

void
ch_trap_list_interposed(void)
{
    for (unsigned i = 0; i < sizeof interposed / sizeof *interposed; i++) {
        puts(interposed[i].name);
    }
}

void
ch_trap_find_real(void)
{
#define X(type, name, params, args) *(void **)&real_##name = find(#name);
    CH_TRAP_FORWARDED(X)
#undef X
    find_printers();
    *(void **)&real_openat = find("openat");
}

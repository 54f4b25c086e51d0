// SPDX-License-Identifier: ISC
// tests/traps/interposed.h — the functions that the callback must not call, as a table.
//
// X(type, name, (parameters), (arguments)).  Those with variable arguments, and the heap, are
// written out in interpose.c.  Fortified programs (libjack is one) call the __…_chk forms.

#ifndef CH_TESTS_TRAPS_INTERPOSED_H
#define CH_TESTS_TRAPS_INTERPOSED_H

#define CH_TRAP_LOCKS(X)                                                                           \
    X(int, pthread_mutex_lock, (pthread_mutex_t * m), (m))                                         \
    X(int, pthread_mutex_trylock, (pthread_mutex_t * m), (m))                                      \
    X(int, pthread_mutex_timedlock, (pthread_mutex_t * m, const struct timespec *t), (m, t))       \
    X(int, pthread_mutex_clocklock, (pthread_mutex_t * m, clockid_t k, const struct timespec *t),  \
      (m, k, t))                                                                                   \
    X(int, pthread_mutex_unlock, (pthread_mutex_t * m), (m))                                       \
    X(int, pthread_spin_lock, (pthread_spinlock_t * l), (l))                                       \
    X(int, pthread_spin_trylock, (pthread_spinlock_t * l), (l))                                    \
    X(int, pthread_spin_unlock, (pthread_spinlock_t * l), (l))                                     \
    X(int, pthread_rwlock_rdlock, (pthread_rwlock_t * l), (l))                                     \
    X(int, pthread_rwlock_tryrdlock, (pthread_rwlock_t * l), (l))                                  \
    X(int, pthread_rwlock_wrlock, (pthread_rwlock_t * l), (l))                                     \
    X(int, pthread_rwlock_trywrlock, (pthread_rwlock_t * l), (l))                                  \
    X(int, pthread_rwlock_unlock, (pthread_rwlock_t * l), (l))                                     \
    X(int, mtx_lock, (mtx_t * m), (m))                                                             \
    X(int, mtx_trylock, (mtx_t * m), (m))                                                          \
    X(int, mtx_timedlock, (mtx_t *restrict m, const struct timespec *restrict t), (m, t))          \
    X(int, mtx_unlock, (mtx_t * m), (m))                                                           \
    X(int, cnd_signal, (cnd_t * c), (c))                                                           \
    X(int, cnd_broadcast, (cnd_t * c), (c))                                                        \
    X(int, cnd_wait, (cnd_t * c, mtx_t * m), (c, m))                                               \
    X(int, pthread_barrier_wait, (pthread_barrier_t * b), (b))                                     \
    X(void, flockfile, (FILE * f), (f))                                                            \
    X(void, funlockfile, (FILE * f), (f))                                                          \
    X(int, pthread_cond_wait, (pthread_cond_t * c, pthread_mutex_t * m), (c, m))                   \
    X(int, pthread_cond_timedwait,                                                                 \
      (pthread_cond_t * c, pthread_mutex_t * m, const struct timespec *t), (c, m, t))              \
    X(int, pthread_cond_signal, (pthread_cond_t * c), (c))                                         \
    X(int, pthread_cond_broadcast, (pthread_cond_t * c), (c))                                      \
    X(int, sem_wait, (sem_t * s), (s))                                                             \
    X(int, sem_trywait, (sem_t * s), (s))                                                          \
    X(int, sem_timedwait, (sem_t * s, const struct timespec *t), (s, t))                           \
    X(int, sem_clockwait, (sem_t * s, clockid_t k, const struct timespec *t), (s, k, t))           \
    X(int, sem_post, (sem_t * s), (s))                                                             \
    X(int, uv_async_send, (struct uv_async_s * a), (a))

#define CH_TRAP_MEMORY(X)                                                                          \
    X(void *, mmap, (void *a, size_t n, int p, int f, int d, off_t o), (a, n, p, f, d, o))         \
    X(void *, mmap64, (void *a, size_t n, int p, int f, int d, off64_t o), (a, n, p, f, d, o))     \
    X(int, munmap, (void *a, size_t n), (a, n))                                                    \
    X(int, mprotect, (void *a, size_t n, int p), (a, n, p))                                        \
    X(int, madvise, (void *a, size_t n, int p), (a, n, p))                                         \
    X(int, brk, (void *a), (a))                                                                    \
    X(void *, sbrk, (intptr_t n), (n))

#define CH_TRAP_IO(X)                                                                              \
    X(int, close, (int d), (d))                                                                    \
    X(ssize_t, read, (int d, void *b, size_t n), (d, b, n))                                        \
    X(ssize_t, write, (int d, const void *b, size_t n), (d, b, n))                                 \
    X(ssize_t, readv, (int d, const struct iovec *v, int n), (d, v, n))                            \
    X(ssize_t, writev, (int d, const struct iovec *v, int n), (d, v, n))                           \
    X(ssize_t, pread, (int d, void *b, size_t n, off_t o), (d, b, n, o))                           \
    X(ssize_t, pwrite, (int d, const void *b, size_t n, off_t o), (d, b, n, o))                    \
    X(ssize_t, send, (int d, const void *b, size_t n, int f), (d, b, n, f))                        \
    X(ssize_t, recv, (int d, void *b, size_t n, int f), (d, b, n, f))                              \
    X(int, poll, (struct pollfd * p, nfds_t n, int t), (p, n, t))                                  \
    X(int, select, (int n, fd_set *r, fd_set *w, fd_set *e, struct timeval *t), (n, r, w, e, t))   \
    X(int, epoll_wait, (int d, struct epoll_event *e, int n, int t), (d, e, n, t))                 \
    X(FILE *, fopen, (const char *p, const char *m), (p, m))                                       \
    X(FILE *, fopen64, (const char *p, const char *m), (p, m))                                     \
    X(int, fclose, (FILE * f), (f))                                                                \
    X(size_t, fread, (void *b, size_t s, size_t n, FILE *f), (b, s, n, f))                         \
    X(size_t, fwrite, (const void *b, size_t s, size_t n, FILE *f), (b, s, n, f))                  \
    X(int, fputs, (const char *s, FILE *f), (s, f))                                                \
    X(int, fputc, (int c, FILE *f), (c, f))                                                        \
    X(int, putc, (int c, FILE *f), (c, f))                                                         \
    X(int, fgetc, (FILE * f), (f))                                                                 \
    X(int, getc, (FILE * f), (f))                                                                  \
    X(char *, fgets, (char *s, int n, FILE *f), (s, n, f))                                         \
    X(int, puts, (const char *s), (s))                                                             \
    X(int, putchar, (int c), (c))                                                                  \
    X(int, fflush, (FILE * f), (f))

#define CH_TRAP_WAITS(X)                                                                           \
    X(int, nanosleep, (const struct timespec *t, struct timespec *r), (t, r))                      \
    X(int, clock_nanosleep, (clockid_t c, int f, const struct timespec *t, struct timespec *r),    \
      (c, f, t, r))                                                                                \
    X(int, usleep, (useconds_t t), (t))                                                            \
    X(unsigned, sleep, (unsigned t), (t))                                                          \
    X(int, sched_yield, (void), ())                                                                \
    X(int, pthread_join, (pthread_t t, void **r), (t, r))                                          \
    X(int, pthread_create,                                                                         \
      (pthread_t * t, const pthread_attr_t *a, void *(*run)(void *), void *arg), (t, a, run, arg))

#define CH_TRAP_LOADER(X)                                                                          \
    X(void *, dlopen, (const char *p, int f), (p, f))                                              \
    X(int, dlclose, (void *h), (h))

#define CH_TRAP_FORWARDED(X)                                                                       \
    CH_TRAP_LOCKS(X)                                                                               \
    CH_TRAP_MEMORY(X)                                                                              \
    CH_TRAP_IO(X)                                                                                  \
    CH_TRAP_WAITS(X)                                                                               \
    CH_TRAP_LOADER(X)

/// Written out.
#define CH_TRAP_OTHERS(X)                                                                          \
    X(malloc)                                                                                      \
    X(calloc)                                                                                      \
    X(realloc)                                                                                     \
    X(free)                                                                                        \
    X(aligned_alloc)                                                                               \
    X(posix_memalign)                                                                              \
    X(memalign)                                                                                    \
    X(valloc)                                                                                      \
    X(pvalloc)                                                                                     \
    X(dlsym)                                                                                       \
    X(open)                                                                                        \
    X(open64)                                                                                      \
    X(openat)                                                                                      \
    X(openat64)                                                                                    \
    X(syscall)                                                                                     \
    X(printf)                                                                                      \
    X(vprintf)                                                                                     \
    X(fprintf)                                                                                     \
    X(vfprintf)                                                                                    \
    X(dprintf)                                                                                     \
    X(vdprintf)                                                                                    \
    X(sprintf)                                                                                     \
    X(vsprintf)                                                                                    \
    X(snprintf)                                                                                    \
    X(vsnprintf)                                                                                   \
    X(__printf_chk)                                                                                \
    X(__fprintf_chk)                                                                               \
    X(__vfprintf_chk)                                                                              \
    X(__sprintf_chk)                                                                               \
    X(__vsprintf_chk)                                                                              \
    X(__snprintf_chk)                                                                              \
    X(__vsnprintf_chk)

#endif

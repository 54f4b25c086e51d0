// SPDX-License-Identifier: ISC
// daemon/base/os_posix.c — threads, clocks and real-time privileges by POSIX, with Linux's extras.

#include "daemon/base/os.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "daemon/base/float_mode.h"
#include "daemon/base/units.h"

CH_RT uint64_t
ch_os_mono_ns(void)
{
    struct timespec now;
    // Read from memory that the kernel shares (vDSO): no system call.
    CH_RT_TRUST(clock_gettime(CLOCK_MONOTONIC, &now));
    return (uint64_t)now.tv_sec * CH_NS_PER_S + (uint64_t)now.tv_nsec;
}

static struct timespec
timespec_from_ns(uint64_t ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / CH_NS_PER_S),
                             .tv_nsec = (long)(ns % CH_NS_PER_S)};
}

void
ch_os_sleep_until(uint64_t mono_ns)
{
    const struct timespec until = timespec_from_ns(mono_ns);
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) {
    }
}

struct thread_args {
    char name[16];
    void (*fn)(void *);
    void *arg;
};

static void *
thread_main(void *arg)
{
    struct thread_args start = *(struct thread_args *)arg;
    free(arg);
    pthread_setname_np(pthread_self(), start.name);
    start.fn(start.arg);
    return NULL;
}

enum ch_status
ch_thread_start(struct ch_thread *thread, const char *name, size_t stack_bytes, void (*fn)(void *),
                void *arg)
{
    thread->handle = NULL;
    struct thread_args *start = calloc(1, sizeof *start);
    pthread_t *id = calloc(1, sizeof *id);
    if (!start || !id) {
        free(start);
        free(id);
        return CH_NO_MEMORY;
    }
    strncpy(start->name, name, sizeof start->name - 1);
    start->fn = fn;
    start->arg = arg;

    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, stack_bytes);
    // Signals belong to the loop; a new thread inherits the mask of its creator.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int err = pthread_create(id, &attr, thread_main, start);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    if (err) {
        free(start);
        free(id);
        return ch_status_from_errno(err);
    }
    thread->handle = id;
    return CH_OK;
}

void
ch_thread_join(struct ch_thread *thread)
{
    if (thread->handle) {
        pthread_join(*(pthread_t *)thread->handle, NULL);
        free(thread->handle);
        thread->handle = NULL;
    }
}

void
ch_thread_detach(struct ch_thread *thread)
{
    if (thread->handle) {
        pthread_detach(*(pthread_t *)thread->handle);
        free(thread->handle);
        thread->handle = NULL;
    }
}

/// `posts` holds one post at most: a setter posts only where it is the first since the last wait.
/// A semaphore, because a condition variable that times out costs a second system call.
struct event_impl {
    sem_t posts;
    atomic_bool set;
};

enum ch_status
ch_event_init(struct ch_event *event)
{
    struct event_impl *impl = calloc(1, sizeof *impl);
    event->impl = impl;
    if (!impl) {
        return CH_NO_MEMORY;
    }
    sem_init(&impl->posts, 0, 0);
    atomic_init(&impl->set, false);
    return CH_OK;
}

void
ch_event_fini(struct ch_event *event)
{
    struct event_impl *impl = event->impl;
    if (impl) {
        sem_destroy(&impl->posts);
        free(impl);
        event->impl = NULL;
    }
}

void
ch_event_set(struct ch_event *event)
{
    struct event_impl *impl = event->impl;
    // Released: what was written before is seen by whoever takes the flag away.
    if (!atomic_exchange_explicit(&impl->set, true, memory_order_acq_rel)) {
        sem_post(&impl->posts);
    }
}

bool
ch_event_wait(struct ch_event *event, uint64_t timeout_ns)
{
    struct event_impl *impl = event->impl;
    const uint64_t now = ch_os_mono_ns();
    const bool forever = timeout_ns > UINT64_MAX - now;
    const struct timespec until = timespec_from_ns(forever ? 0 : now + timeout_ns);
    int err;
    do {
        err =
            forever ? sem_wait(&impl->posts) : sem_clockwait(&impl->posts, CLOCK_MONOTONIC, &until);
    } while (err && errno == EINTR);
    // Only after a post: a flag that is taken away without its post would leave one too many.
    return !err && atomic_exchange_explicit(&impl->set, false, memory_order_acq_rel);
}

enum ch_status
ch_os_rt_promote(int priority)
{
    const struct sched_param param = {.sched_priority = priority};
    // RESET_ON_FORK: no child inherits what could starve the machine; rtkit, PipeWire ask for it.
    return ch_status_from_errno(
        pthread_setschedparam(pthread_self(), SCHED_FIFO | SCHED_RESET_ON_FORK, &param));
}

CH_RT void
ch_os_denormals_off(void)
{
    ch_set_float_mode(ch_float_mode() | CH_NO_DENORMALS);
}

uint64_t
ch_os_denormals_enter(void)
{
    const uint64_t before = ch_float_mode();
    ch_set_float_mode(before | CH_NO_DENORMALS);
    return before;
}

void
ch_os_denormals_leave(uint64_t before)
{
    ch_set_float_mode(before);
}

__attribute__((noinline)) void
ch_os_prefault_stack(void)
{
    enum { BYTES = 64 * 1024 };
    volatile unsigned char pages[BYTES];
    for (size_t i = 0; i < BYTES; i += 1024) {
        pages[i] = 0;
    }
    (void)pages[0];
}

bool
ch_os_lock_memory(void *region, size_t bytes)
{
    return mlock(region, bytes) == 0;
}

void
ch_os_be_nice(int increment)
{
    // On Linux the nice value belongs to the thread, which `0` names here.
    const int now = getpriority(PRIO_PROCESS, 0);
    (void)setpriority(PRIO_PROCESS, 0, now + increment);
}

void
ch_os_be_idle(void)
{
    const struct sched_param param = {.sched_priority = 0};
    if (pthread_setschedparam(pthread_self(), SCHED_IDLE, &param)) {
        ch_os_be_nice(19);
    }
}

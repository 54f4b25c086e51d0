// SPDX-License-Identifier: ISC
// system/clock_posix.c — clock_gettime(), from memory that the kernel shares.

#include "system/clock.h"

#include <errno.h>

static uint64_t
read_clock(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t
ch_sys_mono_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

uint64_t
ch_sys_wall_ns(void)
{
    return read_clock(CLOCK_REALTIME);
}

struct tm
ch_sys_local_time(int64_t s)
{
    const time_t at = (time_t)s;
    struct tm local = {0};
    localtime_r(&at, &local);
    return local;
}

void
ch_sys_sleep_ns(uint64_t ns)
{
    struct timespec left = {.tv_sec = (time_t)(ns / 1000000000u),
                            .tv_nsec = (long)(ns % 1000000000u)};
    while (nanosleep(&left, &left) && errno == EINTR) {
    }
}

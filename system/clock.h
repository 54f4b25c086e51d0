// SPDX-License-Identifier: ISC
// system/clock.h — the two clocks: one that only goes on, and the one on the wall.

#ifndef CH_SYSTEM_CLOCK_H
#define CH_SYSTEM_CLOCK_H

#include <stdint.h>
#include <time.h>

/// CLOCK_MONOTONIC | QueryPerformanceCounter, ns; no system call.                          [any]
uint64_t ch_sys_mono_ns(void);

/// Since 1970, UTC, ns.                                                                    [any]
uint64_t ch_sys_wall_ns(void);

/// The wall clock's `s` since 1970 as the user's time zone reads it.                       [any]
struct tm ch_sys_local_time(int64_t s);

/// Sleep for so long, at least.                                                   [any but rt]
void ch_sys_sleep_ns(uint64_t ns);

#endif

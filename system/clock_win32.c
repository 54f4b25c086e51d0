// SPDX-License-Identifier: ISC
// system/clock_win32.c — the performance counter, and a timer that is finer than the tick.

#include "system/clock.h"

#include <windows.h>

// From newer headers than some have.
#ifndef CREATE_WAITABLE_TIMER_HIGH_RESOLUTION
#    define CREATE_WAITABLE_TIMER_HIGH_RESOLUTION 2
#endif

#define NS_PER_S 1000000000u
/// From 1601, where Windows begins to count 100 ns, to 1970.
#define EPOCH_100NS 116444736000000000u

uint64_t
ch_sys_mono_ns(void)
{
    // Both are read from memory that the system shares; the rate is fixed when it starts.
    LARGE_INTEGER count, rate;
    QueryPerformanceCounter(&count);
    QueryPerformanceFrequency(&rate);
    const uint64_t ticks = (uint64_t)count.QuadPart, per_s = (uint64_t)rate.QuadPart;
    // In two steps: ticks · 1e9 alone would overflow within half an hour.
    return ticks / per_s * NS_PER_S + ticks % per_s * NS_PER_S / per_s;
}

uint64_t
ch_sys_wall_ns(void)
{
    FILETIME now;
    GetSystemTimePreciseAsFileTime(&now);
    return (((uint64_t)now.dwHighDateTime << 32 | now.dwLowDateTime) - EPOCH_100NS) * 100;
}

struct tm
ch_sys_local_time(int64_t s)
{
    struct tm local = {0};
    const __time64_t at = s;
    _localtime64_s(&local, &at);
    return local;
}

void
ch_sys_sleep_ns(uint64_t ns)
{
    // Windows 10 1803 has the fine one; before, a sleep ends with the tick, 1 … 15.6 ms late.
    HANDLE timer = CreateWaitableTimerExW(NULL, NULL, CREATE_WAITABLE_TIMER_HIGH_RESOLUTION,
                                          TIMER_MODIFY_STATE | SYNCHRONIZE);
    if (!timer) {
        timer = CreateWaitableTimerExW(NULL, NULL, 0, TIMER_MODIFY_STATE | SYNCHRONIZE);
    }
    // Negative: from now.
    const LARGE_INTEGER due = {.QuadPart = -(LONGLONG)(ns / 100 + (ns % 100 != 0))};
    if (timer && SetWaitableTimer(timer, &due, 0, NULL, NULL, FALSE)) {
        WaitForSingleObject(timer, INFINITE);
    } else {
        Sleep((DWORD)(ns / 1000000 + 1));
    }
    if (timer) {
        CloseHandle(timer);
    }
}

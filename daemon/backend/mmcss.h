// SPDX-License-Identifier: ISC
// daemon/backend/mmcss.h — the Multimedia Class Scheduler's "Pro Audio" for the calling thread.

#ifndef CH_BACKEND_MMCSS_H
#define CH_BACKEND_MMCSS_H

#include <windows.h>

#include <avrt.h>

/// avrt.dll's; tests put their own here.
struct ch_mmcss_api {
    HANDLE(WINAPI *join)(LPCWSTR task, LPDWORD index);
    WINBOOL(WINAPI *set_priority)(HANDLE handle, AVRT_PRIORITY priority);
    WINBOOL(WINAPI *leave)(HANDLE handle);
};
extern struct ch_mmcss_api ch_mmcss_api;

/// What ch_mmcss_leave() wants back; NULL if the system refuses, which is said once and is no
/// reason to stop.
HANDLE ch_mmcss_join(void);

/// Accepts NULL.
void ch_mmcss_leave(HANDLE handle);

struct ch_mmcss_counts {
    unsigned n_joins, n_leaves; ///< that worked
};

/// Of all threads since the program began.                                                 [any]
struct ch_mmcss_counts ch_mmcss_counts(void);

#endif

// SPDX-License-Identifier: ISC
// daemon/backend/mmcss.c — joins, leaves, counts both, and complains at most once.

#include "daemon/backend/mmcss.h"

#include <stdatomic.h>

#include "daemon/base/log.h"

struct ch_mmcss_api ch_mmcss_api = {
    .join = AvSetMmThreadCharacteristicsW,
    .set_priority = AvSetMmThreadPriority,
    .leave = AvRevertMmThreadCharacteristics,
};

static atomic_uint n_joins, n_leaves;
static atomic_bool complained;

static void
complain(const char *what)
{
    if (!atomic_exchange(&complained, true)) {
        ch_warning("MMCSS: %s (error %lu); playing on, but other programs may interrupt", what,
                   (unsigned long)GetLastError());
    }
}

HANDLE
ch_mmcss_join(void)
{
    DWORD index = 0;
    HANDLE handle = ch_mmcss_api.join(L"Pro Audio", &index);
    if (!handle) {
        complain("no “Pro Audio” scheduling for the audio thread");
        return NULL;
    }
    atomic_fetch_add(&n_joins, 1);
    if (!ch_mmcss_api.set_priority(handle, AVRT_PRIORITY_HIGH)) {
        complain("no high priority for the audio thread");
    }
    return handle;
}

void
ch_mmcss_leave(HANDLE handle)
{
    if (handle && ch_mmcss_api.leave(handle)) {
        atomic_fetch_add(&n_leaves, 1);
    }
}

struct ch_mmcss_counts
ch_mmcss_counts(void)
{
    return (struct ch_mmcss_counts){.n_joins = atomic_load(&n_joins),
                                    .n_leaves = atomic_load(&n_leaves)};
}

// SPDX-License-Identifier: ISC
// daemon/base/rt_scope.h — where the audio callback begins and ends, for those who watch it.
//
// Nothing in a release.  A build with --enable-rt-traps links tests/traps/, which from enter to
// leave forbids system calls, heap, locks and I/O on the calling thread.

#ifndef CH_BASE_RT_SCOPE_H
#define CH_BASE_RT_SCOPE_H

#include "daemon/base/attributes.h"

#ifdef CH_RT_TRAPS
CH_RT void ch_rt_scope_enter(void); ///< [rt] first thing in the callback; does not nest
CH_RT void ch_rt_scope_leave(void); ///< [rt] last thing in it
#else
CH_RT static inline void
ch_rt_scope_enter(void)
{
}

CH_RT static inline void
ch_rt_scope_leave(void)
{
}
#endif

#endif

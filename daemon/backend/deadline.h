// SPDX-License-Identifier: ISC
// daemon/backend/deadline.h — call a function that may never return.              [main|worker]

#ifndef CH_BACKEND_DEADLINE_H
#define CH_BACKEND_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

/// Run fn(arg) on a thread of its own and wait for it.  true when it has ended; false after
/// `timeout_ns`: then it goes on alone, so `arg` must outlive it.  With no memory for a thread it
/// is called directly.
bool ch_deadline_call(void (*fn)(void *arg), void *arg, uint64_t timeout_ns);

/// Calls that were given up and still have not returned.                                   [any]
unsigned ch_deadline_n_hanging(void);

#endif

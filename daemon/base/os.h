// SPDX-License-Identifier: ISC
// daemon/base/os.h — what the daemon needs of the operating system besides libuv.
//
// os_posix.c and os_win32.c implement it; a third system is a third file, not an #ifdef.

#ifndef CH_BASE_OS_H
#define CH_BASE_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/attributes.h"
#include "daemon/base/status.h"

// --- time ------------------------------------------------------------------------------ [any]

/// CLOCK_MONOTONIC, ns.  No system call (vDSO), so the callback's caller may use it too.
CH_RT uint64_t ch_os_mono_ns(void);

/// Sleep until the monotonic clock reads `mono_ns`.                                     [worker]
void ch_os_sleep_until(uint64_t mono_ns);

// --- threads --------------------------------------------------------------------------- [any]

/// Enough for every decoder (Opus keeps its work space on the stack).  Only touched pages cost.
#define CH_STACK_WORKER (512u * 1024u)

struct ch_thread {
    void *handle; ///< of the system; NULL when there is no thread
};

/// Start `fn(arg)` on a thread of its own, named `name` (15 characters at most), signals blocked.
CH_NODISCARD enum ch_status ch_thread_start(struct ch_thread *thread, const char *name,
                                            size_t stack_bytes, void (*fn)(void *), void *arg);

/// Wait for its end; does nothing if there is none.
void ch_thread_join(struct ch_thread *thread);

/// Let it end by itself; nobody joins it any more.
void ch_thread_detach(struct ch_thread *thread);

/// An auto-reset event: set() lets one wait() through, sets are coalesced.
struct ch_event {
    void *impl;
};

#define CH_WAIT_FOREVER UINT64_MAX

CH_NODISCARD enum ch_status ch_event_init(struct ch_event *event);
void ch_event_fini(struct ch_event *event);
/// [any] but [rt]: it is a system call.
void ch_event_set(struct ch_event *event);
/// true if it was set, false after `timeout_ns`.
bool ch_event_wait(struct ch_event *event, uint64_t timeout_ns);

// --- for the real-time thread -------------------------------------------------------------

/// Ask for SCHED_FIFO `priority` for the calling thread; CH_DENIED without the privilege.
enum ch_status ch_os_rt_promote(int priority);

/// Flush denormals to zero, in results and operands, on the calling thread.
CH_RT void ch_os_denormals_off(void);

/// For a while only, on a thread that has other work as well: what it was is given back to leave().
uint64_t ch_os_denormals_enter(void);
void ch_os_denormals_leave(uint64_t before);

/// Touch the next 64 KiB of the calling thread's stack, so that no callback faults on it.
void ch_os_prefault_stack(void);

/// Keep a region in memory; true if the system allowed it.  Not having it is not an error.
bool ch_os_lock_memory(void *region, size_t bytes);

/// Lower the calling thread's priority below the rest of the daemon (a decoder, an analyser).
void ch_os_be_nice(int increment);

/// Let the calling thread run only when nothing else wants to.
void ch_os_be_idle(void);

#endif

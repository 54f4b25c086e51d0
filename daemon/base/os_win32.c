// SPDX-License-Identifier: ISC
// daemon/base/os_win32.c — threads, events and priorities by Win32.
//
// The audio thread of WASAPI gets its rank from MMCSS, which is the backend's; what is here raises
// and lowers everybody else.

#include "daemon/base/os.h"

#include <windows.h>

#include <process.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/float_mode.h"
#include "daemon/base/units.h"
#include "system/clock.h"

CH_RT uint64_t
ch_os_mono_ns(void)
{
    uint64_t now;
    // The counter is read from the processor and memory that the system shares: no system call.
    CH_RT_TRUST(now = ch_sys_mono_ns());
    return now;
}

void
ch_os_sleep_until(uint64_t mono_ns)
{
    for (uint64_t now = ch_sys_mono_ns(); now < mono_ns; now = ch_sys_mono_ns()) {
        ch_sys_sleep_ns(mono_ns - now);
    }
}

// --- threads -------------------------------------------------------------------------------------

struct thread_args {
    wchar_t name[16];
    void (*fn)(void *);
    void *arg;
};

/// Debuggers and profilers show it; Windows 10 1607 has the function.
static void
name_this_thread(const wchar_t *name)
{
    typedef HRESULT(WINAPI * describe_fn)(HANDLE, PCWSTR);
    const HMODULE kernel = GetModuleHandleW(L"kernel32.dll");
    FARPROC found = kernel ? GetProcAddress(kernel, "SetThreadDescription") : NULL;
    if (found) {
        describe_fn describe;
        memcpy(&describe, &found, sizeof describe);
        (void)describe(GetCurrentThread(), name);
    }
}

static unsigned __stdcall thread_main(void *arg)
{
    struct thread_args start = *(struct thread_args *)arg;
    free(arg);
    name_this_thread(start.name);
    start.fn(start.arg);
    return 0;
}

enum ch_status
ch_thread_start(struct ch_thread *thread, const char *name, size_t stack_bytes, void (*fn)(void *),
                void *arg)
{
    thread->handle = NULL;
    struct thread_args *start = calloc(1, sizeof *start);
    if (!start) {
        return CH_NO_MEMORY;
    }
    for (size_t i = 0; name[i] && i < sizeof start->name / sizeof *start->name - 1; i++) {
        start->name[i] = (wchar_t)(unsigned char)name[i]; // our names are ASCII
    }
    start->fn = fn;
    start->arg = arg;
    // Reserved, not committed: as on POSIX only touched pages cost.
    const uintptr_t handle = _beginthreadex(NULL, (unsigned)stack_bytes, thread_main, start,
                                            STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
    if (!handle) {
        free(start);
        return CH_NO_MEMORY;
    }
    thread->handle = (HANDLE)handle;
    return CH_OK;
}

void
ch_thread_join(struct ch_thread *thread)
{
    if (thread->handle) {
        WaitForSingleObject(thread->handle, INFINITE);
        ch_thread_detach(thread);
    }
}

void
ch_thread_detach(struct ch_thread *thread)
{
    if (thread->handle) {
        CloseHandle(thread->handle);
        thread->handle = NULL;
    }
}

// --- events --------------------------------------------------------------------------------------

enum ch_status
ch_event_init(struct ch_event *event)
{
    event->impl = CreateEventW(NULL, FALSE, FALSE, NULL);
    return event->impl ? CH_OK : CH_NO_MEMORY;
}

void
ch_event_fini(struct ch_event *event)
{
    if (event->impl) {
        CloseHandle(event->impl);
        event->impl = NULL;
    }
}

void
ch_event_set(struct ch_event *event)
{
    SetEvent(event->impl);
}

bool
ch_event_wait(struct ch_event *event, uint64_t timeout_ns)
{
    enum { LONGEST_MS = 1000 * 60 * 60 };
    if (timeout_ns == CH_WAIT_FOREVER) {
        return WaitForSingleObject(event->impl, INFINITE) == WAIT_OBJECT_0;
    }
    const uint64_t now = ch_sys_mono_ns();
    const uint64_t until = timeout_ns > UINT64_MAX - now ? UINT64_MAX : now + timeout_ns;
    for (uint64_t at = now;; at = ch_sys_mono_ns()) {
        // Rounded up, so that nobody spins through the last part of a millisecond.
        const uint64_t left_ms = at < until ? (until - at - 1) / (CH_NS_PER_S / 1000) + 1 : 0;
        const DWORD said =
            WaitForSingleObject(event->impl, left_ms < LONGEST_MS ? (DWORD)left_ms : LONGEST_MS);
        if (said != WAIT_TIMEOUT) {
            return said == WAIT_OBJECT_0;
        }
        if (left_ms == 0 || ch_sys_mono_ns() >= until) {
            return false;
        }
    }
}

// --- for the real-time thread --------------------------------------------------------------------

enum ch_status
ch_os_rt_promote(int priority)
{
    // One level above all others of a normal process; what POSIX grades is one here.
    (void)priority;
    return SetThreadPriority(GetCurrentThread(), THREAD_PRIORITY_TIME_CRITICAL) ? CH_OK : CH_DENIED;
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
    if (VirtualLock(region, bytes)) {
        return true;
    }
    // A process may lock about as much as its smallest working set, so that has to grow first.
    SIZE_T least = 0, most = 0;
    const HANDLE self = GetCurrentProcess();
    return GetProcessWorkingSetSize(self, &least, &most) &&
           SetProcessWorkingSetSize(self, least + bytes + 65536, most + bytes + 65536) &&
           VirtualLock(region, bytes);
}

void
ch_os_be_nice(int increment)
{
    SetThreadPriority(GetCurrentThread(),
                      increment > 10 ? THREAD_PRIORITY_LOWEST : THREAD_PRIORITY_BELOW_NORMAL);
}

void
ch_os_be_idle(void)
{
    SetThreadPriority(GetCurrentThread(), THREAD_PRIORITY_IDLE);
}

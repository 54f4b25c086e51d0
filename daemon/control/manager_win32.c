// SPDX-License-Identifier: ISC
// daemon/control/manager_win32.c — a service says where it is, and does what it is told.

#include "daemon/control/manager_win32.h"

#include <stdbool.h>
#include <windows.h>

#include "daemon/base/log.h"
#include "daemon/control/manager.h"
#include "daemon/control/signals_win32.h"

/// How long a step may take before the manager thinks that we hang.
#define STARTING_MS 10000
#define STOPPING_MS 8000

#define CONTROLS (SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN | SERVICE_ACCEPT_PRESHUTDOWN)

// The manager's own threads call us without an argument of ours: there is one service per process.
static struct {
    SRWLOCK lock; ///< for `state` and the order of reports
    SERVICE_STATUS_HANDLE handle;
    SERVICE_STATUS state;
    int (*run)(void *);
    void *arg;
    int exit_code;
} service = {
    .lock = SRWLOCK_INIT,
    .state = {.dwServiceType = SERVICE_WIN32_OWN_PROCESS, .dwCurrentState = SERVICE_START_PENDING},
};

static bool
is_pending(DWORD state)
{
    return state == SERVICE_START_PENDING || state == SERVICE_STOP_PENDING;
}

// Never back: a start that is stopped half-way does not say RUNNING any more.
static void
report(DWORD state, DWORD wait_ms)
{
    AcquireSRWLockExclusive(&service.lock);
    SERVICE_STATUS *now = &service.state;
    const bool leaving =
        now->dwCurrentState == SERVICE_STOP_PENDING || now->dwCurrentState == SERVICE_STOPPED;
    if (service.handle && (!leaving || state == SERVICE_STOP_PENDING || state == SERVICE_STOPPED)) {
        now->dwCheckPoint = !is_pending(state)             ? 0
                            : now->dwCurrentState == state ? now->dwCheckPoint + 1
                                                           : 1;
        now->dwCurrentState = state;
        now->dwWaitHint = wait_ms;
        // While it starts there is nothing yet that could stop.
        now->dwControlsAccepted = state == SERVICE_RUNNING ? CONTROLS : 0;
        SetServiceStatus(service.handle, now);
    }
    ReleaseSRWLockExclusive(&service.lock);
}

void
ch_manager_listening(void)
{
    report(SERVICE_RUNNING, 0);
}

void
ch_manager_stopping(void)
{
    report(SERVICE_STOP_PENDING, STOPPING_MS);
}

static DWORD WINAPI
on_control(DWORD control, DWORD type, void *data, void *context)
{
    (void)type;
    (void)data;
    (void)context;
    switch (control) {
    case SERVICE_CONTROL_STOP:
        ch_manager_stopping();
        ch_signals_end("the service is stopped");
        return NO_ERROR;
    case SERVICE_CONTROL_SHUTDOWN:
    case SERVICE_CONTROL_PRESHUTDOWN:
        ch_manager_stopping();
        ch_signals_end("the machine goes down");
        return NO_ERROR;
    case SERVICE_CONTROL_INTERROGATE:
        return NO_ERROR;
    default:
        return ERROR_CALL_NOT_IMPLEMENTED;
    }
}

static void WINAPI
be_the_service(DWORD n_words, wchar_t **words)
{
    (void)n_words; // those of `sc start chantd …`; ours are in the command line
    (void)words;
    service.handle = RegisterServiceCtrlHandlerExW(CH_SERVICE_NAME, on_control, NULL);
    if (!service.handle) {
        ch_error("the service manager takes no handler (%lu)", GetLastError());
        service.exit_code = 1;
        return;
    }
    report(SERVICE_START_PENDING, STARTING_MS);
    service.exit_code = service.run(service.arg);
    // Failure actions count an end with an error, and not one that was asked for.
    service.state.dwWin32ExitCode = service.exit_code ? ERROR_SERVICE_SPECIFIC_ERROR : NO_ERROR;
    service.state.dwServiceSpecificExitCode = (DWORD)service.exit_code;
    report(SERVICE_STOPPED, 0);
}

enum ch_status
ch_manager_run(int (*run)(void *), void *arg, int *exit_code)
{
    static wchar_t name[] = CH_SERVICE_NAME;
    const SERVICE_TABLE_ENTRYW table[] = {{name, be_the_service}, {NULL, NULL}};
    service.run = run;
    service.arg = arg;
    if (!StartServiceCtrlDispatcherW(table)) {
        return CH_UNAVAILABLE;
    }
    *exit_code = service.exit_code;
    return CH_OK;
}

// SPDX-License-Identifier: ISC
// daemon/control/manager_win32.h — a run under the service manager of Windows: status and controls.

#ifndef CH_CONTROL_MANAGER_WIN32_H
#define CH_CONTROL_MANAGER_WIN32_H

#include "daemon/base/status.h"

#define CH_SERVICE_NAME L"chantd"

/// Connect to the service manager that has started this process, and let it call `run(arg)` on a
/// thread of its own; `*exit_code` is what that returned, and what the manager is told.
/// CH_UNAVAILABLE: nobody waits for this process; it was not started by the service manager. [main]
enum ch_status ch_manager_run(int (*run)(void *), void *arg, int *exit_code);

#endif

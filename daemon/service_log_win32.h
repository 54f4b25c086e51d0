// SPDX-License-Identifier: ISC
// daemon/service_log_win32.h — %ProgramData%\chant\chantd.log, the log of a service.         [main]
//
// A service's own %LOCALAPPDATA% is one that no person ever looks into.

#ifndef CH_SERVICE_LOG_WIN32_H
#define CH_SERVICE_LOG_WIN32_H

#include <stdbool.h>
#include <stddef.h>

/// Its path; false if Windows names no such folder, or it does not fit.
bool ch_service_log_path(char *out, size_t bytes);

/// Make its folder: administrators and the service may write there, `reader_sid` may read ("":
/// nobody else).  In %ProgramData% anybody may make folders, so one that is there already is taken
/// over, and a link is refused.  Says why on failure.
bool ch_service_log_prepare(const char *reader_sid);

#endif

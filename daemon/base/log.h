// SPDX-License-Identifier: ISC
// daemon/base/log.h — the log: one line per event on standard error, or in a file.
//                                                                        [main|worker], never [rt]
// error    something asked for could not be done, and nobody else was told
// warning  the daemon goes on, but a person should know
// info     what an operator reads: started, connected, playing on …
// debug    for developers
//
// With $JOURNAL_STREAM set each line on standard error begins with its syslog priority, `<4>`,
// which journald reads.  In a file, where nobody else adds the time, it begins with that, in UTC:
// `2026-03-01T12:34:56.789Z info: …`.

#ifndef CH_BASE_LOG_H
#define CH_BASE_LOG_H

#include <stdbool.h>

#include "daemon/base/attributes.h"

enum ch_log_level { CH_LOG_ERROR, CH_LOG_WARNING, CH_LOG_INFO, CH_LOG_DEBUG };

/// Lines above `level` are dropped.  Before any thread starts.                           [setup]
void ch_log_set_level(enum ch_log_level level);

/// From here on to the end of this file, which is made if need be, and not to standard error;
/// false, and errno, if it can't be written.  `path` is borrowed.  Before any thread starts.
///                                                                                          [setup]
bool ch_log_open(const char *path);

/// The file of that name anew, after somebody has renamed the old one; lines are neither lost nor
/// torn.  false if there is no file, or the old one stays because of an error, which is said.
///                                                                                           [main]
bool ch_log_reopen(void);

/// "error", "warning", "info" or "debug"; false if it is none of these.                    [any]
bool ch_log_level_from_name(const char *name, enum ch_log_level *level);

/// One line, without its newline.  Written with one write(2), so lines never mix.
void ch_log(enum ch_log_level level, const char *fmt, ...) CH_PRINTF(2, 3);

#define ch_error(...)   ch_log(CH_LOG_ERROR, __VA_ARGS__)
#define ch_warning(...) ch_log(CH_LOG_WARNING, __VA_ARGS__)
#define ch_info(...)    ch_log(CH_LOG_INFO, __VA_ARGS__)
#define ch_debug(...)   ch_log(CH_LOG_DEBUG, __VA_ARGS__)

#endif

// SPDX-License-Identifier: ISC
// client/report.h — how a command ends badly: one line on stderr, name first, and an exit code.

#ifndef CH_CLIENT_REPORT_H
#define CH_CLIENT_REPORT_H

#include <stddef.h>

#include "system/printf.h"

enum ch_exit {
    CH_EXIT_OK = 0,
    CH_EXIT_ERROR = 1, ///< the daemon answered an error
    CH_EXIT_USAGE = 2,
    CH_EXIT_NO_DAEMON = 3,
    CH_EXIT_DENIED = 4,
    CH_EXIT_NOT_FOUND = 5,
    CH_EXIT_TIMEOUT = 6,
};

/// "chant: NAME: …".  `name` is one of the protocol's error names; its exit code is returned.
int ch_fail(const char *name, const char *format, ...) CH_PRINTF(2, 3);

/// "chant: …" and that exit code, for what is no error of the protocol.
int ch_fail_plain(enum ch_exit code, const char *format, ...) CH_PRINTF(2, 3);

/// "chant: VERB: …" with a hint where the usage stands; CH_EXIT_USAGE.
int ch_fail_usage(const char *verb, const char *format, ...) CH_PRINTF(2, 3);

/// "chant: …", and on we go.
void ch_warn(const char *format, ...) CH_PRINTF(1, 2);

int ch_fail_memory(void);

/// Replace what would steer a terminal (C0, DEL, C1 in UTF-8) by '?', in place.
void ch_text_disarm(char *text);

#endif

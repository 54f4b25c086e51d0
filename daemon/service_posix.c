// SPDX-License-Identifier: ISC
// daemon/service_posix.c — a service manager here starts programs as any other does.

#include "daemon/service.h"

bool
ch_service_handles(const struct ch_options *options,
                   int (*be_a_daemon)(const struct ch_options *options), int *exit_code)
{
    (void)options;
    (void)be_a_daemon;
    (void)exit_code;
    return false;
}

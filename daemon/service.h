// SPDX-License-Identifier: ISC
// daemon/service.h — the daemon as a service of the system: put in, taken out, run.

#ifndef CH_SERVICE_H
#define CH_SERVICE_H

#include <stdbool.h>

struct ch_options;

/// Exit codes, where 1 says too little.
#define CH_SERVICE_EXIT_DENIED 4
#define CH_SERVICE_EXIT_ABSENT 5

/// If the options are about a service: install or remove it, or run `be_a_daemon` as the service
/// manager says; *exit_code is the process's.  false: none of that, this is a program as any.
///                                                                                           [main]
bool ch_service_handles(const struct ch_options *options,
                        int (*be_a_daemon)(const struct ch_options *options), int *exit_code);

#endif

// SPDX-License-Identifier: ISC
// system/env.h — one variable of the environment, in UTF-8.

#ifndef CH_SYSTEM_ENV_H
#define CH_SYSTEM_ENV_H

#include <stdbool.h>
#include <stddef.h>

/// Its value; false, and "" in `out`, if it is not set, or longer than fits.              [any]
bool ch_sys_env(const char *name, char *out, size_t bytes);

#endif

// SPDX-License-Identifier: ISC
// system/process.h — this program, and another in its place.

#ifndef CH_SYSTEM_PROCESS_H
#define CH_SYSTEM_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

uint32_t ch_sys_process_id(void);

/// The file of a program `name` that lies beside this one: absolute, with the suffix that programs
/// have here; false if there is none.
bool ch_sys_program_beside(const char *name, char *out, size_t bytes);

/// Become `program` (with '/', a file; without, looked for in PATH) with `argv`, and with its exit
/// code: returns only with an error, in errno.  Windows has no exec(): a child runs there, and this
/// process waits for it and ends as it did.                                               [main]
void ch_sys_become(const char *program, char *const argv[]);

#endif

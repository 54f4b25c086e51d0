// SPDX-License-Identifier: ISC
// client/output.h — results on stdout: one line of JSON for programs, a few words for people.

#ifndef CH_CLIENT_OUTPUT_H
#define CH_CLIENT_OUTPUT_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "client/args.h"
#include "system/printf.h"

/// Once, before the rest of this header (output_posix.c, output_win32.c).
void ch_out_begin(void);

/// Whether the terminal's character set is UTF-8.
bool ch_out_utf8(void);

/// errno of a write to stdout that has just failed; EPIPE if nobody reads it any more.
int ch_out_write_errno(void);

/// Of the terminal that stdout is; 80 if it is none.
int ch_out_columns(void);
/// Of the terminal that stderr is; 80 if it is none.
int ch_out_error_columns(void);
/// The line that stderr's cursor is in; the cursor goes to its beginning.
void ch_out_erase_error_line(void);

/// Whether a query answers in JSON: asked for, or nobody's terminal.
bool ch_out_query_json(const struct ch_invocation *inv);

/// Whether a change of something says so in words.
bool ch_out_chatty(const struct ch_invocation *inv);

/// One value on one line, flushed; an exit code.  A closed pipe is no error: see ch_out_closed().
int ch_out_json(const cJSON *value);
/// For people who asked for a method by name: indented.
int ch_out_json_indented(const cJSON *value);

/// Text for a terminal, as printf, without what would steer it.
void ch_out(const char *format, ...) CH_PRINTF(1, 2);

/// Push out what is buffered; an exit code.
int ch_out_flush(void);
/// Whether nobody reads stdout any more.
bool ch_out_closed(void);

#endif

// SPDX-License-Identifier: ISC
// client/output.c — results on stdout: one line of JSON for programs, a few words for people.

#include "client/output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/report.h"
#include "protocol/json.h"
#include "system/console.h"

bool
ch_out_query_json(const struct ch_invocation *inv)
{
    return inv->json || !ch_sys_is_terminal(fileno(stdout));
}

bool
ch_out_chatty(const struct ch_invocation *inv)
{
    return !inv->json && ch_sys_is_terminal(fileno(stdout));
}

/// errno of the first write that failed: stdio keeps only that there was one.
static int write_error;

static void
note_error(void)
{
    if (ferror(stdout) && write_error == 0) {
        const int error = ch_out_write_errno();
        write_error = error != 0 ? error : EIO;
    }
}

bool
ch_out_closed(void)
{
    return write_error != 0;
}

int
ch_out_flush(void)
{
    bool known = write_error != 0 && ferror(stdout) == 0;
    if (!known && fflush(stdout) != 0) {
        note_error();
    }
    if (write_error == 0 || write_error == EPIPE || known) {
        return CH_EXIT_OK;
    }
    clearerr(stdout); // said once
    return ch_fail_plain(CH_EXIT_ERROR, "can't write to stdout: %s", strerror(write_error));
}

int
ch_out_json(const cJSON *value)
{
    struct ch_buf buf;
    ch_buf_init(&buf);
    ch_json_value(&buf, value);
    ch_buf_char(&buf, '\n');
    int rc = CH_EXIT_OK;
    if (buf.failed) {
        rc = ch_fail_memory();
    } else {
        fwrite(buf.data, 1, buf.length, stdout);
        note_error();
        rc = ch_out_flush();
    }
    ch_buf_fini(&buf);
    return rc;
}

int
ch_out_json_indented(const cJSON *value)
{
    char *text = cJSON_Print(value);
    if (!text) {
        return ch_fail_memory();
    }
    puts(text);
    note_error();
    cJSON_free(text);
    return ch_out_flush();
}

void
ch_out(const char *format, ...)
{
    char text[8192];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    // Titles come from files; only the line ends are ours.
    for (char *line = text; line;) {
        char *end = strchr(line, '\n');
        if (end) {
            *end = '\0';
        }
        ch_text_disarm(line);
        fputs(line, stdout);
        if (end) {
            putchar('\n');
        }
        line = end ? end + 1 : NULL;
    }
    note_error();
}

// SPDX-License-Identifier: ISC
// client/report.c — how a command ends badly: one line on stderr, name first, and an exit code.

#include "client/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "protocol/names.h"
#include "system/printf.h"

void
ch_text_disarm(char *text)
{
    for (unsigned char *p = (unsigned char *)text; *p != '\0'; p++) {
        if (*p < 0x20 || *p == 0x7f) {
            *p = '?';
        } else if (*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0) {
            p[0] = '?';
            p[1] = '?';
        }
    }
}

/// Names in messages come from files and peers: long ones are cut, control bytes disarmed.
CH_PRINTF(2, 0)
static void
print_line(const char *prefix, const char *format, va_list args)
{
    char text[8192];
    vsnprintf(text, sizeof text, format, args);
    ch_text_disarm(text);
    fprintf(stderr, "chant: %s%s%s\n", prefix, *prefix ? ": " : "", text);
    fflush(stderr); // which has a buffer on Windows
}

int
ch_fail(const char *name, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_line(name, format, args);
    va_end(args);
    return ch_rpc_exit_code(name);
}

int
ch_fail_plain(enum ch_exit code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_line("", format, args);
    va_end(args);
    return (int)code;
}

int
ch_fail_usage(const char *verb, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_line(verb ? verb : "", format, args);
    va_end(args);
    fprintf(stderr, "Try 'chant%s%s --help'.\n", verb ? " " : "", verb ? verb : "");
    fflush(stderr);
    return CH_EXIT_USAGE;
}

void
ch_warn(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_line("", format, args);
    va_end(args);
}

int
ch_fail_memory(void)
{
    return ch_fail_plain(CH_EXIT_ERROR, "out of memory");
}

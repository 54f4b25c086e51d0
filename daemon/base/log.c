// SPDX-License-Identifier: ISC
// daemon/base/log.c — levelled lines on standard error or in a file.

#include "daemon/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "system/clock.h"
#include "system/file.h"

static enum ch_log_level max_level = CH_LOG_INFO;

static struct {
    const char *path; ///< NULL: standard error
    int fd;
} file;

static const struct {
    const char *name;
    int syslog_priority;
} levels[] = {
    [CH_LOG_ERROR] = {"error", 3},
    [CH_LOG_WARNING] = {"warning", 4},
    [CH_LOG_INFO] = {"info", 6},
    [CH_LOG_DEBUG] = {"debug", 7},
};

void
ch_log_set_level(enum ch_log_level level)
{
    max_level = level;
}

bool
ch_log_level_from_name(const char *name, enum ch_log_level *level)
{
    for (unsigned i = 0; i < sizeof levels / sizeof *levels; i++) {
        if (!strcmp(name, levels[i].name)) {
            *level = (enum ch_log_level)i;
            return true;
        }
    }
    return false;
}

// --- the file ----------------------------------------------------------------------------------

static int
open_file(const char *path)
{
    ch_sys_make_dirs_above(path);
    return ch_sys_open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
}

bool
ch_log_open(const char *path)
{
    file.fd = open_file(path);
    file.path = file.fd >= 0 ? path : NULL;
    return file.path;
}

bool
ch_log_reopen(void)
{
    if (!file.path) {
        return false;
    }
    const int fd = open_file(file.path);
    // The number stays, so threads that write just now write to one or to the other.
    if (fd < 0 || dup2(fd, file.fd) < 0) {
        ch_error("the log stays where it is: %s: %s", file.path, strerror(errno));
    }
    if (fd >= 0) {
        ch_sys_close(fd);
    }
    return fd >= 0;
}

#define STAMP_BYTES sizeof "2026-03-01T12:34:56.789Z"

// In the proleptic Gregorian calendar, whose 400 years are 146097 days.  Years are counted from
// March, so that the leap day is the last of one: then day (153 m + 2) / 5 is the first of month m.
static void
write_date(char *out, size_t bytes, uint64_t days)
{
    const uint32_t since_0 = (uint32_t)days + 719468; // 1970-01-01 after 0000-03-01
    const uint32_t era = since_0 / 146097;
    const uint32_t day_of_era = since_0 % 146097;
    const uint32_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const uint32_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const uint32_t month = (5 * day_of_year + 2) / 153; // 0 is March
    const uint32_t day = day_of_year - (153 * month + 2) / 5 + 1;
    const uint32_t year = era * 400 + year_of_era + (month >= 10);
    snprintf(out, bytes, "%04u-%02u-%02u", year, month < 10 ? month + 3 : month - 9, day);
}

static void
write_stamp(char *out, size_t bytes, uint64_t wall_ns)
{
    const uint64_t ms = wall_ns / 1000000;
    const unsigned in_day_ms = (unsigned)(ms % 86400000);
    write_date(out, bytes, ms / 86400000);
    const size_t n = strlen(out);
    snprintf(out + n, bytes - n, "T%02u:%02u:%02u.%03uZ", in_day_ms / 3600000,
             in_day_ms / 60000 % 60, in_day_ms / 1000 % 60, in_day_ms % 1000);
}

// --- lines -------------------------------------------------------------------------------------

/// Bytes of the character at `p`, which is UTF-8; 0 of a control character, and of what is none.
static size_t
character(const unsigned char *p)
{
    if (p[0] < 0x80) {
        return p[0] >= 0x20 && p[0] != 0x7f;
    }
    const size_t n = p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    // Controls, what is longer than need be, half a pair, beyond the last.
    const bool bad = n == 0 || (p[0] == 0xc2 && p[1] < 0xa0) || (p[0] == 0xe0 && p[1] < 0xa0) ||
                     (p[0] == 0xed && p[1] >= 0xa0) || (p[0] == 0xf0 && p[1] < 0x90) ||
                     (p[0] == 0xf4 && p[1] >= 0x90);
    return bad ? 0 : n;
}

// Control characters, which file names may hold, would let a name forge a log line; and a name that
// is no UTF-8, or was cut, would make a journal take the line for no text at all.
static void
mask_what_is_no_text(char *text)
{
    while (*text) {
        const size_t n = character((const unsigned char *)text);
        if (n == 0) {
            *text = '?';
        }
        text += n ? n : 1;
    }
}

void
ch_log(enum ch_log_level level, const char *fmt, ...)
{
    if (level > max_level) {
        return;
    }
    char text[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    mask_what_is_no_text(text);

    char line[1100];
    int n;
    if (file.path) {
        char stamp[2 * STAMP_BYTES]; // gcc counts with years of ten digits
        write_stamp(stamp, sizeof stamp, ch_sys_wall_ns());
        n = snprintf(line, sizeof line, "%s %s: %s\n", stamp, levels[level].name, text);
    } else if (getenv("JOURNAL_STREAM")) {
        n = snprintf(line, sizeof line, "<%d>chantd: %s\n", levels[level].syslog_priority, text);
    } else {
        n = snprintf(line, sizeof line, "chantd: %s: %s\n", levels[level].name, text);
    }
    if (n > 0 && file.path) {
        // A disk that is full has no place for a complaint either.
        (void)!ch_sys_write_all(file.fd, line, (size_t)n);
    } else if (n > 0) {
        fwrite(line, 1, (size_t)n, stderr);
    }
}

// SPDX-License-Identifier: ISC
// daemon/base/log.c — levelled lines on standard error.

#include "daemon/base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum ch_log_level max_level = CH_LOG_INFO;

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

// Control characters, which file names may hold, would let a name forge a log line.
static void
mask_controls(char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f) {
            *text = '?';
        }
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
    mask_controls(text);

    char line[1100];
    int n;
    if (getenv("JOURNAL_STREAM")) {
        n = snprintf(line, sizeof line, "<%d>chantd: %s\n", levels[level].syslog_priority, text);
    } else {
        n = snprintf(line, sizeof line, "chantd: %s: %s\n", levels[level].name, text);
    }
    if (n > 0) {
        fwrite(line, 1, (size_t)n, stderr);
    }
}

// SPDX-License-Identifier: ISC
// daemon/command_line.c — quotes as CommandLineToArgvW() takes them away.
//
// 2n backslashes before a '"' are n, and the '"' opens or closes; 2n + 1 are n and a '"'; others
// are themselves.  Every word is put in quotes: a program that has a blank in its path, and no
// quotes, is looked for in places that somebody else can take first.

#include "daemon/command_line.h"

#include <string.h>

struct writer {
    char *at;
    size_t left;
};

static void
put(struct writer *w, char c, size_t times)
{
    if (w->left <= times) {
        w->left = 0;
        return;
    }
    memset(w->at, c, times);
    w->at += times;
    w->left -= times;
}

bool
ch_command_line_add(char *line, size_t bytes, const char *word)
{
    const size_t length = strlen(line);
    struct writer w = {.at = line + length, .left = bytes - length};
    put(&w, ' ', length > 0);
    put(&w, '"', 1);
    for (const char *c = word;;) {
        const size_t n = strspn(c, "\\");
        c += n;
        if (!*c) {
            put(&w, '\\', 2 * n); // before the '"' that closes
            break;
        }
        put(&w, '\\', *c == '"' ? 2 * n + 1 : n);
        put(&w, *c++, 1);
    }
    put(&w, '"', 1);
    if (w.left == 0) {
        line[length] = '\0';
        return false;
    }
    *w.at = '\0';
    return true;
}

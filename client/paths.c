// SPDX-License-Identifier: ISC
// client/paths.c — paths and names of audio files: absolute, tidy, in the order people expect.

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "client/uris.h"

#include "system/file.h"
#include "system/path.h"

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int
lower(char c)
{
    unsigned char u = (unsigned char)c;
    return u >= 'A' && u <= 'Z' ? u + 32 : u;
}

/// Compare the numbers at *a and *b, however long, and step over them.
static int
compare_numbers(const char **a, const char **b)
{
    while (**a == '0') {
        (*a)++;
    }
    while (**b == '0') {
        (*b)++;
    }
    size_t n_a = strspn(*a, "0123456789");
    size_t n_b = strspn(*b, "0123456789");
    int order = n_a != n_b ? (n_a < n_b ? -1 : 1) : strncmp(*a, *b, n_a);
    *a += n_a;
    *b += n_b;
    return order;
}

int
ch_natural_compare(const char *a, const char *b)
{
    const char *p = a;
    const char *q = b;
    while (*p != '\0' && *q != '\0') {
        int order;
        if (is_digit(*p) && is_digit(*q)) {
            order = compare_numbers(&p, &q);
        } else {
            order = lower(*p++) - lower(*q++);
        }
        if (order != 0) {
            return order;
        }
    }
    if (*p != *q) {
        return *p == '\0' ? -1 : 1;
    }
    // "a01" and "A1" are the same so far: any order will do, as long as it is one.
    return strcmp(a, b);
}

bool
ch_is_audio_name(const char *name)
{
    static const char *const extensions[] = {"wav",  "wave", "aif", "aiff", "aifc",
                                             "flac", "ogg",  "oga", "opus", "mp3"};
    const char *last = ch_path_name(name);
    const char *dot = strrchr(last, '.');
    if (!dot || dot == last) {
        return false; // ".wav" is a hidden file without an extension
    }
    for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++) {
        if (strcasecmp(dot + 1, extensions[i]) == 0) {
            return true;
        }
    }
    return false;
}

/// Rewrite in place without empty and "." components and, if asked for, without "..".
static void
tidy(char *path, bool fold_parents)
{
    char *begin = path + ch_path_root(path), *out = begin;
    for (const char *p = begin; *p != '\0';) {
        while (*p == '/') {
            p++;
        }
        size_t n = strcspn(p, "/");
        if (n == 2 && p[0] == '.' && p[1] == '.' && fold_parents) {
            while (out > begin && *--out != '/') {
            }
        } else if (n > 0 && !(n == 1 && p[0] == '.')) {
            if (out > begin) {
                *out++ = '/';
            }
            memmove(out, p, n);
            out += n;
        }
        p += n;
    }
    *out = '\0';
}

/// Not tidy yet; malloc()ed, NULL without memory.
static char *
join(const char *folder, const char *path)
{
    const bool whole = ch_path_is_absolute(path);
    const size_t n_folder = whole ? 0 : strlen(folder);
    char *joined = malloc(n_folder + 1 + strlen(path) + 1);
    if (joined) {
        memcpy(joined, folder, n_folder);
        strcpy(joined + n_folder, whole ? "" : "/");
        strcat(joined, path);
        ch_path_normalise(joined);
    }
    return joined;
}

char *
ch_path_absolute(const char *folder, const char *path)
{
    char whole[CH_SYS_PATH_BYTES];
    if (ch_path_is_half(path) && ch_sys_absolute(path, whole, sizeof whole)) {
        path = whole;
    }
    char *plain = join(folder, path);
    char *folded = join(folder, path);
    if (!plain || !folded) {
        free(plain);
        free(folded);
        return NULL;
    }
    tidy(plain, false);
    tidy(folded, true);
    if (strcmp(plain, folded) != 0 && !ch_sys_same_file(plain, folded)) {
        free(folded);
        return plain;
    }
    free(plain);
    return folded;
}

// SPDX-License-Identifier: ISC
// client/paths.c — paths and names of audio files: absolute, tidy, in the order people expect.

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "client/uris.h"

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
    const char *slash = strrchr(name, '/');
    const char *dot = strrchr(slash ? slash + 1 : name, '.');
    if (!dot || dot == name || dot[-1] == '/') {
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
    char *out = path;
    for (const char *p = path; *p != '\0';) {
        while (*p == '/') {
            p++;
        }
        size_t n = strcspn(p, "/");
        if (n == 2 && p[0] == '.' && p[1] == '.' && fold_parents) {
            while (out > path && *--out != '/') {
            }
        } else if (n > 0 && !(n == 1 && p[0] == '.')) {
            *out++ = '/';
            memmove(out, p, n);
            out += n;
        }
        p += n;
    }
    if (out == path) {
        *out++ = '/';
    }
    *out = '\0';
}

static bool
same_file(const char *a, const char *b)
{
    struct stat at_a, at_b;
    return stat(a, &at_a) == 0 && stat(b, &at_b) == 0 && at_a.st_dev == at_b.st_dev &&
           at_a.st_ino == at_b.st_ino;
}

char *
ch_path_absolute(const char *folder, const char *path)
{
    bool relative = path[0] != '/';
    size_t n_folder = relative ? strlen(folder) : 0;
    size_t n = n_folder + 1 + strlen(path) + 1;
    char *plain = malloc(n);
    char *folded = malloc(n);
    if (!plain || !folded) {
        free(plain);
        free(folded);
        return NULL;
    }
    memcpy(plain, folder, n_folder);
    plain[n_folder] = '/';
    strcpy(plain + n_folder + 1, path);
    tidy(plain, false);
    strcpy(folded, plain);
    tidy(folded, true);
    if (strcmp(plain, folded) != 0 && !same_file(plain, folded)) {
        free(folded);
        return plain;
    }
    free(plain);
    return folded;
}

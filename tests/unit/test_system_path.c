// SPDX-License-Identifier: ISC
// tests/unit/test_system_path.c — what names say by their letters, by the rules of this system.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "system/path.h"

/// What is expected where paths begin with '/', and where drives and servers have names.
struct row {
    const char *path;
    const char *posix, *windows;
};

static const char *
expected(const struct row *row)
{
    return ch_path_has_servers() ? row->windows : row->posix;
}

#define N(table) (sizeof(table) / sizeof *(table))

static void
roots(void **state)
{
    (void)state;
    static const struct row table[] = {
        {"/a/b", "/", ""},
        {"a/b", "", ""},
        {"", "", ""},
        {"/", "/", ""},
        {"C:/a", "", "C:/"},
        {"C:\\a", "", "C:\\"},
        {"c:/", "", "c:/"},
        {"C:a", "", ""},
        {"C:", "", ""},
        {"1:/a", "", ""},
        {"\\a", "", ""},
        {"//server/share/a", "/", "//server/share/"},
        {"//server/share", "/", "//server/share"},
        {"//server/", "/", ""},
        {"//server", "/", ""},
        {"//", "/", ""},
        {"///a/b", "/", ""},
        {"\\\\server\\share\\a", "", "\\\\server\\share\\"},
    };
    for (size_t i = 0; i < N(table); i++) {
        const char *root = expected(&table[i]);
        assert_int_equal(ch_path_root(table[i].path), strlen(root));
        assert_int_equal(ch_path_is_absolute(table[i].path), *root != '\0');
    }
}

static void
halves(void **state)
{
    (void)state;
    static const struct row table[] = {
        {"C:a", "", "half"},
        {"C:", "", "half"},
        {"/a", "", "half"},
        {"\\a", "", "half"},
        {"a", "", ""},
        {"", "", ""},
        {"C:/a", "", ""},
        {"//server/share", "", ""},
        {"./C:a", "", ""},
        {"//", "", "half"},
        {"//server", "", "half"},
    };
    for (size_t i = 0; i < N(table); i++) {
        assert_int_equal(ch_path_is_half(table[i].path), *expected(&table[i]) != '\0');
    }
}

static void
normal_form(void **state)
{
    (void)state;
    static const struct row table[] = {
        {"a/b", "a/b", "a/b"},
        {"a\\b", "a\\b", "a/b"},
        {"c:\\Music\\a.flac", "c:\\Music\\a.flac", "C:/Music/a.flac"},
        {"C:/x", "C:/x", "C:/x"},
        {"\\\\?\\C:\\long", "\\\\?\\C:\\long", "C:/long"},
        {"\\\\?\\UNC\\server\\share\\a", "\\\\?\\UNC\\server\\share\\a", "//server/share/a"},
        {"\\\\?\\unc\\server\\a", "\\\\?\\unc\\server\\a", "//server/a"},
        {"\\\\server\\share", "\\\\server\\share", "//server/share"},
        {"\\\\.\\NUL", "\\\\.\\NUL", "//./NUL"},
        {"\\\\?\\Volume{1}\\a", "\\\\?\\Volume{1}\\a", "//?/Volume{1}/a"},
        {"", "", ""},
    };
    for (size_t i = 0; i < N(table); i++) {
        char path[64];
        snprintf(path, sizeof path, "%s", table[i].path);
        ch_path_normalise(path);
        assert_string_equal(path, expected(&table[i]));
    }
}

static void
last_parts(void **state)
{
    (void)state;
    static const struct row table[] = {
        {"/a/b.wav", "b.wav", "b.wav"}, {"b", "b", "b"},     {"a/", "", ""},
        {"C:/b.wav", "b.wav", "b.wav"}, {"C:b", "C:b", "b"},
    };
    for (size_t i = 0; i < N(table); i++) {
        assert_string_equal(ch_path_name(table[i].path), expected(&table[i]));
    }
}

static void
names_of_files(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "CON", "nul", "aux.wav", "COM1", "COM¹", "lpt³.x",     "lpt9.tar.gz", "Prn .txt", "a.",
        "a ",  "a:b", "a?",      "a\\b", "x|y",  "\"quoted\"", "<a>",         "com0"};
    static const char *const good[] = {"con1", "console", "COM",      "COM10", "lpt",       "nul_",
                                       "a b",  ".con",    "änderung", "a.b.c", "aux-1.wav", "comm"};
    const char *why;
    for (size_t i = 0; i < N(bad); i++) {
        assert_int_equal(ch_path_name_ok(bad[i], &why), !ch_path_has_servers());
        assert_int_equal(why != NULL, ch_path_has_servers());
    }
    for (size_t i = 0; i < N(good); i++) {
        assert_true(ch_path_name_ok(good[i], &why));
        assert_null(why);
    }
}

static void
uris(void **state)
{
    (void)state;
    static const struct row prefixes[] = {{"/a", "file://", "file://"},
                                          {"C:/a", "file://", "file:///"},
                                          {"//server/share/a", "file://", "file:"}};
    for (size_t i = 0; i < N(prefixes); i++) {
        assert_string_equal(ch_path_uri_prefix(prefixes[i].path), expected(&prefixes[i]));
    }
    static const struct row paths[] = {{"/C:/a", "/C:/a", "C:/a"},
                                       {"/c|/a", "/c|/a", "C:/a"},
                                       {"/a", "/a", "/a"},
                                       {"//server/share/a", "//server/share/a", "//server/share/a"},
                                       {"/C:\\a", "/C:\\a", "C:/a"}};
    for (size_t i = 0; i < N(paths); i++) {
        char path[64];
        snprintf(path, sizeof path, "%s", paths[i].path);
        ch_path_from_uri(path);
        assert_string_equal(path, expected(&paths[i]));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roots),          cmocka_unit_test(halves),
        cmocka_unit_test(normal_form),    cmocka_unit_test(last_parts),
        cmocka_unit_test(names_of_files), cmocka_unit_test(uris),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

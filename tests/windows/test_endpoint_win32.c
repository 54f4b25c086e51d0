// SPDX-License-Identifier: ISC
// tests/windows/test_endpoint_win32.c — which name wins, and what is no name of a local pipe.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <windows.h>

#include "protocol/endpoint.h"
#include "system/user_win32.h"

#define PIPE "\\\\.\\pipe\\"

static char default_name[CH_ENDPOINT_BYTES];

static int
learn_default(void **state)
{
    (void)state;
    char sid[CH_SID_BYTES];
    if (!ch_user_self(sid)) {
        return -1;
    }
    snprintf(default_name, sizeof default_name, PIPE "chant-%s", sid);
    return 0;
}

static void
order_of_precedence(void **state)
{
    (void)state;
    const struct {
        const char *option, *variable, *name;
    } table[] = {
        {"o", "v", PIPE "o"},
        {NULL, "v", PIPE "v"},
        {NULL, PIPE "v", PIPE "v"},
        {NULL, "", default_name},
        {NULL, NULL, default_name},
        {PIPE "o", NULL, PIPE "o"},
        {"//./pipe/o", NULL, PIPE "o"},
        {"\\\\.\\PIPE\\o", NULL, PIPE "o"},
        {"\\\\?\\pipe\\o", NULL, PIPE "o"},
        {"a b: c", NULL, PIPE "a b: c"},
        {"\xc3\xa4", NULL, PIPE "\xc3\xa4"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char name[CH_ENDPOINT_BYTES];
        const char *why = NULL;
        SetEnvironmentVariableA("CHANT_SOCKET", table[i].variable);
        assert_true(ch_endpoint_path(table[i].option, name, &why));
        assert_string_equal(name, table[i].name);
    }
}

static void
no_names(void **state)
{
    (void)state;
    static const struct {
        const char *option, *reason;
    } table[] = {
        {"", "empty"},
        {PIPE, "empty"},
        {"\\\\.\\pipe", "empty"},
        {"\\\\host\\pipe\\x", "another machine"},
        {"//host/pipe/x", "another machine"},
        {"\\\\127.0.0.1\\pipe\\x", "another machine"},
        {"\\\\localhost\\pipe\\x", "another machine"},
        {"\\\\..\\pipe\\x", "another machine"},
        {"\\\\.\\pipe2\\x", "no '\\'"},
        {"\\\\.\\C:\\x", "no '\\'"},
        {"C:\\x.sock", "no '\\'"},
        {"/run/chant.sock", "no '\\'"},
        {PIPE "a\\b", "no '\\'"},
        {PIPE "..", "dot"},
        {"x.", "dot"},
        {"x ", "blank"},
        {"a\nb", "control"},
        {"a\xff", "UTF-8"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char name[CH_ENDPOINT_BYTES] = "x";
        const char *why = "";
        assert_false(ch_endpoint_path(table[i].option, name, &why));
        assert_string_equal(name, "");
        assert_non_null(strstr(why, table[i].reason));
        assert_false(ch_endpoint_path(table[i].option, name, NULL));
    }
}

static void
lengths_at_the_limit(void **state)
{
    (void)state;
    char text[400], name[CH_ENDPOINT_BYTES];
    const char *why = NULL;
    memset(text, 'a', sizeof text);
    text[256 - strlen(PIPE)] = '\0';
    assert_true(ch_endpoint_path(text, name, &why));
    assert_int_equal(strlen(name), 256);
    SetEnvironmentVariableA("CHANT_SOCKET", name);
    assert_true(ch_endpoint_path(NULL, name, &why));
    text[256 - strlen(PIPE)] = 'a';
    text[257 - strlen(PIPE)] = '\0';
    assert_false(ch_endpoint_path(text, name, &why));
    assert_non_null(strstr(why, "256"));
    // Never the default instead of what was asked for.
    text[257 - strlen(PIPE)] = 'a';
    text[399] = '\0';
    SetEnvironmentVariableA("CHANT_SOCKET", text);
    assert_false(ch_endpoint_path(NULL, name, &why));
    assert_non_null(strstr(why, "%CHANT_SOCKET%"));
    SetEnvironmentVariableA("CHANT_SOCKET", NULL);
}

static void
only_the_default_is_default(void **state)
{
    (void)state;
    assert_true(ch_endpoint_is_default(default_name));
    assert_false(ch_endpoint_is_default(PIPE "chant"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_of_precedence),
        cmocka_unit_test(no_names),
        cmocka_unit_test(lengths_at_the_limit),
        cmocka_unit_test(only_the_default_is_default),
    };
    return cmocka_run_group_tests_name("endpoint", tests, learn_default, NULL);
}

// SPDX-License-Identifier: ISC
// tests/unit/test_endpoint.c — which address wins, and the names that travel.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/endpoint.h"
#include "protocol/names.h"

static void
set(const char *variable, const char *value)
{
    if (value) {
        setenv(variable, value, 1);
    } else {
        unsetenv(variable);
    }
}

static void
order_of_precedence(void **state)
{
    (void)state;
    static const struct {
        const char *option, *variable, *runtime, *path;
    } table[] = {
        {"/o.sock", "/v.sock", "/run/user/7", "/o.sock"},
        {"c.sock", NULL, NULL, "c.sock"},
        {NULL, "/v.sock", "/run/user/7", "/v.sock"},
        {NULL, "v.sock", NULL, "v.sock"},
        {NULL, NULL, "/run/user/7", "/run/user/7/chant/chant.sock"},
        {NULL, "", "/run/user/7", "/run/user/7/chant/chant.sock"},
        {NULL, NULL, NULL, "/run/chant/chant.sock"},
        {NULL, "", "", "/run/chant/chant.sock"},
        {NULL, NULL, "relative", "/run/chant/chant.sock"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        set("CHANT_SOCKET", table[i].variable);
        set("XDG_RUNTIME_DIR", table[i].runtime);
        char path[CH_ENDPOINT_BYTES];
        const char *why = NULL;
        assert_true(ch_endpoint_path(table[i].option, path, &why));
        assert_string_equal(path, table[i].path);
    }
}

static void
only_the_default_is_default(void **state)
{
    (void)state;
    set("XDG_RUNTIME_DIR", "/run/user/7");
    assert_true(ch_endpoint_is_default("/run/user/7/chant/chant.sock"));
    assert_false(ch_endpoint_is_default("/run/chant/chant.sock"));
    assert_false(ch_endpoint_is_default("/run/user/7/chant/chant.sock2"));
    assert_false(ch_endpoint_is_default("c.sock"));
    set("XDG_RUNTIME_DIR", NULL);
    assert_true(ch_endpoint_is_default("/run/chant/chant.sock"));
    assert_false(ch_endpoint_is_default("/run/user/7/chant/chant.sock"));
}

static void
lengths_at_the_limit(void **state)
{
    (void)state;
    char long_path[108 + 1];
    memset(long_path, 'a', sizeof long_path - 1);
    long_path[0] = '/';
    long_path[sizeof long_path - 1] = '\0'; // 108 bytes: one too many
    const char *const just_fits = long_path + 1;
    char path[CH_ENDPOINT_BYTES];
    const char *why = NULL;

    assert_false(ch_endpoint_path(long_path, path, &why));
    assert_non_null(strstr(why, "107"));
    assert_string_equal(path, "");
    assert_true(ch_endpoint_path(just_fits, path, &why));
    assert_string_equal(path, just_fits);

    set("CHANT_SOCKET", long_path);
    assert_false(ch_endpoint_path(NULL, path, &why));
    assert_non_null(strstr(why, "$CHANT_SOCKET"));
    set("CHANT_SOCKET", just_fits);
    assert_true(ch_endpoint_path(NULL, path, &why));
    set("CHANT_SOCKET", NULL);

    // "/chant/chant.sock" is 17 bytes.
    long_path[107 - 17] = '\0';
    set("XDG_RUNTIME_DIR", long_path);
    assert_true(ch_endpoint_path(NULL, path, &why));
    assert_int_equal(strlen(path), 107);
    assert_true(ch_endpoint_is_default(path));
    long_path[107 - 17] = 'a';
    long_path[108 - 17] = '\0';
    set("XDG_RUNTIME_DIR", long_path);
    assert_false(ch_endpoint_path(NULL, path, &why));
    assert_non_null(strstr(why, "$XDG_RUNTIME_DIR"));
    assert_false(ch_endpoint_is_default(""));
    set("XDG_RUNTIME_DIR", NULL);
}

static void
an_empty_option_is_an_error(void **state)
{
    (void)state;
    char path[CH_ENDPOINT_BYTES] = "x";
    const char *why = NULL;
    assert_false(ch_endpoint_path("", path, &why));
    assert_non_null(strstr(why, "empty"));
    assert_string_equal(path, "");
    assert_false(ch_endpoint_path("", path, NULL));
}

static void
error_names_codes_and_exits(void **state)
{
    (void)state;
    static const struct {
        enum ch_rpc_error error;
        const char *name;
        int code, exit_code;
    } table[] = {
        {CH_RPC_PARSE_ERROR, "PARSE_ERROR", -32700, 1},
        {CH_RPC_LINE_TOO_LONG, "LINE_TOO_LONG", -32000, 1},
        {CH_RPC_NOT_FOUND, "NOT_FOUND", -32002, 5},
        {CH_RPC_DENIED, "DENIED", -32006, 4},
        {CH_RPC_TIMEOUT, "TIMEOUT", -32009, 6},
        {CH_RPC_UNAVAILABLE, "UNAVAILABLE", -32010, 1},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        assert_string_equal(ch_rpc_error_name(table[i].error), table[i].name);
        assert_int_equal(ch_rpc_error_code(table[i].error), table[i].code);
        assert_int_equal(ch_rpc_exit_code(table[i].name), table[i].exit_code);
    }
    assert_string_equal(ch_rpc_error_name((enum ch_rpc_error)999), "INTERNAL");
    assert_int_equal(ch_rpc_error_code((enum ch_rpc_error)999), -32603);
    assert_int_equal(ch_rpc_exit_code("LATER_INVENTION"), 1);
    assert_int_equal(ch_rpc_exit_code("OK"), 1);
    assert_int_equal(ch_rpc_exit_code(NULL), 1);
}

static void
topics_there_and_back(void **state)
{
    (void)state;
    for (unsigned i = 0; i < CH_TOPICS; i++) {
        assert_int_equal(ch_topic_from_name(ch_topic_name((enum ch_topic)i)), i);
    }
    assert_int_equal(ch_topic_from_name("spectrum"), CH_TOPIC_SPECTRUM);
    assert_int_equal(ch_topic_from_name("Spectrum"), CH_TOPICS);
    assert_int_equal(ch_topic_from_name(""), CH_TOPICS);
    assert_int_equal(ch_topic_from_name(NULL), CH_TOPICS);
    assert_string_equal(ch_topic_name(CH_TOPICS), "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_of_precedence),
        cmocka_unit_test(only_the_default_is_default),
        cmocka_unit_test(lengths_at_the_limit),
        cmocka_unit_test(an_empty_option_is_an_error),
        cmocka_unit_test(error_names_codes_and_exits),
        cmocka_unit_test(topics_there_and_back),
    };
    return cmocka_run_group_tests_name("endpoint", tests, NULL, NULL);
}

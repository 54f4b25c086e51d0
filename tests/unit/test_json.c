// SPDX-License-Identifier: ISC
// tests/unit/test_json.c — reading: what is JSON here, what is not, and that cJSON agrees.

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/json.h"
#include "protocol/names.h"

// From memory of exactly this size, so that a sanitizer sees every byte read too far.
static enum ch_json_verdict
parse_n(const char *text, size_t length, cJSON **tree, size_t *at)
{
    char *copy = malloc(length ? length : 1);
    assert_non_null(copy);
    memcpy(copy, text, length);
    enum ch_json_verdict verdict = ch_json_parse(copy, length, CH_NESTING_MAX, tree, at);
    size_t check_at = 0;
    assert_int_equal(ch_json_check(copy, length, CH_NESTING_MAX, &check_at), verdict);
    assert_int_equal(check_at, *at);
    assert_true((verdict == CH_JSON_OK) == (*tree != NULL));
    free(copy);
    return verdict;
}

static enum ch_json_verdict
verdict_of(const char *text, size_t length, size_t *at)
{
    cJSON *tree = NULL;
    size_t offset = 0;
    enum ch_json_verdict verdict = parse_n(text, length, &tree, &offset);
    cJSON_Delete(tree);
    *at = offset;
    return verdict;
}

static void
accepted(void **state)
{
    (void)state;
    static const char *const table[] = {
        "null",
        "true",
        "false",
        "0",
        "-0",
        "10",
        "-1.5",
        "0.5e+3",
        "1E-2",
        "0e0",
        "0.0",
        "\"\"",
        "\"a\"",
        "[]",
        "{}",
        " \t\r\n[ ] \t\r\n",
        "[[],{},[[]]]",
        "{\"a\":{\"b\":[1,2,{\"c\":null}]}}",
        "{ \"a\" : 1 , \"b\" : [ true , false ] }",
        "{\"a\":1,\"a\":2}",
        "{\"\":0}",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\"",
        "\"\\u00e9\\u20AC\\ud83d\\uDE00\"",
        "\"\x7f\"",
        "\"\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"",
        "[\"\xed\x9f\xbf\xee\x80\x80\"]",
        "\"\\ufffe\\uffff\"",
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        size_t at;
        assert_int_equal(verdict_of(table[i], strlen(table[i]), &at), CH_JSON_OK);
        assert_int_equal(at, strlen(table[i]));
    }
}

static void
refused(void **state)
{
    (void)state;
#define T(text) text, sizeof text - 1
    static const struct {
        const char *text;
        size_t length, at;
        enum ch_json_verdict verdict;
    } table[] = {
        // structure
        {T(""), 0, CH_JSON_SYNTAX},
        {T("  "), 2, CH_JSON_SYNTAX},
        {T("["), 1, CH_JSON_SYNTAX},
        {T("]"), 0, CH_JSON_SYNTAX},
        {T("[1"), 2, CH_JSON_SYNTAX},
        {T("[1,]"), 3, CH_JSON_SYNTAX},
        {T("[,1]"), 1, CH_JSON_SYNTAX},
        {T("[1 2]"), 3, CH_JSON_SYNTAX},
        {T("[1}"), 2, CH_JSON_SYNTAX},
        {T("[}"), 1, CH_JSON_SYNTAX},
        {T("{]"), 1, CH_JSON_SYNTAX},
        {T("{"), 1, CH_JSON_SYNTAX},
        {T("{\"a\"}"), 4, CH_JSON_SYNTAX},
        {T("{\"a\" 1}"), 5, CH_JSON_SYNTAX},
        {T("{\"a\":}"), 5, CH_JSON_SYNTAX},
        {T("{\"a\":1,}"), 7, CH_JSON_SYNTAX},
        {T("{a:1}"), 1, CH_JSON_SYNTAX},
        {T("{1:1}"), 1, CH_JSON_SYNTAX},
        {T("{\"a\":1 \"b\":2}"), 7, CH_JSON_SYNTAX},
        {T("{\"a\":1]"), 6, CH_JSON_SYNTAX},
        {T("{}{}"), 2, CH_JSON_SYNTAX},
        {T("1 2"), 2, CH_JSON_SYNTAX},
        {T("[] x"), 3, CH_JSON_SYNTAX},
        {T("[]\0"), 2, CH_JSON_SYNTAX},
        {T("\v1"), 0, CH_JSON_SYNTAX},
        {T("\xef\xbb\xbf{}"), 0, CH_JSON_SYNTAX}, // a byte order mark
        {T("/*c*/1"), 0, CH_JSON_SYNTAX},
        {T("'a'"), 0, CH_JSON_SYNTAX},
        // words
        {T("nul"), 0, CH_JSON_SYNTAX},
        {T("True"), 0, CH_JSON_SYNTAX},
        {T("falsey"), 5, CH_JSON_SYNTAX},
        {T("NaN"), 0, CH_JSON_SYNTAX},
        {T("Infinity"), 0, CH_JSON_SYNTAX},
        {T("-Infinity"), 1, CH_JSON_SYNTAX},
        // numbers
        {T("01"), 1, CH_JSON_SYNTAX},
        {T("-01"), 2, CH_JSON_SYNTAX},
        {T("-"), 1, CH_JSON_SYNTAX},
        {T("+1"), 0, CH_JSON_SYNTAX},
        {T(".5"), 0, CH_JSON_SYNTAX},
        {T("1."), 2, CH_JSON_SYNTAX},
        {T("1.e3"), 2, CH_JSON_SYNTAX},
        {T("1e"), 2, CH_JSON_SYNTAX},
        {T("1e+"), 3, CH_JSON_SYNTAX},
        {T("1e+-2"), 3, CH_JSON_SYNTAX},
        {T("1e1.5"), 3, CH_JSON_SYNTAX},
        {T("0x10"), 1, CH_JSON_SYNTAX},
        {T("--1"), 1, CH_JSON_SYNTAX},
        {T("1,5"), 1, CH_JSON_SYNTAX},
        // strings
        {T("\""), 1, CH_JSON_SYNTAX},
        {T("\"a"), 2, CH_JSON_SYNTAX},
        {T("\"\\\""), 3, CH_JSON_SYNTAX},
        {T("\"\\"), 1, CH_JSON_SYNTAX},
        {T("\"\\a\""), 1, CH_JSON_SYNTAX},
        {T("\"\\x41\""), 1, CH_JSON_SYNTAX},
        {T("\"\\U0041\""), 1, CH_JSON_SYNTAX},
        {T("\"\\u004\""), 1, CH_JSON_SYNTAX},
        {T("\"\\u004g\""), 1, CH_JSON_SYNTAX},
        {T("\"\\u00"), 1, CH_JSON_SYNTAX},
        {T("\"\t\""), 1, CH_JSON_SYNTAX},
        {T("\"\n\""), 1, CH_JSON_SYNTAX},
        {T("\"\x1f\""), 1, CH_JSON_SYNTAX},
        {T("\"a\0b\""), 2, CH_JSON_SYNTAX},
        // surrogates without their other half
        {T("\"\\ud800\""), 1, CH_JSON_SYNTAX},
        {T("\"\\uDFFF\""), 1, CH_JSON_SYNTAX},
        {T("\"\\ud800x\""), 1, CH_JSON_SYNTAX},
        {T("\"\\ud800\\n....\""), 1, CH_JSON_SYNTAX},
        {T("\"\\ud800\\ud800\""), 1, CH_JSON_SYNTAX},
        {T("\"\\ud800\\u0041\""), 1, CH_JSON_SYNTAX},
        {T("\"\\udc00\\ud800\""), 1, CH_JSON_SYNTAX},
        {T("\"\\ud83d\\ude0"), 1, CH_JSON_SYNTAX},
        // U+0000
        {T("\"ab\\u0000\""), 3, CH_JSON_NUL},
        {T("{\"\\u0000\":1}"), 2, CH_JSON_NUL},
        // UTF-8: the offset is that of the sequence
        {T("\"ab\xff\""), 3, CH_JSON_BAD_UTF8},
        {T("\"\xc3\""), 1, CH_JSON_BAD_UTF8},
        {T("\"\xe2\x82"), 1, CH_JSON_BAD_UTF8},
        {T("{\"\xed\xa0\x80\":1}"), 2, CH_JSON_BAD_UTF8},
        {T("[\"\xc0\xaf\"]"), 2, CH_JSON_BAD_UTF8},
        // beyond a double
        {T("[1e309]"), 1, CH_JSON_TOO_BIG},
        {T("-1e400"), 0, CH_JSON_TOO_BIG},
        {T("1e99999999999999999999"), 0, CH_JSON_TOO_BIG},
    };
#undef T
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        size_t at;
        enum ch_json_verdict verdict = verdict_of(table[i].text, table[i].length, &at);
        if (verdict != table[i].verdict || at != table[i].at) {
            fail_msg("%s: %s at %u", table[i].text, ch_json_verdict_text(verdict), (unsigned)at);
        }
    }
}

static const char request[] =
    "{\"jsonrpc\": \"2.0\", \"id\": -12.5e-1, \"method\": \"a\\u00e9\\ud83d\\ude00\xc3\xa9\", "
    "\"params\": {\"uris\": [\"/a b\", null], \"play\": true, \"x\": [[], {}]}}";

static void
no_prefix_is_complete(void **state)
{
    (void)state;
    size_t at;
    for (size_t length = 0; length < sizeof request - 1; length++) {
        assert_int_not_equal(verdict_of(request, length, &at), CH_JSON_OK);
        assert_true(at <= length);
    }
    assert_int_equal(verdict_of(request, sizeof request - 1, &at), CH_JSON_OK);
}

// Whatever the check lets pass, cJSON builds: parse_n() would see CH_JSON_NO_MEMORY.
static void
cjson_agrees_on_every_mutation(void **state)
{
    (void)state;
    char text[sizeof request];
    unsigned n_accepted = 0;
    for (size_t i = 0; i < sizeof request - 1; i++) {
        for (int byte = 0; byte < 256; byte++) {
            memcpy(text, request, sizeof text);
            text[i] = (char)byte;
            size_t at;
            enum ch_json_verdict verdict = verdict_of(text, sizeof text - 1, &at);
            assert_int_not_equal(verdict, CH_JSON_NO_MEMORY);
            n_accepted += verdict == CH_JSON_OK;
        }
    }
    assert_true(n_accepted > sizeof request);
}

static void
nesting(void **state)
{
    (void)state;
    enum { MILLION = 1000000 };
    char *text = malloc(MILLION);
    assert_non_null(text);
    memset(text, '[', MILLION);
    size_t at = 0;
    assert_int_equal(ch_json_check(text, MILLION, CH_NESTING_MAX, &at), CH_JSON_TOO_DEEP);
    assert_int_equal(at, CH_NESTING_MAX);
    // No limit of the caller's goes beyond what cJSON can take.
    assert_int_equal(ch_json_check(text, MILLION, UINT32_MAX, &at), CH_JSON_TOO_DEEP);
    assert_int_equal(at, CJSON_NESTING_LIMIT);
    memset(text + CJSON_NESTING_LIMIT, ']', CJSON_NESTING_LIMIT);
    cJSON *tree = NULL;
    assert_int_equal(ch_json_parse(text, 2 * CJSON_NESTING_LIMIT, UINT32_MAX, &tree, &at),
                     CH_JSON_OK);
    cJSON_Delete(tree);
    free(text);

    assert_int_equal(ch_json_check("1", 1, 0, NULL), CH_JSON_OK);
    assert_int_equal(ch_json_check("[]", 2, 0, NULL), CH_JSON_TOO_DEEP);
    assert_int_equal(ch_json_check("[{},{}]", 7, 2, NULL), CH_JSON_OK);
    assert_int_equal(ch_json_check("[{\"a\":[]}]", 10, 2, &at), CH_JSON_TOO_DEEP);
    assert_int_equal(at, 6);
}

static void
the_tree(void **state)
{
    (void)state;
    cJSON *tree = NULL;
    size_t at;
    assert_int_equal(parse_n(request, sizeof request - 1, &tree, &at), CH_JSON_OK);
    const cJSON *method = cJSON_GetObjectItemCaseSensitive(tree, "method");
    assert_string_equal(method->valuestring, "a\xc3\xa9\xf0\x9f\x98\x80\xc3\xa9");
    assert_true(cJSON_GetObjectItemCaseSensitive(tree, "id")->valuedouble == -1.25);
    cJSON_Delete(tree);
    // Of equal keys the first one wins.
    assert_int_equal(parse_n("{\"a\":1,\"a\":2}", 13, &tree, &at), CH_JSON_OK);
    assert_int_equal(cJSON_GetObjectItemCaseSensitive(tree, "a")->valueint, 1);
    cJSON_Delete(tree);
}

static char *
repeated(char *out, const char *head, char c, size_t n, const char *tail)
{
    size_t length = strlen(head);
    memcpy(out, head, length);
    memset(out + length, c, n);
    memcpy(out + length + n, tail, strlen(tail) + 1);
    return out;
}

// strtod() takes a number of any length, so it is the judge.
static void
assert_same_number(const char *text)
{
    double expected = strtod(text, NULL);
    cJSON *tree = NULL;
    size_t at;
    enum ch_json_verdict verdict = parse_n(text, strlen(text), &tree, &at);
    assert_int_equal(verdict, isinf(expected) ? CH_JSON_TOO_BIG : CH_JSON_OK);
    if (tree) {
        assert_memory_equal(&tree->valuedouble, &expected, sizeof expected);
    }
    cJSON_Delete(tree);
}

static void
numbers_at_the_edges_of_a_double(void **state)
{
    (void)state;
    static const char *const table[] = {
        "1e308",
        "9.9e307",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "-1.7976931348623158079e308",
        "1.797693134862315808e308",
        "1.7976931348623159e308",
        "1.8e308",
        "-2e308",
        "17976931348623157e292",
        "17976931348623159e292",
        "0.00017976931348623157e312",
        "0.00017976931348623159e312",
        "0.1e309",
        "0.1e310",
        "100e306",
        "100e307",
        "0e99999",
        "-0.000e99999",
        "1e-400",
        "-1e-99999999999999999999999",
        "4.9e-324",
        "2.2250738585072011e-308",
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        assert_same_number(table[i]);
    }
    char text[2048];
    assert_same_number(repeated(text, "1", '0', 308, ""));
    assert_same_number(repeated(text, "1", '0', 309, ""));
    assert_same_number(repeated(text, "1", '0', 309, "e-1"));
    assert_same_number(repeated(text, "0.", '0', 400, "1e709"));
    assert_same_number(repeated(text, "0.", '0', 400, "1e710"));
    assert_same_number(repeated(text, "0.", '0', 1000, ""));
}

static void
numbers_longer_than_cjson_takes(void **state)
{
    (void)state;
    static const struct {
        const char *head;
        char c;
        const char *tail;
    } table[] = {
        {"", '1', ""},       {"-0.", '3', ""},    {"0.", '0', "123"},         {"-", '9', ".5e-30"},
        {"1.", '0', "1"},    {"1e-", '0', "5"},   {"-12345678901.", '7', ""}, {"1e", '0', "2"},
        {"4.", '9', "e+22"}, {"0.1", '0', "e10"}, {"0.", '0', "1e50"},
    };
    char text[1024];
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        for (size_t n = 40; n < 300; n += n < 80 ? 1 : 37) {
            assert_same_number(repeated(text, table[i].head, table[i].c, n, table[i].tail));
        }
    }
    // 2^53 + 1 lies between two doubles; the digit at the end decides.
    assert_same_number(repeated(text, "9007199254740993.", '0', 200, "1"));
    assert_same_number(repeated(text, "9007199254740993.", '0', 200, ""));
}

static void
long_numbers_leave_their_neighbours_alone(void **state)
{
    (void)state;
    char digits[128];
    char text[1024];
    repeated(digits, "0.", '3', 98, "");
    int length = snprintf(text, sizeof text, "{\"%s\\\"%s\":[%s,-%s],\"a\":true,\"b\":[%s]}",
                          digits, digits, digits, digits, digits);
    cJSON *tree = NULL;
    size_t at;
    assert_int_equal(parse_n(text, (size_t)length, &tree, &at), CH_JSON_OK);
    char key[256];
    snprintf(key, sizeof key, "%s\"%s", digits, digits);
    const cJSON *array = cJSON_GetObjectItemCaseSensitive(tree, key);
    assert_int_equal(cJSON_GetArraySize(array), 2);
    assert_true(cJSON_GetArrayItem(array, 0)->valuedouble == strtod(digits, NULL));
    assert_true(cJSON_GetArrayItem(array, 1)->valuedouble == -strtod(digits, NULL));
    assert_true(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(tree, "a")));
    array = cJSON_GetObjectItemCaseSensitive(tree, "b");
    assert_true(cJSON_GetArrayItem(array, 0)->valuedouble == strtod(digits, NULL));
    cJSON_Delete(tree);
}

static int mallocs_left;

static void *
scarce_malloc(size_t length)
{
    return mallocs_left-- > 0 ? malloc(length) : NULL;
}

static void
memory_that_runs_out(void **state)
{
    (void)state;
    cJSON_Hooks hooks = {scarce_malloc, free};
    cJSON_InitHooks(&hooks);
    int n = 0;
    enum ch_json_verdict verdict;
    do {
        cJSON *tree = NULL;
        mallocs_left = n++;
        verdict = ch_json_parse(request, sizeof request - 1, CH_NESTING_MAX, &tree, NULL);
        assert_true(verdict == CH_JSON_NO_MEMORY || verdict == CH_JSON_OK);
        assert_true((tree != NULL) == (verdict == CH_JSON_OK));
        cJSON_Delete(tree);
    } while (verdict != CH_JSON_OK);
    assert_true(n > 10);
    cJSON_InitHooks(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepted),
        cmocka_unit_test(refused),
        cmocka_unit_test(no_prefix_is_complete),
        cmocka_unit_test(cjson_agrees_on_every_mutation),
        cmocka_unit_test(nesting),
        cmocka_unit_test(the_tree),
        cmocka_unit_test(numbers_at_the_edges_of_a_double),
        cmocka_unit_test(numbers_longer_than_cjson_takes),
        cmocka_unit_test(long_numbers_leave_their_neighbours_alone),
        cmocka_unit_test(memory_that_runs_out),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}

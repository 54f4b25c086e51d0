// SPDX-License-Identifier: ISC
// tests/unit/test_json_write.c — writing: commas, strings, base64, echoes, and memory.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// The buffer is compiled into this program, so that its memory can be counted and made to run out.
static int reallocs_left = -1; // -1: as many as asked for
static unsigned n_reallocs;

static void *
scarce_realloc(void *memory, size_t length)
{
    n_reallocs++;
    if (reallocs_left == 0) {
        return NULL;
    }
    reallocs_left -= reallocs_left > 0;
    return (realloc)(memory, length);
}

#define realloc(memory, length) scarce_realloc(memory, length)
#include "protocol/buf.c"
#undef realloc

static void
assert_text(struct ch_buf *buf, const char *expected)
{
    assert_false(buf->failed);
    ch_buf_char(buf, '\0');
    assert_string_equal(buf->data, expected);
    buf->length--;
    if (strcmp(expected, "") != 0) {
        assert_int_equal(ch_json_check(buf->data, buf->length, 100, NULL), CH_JSON_OK);
    }
    ch_buf_clear(buf);
}

static void
commas(void **state)
{
    (void)state;
    struct ch_buf buf;
    ch_buf_init(&buf);
    ch_json_begin_object(&buf);
    ch_json_end_object(&buf);
    assert_text(&buf, "{}");
    ch_json_begin_array(&buf);
    ch_json_end_array(&buf);
    assert_text(&buf, "[]");

    ch_json_begin_object(&buf);
    ch_json_kv_string(&buf, "a", "x:{[,");
    ch_json_kv_string(&buf, "none", NULL);
    ch_json_kv_uint(&buf, "b", 1);
    ch_json_kv_fixed(&buf, "c", 1.5, 3);
    ch_json_kv_null(&buf, "d");
    ch_json_kv_bool(&buf, "e", true);
    ch_json_kv_bool(&buf, "f", false);
    ch_json_key(&buf, "g");
    ch_json_begin_array(&buf);
    ch_json_begin_array(&buf);
    ch_json_end_array(&buf);
    ch_json_begin_object(&buf);
    ch_json_end_object(&buf);
    ch_json_null(&buf);
    ch_json_bool(&buf, true);
    ch_json_int(&buf, -1);
    ch_json_number(&buf, 2);
    ch_json_string(&buf, "");
    ch_json_base64(&buf, "", 0);
    ch_json_raw(&buf, "{\"r\":1}", 7);
    ch_json_end_array(&buf);
    ch_json_key(&buf, "h");
    ch_json_begin_object(&buf);
    ch_json_key(&buf, "i");
    ch_json_raw(&buf, "[]", 2);
    ch_json_end_object(&buf);
    ch_json_kv_uint(&buf, "j", 2);
    ch_json_end_object(&buf);
    assert_text(&buf, "{\"a\":\"x:{[,\",\"none\":null,\"b\":1,\"c\":1.5,\"d\":null,\"e\":true,"
                      "\"f\":false,\"g\":[[],{},null,true,-1,2,\"\",\"\",{\"r\":1}],"
                      "\"h\":{\"i\":[]},\"j\":2}");
    ch_buf_fini(&buf);
}

static void
lines_one_after_another(void **state)
{
    (void)state;
    struct ch_buf buf;
    ch_buf_init(&buf);
    ch_json_uint(&buf, 1);
    ch_buf_char(&buf, '\n');
    ch_json_begin_object(&buf);
    ch_json_end_object(&buf);
    ch_buf_text(&buf, "\n");
    assert_int_equal(buf.length, 5);
    assert_memory_equal(buf.data, "1\n{}\n", 5);
    ch_buf_fini(&buf);
}

static uint64_t random_state = 88172645463325252u;

static uint64_t
next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

#define FFFD "\xef\xbf\xbd"

static void
strings(void **state)
{
    (void)state;
#define T(text) text, sizeof text - 1
    static const struct {
        const char *bytes;
        size_t length;
        const char *text;
    } table[] = {
        {T(""), "\"\""},
        {T("abc /~\x7f"), "\"abc /~\x7f\""},
        {T("\"\\"), "\"\\\"\\\\\""},
        {T("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\""},
        {T("\x01\x0b\x1f"), "\"\\u0001\\u000b\\u001f\""},
        {T("a\"b\\c\nd"), "\"a\\\"b\\\\c\\nd\""},
        {T("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"), "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""},
        {T("a\0b"), "\"a" FFFD "b\""},
        {T("\xff"), "\"" FFFD "\""},
        {T("x\xc3"), "\"x" FFFD "\""},
        {T("\xe2\x82"
           "A"),
         "\"" FFFD "A\""},
        {T("\xf0\x9f\x98"), "\"" FFFD "\""},
        // The examples of the Unicode standard, tables 3-8 to 3-11.
        {T("\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41"),
         "\"" FFFD FFFD FFFD FFFD FFFD FFFD FFFD FFFD "A\""},
        {T("\xed\xa0\x80\xed\xbf\xbf\xed\xaf\x41"),
         "\"" FFFD FFFD FFFD FFFD FFFD FFFD FFFD FFFD "A\""},
        {T("\xf4\x91\x92\x93\xff\x41\x80\xbf\x42"),
         "\"" FFFD FFFD FFFD FFFD FFFD "A" FFFD FFFD "B\""},
        {T("\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41"), "\"" FFFD FFFD FFFD FFFD "A\""},
    };
#undef T
    struct ch_buf buf;
    ch_buf_init(&buf);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        ch_json_string_n(&buf, table[i].bytes, table[i].length);
        assert_text(&buf, table[i].text);
    }
    ch_json_string_n(&buf, NULL, 0);
    assert_text(&buf, "\"\"");
    ch_json_string(&buf, NULL);
    assert_text(&buf, "null");
    ch_buf_fini(&buf);
}

// Any bytes become a string that the reader takes; with one sixfold expansion after another.
static void
strings_of_any_bytes(void **state)
{
    (void)state;
    static const struct {
        unsigned char first, range;
    } kinds[] = {{0x00, 0xff}, {0x00, 0x1f}, {0x20, 0x5f}, {0xc0, 0x3f}};
    unsigned char bytes[300];
    for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++) {
        for (size_t length = 0; length < sizeof bytes; length++) {
            for (size_t i = 0; i < length; i++) {
                bytes[i] = (unsigned char)(kinds[kind].first +
                                           next_random() % 256 % (kinds[kind].range + 1u));
            }
            struct ch_buf buf;
            ch_buf_init(&buf);
            ch_json_string_n(&buf, (const char *)bytes, length);
            assert_int_equal(ch_json_check(buf.data, buf.length, 0, NULL), CH_JSON_OK);
            ch_buf_fini(&buf);
        }
    }
}

static void
base64(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *text;
    } table[] = {
        // RFC 4648 section 10
        {"", "\"\""},
        {"f", "\"Zg==\""},
        {"fo", "\"Zm8=\""},
        {"foo", "\"Zm9v\""},
        {"foob", "\"Zm9vYg==\""},
        {"fooba", "\"Zm9vYmE=\""},
        {"foobar", "\"Zm9vYmFy\""},
        {"\xff\xff\xfe\xfb\xef\xbe", "\"///+++++\""},
        {"\xfb\xff", "\"+/8=\""},
    };
    struct ch_buf buf;
    ch_buf_init(&buf);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        ch_json_base64(&buf, table[i].bytes, strlen(table[i].bytes));
        assert_text(&buf, table[i].text);
    }
    ch_json_base64(&buf, "\0\0\0\0", 4);
    assert_text(&buf, "\"AAAAAA==\"");
    ch_buf_fini(&buf);
}

static void
values_echoed(void **state)
{
    (void)state;
    static const struct {
        const char *text, *echo; ///< NULL: the same
    } table[] = {
        {"null", NULL},
        {"true", NULL},
        {"false", NULL},
        {"0", NULL},
        {"-0", NULL},
        {"9007199254740991", NULL},
        {"-9007199254740991", NULL},
        {"1.5", NULL},
        {"\"id \\\" \\\\ \\n \xc3\xa9\"", NULL},
        {"\"\\u0001\\u0041\\u00e9\\/\"", "\"\\u0001A\xc3\xa9/\""},
        {"[]", NULL},
        {"{}", NULL},
        {"[1,[2,{\"a\":[],\"b\":{}}],\"x\"]", NULL},
        {" { \"a b\" : 1.0e0 , \"\\\"\" : [ ] } ", "{\"a b\":1,\"\\\"\":[]}"},
        {"{\"a\":1,\"a\":2}", NULL},
    };
    struct ch_buf buf;
    ch_buf_init(&buf);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        cJSON *tree = NULL;
        assert_int_equal(ch_json_parse(table[i].text, strlen(table[i].text), 32, &tree, NULL),
                         CH_JSON_OK);
        ch_json_value(&buf, tree);
        assert_text(&buf, table[i].echo ? table[i].echo : table[i].text);
        cJSON_Delete(tree);
    }
    ch_json_value(&buf, NULL);
    assert_text(&buf, "null");
    ch_buf_fini(&buf);
}

static void
write_a_frame(struct ch_buf *buf)
{
    ch_json_begin_object(buf);
    ch_json_kv_string(buf, "topic", "spectrum \x01 \xff");
    ch_json_key(buf, "bands");
    ch_json_begin_array(buf);
    for (int i = 0; i < 64; i++) {
        ch_json_fixed(buf, -160 + i * 2.43, 1);
    }
    ch_json_number(buf, 0.1);
    ch_json_end_array(buf);
    ch_json_key(buf, "b64");
    ch_json_base64(buf, "\0\1\2\3", 4);
    ch_json_end_object(buf);
}

static void
a_buffer_that_has_grown_allocates_no_more(void **state)
{
    (void)state;
    struct ch_buf buf;
    ch_buf_init(&buf);
    n_reallocs = 0;
    write_a_frame(&buf);
    assert_true(n_reallocs > 0);
    for (int i = 0; i < 3; i++) {
        n_reallocs = 0;
        ch_buf_clear(&buf);
        write_a_frame(&buf);
        assert_int_equal(n_reallocs, 0);
    }
    ch_buf_fini(&buf);
}

static void
no_memory_is_remembered(void **state)
{
    (void)state;
    for (int n = 0; n < 2; n++) {
        struct ch_buf buf;
        ch_buf_init(&buf);
        reallocs_left = n;
        write_a_frame(&buf);
        assert_true(buf.failed);
        reallocs_left = -1;
        // Still so when there is memory again: half a text must not look whole.
        size_t length = buf.length;
        write_a_frame(&buf);
        ch_buf_text(&buf, "x");
        assert_true(buf.failed);
        assert_int_equal(buf.length, length);
        ch_buf_clear(&buf);
        ch_json_null(&buf);
        assert_text(&buf, "null");
        ch_buf_fini(&buf);
    }
    // A length that no memory has is refused before the arithmetic wraps.
    struct ch_buf buf;
    ch_buf_init(&buf);
    ch_buf_text(&buf, "abc");
    volatile size_t absurd = SIZE_MAX - 1;
    ch_buf_append(&buf, "abc", absurd);
    assert_true(buf.failed);
    ch_buf_fini(&buf);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commas),
        cmocka_unit_test(lines_one_after_another),
        cmocka_unit_test(strings),
        cmocka_unit_test(strings_of_any_bytes),
        cmocka_unit_test(base64),
        cmocka_unit_test(values_echoed),
        cmocka_unit_test(a_buffer_that_has_grown_allocates_no_more),
        cmocka_unit_test(no_memory_is_remembered),
    };
    return cmocka_run_group_tests_name("json_write", tests, NULL, NULL);
}

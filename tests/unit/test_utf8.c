// SPDX-License-Identifier: ISC
// tests/unit/test_utf8.c — what is UTF-8: the known edges, all of it by count, and what becomes it.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/decode.h"
#include "protocol/json.h"

static void
boundaries(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        bool valid;
    } table[] = {
        {"", true},
        {"\x7f", true},
        {"\xc2\x80", true},          // U+0080
        {"\xdf\xbf", true},          // U+07FF
        {"\xe0\xa0\x80", true},      // U+0800
        {"\xed\x9f\xbf", true},      // U+D7FF
        {"\xee\x80\x80", true},      // U+E000
        {"\xef\xbf\xbf", true},      // U+FFFF
        {"\xf0\x90\x80\x80", true},  // U+10000
        {"\xf4\x8f\xbf\xbf", true},  // U+10FFFF
        {"\xf4\x90\x80\x80", false}, // U+110000
        {"\xf5\x80\x80\x80", false},
        {"\xf8\x88\x80\x80\x80", false},
        {"\xfc\x84\x80\x80\x80\x80", false},
        {"\xfe", false},
        {"\xff", false},
        {"\x80", false},
        {"\xbf", false},
        {"a\x80", false},
        {"\xc0\x80", false}, // overlong U+0000
        {"\xc0\xaf", false},
        {"\xc1\xbf", false},
        {"\xe0\x80\xaf", false},
        {"\xe0\x9f\xbf", false},
        {"\xf0\x80\x80\xaf", false},
        {"\xf0\x8f\xbf\xbf", false},
        {"\xed\xa0\x80", false}, // U+D800
        {"\xed\xbf\xbf", false}, // U+DFFF
        {"\xed\xa0\x80\xed\xb0\x80", false},
        {"\xc2", false},
        {"\xe2\x82", false},
        {"\xf0\x9f\x98", false},
        {"\xc2\xc2\x80", false},
        {"\xe2\x82\x41", false},
        {"\xe2\x28\xa1", false},
        {"\xf0\x28\x8c\xbc", false},
        {"plain text of some length", true},
        {"plain text of some length\xff", false},
        {"1234567\xc3\xa9 12345678\xe2\x82\xac", true},
        {"12345678\xc3", false},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (ch_utf8_valid(table[i].bytes, strlen(table[i].bytes)) != table[i].valid) {
            fail_msg("row %u", (unsigned)i);
        }
    }
    assert_true(ch_utf8_valid("\0a", 2));
    assert_true(ch_utf8_valid(NULL, 0));
}

// Counted by arithmetic: 128 characters of one byte, 1920 of two, 61440 of three.
static void
all_of_three_bytes(void **state)
{
    (void)state;
    unsigned n_valid = 0;
    for (unsigned i = 0; i < 1u << 24; i++) {
        char bytes[3] = {(char)(i >> 16), (char)(i >> 8), (char)i};
        n_valid += ch_utf8_valid(bytes, 3);
    }
    assert_int_equal(n_valid, 128 * 128 * 128 + 2 * 128 * 1920 + 61440);
}

static void
all_of_four_bytes(void **state)
{
    (void)state;
    unsigned n_valid = 0;
    for (unsigned i = 0; i < 1u << 24; i++) {
        // Every first byte from F0, every second byte, and two that continue.
        unsigned third = 0x80 | (i >> 6 & 0x3f);
        unsigned fourth = 0x80 | (i & 0x3f);
        char bytes[4] = {(char)(0xf0 | i >> 20), (char)(i >> 12), (char)third, (char)fourth};
        n_valid += ch_utf8_valid(bytes, 4);
    }
    assert_int_equal(n_valid, 0x10ffff - 0xffff);
}

// Marks, surrogates and the upper half of Windows-1252, each at its edges.
static void
files_of_other_encodings(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n_bytes;
        const char *text;
    } table[] = {
        {"", 0, ""},
        {"a\xc3\xa4", 3, "a\xc3\xa4"},
        {"\xef\xbb\xbf{}", 5, "{}"},
        {"\xff\xfe"
         "a\0\xe4\0\n\0",
         8, "a\xc3\xa4\n"},
        {"\xfe\xff"
         "\0a\0\xe4\0\n",
         8, "a\xc3\xa4\n"},
        {"a\0\x1a\x04", 4, "a\xd0\x9a"},
        {"\0a\x04\x1a", 4, "a\xd0\x9a"},
        {"\xff\xfe\x3d\xd8\x0a\xde", 6, "\xf0\x9f\x98\x8a"}, // a pair of surrogates
        {"\xff\xfe\x3d\xd8"
         "a\0",
         6,
         "\xef\xbf\xbd"
         "a"}, // half of one
        {"\xff\xfe"
         "a\0b",
         5, "a\xef\xbf\xbd"}, // half a unit
        {"a\0b\0\0\0", 6, "ab\xef\xbf\xbd"},
        {"K\xfchle \x80", 7, "K\xc3\xbchle \xe2\x82\xac"}, // Windows-1252
        {"\x81\xff", 2, "\xc2\x81\xc3\xbf"},
        {"ab\0c", 4,
         "ab\xef\xbf\xbd"
         "c"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        size_t length = 99;
        char *text = ch_text_to_utf8(table[i].bytes, table[i].n_bytes, &length);
        assert_non_null(text);
        if (strcmp(text, table[i].text) != 0 || length != strlen(table[i].text)) {
            fail_msg("file %u is '%s'", (unsigned)i, text);
        }
        free(text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boundaries),
        cmocka_unit_test(all_of_three_bytes),
        cmocka_unit_test(all_of_four_bytes),
        cmocka_unit_test(files_of_other_encodings),
    };
    return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}

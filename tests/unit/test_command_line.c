// SPDX-License-Identifier: ISC
// tests/unit/test_command_line.c — what goes into a line comes out of it again.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/command_line.h"

static const struct {
    const char *word, *quoted;
} words[] = {
    {"", "\"\""},
    {"--service", "\"--service\""},
    {"C:\\Program Files\\chant\\chantd.exe", "\"C:\\Program Files\\chant\\chantd.exe\""},
    {"a\\\\b", "\"a\\\\b\""},
    {"a\\", "\"a\\\\\""},
    {"\\\\.\\pipe\\x\\\\", "\"\\\\.\\pipe\\x\\\\\\\\\""},
    {"say \"so\"", "\"say \\\"so\\\"\""},
    {"a\\\"b", "\"a\\\\\\\"b\""},
    {"\"", "\"\\\"\""},
    {"--log-file=D:/Böse Überraschung/日本.log", "\"--log-file=D:/Böse Überraschung/日本.log\""},
};
#define N_WORDS (sizeof words / sizeof *words)

static void
test_quotes(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_WORDS; i++) {
        char line[256] = "";
        assert_true(ch_command_line_add(line, sizeof line, words[i].word));
        assert_string_equal(line, words[i].quoted);
    }
}

// The documented rules, from the other side: one word off the front of the line.
static const char *
take_word(const char *line, char *word)
{
    bool quoted = false;
    line += strspn(line, " ");
    while (*line && (quoted || *line != ' ')) {
        size_t n = strspn(line, "\\");
        const bool before_quote = line[n] == '"';
        line += n;
        if (before_quote) {
            const bool literal = n % 2;
            n /= 2;
            memset(word, '\\', n);
            word += n;
            if (literal) {
                *word++ = '"';
            } else {
                quoted = !quoted;
            }
            line++;
        } else if (n) {
            memset(word, '\\', n);
            word += n;
        } else {
            *word++ = *line++;
        }
    }
    *word = '\0';
    return line;
}

static void
test_random_words_come_back(void **state)
{
    (void)state;
    static const char letters[] = "\\\\\\\"\" ax";
    uint32_t seed = 1;
    for (int round = 0; round < 20000; round++) {
        char line[512] = "", given[4][16], word[64];
        for (int i = 0; i < 4; i++) {
            size_t n = 0;
            for (seed = seed * 1664525 + 1013904223; n < (seed >> 16) % 15; n++) {
                given[i][n] = letters[(seed >> (n + 3)) % (sizeof letters - 1)];
            }
            given[i][n] = '\0';
            assert_true(ch_command_line_add(line, sizeof line, given[i]));
        }
        const char *rest = line;
        for (int i = 0; i < 4; i++) {
            rest = take_word(rest, word);
            assert_string_equal(word, given[i]);
        }
        assert_string_equal(rest, "");
    }
}

static void
test_what_does_not_fit_is_left_out(void **state)
{
    (void)state;
    char whole[64] = "";
    assert_true(ch_command_line_add(whole, sizeof whole, "one"));
    assert_true(ch_command_line_add(whole, sizeof whole, "t\"o\\"));
    for (size_t bytes = sizeof "\"one\""; bytes <= strlen(whole); bytes++) {
        char line[64];
        memset(line, '#', sizeof line);
        line[0] = '\0';
        assert_true(ch_command_line_add(line, bytes, "one"));
        assert_false(ch_command_line_add(line, bytes, "t\"o\\"));
        assert_string_equal(line, "\"one\"");
        assert_int_equal(line[bytes], '#');
    }
    char line[64] = "";
    assert_true(ch_command_line_add(line, strlen(whole) + 1, "one"));
    assert_true(ch_command_line_add(line, strlen(whole) + 1, "t\"o\\"));
    assert_string_equal(line, whole);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quotes),
        cmocka_unit_test(test_random_words_come_back),
        cmocka_unit_test(test_what_does_not_fit_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: ISC
// tests/unit/test_framing.c — lines come out the same wherever the bytes are cut.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// The framer is compiled into this program, so that its memory can be made to run out.
static int reallocs_left = -1; // -1: as many as asked for

static void *
scarce_realloc(void *memory, size_t length)
{
    if (reallocs_left == 0) {
        return NULL;
    }
    reallocs_left -= reallocs_left > 0;
    return (realloc)(memory, length);
}

#define realloc(memory, length) scarce_realloc(memory, length)
#include "protocol/framing.c"
#undef realloc

// What was reported, as text: lines in brackets, '!' for one that is too long.
struct report {
    char text[4096];
    size_t length;
    int stop_after; ///< lines until the callback says stop; -1 never
    const char *low, *high;
    bool all_in_place;
};

static void
put(struct report *report, const char *bytes, size_t length)
{
    assert_true(report->length + length < sizeof report->text);
    memcpy(report->text + report->length, bytes, length);
    report->length += length;
    report->text[report->length] = '\0';
}

static bool
on_line(void *context, enum ch_line kind, char *text, size_t length)
{
    struct report *report = context;
    char terminator = text[length];
    if (kind == CH_LINE_TOO_LONG) {
        assert_int_equal(length, 0);
        put(report, "!", 1);
    } else {
        assert_true(terminator == '\n' || terminator == '\r' || terminator == '\0');
        put(report, "[", 1);
        put(report, text, length);
        put(report, "]", 1);
    }
    report->all_in_place &= text >= report->low && text + length < report->high;
    return report->stop_after < 0 || --report->stop_after > 0;
}

// From memory of exactly this size, so that a sanitizer sees every byte read too far.
static bool
feed(struct ch_framer *framer, const char *bytes, size_t length, size_t *n_taken,
     struct report *report)
{
    char *copy = malloc(length ? length : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, length);
    report->low = copy;
    report->high = copy + length;
    bool ok = ch_framer_feed(framer, copy, length, n_taken, on_line, report);
    free(copy);
    return ok;
}

static const struct {
    const char *bytes;
    const char *lines; ///< with a limit of 10 bytes
} streams[] = {
    {"", ""},
    {"\n", ""},
    {"a\n", "[a]"},
    {"a", "[a]"},
    {"a\r\n", "[a]"},
    {"a\nb\r\n\r\n\n \t \n\t\r\nc", "[a][b][c]"},
    {"a b\n  a\n", "[a b][  a]"},
    {"a\rb\n", "[a\rb]"},
    {"a\r\r\n", "[a\r]"},
    {"a\r", "[a]"},
    {"0123456789\n", "[0123456789]"},
    {"0123456789\r\n", "[0123456789]"},
    {"0123456789\r", "[0123456789]"},
    {"0123456789", "[0123456789]"},
    {"0123456789a\n", "!"},
    {"0123456789a", "!"},
    {"0123456789\r\r\n", "!"},
    {"0123456789\ra\n", "!"},
    {"012345678901234567890123456789\nok\r\n", "![ok]"},
    {"x\n01234567890123456789\r\n01234567890123\n\ny\n0123456789abc", "[x]!![y]!"},
    {"            \nz\n", "![z]"},
    {"{\"a\":1}\n{\"b\":2}\r\n\r\n{\"c\":12345}\n{}", "[{\"a\":1}][{\"b\":2}]![{}]"},
};

static void
feed_in_three(const char *bytes, size_t length, size_t first, size_t second, const char *expected)
{
    struct report report = {.stop_after = -1};
    struct ch_framer framer;
    ch_framer_init(&framer, 10);
    assert_true(feed(&framer, bytes, first, NULL, &report));
    assert_true(feed(&framer, bytes + first, second - first, NULL, &report));
    assert_true(feed(&framer, bytes + second, length - second, NULL, &report));
    ch_framer_finish(&framer, on_line, &report);
    assert_string_equal(report.text, expected);
    // A second end has nothing to add.
    ch_framer_finish(&framer, on_line, &report);
    assert_string_equal(report.text, expected);
    ch_framer_fini(&framer);
}

static void
every_pair_of_cuts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof streams / sizeof *streams; i++) {
        size_t length = strlen(streams[i].bytes);
        for (size_t first = 0; first <= length; first++) {
            for (size_t second = first; second <= length; second++) {
                feed_in_three(streams[i].bytes, length, first, second, streams[i].lines);
            }
        }
    }
}

static void
byte_by_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof streams / sizeof *streams; i++) {
        struct report report = {.stop_after = -1};
        struct ch_framer framer;
        ch_framer_init(&framer, 10);
        for (const char *p = streams[i].bytes; *p; p++) {
            assert_true(feed(&framer, p, 1, NULL, &report));
            assert_true(framer.capacity <= 12);
        }
        ch_framer_finish(&framer, on_line, &report);
        assert_string_equal(report.text, streams[i].lines);
        ch_framer_fini(&framer);
    }
}

static void
whole_lines_stay_where_they_are(void **state)
{
    (void)state;
    struct report report = {.stop_after = -1, .all_in_place = true};
    struct ch_framer framer;
    ch_framer_init(&framer, 100);
    assert_true(feed(&framer, "one\ntwo\r\n\nthree\n", 16, NULL, &report));
    assert_string_equal(report.text, "[one][two][three]");
    assert_true(report.all_in_place);
    assert_null(framer.buffer);
    ch_framer_fini(&framer);
}

static void
a_stop_leaves_the_rest(void **state)
{
    (void)state;
    static const char bytes[] = "one\n\ntwo\nthree\nfo";
    static const size_t taken[] = {4, 9, 15, 17};
    for (int n_lines = 1; n_lines <= 4; n_lines++) {
        struct report report = {.stop_after = n_lines};
        struct ch_framer framer;
        ch_framer_init(&framer, 100);
        size_t n_taken = 0;
        assert_true(feed(&framer, bytes, sizeof bytes - 1, &n_taken, &report));
        assert_int_equal(n_taken, taken[n_lines - 1]);
        report.stop_after = -1;
        assert_true(feed(&framer, bytes + n_taken, sizeof bytes - 1 - n_taken, NULL, &report));
        assert_true(feed(&framer, "ur\n", 3, NULL, &report));
        assert_string_equal(report.text, "[one][two][three][four]");
        ch_framer_fini(&framer);
    }
}

static void
a_stop_inside_a_kept_line(void **state)
{
    (void)state;
    struct report report = {.stop_after = 1};
    struct ch_framer framer;
    size_t n_taken = 0;
    ch_framer_init(&framer, 100);
    assert_true(feed(&framer, "on", 2, &n_taken, &report));
    assert_int_equal(n_taken, 2);
    assert_true(feed(&framer, "e\ntwo\n", 6, &n_taken, &report));
    assert_int_equal(n_taken, 2);
    assert_string_equal(report.text, "[one]");
    ch_framer_fini(&framer);
}

static bool
destroy_framer(void *context, enum ch_line kind, char *text, size_t length)
{
    (void)kind;
    assert_int_equal(length, 3);
    assert_memory_equal(text, "one", 3);
    ch_framer_fini(context);
    free(context);
    return false;
}

static void
the_callback_may_take_the_framer_away(void **state)
{
    (void)state;
    static const size_t cuts[] = {0, 2, 3};
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        struct ch_framer *framer = malloc(sizeof *framer);
        assert_non_null(framer);
        ch_framer_init(framer, 100);
        char bytes[] = "one\ntwo\n";
        size_t n_taken = 0;
        assert_true(ch_framer_feed(framer, bytes, cuts[i], &n_taken, destroy_framer, framer));
        assert_int_equal(n_taken, cuts[i]);
        assert_true(
            ch_framer_feed(framer, bytes + cuts[i], 8 - cuts[i], &n_taken, destroy_framer, framer));
        assert_int_equal(n_taken, 4 - cuts[i]);
    }
}

static void
ten_megabytes_without_a_newline(void **state)
{
    (void)state;
    enum { CHUNK = 65536, LIMIT = 1024 * 1024 };
    static char chunk[CHUNK];
    memset(chunk, 'x', sizeof chunk);
    struct report report = {.stop_after = -1};
    struct ch_framer framer;
    ch_framer_init(&framer, LIMIT);
    size_t largest = 0;
    for (size_t sent = 0; sent < 10 * LIMIT; sent += CHUNK) {
        assert_true(feed(&framer, chunk, CHUNK, NULL, &report));
        largest = framer.capacity > largest ? framer.capacity : largest;
    }
    assert_true(largest <= LIMIT + 2);
    assert_null(framer.buffer);
    assert_string_equal(report.text, "");
    assert_true(feed(&framer, "\nok\n", 4, NULL, &report));
    assert_string_equal(report.text, "![ok]");
    ch_framer_fini(&framer);
}

static void
the_buffer_shrinks_when_empty(void **state)
{
    (void)state;
    static char chunk[40000];
    memset(chunk, ' ', sizeof chunk);
    struct report report = {.stop_after = -1};
    struct ch_framer framer;
    ch_framer_init(&framer, 1024 * 1024);
    assert_true(feed(&framer, chunk, sizeof chunk, NULL, &report));
    assert_true(framer.capacity > sizeof chunk);
    assert_true(feed(&framer, "\n", 1, NULL, &report));
    assert_int_equal(framer.capacity, 0);
    assert_null(framer.buffer);
    ch_framer_fini(&framer);
}

static void
without_memory_the_line_is_lost_and_no_other(void **state)
{
    (void)state;
    struct report report = {.stop_after = -1};
    struct ch_framer framer;
    ch_framer_init(&framer, 10000);
    reallocs_left = 0;
    assert_false(feed(&framer, "one\ntw", 6, NULL, &report));
    reallocs_left = -1;
    assert_true(feed(&framer, "o\nthr", 5, NULL, &report));
    // It fails while growing, too, and lets go of what it had.
    static char chunk[5000];
    memset(chunk, 'x', sizeof chunk);
    reallocs_left = 0;
    assert_false(feed(&framer, chunk, sizeof chunk, NULL, &report));
    assert_null(framer.buffer);
    reallocs_left = -1;
    assert_true(feed(&framer, "xx\nfour\n", 8, NULL, &report));
    assert_string_equal(report.text, "[one]!![four]");
    ch_framer_fini(&framer);
}

static void
the_smallest_and_largest_limits(void **state)
{
    (void)state;
    static const struct {
        size_t limit;
        const char *lines;
    } table[] = {{0, "!!!"}, {1, "[a]!!"}, {SIZE_MAX, "[a][bc][d ]"}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct report report = {.stop_after = -1};
        struct ch_framer framer;
        ch_framer_init(&framer, table[i].limit);
        for (const char *p = "a\n\nbc\r\nd \n"; *p; p++) {
            assert_true(feed(&framer, p, 1, NULL, &report));
        }
        assert_string_equal(report.text, table[i].lines);
        ch_framer_fini(&framer);
    }
}

static void
an_empty_read_is_nothing(void **state)
{
    (void)state;
    struct report report = {.stop_after = -1};
    struct ch_framer framer;
    size_t n_taken = 1;
    ch_framer_init(&framer, 10);
    assert_true(ch_framer_feed(&framer, NULL, 0, &n_taken, on_line, &report));
    assert_int_equal(n_taken, 0);
    assert_string_equal(report.text, "");
    ch_framer_fini(&framer);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_of_cuts),
        cmocka_unit_test(byte_by_byte),
        cmocka_unit_test(whole_lines_stay_where_they_are),
        cmocka_unit_test(a_stop_leaves_the_rest),
        cmocka_unit_test(a_stop_inside_a_kept_line),
        cmocka_unit_test(the_callback_may_take_the_framer_away),
        cmocka_unit_test(ten_megabytes_without_a_newline),
        cmocka_unit_test(the_buffer_shrinks_when_empty),
        cmocka_unit_test(without_memory_the_line_is_lost_and_no_other),
        cmocka_unit_test(the_smallest_and_largest_limits),
        cmocka_unit_test(an_empty_read_is_nothing),
    };
    return cmocka_run_group_tests_name("framing", tests, NULL, NULL);
}

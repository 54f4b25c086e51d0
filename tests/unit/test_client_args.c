// SPDX-License-Identifier: ISC
// tests/unit/test_client_args.c — command lines, times, gains and the labels of an axis.

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/args.h"
#include "client/axis.h"
#include "client/canvas.h"
#include "client/command.h"
#include "client/report.h"
#include "client/values.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

// --- values --------------------------------------------------------------------------------------

static void
test_seek(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok, relative;
        double seconds;
    } cases[] = {
        {"0", true, false, 0},
        {"83.5", true, false, 83.5},
        {"1:23", true, false, 83},
        {"1:23.25", true, false, 83.25},
        {"90:00", true, false, 5400},
        {"1:02:03", true, false, 3723},
        {"100:00:00", true, false, 360000},
        {"+10", true, true, 10},
        {"-10", true, true, -10},
        {"-0.5", true, true, -0.5},
        {"+1:30", true, true, 90},
        {"-1:00:00", true, true, -3600},
        {".5", true, false, 0.5},
        {"", false, false, 0},
        {"-", false, false, 0},
        {"+", false, false, 0},
        {":", false, false, 0},
        {"1:", false, false, 0},
        {":30", false, false, 0},
        {"1:60", false, false, 0},
        {"1:60:00", false, false, 0},
        {"1:2:3:4", false, false, 0},
        {"1:-2", false, false, 0},
        {"--1", false, false, 0},
        {"+-1", false, false, 0},
        {"1.5:00", false, false, 0},
        {"1 ", false, false, 0},
        {" 1", false, false, 0},
        {"1s", false, false, 0},
        {"0x10", false, false, 0},
        {"inf", false, false, 0},
        {"nan", false, false, 0},
        {"1e99", false, false, 0},
        {"9999999:00", false, false, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ch_seek seek;
        bool ok = ch_value_seek(cases[i].text, &seek);
        if (ok != cases[i].ok) {
            fail_msg("'%s' was %s", cases[i].text, ok ? "taken" : "refused");
        }
        if (ok) {
            assert_int_equal(seek.relative, cases[i].relative);
            assert_float_equal(seek.seconds, cases[i].seconds, 1e-9);
        }
    }
}

static void
test_gain(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok;
        double db;
    } cases[] = {
        {"-6", true, -6},
        {"+2", true, 2},
        {"0", true, 0},
        {"-0.5", true, -0.5},
        {".5", true, 0.5},
        {"-6dB", true, -6},
        {"3db", true, 3},
        {"-inf", true, -INFINITY},
        {"-inf", true, -INFINITY},
        {"-INFdB", true, -INFINITY},
        {"inf", false, 0},
        {"+inf", false, 0},
        {"nan", false, 0},
        {"", false, 0},
        {"dB", false, 0},
        {"6d", false, 0},
        {"6 dB", false, 0},
        {"6dBx", false, 0},
        {"1e999", false, 0},
        {"-infinity", false, 0},
        {"0x6", false, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        double db = 99;
        bool ok = ch_value_gain_db(cases[i].text, &db);
        if (ok != cases[i].ok) {
            fail_msg("'%s' was %s", cases[i].text, ok ? "taken" : "refused");
        }
        if (ok && isinf(cases[i].db)) {
            assert_true(isinf(db) && db < 0);
        } else if (ok) {
            assert_float_equal(db, cases[i].db, 1e-12);
        }
    }
}

static void
test_integers(void **state)
{
    (void)state;
    int64_t n = 0;
    assert_true(ch_value_integer("0", 0, 10, &n) && n == 0);
    assert_true(ch_value_integer("10", 0, 10, &n) && n == 10);
    assert_true(ch_value_integer("-3", -5, 10, &n) && n == -3);
    static const char *const wrong[] = {
        "11", "-1", "", "1.0", "1x", " 1", "-", "0x1", "99999999999999999999"};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_false(ch_value_integer(wrong[i], 0, 10, &n));
    }
    bool on = false;
    assert_true(ch_value_on_off("on", &on) && on);
    assert_true(ch_value_on_off("off", &on) && !on);
    assert_false(ch_value_on_off("yes", &on));
    assert_false(ch_value_on_off("onn", &on));
}

static void
test_time_text(void **state)
{
    (void)state;
    static const struct {
        double seconds;
        const char *text;
    } cases[] = {{0, "0:00"},       {9.99, "0:09"},      {60, "1:00"}, {3599.9, "59:59"},
                 {3600, "1:00:00"}, {36061, "10:01:01"}, {-1, "-:--"}, {NAN, "-:--"},
                 {1e300, "-:--"},   {INFINITY, "-:--"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[CH_TIME_BYTES];
        ch_value_time(cases[i].seconds, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void
test_disarm(void **state)
{
    (void)state;
    // An escape sequence, a line end, DEL and the C1 control that starts a sequence in UTF-8.
    char text[] = "a\x1b[2Jb\nc\x7f"
                  "d\xc2\x9b"
                  "2J\xc3\xa9";
    ch_text_disarm(text);
    assert_string_equal(text, "a?[2Jb?c?d??2J\xc3\xa9");
}

// --- command lines -------------------------------------------------------------------------------

/// A line of words, NULL-terminated, as main() gets it.
static bool
parse(struct ch_invocation *inv, const char *const *words, char *why, size_t why_bytes)
{
    int argc = 0;
    while (words[argc]) {
        argc++;
    }
    return ch_args_parse(inv, ch_commands, argc, (char **)(uintptr_t)words, why, why_bytes);
}

static void
test_numbers_are_words(void **state)
{
    (void)state;
    static const char *const lines[][4] = {{"chant", "gain", "-6", NULL},
                                           {"chant", "seek", "-1:30", NULL},
                                           {"chant", "gain", "-.5", NULL},
                                           {"chant", "gain", "-inf", NULL}};
    for (size_t i = 0; i < COUNT(lines); i++) {
        struct ch_invocation inv;
        char why[256] = "";
        assert_true(parse(&inv, lines[i], why, sizeof why));
        assert_int_equal(inv.n_words, 1);
        assert_string_equal(inv.words[0], lines[i][2]);
        ch_args_fini(&inv);
    }
}

static void
test_options_anywhere(void **state)
{
    (void)state;
    static const char *const lines[][10] = {
        {"chant", "--json", "--socket=/s", "eq", "set", "1", "--gain", "-6", "--freq=100", NULL},
        {"chant", "eq", "--freq", "100", "set", "--gain=-6", "1", "--socket=/s", "--json", NULL},
    };
    for (size_t i = 0; i < COUNT(lines); i++) {
        struct ch_invocation inv;
        char why[256] = "";
        assert_true(parse(&inv, lines[i], why, sizeof why));
        assert_string_equal(inv.command->name, "eq");
        assert_true(inv.json);
        assert_string_equal(inv.socket, "/s");
        assert_int_equal(inv.n_words, 2);
        assert_string_equal(inv.words[0], "set");
        assert_string_equal(inv.words[1], "1");
        assert_string_equal(ch_args_option(&inv, "gain"), "-6");
        assert_string_equal(ch_args_option(&inv, "freq"), "100");
        assert_null(ch_args_option(&inv, "q"));
        ch_args_fini(&inv);
    }
}

static void
test_end_of_options(void **state)
{
    (void)state;
    const char *const line[] = {"chant", "play", "--", "--json", "-x", "--", NULL};
    struct ch_invocation inv;
    char why[256] = "";
    assert_true(parse(&inv, line, why, sizeof why));
    assert_false(inv.json);
    assert_int_equal(inv.n_words, 3);
    assert_string_equal(inv.words[0], "--json");
    assert_string_equal(inv.words[2], "--");
    ch_args_fini(&inv);
}

static void
test_wrong_lines(void **state)
{
    (void)state;
    static const struct {
        const char *line[6];
        const char *why; ///< part of it
    } cases[] = {
        {{"chant", "dance", NULL}, "'dance'"},
        {{"chant", "--loud", "play", NULL}, "--loud"},
        {{"chant", "play", "--loud", NULL}, "--loud"},
        {{"chant", "play", "-x", NULL}, "-x"},
        {{"chant", "play", "--id", NULL}, "--id"},
        {{"chant", "status", "--socket", NULL}, "--socket"},
        {{"chant", "--json=yes", "status", NULL}, "--json"},
        {{"chant", "--jso", "status", NULL}, "--jso"},
        {{"chant", "seek", NULL}, "missing"},
        {{"chant", "mv", "1", NULL}, "missing"},
        {{"chant", "pause", "now", NULL}, "'now'"},
        {{"chant", "mv", "1", "2", "3", NULL}, "'3'"},
        {{"chant", "", NULL}, "''"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ch_invocation inv;
        char why[256] = "";
        assert_false(parse(&inv, cases[i].line, why, sizeof why));
        if (!strstr(why, cases[i].why)) {
            fail_msg("line %u: '%s' does not name %s", (unsigned)i, why, cases[i].why);
        }
        ch_args_fini(&inv);
    }
}

static void
test_help_needs_no_words(void **state)
{
    (void)state;
    const char *const line[] = {"chant", "seek", "--help", NULL};
    struct ch_invocation inv;
    char why[256] = "";
    assert_true(parse(&inv, line, why, sizeof why));
    assert_true(inv.help);
    ch_args_fini(&inv);
    const char *const empty[] = {"chant", NULL};
    assert_true(parse(&inv, empty, why, sizeof why));
    assert_null(inv.command);
    ch_args_fini(&inv);
}

static void
test_table(void **state)
{
    (void)state;
    for (const struct ch_command *c = ch_commands; c->name; c++) {
        assert_non_null(c->run);
        assert_non_null(c->usage);
        assert_non_null(c->summary);
        assert_ptr_equal(ch_args_find(ch_commands, c->name), c);
        int n = 0;
        for (const struct ch_option *o = c->options; o && o->name; o++, n++) {
            assert_non_null(o->help);
        }
        assert_in_range(n, 0, CH_OPTIONS_MAX - 1);
    }
}

// --- pictures ------------------------------------------------------------------------------------

static void
test_axis(void **state)
{
    (void)state;
    struct ch_axis axis = {20, 20000, false, 60};
    // Three decades over 60 columns: 20 columns each.
    assert_float_equal(ch_axis_column(&axis, 200), 20, 1e-9);
    assert_float_equal(ch_axis_column(&axis, 2000), 40, 1e-9);
    assert_float_equal(ch_axis_hz(&axis, 30), sqrt(20.0 * 20000), 1e-6);
    char text[61];
    ch_axis_labels(&axis, text);
    assert_int_equal(strlen(text), 60);
    assert_non_null(strstr(text, "100"));
    assert_non_null(strstr(text, "1k"));
    assert_non_null(strstr(text, "10k"));
    struct ch_axis linear = {0, 20000, true, 80};
    assert_float_equal(ch_axis_column(&linear, 5000), 20, 1e-9);
    char linear_text[81];
    ch_axis_labels(&linear, linear_text);
    assert_non_null(strstr(linear_text, "10k"));
    // Every width has exactly its length, and labels never touch.
    for (int n = 1; n <= 300; n++) {
        char any[301];
        axis.n_columns = n;
        ch_axis_labels(&axis, any);
        assert_int_equal(strlen(any), n);
        linear.n_columns = n;
        ch_axis_labels(&linear, any);
        assert_int_equal(strlen(any), n);
        assert_null(strstr(any, "kk"));
    }
}

static void
test_canvas(void **state)
{
    (void)state;
    struct ch_canvas canvas;
    assert_true(ch_canvas_create(&canvas, 3, 2));
    assert_int_equal(ch_canvas_glyph(&canvas, 0, 0, true), ' ');
    ch_canvas_dot(&canvas, 0, 0);
    assert_int_equal(ch_canvas_glyph(&canvas, 0, 0, true), 0x2801); // dot 1
    ch_canvas_dot(&canvas, 1, 3);
    assert_int_equal(ch_canvas_glyph(&canvas, 0, 0, true), 0x2881); // dots 1 and 8
    ch_canvas_dot(&canvas, 5, 7);
    assert_int_equal(ch_canvas_glyph(&canvas, 2, 1, true), 0x2880);
    assert_int_equal(ch_canvas_glyph(&canvas, 2, 1, false), '*');
    ch_canvas_dot(&canvas, -1, 0);
    ch_canvas_dot(&canvas, 6, 0);
    ch_canvas_dot(&canvas, 0, -1);
    ch_canvas_dot(&canvas, 0, 8); // outside: left out
    ch_canvas_clear(&canvas);
    // A step of the full height leaves no row of either half without a dot.
    ch_canvas_step(&canvas, 2, 7, 0);
    assert_int_not_equal(ch_canvas_glyph(&canvas, 0, 1, true), ' ');
    assert_int_not_equal(ch_canvas_glyph(&canvas, 1, 0, true), ' ');
    ch_canvas_destroy(&canvas);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seek),
        cmocka_unit_test(test_gain),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_time_text),
        cmocka_unit_test(test_disarm),
        cmocka_unit_test(test_numbers_are_words),
        cmocka_unit_test(test_options_anywhere),
        cmocka_unit_test(test_end_of_options),
        cmocka_unit_test(test_wrong_lines),
        cmocka_unit_test(test_help_needs_no_words),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_axis),
        cmocka_unit_test(test_canvas),
    };
    return cmocka_run_group_tests_name("client_args", tests, NULL, NULL);
}

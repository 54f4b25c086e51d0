// SPDX-License-Identifier: ISC
// tests/unit/test_eqtext.c — numbers and lines as people write them, and what is said of the rest.

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/eqtext/eqtext.h"
#include "tests/unit/near.h"

static struct ch_eqtext eq;

static void
read_as(const char *text, enum ch_eqtext_format format)
{
    ch_eqtext_read(&eq, text, strlen(text), format, CH_EQ_RBJ, 48000);
}

static void
frequencies(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double hz;
    } cases[] = {
        {"63 Hz", 63},          {"63.5 Hz", 63.5},      {"63,5 Hz", 63.5},       {"63Hz", 63},
        {"1.5 kHz", 1500},      {"1,5 kHz", 1500},      {"1,250 kHz", 1250},     {"1,200 Hz", 1200},
        {"12,500 Hz", 12500},   {"1,200.5 Hz", 1200.5}, {"1.200,5 Hz", 1200.5},  {"1 200 Hz", 1200},
        {"1 200,5 Hz", 1200.5}, {"1'200 Hz", 1200},     {"1\u00a0200 Hz", 1200}, {"1e3 Hz", 1000},
        {"+100 Hz", 100},       {"100", 100},           {"16,00 Hz", 16},        {"16.000 Hz", 16},
        {"8k", 8000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[128];
        snprintf(text, sizeof text, "Filter 1: ON PK Fc %s Gain -3 dB Q 1", cases[i].text);
        read_as(text, CH_EQTEXT_APO);
        if (eq.n_bands != 1 || fabs(eq.bands[0].freq_hz - cases[i].hz) > 1e-9) {
            fail_msg("'%s' is %g Hz: %s", cases[i].text, eq.bands[0].freq_hz, eq.notes.list[0].why);
        }
    }
}

static void
lines_that_are_no_filters(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"Filter: PK Fc 100 Hz Gain 1 dB Q 1", "neither ON nor OFF"},
        {"Filter: ON PK Gain 1 dB Q 1", "no Fc"},
        {"Filter: ON PK Fc 100 Hz Q 1", "no Gain"},
        {"Filter: ON PK Fc 100 Hz Gain 1 dB", "needs Q"},
        {"Filter: ON PK Fc 100 Hz Gain 1 dB Q x", "no number follows Q"},
        {"Filter: ON PK Fc 100 Hz Gain 1 dB Q 1 Wow 3", "'Wow'"},
        {"Filter: ON PK Fc 5 Hz Gain 1 dB Q 1", "frequency must be"},
        {"Filter: ON PK Fc 100 Hz Gain 31 dB Q 1", "gain must be"},
        {"Filter: ON PK Fc 100 Hz Gain 1 dB Q 0", "needs Q"},
        {"Filter: ON PK Fc 100 Hz Gain 1 dB Q 99", "Q must be"},
        {"Filter: ON PK Fc 100 Hz Gain 1 dB Q 1e999", "no number"},
        {"Filter: ON PK 6 dB Fc 100 Hz Gain 1 dB", "slope belongs"},
        {"Filter: ON LSC Fc 100 Hz Gain 1 dB BW Oct 1", "bandwidth"},
        {"Filter: ON LSC 0 dB Fc 100 Hz Gain 1 dB", "slope"},
        {"Filter: ON XY Fc 100 Hz Gain 1 dB Q 1", "'XY'"},
        {"Filter:", "neither"},
        {"Preamp: loud", "number of dB"},
        {"Preamp: -3 dB or so", "number of dB"},
        {"Include: other.txt", "other files"},
        {"Fliter: ON PK Fc 100 Hz Gain 1 dB Q 1", "no such command"},
        {"nonsense", "no 'Name: parameters'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[256];
        snprintf(text, sizeof text, "Preamp: -1 dB\r\n\r\n%s\r\n", cases[i].text);
        read_as(text, CH_EQTEXT_APO);
        if (eq.n_bands || eq.preamp_db != -1.0 || eq.notes.n != 1 || eq.notes.list[0].line != 3 ||
            strcmp(eq.notes.list[0].text, cases[i].text) != 0 ||
            !strstr(eq.notes.list[0].why, cases[i].why)) {
            fail_msg("'%s': %u notes, %s", cases[i].text, eq.notes.n, eq.notes.list[0].why);
        }
    }
}

static void
every_end_of_line_counts(void **state)
{
    (void)state;
    read_as("\xEF\xBB\xBFPreamp: -1 dB\rwhat\r\nwhat\nwhat", CH_EQTEXT_AUTO);
    assert_int_equal(eq.notes.n, 3);
    assert_true(eq.preamp_db == -1.0);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(eq.notes.list[i].line, i + 2);
    }
}

static void
a_long_line_is_quoted_in_whole_characters(void **state)
{
    (void)state;
    char text[1000];
    for (size_t i = 0; i < 998; i += 2) {
        memcpy(text + i, "\u00e4", 2);
    }
    text[998] = '\0';
    read_as(text, CH_EQTEXT_APO);
    assert_int_equal(eq.notes.n, 1);
    assert_int_equal(strlen(eq.notes.list[0].text) % 2, 0);
    assert_true(strlen(eq.notes.list[0].text) > CH_EQTEXT_TEXT_BYTES - 4);
}

static void
a_fit_of_what_bands_can_do_is_near(void **state)
{
    (void)state;
    char text[8192];
    int n = snprintf(text, sizeof text, "GraphicEQ:");
    for (int i = 0; i < 127; i++) {
        const double hz = 20.0 * pow(1000.0, i / 126.0);
        const double db = -6.0 + 6.0 * exp(-pow(log2(hz / 100.0), 2.0)) -
                          4.0 * exp(-pow(log2(hz / 3000.0) / 0.7, 2.0));
        n += snprintf(text + n, sizeof text - (size_t)n, "%s %.2f %.3f", i ? ";" : "", hz, db);
    }
    read_as(text, CH_EQTEXT_AUTO);
    assert_int_equal(eq.format, CH_EQTEXT_GRAPHIC);
    assert_true(eq.fitted && eq.has_preamp);
    assert_true(eq.fit_error_db < 0.1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frequencies),
        cmocka_unit_test(lines_that_are_no_filters),
        cmocka_unit_test(every_end_of_line_counts),
        cmocka_unit_test(a_long_line_is_quoted_in_whole_characters),
        cmocka_unit_test(a_fit_of_what_bands_can_do_is_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

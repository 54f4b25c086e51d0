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

// A band, as few words.
static void
expect_band(uint32_t i, enum ch_eq_type type, double freq_hz, double gain_db, double q)
{
    const struct ch_eq_band *band = &eq.bands[i];
    if (i >= eq.n_bands || band->type != type || fabs(band->freq_hz - freq_hz) > 1e-9 ||
        fabs(band->gain_db - gain_db) > 1e-9 || fabs(band->q - q) > 1e-3) {
        fail_msg("band %u of %u is of type %d at %g Hz, %g dB, Q %g; %s", i, eq.n_bands,
                 (int)band->type, band->freq_hz, band->gain_db, band->q, eq.notes.list[0].why);
    }
}

static void
rew_columns(void **state)
{
    (void)state;
    // By tabs: empty cells, types of two words, Q or the width in Hz; a name in front of it all.
    read_as("Full_EQ_(30_bands)\n"
            "Number\tEnabled\tControl\tType\tFrequency(Hz)\tGain(dB)\tQ\tBandwidth(Hz)\n"
            "1\tTrue\tAuto\tPK\t600\t-2\t\t300\n"
            "2\tTrue\tAuto\tLP Q\t800\t\t1.00\t\n"
            "3\tTrue\tAuto\tAP2\t400\t\t1.50\n"
            "4\tTrue\tAuto\tAP1\t300\n"
            "5\tTrue\tAuto\tNone\t\n"
            "6\tTrue\tAuto\tPK\tfoo\t-2\t1\n",
            CH_EQTEXT_AUTO);
    assert_int_equal(eq.format, CH_EQTEXT_REW);
    assert_int_equal(eq.n_bands, 4);
    expect_band(0, CH_EQ_PEAK, 600, -2, 2);
    expect_band(1, CH_EQ_LOW_PASS, 800, 0, 1);
    expect_band(2, CH_EQ_ALL_PASS, 400, 0, 1.5);
    expect_band(3, CH_EQ_ALL_PASS, 300, 0, M_SQRT1_2);
    assert_int_equal(eq.bands[3].order, 1);
    assert_int_equal(eq.notes.n, 1);
    assert_int_equal(eq.notes.list[0].line, 8);
    // By blanks, where an empty cell is none.
    read_as("Number Enabled Control Type Frequency(Hz) Gain(dB) Q Bandwidth(Hz)\n"
            "1 True Auto LP Q 80,5 0,6\n2 True Auto HP_Q 20 0.8\n3 True Auto LP 90\n"
            "4 False Auto LS Q 90 3 0.7\n",
            CH_EQTEXT_AUTO);
    assert_int_equal(eq.notes.n, 0);
    expect_band(0, CH_EQ_LOW_PASS, 80.5, 0, 0.6);
    expect_band(1, CH_EQ_HIGH_PASS, 20, 0, 0.8);
    expect_band(2, CH_EQ_LOW_PASS, 90, 0, M_SQRT1_2);
    expect_band(3, CH_EQ_LOW_SHELF, 90, 3, 0.7);
    assert_true(eq.bands[3].bypass);
}

static void
rew_lines(void **state)
{
    (void)state;
    read_as("Filter Settings file\n\nNotes:\nChannel: L\nEqualiser: DSP1124P\nsofa\n"
            "Preamp: -3 dB\n"
            "Filter  1: ON  PA       Fc    40 Hz (  40 -2)  Gain  -9.0 dB  BW/60  9.0\n"
            "Filter  2: ON  HP Q     Fc   20.00 Hz  Q  0.800\n"
            "Filter  3: ON  All pass Fc   300 Hz  Q  2\n"
            "Channel: C\n"
            "Filter  4: ON  PK       Fc   100 Hz  Gain  3.00 dB  Q  1.0\n",
            CH_EQTEXT_AUTO);
    assert_int_equal(eq.format, CH_EQTEXT_REW);
    // 9/60 of an octave, by the cookbook: far below half the rate Q is 1/(2·sinh(ln(2)/2·bw)).
    expect_band(0, CH_EQ_PEAK, 40, -9, 0.5 / sinh(0.5 * M_LN2 * 0.15));
    expect_band(1, CH_EQ_HIGH_PASS, 20, 0, 0.8);
    expect_band(2, CH_EQ_ALL_PASS, 300, 0, 2);
    assert_int_equal(eq.n_bands, 3);
    assert_true(eq.bands[0].bypass_right && !eq.bands[0].bypass_left);
    assert_true(eq.preamp_db == -3.0);
    assert_int_equal(eq.notes.n, 3); // the last is of the preamp, which right has not
    assert_int_equal(eq.notes.list[0].line, 11);
    assert_int_equal(eq.notes.list[1].line, 12);
}

static void
nothing_is_dropped_in_silence(void **state)
{
    (void)state;
    read_as("Preamp: -3 dB # quiet\nfilter 1: on pk fc 90 hz gain 1 db q 1 # a comment\nGraphicEQ:",
            CH_EQTEXT_AUTO);
    assert_int_equal(eq.n_bands, 1);
    assert_true(eq.preamp_db == -3.0);
    assert_int_equal(eq.notes.n, 1);
    assert_int_equal(eq.notes.list[0].line, 3);
    // A cliff below what is heard costs nothing above it, and is told of.
    read_as("GraphicEQ: 10 -84; 20 0.5; 22 0.6; 1000 -3; 20000 -2", CH_EQTEXT_AUTO);
    assert_true(eq.fitted && eq.fit_error_db < 0.1);
    assert_int_equal(eq.notes.n, 1);
    assert_non_null(strstr(eq.notes.list[0].text, "GraphicEQ: 10 -84"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frequencies),
        cmocka_unit_test(lines_that_are_no_filters),
        cmocka_unit_test(rew_columns),
        cmocka_unit_test(rew_lines),
        cmocka_unit_test(nothing_is_dropped_in_silence),
        cmocka_unit_test(every_end_of_line_counts),
        cmocka_unit_test(a_long_line_is_quoted_in_whole_characters),
        cmocka_unit_test(a_fit_of_what_bands_can_do_is_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

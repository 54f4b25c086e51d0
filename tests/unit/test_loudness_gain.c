// SPDX-License-Identifier: ISC
// tests/unit/test_loudness_gain.c — what tags mean, and the gain that follows.

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/media/loudness_gain.h"

static void
take(struct ch_loudness_tags *tags, const char *name, const char *value)
{
    ch_loudness_take_tag(tags, name, strlen(name), value);
}

static void
numbers_as_people_write_them(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool valid;
        double db;
    } cases[] = {
        {"-6.48 dB", true, -6.48}, {"+3.2dB", true, 3.2}, {"12,5 dB", true, 12.5},
        {" 0.00 DB\r\n", true, 0}, {"4", true, 4},        {".5", true, 0.5},
        {"-.5dB ", true, -0.5},    {"", false, 0},        {"dB", false, 0},
        {"-", false, 0},           {"1.2.3", false, 0},   {"--1", false, 0},
        {"1e3", false, 0},         {"0x10", false, 0},    {"nan", false, 0},
        {"infinity", false, 0},    {"6 dB!", false, 0},   {"6 LU", false, 0},
        {"1 2", false, 0},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        double db = 0.0;
        assert_int_equal(ch_loudness_parse_db(cases[i].text, &db), cases[i].valid);
        assert_true(!cases[i].valid || db == cases[i].db);
    }
    char digits[6000];
    memset(digits, '1', sizeof digits);
    digits[sizeof digits - 1] = '\0';
    double db;
    assert_false(ch_loudness_parse_db(digits, &db));
}

static void
references_of_both_standards(void **state)
{
    (void)state;
    struct ch_loudness_tags tags = {0};
    take(&tags, "replaygain_track_gain", "-6 dB");
    take(&tags, "R128_ALBUM_GAIN", "-512");
    take(&tags, "REPLAYGAIN_TRACK_PEAK", "0.5");
    struct ch_loudness_facts facts = ch_loudness_facts_from_tags(&tags, false);
    assert_int_equal(facts.origin, CH_LOUDNESS_FROM_TAG);
    assert_true(facts.has_track && facts.track_lufs == -12.0);
    assert_true(facts.has_album && facts.album_lufs == -21.0);
    // Where both say something, it is the format's own.
    take(&tags, "REPLAYGAIN_ALBUM_GAIN", "1 dB");
    assert_true(ch_loudness_facts_from_tags(&tags, true).album_lufs == -21.0);
    assert_true(ch_loudness_facts_from_tags(&tags, false).album_lufs == -19.0);
}

static void
absurd_tags_are_passed_over(void **state)
{
    (void)state;
    struct ch_loudness_tags tags = {0};
    take(&tags, "REPLAYGAIN_TRACK_GAIN", "60.1 dB");
    take(&tags, "REPLAYGAIN_ALBUM_GAIN", "-61");
    take(&tags, "R128_TRACK_GAIN", "32767");
    take(&tags, "R128_TRACK_GAIN", "-5.00 dB");
    take(&tags, "R128_ALBUM_GAIN", "-512 dB");
    take(&tags, "R128_ALBUM_GAIN", "-512,5");
    take(&tags, "REPLAYGAIN_TRACK_GAINS", "1");
    take(&tags, "REPLAYGAIN_TRACK_GAI", "1");
    assert_int_equal(ch_loudness_facts_from_tags(&tags, false).origin, CH_LOUDNESS_UNKNOWN);
    // A later one that is right counts.
    take(&tags, "REPLAYGAIN_TRACK_GAIN", "59");
    assert_true(ch_loudness_facts_from_tags(&tags, false).has_track);
}

static void
modes(void **state)
{
    (void)state;
    const struct ch_loudness_facts both = {.origin = CH_LOUDNESS_FROM_SCAN,
                                           .has_track = true,
                                           .has_album = true,
                                           .track_lufs = -10.0,
                                           .album_lufs = -14.0};
    struct ch_loudness_settings settings = {.target_lufs = -18.0, .preamp_db = 1.0};
    static const struct {
        enum ch_loudness_mode mode;
        bool in_album;
        double gain_db;
    } cases[] = {
        {CH_LOUDNESS_OFF, true, 0.0},     {CH_LOUDNESS_TRACK, true, -7.0},
        {CH_LOUDNESS_ALBUM, false, -3.0}, {CH_LOUDNESS_AUTO, true, -3.0},
        {CH_LOUDNESS_AUTO, false, -7.0},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        settings.mode = cases[i].mode;
        assert_true(ch_loudness_gain(&settings, &both, cases[i].in_album).gain_db ==
                    cases[i].gain_db);
    }
    const struct ch_loudness_facts none = {0};
    assert_true(ch_loudness_gain(&settings, &none, true).gain_db == 0.0);
    struct ch_loudness_facts album = both;
    album.has_track = false;
    settings.mode = CH_LOUDNESS_TRACK;
    assert_int_equal(ch_loudness_gain(&settings, &album, false).basis, CH_LOUDNESS_BY_ALBUM);
    album.album_lufs = -70.0;
    assert_true(ch_loudness_gain(&settings, &album, false).gain_db == CH_LOUDNESS_GAIN_MAX_DB);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_as_people_write_them),
        cmocka_unit_test(references_of_both_standards),
        cmocka_unit_test(absurd_tags_are_passed_over),
        cmocka_unit_test(modes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

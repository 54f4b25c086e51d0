// SPDX-License-Identifier: ISC
// tests/unit/test_uri.c — what is taken, what is refused, and with which words.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/media/uri.h"
#include "system/path.h"
#include "tests/unit/near.h"

/// NULL: refused.
static const struct {
    const char *text, *posix, *windows;
} files[] = {
    {"/a/b.flac", "/a/b.flac", NULL},             // of which drive?
    {"/with%20percent", "/with%20percent", NULL}, // a path is not decoded
    {"/a?b#c", "/a?b#c", NULL},
    {"file:///a/b.flac", "/a/b.flac", NULL},
    {"file:/a/b.flac", "/a/b.flac", NULL},
    {"FILE:///a", "/a", NULL},
    {"file://localhost/a", "/a", NULL},
    {"file://LOCALHOST/a", "/a", NULL},
    {"file:///a%20b%2Fc%c3%A9", "/a b/c\xc3\xa9", NULL},
    {"file:///%ff", "/\xff", NULL},
    {"C:/a.flac", NULL, "C:/a.flac"},
    {"c:\\a\\b.flac", NULL, "C:/a/b.flac"},
    {"C:/with%20percent", NULL, "C:/with%20percent"},
    {"\\\\?\\C:\\a", NULL, "C:/a"},
    {"\\\\server\\share\\a", NULL, "//server/share/a"},
    {"//server/share/a", "//server/share/a", "//server/share/a"},
    {"file:///C:/a%20b/%c3%A9", "/C:/a b/\xc3\xa9", "C:/a b/\xc3\xa9"},
    {"file:/c:/a", "/c:/a", "C:/a"},
    {"file://localhost/C:/a", "/C:/a", "C:/a"},
    {"file:///c|/a", "/c|/a", "C:/a"},
    {"file://server/share/a%20b", NULL, "//server/share/a b"},
    {"file:////server/share/a", "//server/share/a", "//server/share/a"},
    {"file://server/", NULL, NULL},
    {"C:a.flac", NULL, NULL},
    {"\\a.flac", NULL, NULL},
    {"file:///C:a", "/C:a", NULL},
    {"file:C:/a", NULL, NULL},
};

static void
test_files(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct ch_uri uri;
        char detail[CH_DETAIL_BYTES];
        const char *path = ch_path_has_servers() ? files[i].windows : files[i].posix;
        const enum ch_status status = ch_uri_parse(&uri, files[i].text, detail);
        if (status != (path ? CH_OK : CH_INVALID)) {
            print_error("\"%s\": status %d, \"%s\"\n", files[i].text, (int)status, detail);
            fail();
        }
        if (path) {
            assert_int_equal(uri.kind, CH_URI_FILE);
            assert_string_equal(uri.path, path);
        }
    }
}

static const struct {
    const char *text;
    struct ch_tone_spec spec;
} tones[] = {
    {"tone:sine", {CH_TONE_SINE, 440.0, 20000.0, -20.0, 0.0}},
    {"tone:sine?", {CH_TONE_SINE, 440.0, 20000.0, -20.0, 0.0}},
    {"TONE:pink?db=-6.5", {CH_TONE_PINK, 440.0, 20000.0, -6.5, 0.0}},
    {"tone:square?hz=1e3&db=0&s=2.5", {CH_TONE_SQUARE, 1000.0, 20000.0, 0.0, 2.5}},
    {"tone:sweep?hz=20&to=1000&s=5", {CH_TONE_SWEEP, 20.0, 1000.0, -20.0, 5.0}},
    {"tone:impulse?hz=0.5", {CH_TONE_IMPULSE, 0.5, 20000.0, -20.0, 0.0}},
};

static void
test_tones(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof tones / sizeof *tones; i++) {
        struct ch_uri uri;
        char detail[CH_DETAIL_BYTES];
        assert_int_equal(ch_uri_parse(&uri, tones[i].text, detail), CH_OK);
        assert_int_equal(uri.kind, CH_URI_TONE);
        assert_int_equal(uri.tone.kind, tones[i].spec.kind);
        assert_near(uri.tone.freq_hz, tones[i].spec.freq_hz, 0.0);
        assert_near(uri.tone.end_hz, tones[i].spec.end_hz, 0.0);
        assert_near(uri.tone.level_db, tones[i].spec.level_db, 0.0);
        assert_near(uri.tone.duration_s, tones[i].spec.duration_s, 0.0);
    }
}

static const struct {
    const char *text;
    enum ch_status status;
    const char *word; // that must be in the detail
} refused[] = {
    {"", CH_INVALID, "empty"},
    {"a.flac", CH_INVALID, "a.flac"},
    {"./a.flac", CH_INVALID, "absolute"},
    {"ftp://x/a.flac", CH_INVALID, "ftp:"},
    {"http://x/a", CH_UNAVAILABLE, "http:"},
    {"HTTPS://x/a", CH_UNAVAILABLE, "https:"},
    {"input:", CH_UNAVAILABLE, "input:"},
    {"file:a.flac", CH_INVALID, "absolute"},
    {"file://", CH_INVALID, "absolute"},
    {"file:///a%", CH_INVALID, "percent"},
    {"file:///a%2", CH_INVALID, "percent"},
    {"file:///a%zz", CH_INVALID, "percent"},
    {"file:///a%00b", CH_INVALID, "percent"},
    {"tone:", CH_INVALID, "there are sine"},
    {"tone:hum", CH_INVALID, "hum"},
    {"tone:sine?hz", CH_INVALID, "hz"},
    {"tone:sine?hz=", CH_INVALID, "number"},
    {"tone:sine?hz=abc", CH_INVALID, "abc"},
    {"tone:sine?hz=0x10", CH_INVALID, "0x10"},
    {"tone:sine?hz=1e999", CH_INVALID, "number"},
    {"tone:sine?hz=nan", CH_INVALID, "nan"},
    {"tone:sine?hz=0", CH_INVALID, "0.1"},
    {"tone:sine?hz=-1", CH_INVALID, "-1"},
    {"tone:sine?hz=1000000", CH_INVALID, "192000"},
    {"tone:sine?db=1", CH_INVALID, "db=1"},
    {"tone:sine?s=0", CH_INVALID, "s=0"},
    {"tone:sine?volume=3", CH_INVALID, "volume"},
    {"tone:sine?to=3", CH_INVALID, "to"},
    {"tone:white?hz=3", CH_INVALID, "hz"},
};

static void
test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct ch_uri uri;
        char detail[CH_DETAIL_BYTES] = "";
        const enum ch_status status = ch_uri_parse(&uri, refused[i].text, detail);
        if (status != refused[i].status || !strstr(detail, refused[i].word)) {
            print_error("\"%s\": status %d, \"%s\"\n", refused[i].text, (int)status, detail);
            fail();
        }
    }
}

static void
test_length(void **state)
{
    (void)state;
    static char text[3 * CH_URI_BYTES + 16];
    struct ch_uri uri;
    char detail[CH_DETAIL_BYTES];

    memset(text, 'x', CH_URI_BYTES - 1);
    memcpy(text, ch_path_has_servers() ? "C:/" : "/xx", 3);
    assert_int_equal(ch_uri_parse(&uri, text, detail), CH_OK);
    assert_int_equal(strlen(uri.path), CH_URI_BYTES - 1);
    text[CH_URI_BYTES - 1] = 'x';
    assert_int_equal(ch_uri_parse(&uri, text, detail), CH_INVALID);
    assert_non_null(strstr(detail, "longer"));

    // Encoded it may be three times as long.
    const bool drives = ch_path_has_servers();
    strcpy(text, drives ? "file:///C:/" : "file:///");
    for (size_t i = strlen(text) - strlen("file://"); i < CH_URI_BYTES - 1; i++) {
        strcat(text, "%41");
    }
    assert_int_equal(ch_uri_parse(&uri, text, detail), CH_OK);
    assert_int_equal(strlen(uri.path), CH_URI_BYTES - 1 - drives);
    strcat(text, "%41");
    assert_int_equal(ch_uri_parse(&uri, text, detail), CH_INVALID);
}

/// Of a long name the sentence has the end, cut between characters.
static void
test_long_names_in_details(void **state)
{
    (void)state;
    char text[CH_URI_BYTES] = "relative/";
    for (int i = 0; i < 400; i++) {
        strcat(text, "\xc3\xa9");
    }
    strcat(text, "end.flac");
    struct ch_uri uri;
    for (int shift = 0; shift < 2; shift++) {
        char detail[CH_DETAIL_BYTES];
        assert_int_equal(ch_uri_parse(&uri, text, detail), CH_INVALID);
        assert_non_null(strstr(detail, "end.flac"));
        const char *cut = strstr(detail, "\xe2\x80\xa6");
        assert_non_null(cut);
        assert_true(!memcmp(cut + 3, "\xc3\xa9", 2));
        strcat(text, "x");
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_tones),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_length),
        cmocka_unit_test(test_long_names_in_details),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

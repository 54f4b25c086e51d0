// SPDX-License-Identifier: ISC
// tests/unit/test_client_uris.c — files, folders and playlists as lists of URIs.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/uris.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

/// A folder of the test's own; the working directory while it runs.
static char root[256];

static void
write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static int
set_up(void **state)
{
    (void)state;
    const char *tmp = getenv("TMPDIR");
    snprintf(root, sizeof root, "%s/chant-uris-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(root) || chdir(root) != 0) {
        return -1;
    }
    // What the shell would say, were it standing here.
    unsetenv("PWD");
    char *real = getcwd(NULL, 0);
    snprintf(root, sizeof root, "%s", real);
    free(real);
    mkdir("album", 0755);
    mkdir("album/sub", 0755);
    mkdir("album/folder.wav", 0755);
    mkdir("empty", 0755);
    static const char *const files[] = {"album/10 ten.flac", "album/2 two.FLAC",  "album/1 one.wav",
                                        "album/cover.jpg",   "album/.hidden.mp3", "album/sub/x.ogg",
                                        "album/list.m3u8",   "a b.opus",          "notes.txt"};
    for (size_t i = 0; i < COUNT(files); i++) {
        write_file(files[i], "");
    }
    return symlink("album/sub", "link") == 0 ? 0 : -1;
}

static int
tear_down(void **state)
{
    (void)state;
    char command[300];
    if (chdir("/") != 0) {
        return -1;
    }
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    return system(command);
}

/// Whether the list is these, each under the test's folder unless it has a scheme.
static void
assert_uris(const struct ch_uris *uris, const char *const *expected, size_t n)
{
    assert_int_equal(uris->count, n);
    for (size_t i = 0; i < n; i++) {
        char full[512];
        bool has_scheme = strchr(expected[i], ':') != NULL;
        snprintf(full, sizeof full, "%s%s%s", has_scheme ? "" : root, has_scheme ? "" : "/",
                 expected[i]);
        assert_string_equal(uris->items[i], full);
    }
}

static void
assert_refused(const char *word, const char *name, const char *text)
{
    struct ch_uris uris = {0};
    struct ch_uris_problem problem = {0};
    assert_false(ch_uris_add(&uris, word, &problem));
    assert_string_equal(problem.name, name);
    assert_string_equal(problem.text, text);
    ch_uris_fini(&uris);
}

static void
test_natural_order(void **state)
{
    (void)state;
    static const char *const ordered[] = {"",
                                          "1",
                                          "1a",
                                          "01b",
                                          "2",
                                          "10",
                                          "10.1",
                                          "10.9",
                                          "10.10",
                                          "a",
                                          "a1",
                                          "A2",
                                          "a10",
                                          "b1",
                                          "b1b",
                                          "b99999999999999999999",
                                          "b100000000000000000000",
                                          "track 9",
                                          "track 10"};
    for (size_t i = 0; i < COUNT(ordered); i++) {
        for (size_t j = 0; j < COUNT(ordered); j++) {
            int order = ch_natural_compare(ordered[i], ordered[j]);
            if ((order > 0) - (order < 0) != (i > j) - (i < j)) {
                fail_msg("'%s' against '%s' is %d", ordered[i], ordered[j], order);
            }
        }
    }
    // A total order even where the eye sees none.
    assert_int_not_equal(ch_natural_compare("a1", "A1"), 0);
    assert_true((ch_natural_compare("a1", "a01") > 0) == (ch_natural_compare("a01", "a1") < 0));
}

static void
test_audio_names(void **state)
{
    (void)state;
    static const char *const audio[] = {"a.wav",  "a.WAVE", "a.aif",       "a.aiff",
                                        "a.Aifc", "a.flac", "a.ogg",       "a.oga",
                                        "a.opus", "a.MP3",  "/x.y/a.b.mp3"};
    static const char *const others[] = {"a",     "wav",      ".wav",    "a.wav.txt", "a.m3u",
                                         "a.mp4", "/x.wav/a", "/a/.wav", "a.wav/",    "a."};
    for (size_t i = 0; i < COUNT(audio); i++) {
        assert_true(ch_is_audio_name(audio[i]));
    }
    for (size_t i = 0; i < COUNT(others); i++) {
        assert_false(ch_is_audio_name(others[i]));
    }
}

static void
test_absolute(void **state)
{
    (void)state;
    static const struct {
        const char *folder, *path, *expected;
    } cases[] = {
        {"/x", "a", "/x/a"},
        {"/x/", "./a//b/.", "/x/a/b"},
        {"/", "a", "/a"},
        {"", "a", "/a"},
        {"/x", "/y//z/", "/y/z"},
        {"/x", ".", "/x"},
        {"/x", "/", "/"},
        // ".." goes where both name one file (here: none of these exist, so it stays).
        {"/x-no-such", "../a", "/x-no-such/../a"},
        {"/dev", "../dev/.", "/dev"},
        {"/dev", "../../..", "/"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *path = ch_path_absolute(cases[i].folder, cases[i].path);
        assert_non_null(path);
        assert_string_equal(path, cases[i].expected);
        free(path);
    }
}

static void
test_parent_of_a_link(void **state)
{
    (void)state;
    // link leads to album/sub: its parent is album, not where the link stands.
    char *path = ch_path_absolute(root, "link/../1 one.wav");
    struct stat at;
    assert_non_null(path);
    assert_int_equal(stat(path, &at), 0);
    assert_non_null(strstr(path, "link/../"));
    free(path);
    path = ch_path_absolute(root, "album/sub/../1 one.wav");
    assert_null(strstr(path, ".."));
    free(path);
}

static void
test_files(void **state)
{
    (void)state;
    struct ch_uris uris = {0};
    struct ch_uris_problem problem;
    static const char *const words[] = {"a b.opus",
                                        "./album/../a b.opus",
                                        "link/x.ogg",
                                        "tone:sine?hz=440",
                                        "file:///x%20y.wav",
                                        "input:",
                                        "https://example.org/a.ogg"};
    static const char *const expected[] = {"a b.opus",
                                           "a b.opus",
                                           "link/x.ogg",
                                           "tone:sine?hz=440",
                                           "file:///x%20y.wav",
                                           "input:",
                                           "https://example.org/a.ogg"};
    for (size_t i = 0; i < COUNT(words); i++) {
        assert_true(ch_uris_add(&uris, words[i], &problem));
    }
    assert_uris(&uris, expected, COUNT(expected));
    ch_uris_fini(&uris);
}

static void
test_missing(void **state)
{
    (void)state;
    assert_refused("x.flac", "NOT_FOUND", "no such file: x.flac");
    assert_refused("notes.txt/x", "NOT_FOUND", "no such file: notes.txt/x");
    assert_refused("", "NOT_FOUND", "an empty name is no file");
    assert_refused("empty", "NOT_FOUND", "no audio files in empty");
    // An unknown scheme is a name like any other.
    assert_refused("gopher://x", "NOT_FOUND", "no such file: gopher://x");
    // Also a file: what is inside is the daemon's to judge.
    struct ch_uris uris = {0};
    struct ch_uris_problem problem;
    assert_true(ch_uris_add(&uris, "notes.txt", &problem));
    ch_uris_fini(&uris);
}

static void
test_folder(void **state)
{
    (void)state;
    struct ch_uris uris = {0};
    struct ch_uris_problem problem;
    static const char *const expected[] = {"album/1 one.wav", "album/2 two.FLAC",
                                           "album/10 ten.flac"};
    assert_true(ch_uris_add(&uris, "album/", &problem));
    assert_uris(&uris, expected, COUNT(expected));
    ch_uris_fini(&uris);
    // Through a link the link's own path is kept.
    static const char *const linked[] = {"link/x.ogg"};
    assert_true(ch_uris_add(&uris, "link", &problem));
    assert_uris(&uris, linked, 1);
    ch_uris_fini(&uris);
}

static void
test_playlist(void **state)
{
    (void)state;
    char text[1024];
    snprintf(text, sizeof text,
             "\xef\xbb\xbf#EXTM3U\r\n"
             "#EXTINF:3,Two\r\n"
             "2 two.FLAC\r\n"
             "\r\n"
             "  sub/x.ogg  \r\n"
             "missing.wav\r\n"
             "%s/a b.opus\n"
             "../a b.opus\n"
             "tone:pink\n"
             "1 one.wav",
             root);
    write_file("album/list.m3u8", text);
    static const char *const expected[] = {"album/2 two.FLAC", "album/sub/x.ogg",
                                           "a b.opus",         "a b.opus",
                                           "tone:pink",        "album/1 one.wav"};
    struct ch_uris uris = {0};
    struct ch_uris_problem problem;
    assert_true(ch_uris_add(&uris, "album/list.m3u8", &problem));
    assert_uris(&uris, expected, COUNT(expected));
    ch_uris_fini(&uris);
}

static void
test_playlists_inside(void **state)
{
    (void)state;
    write_file("outer.M3U", "inner.m3u\nalbum\n");
    write_file("inner.m3u", "album/1 one.wav\n");
    static const char *const expected[] = {"album/1 one.wav", "album/1 one.wav", "album/2 two.FLAC",
                                           "album/10 ten.flac"};
    struct ch_uris uris = {0};
    struct ch_uris_problem problem;
    assert_true(ch_uris_add(&uris, "outer.M3U", &problem));
    assert_uris(&uris, expected, COUNT(expected));
    ch_uris_fini(&uris);
    // One that names itself has nothing to play and ends.
    write_file("circle.m3u8", "circle.m3u8\ncircle.m3u8\n");
    assert_refused("circle.m3u8", "NOT_FOUND", "nothing to play in circle.m3u8");
    write_file("hollow.m3u8", "#EXTM3U\n\n");
    assert_refused("hollow.m3u8", "NOT_FOUND", "nothing to play in hollow.m3u8");
}

static void
test_not_utf8(void **state)
{
    (void)state;
    write_file("caf\xe9 100%.wav", "");
    struct ch_uris uris = {0};
    struct ch_uris_problem problem;
    assert_true(ch_uris_add(&uris, "caf\xe9 100%.wav", &problem));
    static const char *const tail = "/caf%E9%20100%25.wav";
    assert_int_equal(uris.count, 1);
    assert_int_equal(strncmp(uris.items[0], "file:///", 8), 0);
    assert_string_equal(uris.items[0] + strlen(uris.items[0]) - strlen(tail), tail);
    ch_uris_fini(&uris);
    // UTF-8 goes as it is, whatever else is in it.
    write_file("café 100%.wav", "");
    static const char *const expected[] = {"café 100%.wav"};
    assert_true(ch_uris_add(&uris, "café 100%.wav", &problem));
    assert_uris(&uris, expected, 1);
    ch_uris_fini(&uris);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_natural_order),
        cmocka_unit_test(test_audio_names),
        cmocka_unit_test(test_absolute),
        cmocka_unit_test(test_parent_of_a_link),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_folder),
        cmocka_unit_test(test_playlist),
        cmocka_unit_test(test_playlists_inside),
        cmocka_unit_test(test_not_utf8),
    };
    return cmocka_run_group_tests_name("client_uris", tests, set_up, tear_down);
}

// SPDX-License-Identifier: ISC
// tests/unit/test_source_bad.c — files that are missing, empty, cut, scrambled, or no sound at all.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/base/log.h"
#include "tests/unit/near.h"
#include "tests/unit/source_files.h"

static void
expect_refusal(const char *uri, enum ch_status expected, const char *word)
{
    struct ch_source *source = (struct ch_source *)&source;
    char detail[CH_DETAIL_BYTES] = "";
    const enum ch_status status = ch_source_open(&source, uri, 48000, detail);
    if (status != expected || !strstr(detail, word)) {
        print_error("%s: status %d, \"%s\"\n", uri, (int)status, detail);
        fail();
    }
    assert_null(source);
}

static void
test_refused(void **state)
{
    (void)state;
    expect_refusal(sound_path("none.wav"), CH_NOT_FOUND, "no such file: ");
    expect_refusal(sound_path("none.wav"), CH_NOT_FOUND, "none.wav");
    expect_refusal("none.wav", CH_INVALID, "none.wav");
    expect_refusal("http://x/", CH_UNAVAILABLE, "http");
    expect_refusal("tone:sine?hz=24000", CH_INVALID, "half the rate");
    expect_refusal(sound_dir, CH_UNSUPPORTED_FORMAT, "directory");
    struct stat st;
    if (stat("/dev/zero", &st) == 0) {
        expect_refusal("/dev/zero", CH_UNSUPPORTED_FORMAT, "device");
    }
    if (host_make_fifo(sound_path("pipe.wav"))) {
        expect_refusal(sound_path("pipe.wav"), CH_UNSUPPORTED_FORMAT, "pipe");
    }

    sound_write_bytes(sound_path("text.flac"), "This is not a FLAC file.\n", 25);
    expect_refusal(sound_path("text.flac"), CH_UNSUPPORTED_FORMAT,
                   "text.flac is not an audio file");
    expect_refusal(sound_path("text.flac/x"), CH_NOT_FOUND, "no such file");
    sound_write_bytes(sound_path("empty.mp3"), "", 0);
    expect_refusal(sound_path("empty.mp3"), CH_UNSUPPORTED_FORMAT, "is empty");
    sound_write_bytes(sound_path("tiny.wav"), "RIFF", 4);
    expect_refusal(sound_path("tiny.wav"), CH_UNSUPPORTED_FORMAT, "tiny.wav");

    const float none[2] = {0.0f};
    sound_write(sound_path("head.wav"), WAV_16, 44100, 2, none, 0);
    expect_refusal(sound_path("head.wav"), CH_UNSUPPORTED_FORMAT, "holds no sound");
    sound_write(sound_path("head.aiff"), SF_FORMAT_AIFF | SF_FORMAT_PCM_16, 44100, 2, none, 0);
    expect_refusal(sound_path("head.aiff"), CH_UNSUPPORTED_FORMAT, "holds no sound");

    sound_write(sound_path("nine.wav"), WAV_16, 44100, 9, (const float[9]){0}, 1);
    expect_refusal(sound_path("nine.wav"), CH_UNSUPPORTED_FORMAT, "9 channels");
    sound_write(sound_path("fast.wav"), WAV_16, 10000000, 2, none, 1);
    expect_refusal(sound_path("fast.wav"), CH_UNSUPPORTED_FORMAT, "10000000 Hz");
    sound_write(sound_path("slow.wav"), WAV_16, 999, 2, none, 1);
    expect_refusal(sound_path("slow.wav"), CH_UNSUPPORTED_FORMAT, "999 Hz");
}

/// A rate of zero can't be written by any library; it is patched in.
static void
test_rate_of_zero(void **state)
{
    (void)state;
    const float frame[2] = {0.5f, 0.5f};
    const char *path = sound_path("zero.wav");
    sound_write(path, WAV_16, 44100, 2, frame, 1);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, 24, SEEK_SET), 0);
    assert_int_equal(fwrite("\0\0\0\0", 1, 4, file), 4);
    fclose(file);
    expect_refusal(path, CH_UNSUPPORTED_FORMAT, "zero.wav");
}

static void
test_no_permission(void **state)
{
    (void)state;
    const float frame[2] = {0.5f, 0.5f};
    sound_write(sound_path("mine.wav"), WAV_16, 44100, 2, frame, 1);
    if (!host_forbid_reading(sound_path("mine.wav"))) {
        skip();
    }
    expect_refusal(sound_path("mine.wav"), CH_DENIED, "mine.wav");
    host_forbid_reading_after();
}

/// The pieces that are left are played; then comes the reason.
static void
test_cut_in_half(void **state)
{
    (void)state;
    sound_write_signal(sound_path("s.wav"), WAV_16, 44100, 0, 10 * 44100);
    sound_write_signal(sound_path("s.flac"), SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 44100, 0,
                       10 * 44100);
    static const struct {
        const char *name, *command, *half;
        bool says_so; // the format lets one know
    } cases[] = {
        {"s.flac", NULL, "h.flac", true},
        {"s.mp3", "lame --quiet -b 192 s.wav s.mp3", "h.mp3", true},
        {"s.ogg", "oggenc -Q -o s.ogg s.wav", "h.ogg", true},
        {"s.opus", "opusenc --quiet --bitrate 192 s.wav s.opus", "h.opus", true},
        {"s.wav", NULL, "h.wav", false},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        if (cases[c].command && !sound_run(cases[c].command)) {
            continue;
        }
        sound_cut(sound_path(cases[c].name), sound_path(cases[c].half), 0.5);
        struct decoded whole = decode(sound_path(cases[c].name));
        struct decoded half = decode(sound_path(cases[c].half));
        assert_int_equal(half.status, cases[c].says_so ? CH_DECODE_FAILED : CH_END);
        if (cases[c].says_so) {
            assert_non_null(strstr(half.detail, "ended after "));
            assert_non_null(strstr(half.detail, cases[c].half));
        }
        // Ogg pages last a second or so.
        assert_true(half.n_frames <= whole.n_frames * 6 / 10);
        if (!strstr(cases[c].name, ".o")) {
            assert_true(half.n_frames >= whole.n_frames * 3 / 10);
        }
        for (uint64_t i = 0; i < 2 * half.n_frames; i++) {
            assert_near(half.stereo[i], whole.stereo[i], 1e-6);
        }
        free(whole.stereo);
        free(half.stereo);
    }
    struct decoded d = decode(sound_path("h.flac"));
    assert_non_null(strstr(d.detail, " s of 10.000 s"));
    free(d.stereo);
}

/// Without a Xing header the length of an MP3 is a guess: no harm if it is wrong.
static void
test_mp3_without_length(void **state)
{
    (void)state;
    sound_write_signal(sound_path("s.wav"), WAV_16, 44100, 0, SECONDS * 44100);
    if (!sound_run("lame --quiet -t -b 192 s.wav u.mp3 && head -c 5000 /dev/zero >>u.mp3")) {
        skip();
    }
    struct decoded d = decode(sound_path("u.mp3"));
    assert_int_equal(d.status, CH_END);
    assert_true(d.n_frames >= SECONDS * 44100 - 3 * 1152); // libmpg123 stumbles near the garbage
    free(d.stereo);
}

static void
test_nan_is_silence(void **state)
{
    (void)state;
    float in[2 * 3000];
    for (int i = 0; i < 2 * 3000; i++) {
        in[i] = i < 3000 ? 0.5f : i % 3 ? NAN : i % 2 ? INFINITY : -INFINITY;
    }
    for (uint32_t n_channels = 1; n_channels <= 2; n_channels++) {
        sound_write(sound_path("n.wav"), SF_FORMAT_WAV | SF_FORMAT_FLOAT, 48000, n_channels, in,
                    6000 / n_channels);
        struct decoded d = decode(sound_path("n.wav"));
        assert_int_equal(d.status, CH_END);
        assert_int_equal(d.n_frames, 6000 / n_channels);
        for (uint64_t i = 0; i < 2 * d.n_frames; i++) {
            assert_true(d.stereo[i] == (i < d.n_frames ? 0.5f : 0.0f));
        }
        free(d.stereo);
    }
}

static void
test_file_changes_while_read(void **state)
{
    (void)state;
    const char *path = sound_path("gone.wav");
    sound_write_signal(path, WAV_16, 44100, 0, SECONDS * 44100);
    struct ch_source *source = open_source(path);
    assert_int_equal(unlink(path), 0);
    struct decoded d = read_rest(source);
    assert_int_equal(d.status, CH_END);
    assert_int_equal(d.n_frames, SECONDS * 44100);
    free(d.stereo);
    ch_source_close(source);

    static const char *const commands[] = {"true", "flac -s -f g.wav", "oggenc -Q g.wav",
                                           "lame --quiet g.wav g.mp3"};
    static const char *const names[] = {"g.wav", "g.flac", "g.ogg", "g.mp3"};
    for (int f = 0; f < 4; f++) {
        sound_write_signal(sound_path("g.wav"), WAV_16, 44100, 0, SECONDS * 44100);
        if (!sound_run(commands[f])) {
            continue;
        }
        source = open_source(sound_path(names[f]));
        assert_int_equal(truncate(sound_path(names[f]), 1000), 0);
        d = read_rest(source);
        assert_int_equal(d.status, CH_DECODE_FAILED);
        assert_true(d.n_frames < SECONDS * 44100);
        free(d.stereo);
        ch_source_close(source);
    }
}

/// A FLAC with its middle overwritten, and files of noise after a good beginning.
static void
test_scrambled(void **state)
{
    (void)state;
    sound_write_signal(sound_path("s.wav"), WAV_16, 44100, 0, SECONDS * 44100);
    for (size_t f = 0; f < sizeof formats / sizeof *formats; f++) {
        if (!sound_run(formats[f].command)) {
            continue;
        }
        struct stat st;
        assert_int_equal(stat(sound_path(formats[f].name), &st), 0);
        uint32_t random = 1;
        for (int round = 0; round < 40; round++) {
            sound_cut(sound_path(formats[f].name), sound_path("x"), 1.0);
            FILE *file = fopen(sound_path("x"), "r+b");
            assert_non_null(file);
            for (int hit = 0; hit < 1 + round; hit++) {
                random = random * 1664525u + 1013904223u;
                // The first rounds hit anywhere, the others mostly the header.
                const long range = round < 10 ? (long)st.st_size : 200 * (1 + round % 8);
                assert_int_equal(fseek(file, (long)(random >> 8) % range, SEEK_SET), 0);
                fputc((int)(random >> 16 & 0xff), file);
            }
            fclose(file);
            struct ch_source *source;
            char detail[CH_DETAIL_BYTES];
            const enum ch_status status = ch_source_open(&source, sound_path("x"), 48000, detail);
            assert_true(status == CH_OK || status == CH_UNSUPPORTED_FORMAT);
            assert_true(status == CH_OK || detail[0]);
            if (status == CH_OK) {
                struct decoded d = read_rest(source);
                for (uint64_t i = 0; i < 2 * d.n_frames; i++) {
                    assert_true(isfinite(d.stereo[i]));
                }
                free(d.stereo);
                ch_source_close(source);
            }
        }
    }
}

int
main(void)
{
    ch_log_set_level(CH_LOG_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_rate_of_zero),
        cmocka_unit_test(test_no_permission),
        cmocka_unit_test(test_cut_in_half),
        cmocka_unit_test(test_mp3_without_length),
        cmocka_unit_test(test_nan_is_silence),
        cmocka_unit_test(test_file_changes_while_read),
        cmocka_unit_test(test_scrambled),
    };
    return cmocka_run_group_tests(tests, sound_dir_make, sound_dir_remove);
}

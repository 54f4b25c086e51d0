// SPDX-License-Identifier: ISC
// tests/unit/test_source.c — files of every format: bits, lengths, tags, seeks, channels.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/base/log.h"
#include "tests/unit/near.h"
#include "tests/unit/source_files.h"

// --- bits --------------------------------------------------------------------------------------

/// Samples n/2^(bits-1), extremes included, must come back exactly.
static void
check_bits(const char *path, uint32_t bits, const int32_t *values, uint32_t n_frames)
{
    struct decoded d = decode(path);
    assert_int_equal(d.status, CH_END);
    assert_int_equal(d.n_frames, n_frames);
    assert_int_equal(d.info.bits, bits);
    for (uint32_t i = 0; i < 2 * n_frames; i++) {
        assert_true(d.stereo[i] == (float)ldexp(values[i], 1 - (int)bits));
    }
    free(d.stereo);
}

static void
test_integers_are_exact(void **state)
{
    (void)state;
    enum { N = 70000 };
    int32_t *values = malloc(2 * N * sizeof *values);
    int32_t *shifted = malloc(2 * N * sizeof *shifted);
    assert_non_null(values);
    assert_non_null(shifted);
    for (uint32_t bits = 16; bits <= 24; bits += 8) {
        const int32_t top = 1 << (bits - 1);
        for (uint32_t i = 0; i < 2 * N; i++) {
            // All 16-bit values, or as many spread over 24 bits; the ends and the middle first.
            values[i] = (int32_t)((uint64_t)i * 0x9e3779b1u % (2u * (uint32_t)top)) - top;
        }
        const int32_t first[] = {-top, top - 1, 0, -1, 1, -top + 1};
        memcpy(values, first, sizeof first);
        for (uint32_t i = 0; i < 2 * N; i++) {
            shifted[i] = values[i] * (1 << (32 - bits));
        }
        const int sub = bits == 16 ? SF_FORMAT_PCM_16 : SF_FORMAT_PCM_24;
        static const struct {
            const char *name;
            int type;
        } kinds[] = {
            {"b.wav", SF_FORMAT_WAV}, {"b.aiff", SF_FORMAT_AIFF}, {"b.flac", SF_FORMAT_FLAC}};
        for (size_t k = 0; k < 3; k++) {
            SF_INFO info = {.format = kinds[k].type | sub, .samplerate = 44100, .channels = 2};
            SNDFILE *file = sf_open(sound_path(kinds[k].name), SFM_WRITE, &info);
            assert_non_null(file);
            assert_int_equal(sf_writef_int(file, shifted, N), N);
            sf_close(file);
            check_bits(sound_path(kinds[k].name), bits, values, N);
        }
        if (sound_run("flac -s -f --best -o by-flac.flac b.wav")) {
            check_bits(sound_path("by-flac.flac"), bits, values, N);
        }
        if (sound_run("ffmpeg -v error -y -i b.wav -c:a flac by-ffmpeg.flac")) {
            check_bits(sound_path("by-ffmpeg.flac"), bits, values, N);
        }
    }
    free(values);
    free(shifted);
}

static void
test_floats_pass(void **state)
{
    (void)state;
    const float in[] = {1.5f, -0.0f, 0x1p-30f, -2.0f, 1e-40f, 0.333333343f};
    sound_write(sound_path("f.wav"), SF_FORMAT_WAV | SF_FORMAT_FLOAT, 48000, 2, in, 3);
    struct decoded d = decode(sound_path("f.wav"));
    assert_int_equal(d.n_frames, 3);
    assert_memory_equal(d.stereo, in, sizeof in);
    free(d.stereo);
}

// --- formats -----------------------------------------------------------------------------------

/// Signal to error of a decoded piece, dB.
static double
quality_db(const float *got, const float *ideal, uint32_t n_samples)
{
    double signal = 0.0, error = 0.0;
    for (uint32_t i = 0; i < n_samples; i++) {
        const double e = (double)got[i] - (double)ideal[i];
        signal += (double)ideal[i] * (double)ideal[i];
        error += e * e;
    }
    return 10.0 * log10(signal / (error + 1e-30));
}

static void
test_formats(void **state)
{
    (void)state;
    sound_write_signal(sound_path("s.wav"), WAV_16, 44100, 0, SECONDS * 44100 + 123);
    for (size_t f = 0; f < sizeof formats / sizeof *formats; f++) {
        if (!sound_run(formats[f].command)) {
            print_message("%s: no encoder, not tested\n", formats[f].name);
            continue;
        }
        struct decoded d = decode(sound_path(formats[f].name));
        assert_string_equal(d.info.format, formats[f].format);
        assert_int_equal(d.info.bits, formats[f].bits);
        assert_int_equal(d.info.rate_hz, formats[f].rate_hz);
        assert_int_equal(d.info.channels, 2);
        assert_int_equal(d.status, CH_END);
        // Not a frame more or less, encoder delays and paddings or not.
        const uint64_t n = ((uint64_t)(SECONDS * 44100 + 123) * formats[f].rate_hz + 22050) / 44100;
        assert_int_equal(d.n_frames, n);
        if (strcmp(formats[f].name, "p.flac")) {
            assert_near(d.info.duration_s, (double)n / formats[f].rate_hz, 1e-9);
        } else {
            assert_true(d.info.duration_s < 0.0); // its encoder could not go back to say
        }
        // And it begins where it began: a shift by one frame would leave less than 20 dB.
        float *ideal = malloc((size_t)n * 2 * sizeof *ideal);
        assert_non_null(ideal);
        if (formats[f].rate_hz == 44100) {
            sound_signal(ideal, 0, (uint32_t)n, 44100);
            assert_true(quality_db(d.stereo + 8000, ideal + 8000, 2 * 60000) > 25.0);
        }
        free(ideal);
        free(d.stereo);
    }
}

static void
test_tags(void **state)
{
    (void)state;
    sound_write_signal(sound_path("t.wav"), WAV_16, 44100, 0, 44100);
    static const struct {
        const char *name, *command;
    } taggers[] = {
        {"t.flac", "flac -s -f -T 'TITLE=Über Ü' -T ARTIST=Someone -T 'ALBUM=An Album' "
                   "-T TRACKNUMBER=7 -T DATE=1999 t.wav"},
        {"t.ogg", "oggenc -Q -o t.ogg -t 'Über Ü' -a Someone -l 'An Album' -N 7 -d 1999 t.wav"},
        {"t.opus", "opusenc --quiet --title 'Über Ü' --artist Someone --album 'An Album' "
                   "--tracknumber 7 --date 1999 t.wav t.opus"},
        {"t.mp3", "ffmpeg -v error -y -i t.wav -metadata 'title=Über Ü' -metadata artist=Someone "
                  "-metadata 'album=An Album' -metadata track=7 -metadata date=1999 t.mp3"},
    };
    for (size_t t = 0; t < sizeof taggers / sizeof *taggers; t++) {
        if (!sound_run(taggers[t].command)) {
            print_message("%s: no encoder, not tested\n", taggers[t].name);
            continue;
        }
        struct ch_source *source = open_source(sound_path(taggers[t].name));
        const struct ch_media_info *info = ch_source_info(source);
        assert_string_equal(info->title, "Über Ü");
        assert_string_equal(info->artist, "Someone");
        assert_string_equal(info->album, "An Album");
        assert_string_equal(info->track, "7");
        assert_string_equal(info->date, "1999");
        ch_source_close(source);
    }
    // None, and one that is too long.
    struct ch_source *source = open_source(sound_path("t.wav"));
    assert_string_equal(ch_source_info(source)->title, "");
    ch_source_close(source);
    if (sound_run("flac -s -f -o l.flac -T TITLE=$(head -c 5000 /dev/zero | tr '\\0' x) t.wav")) {
        source = open_source(sound_path("l.flac"));
        assert_int_equal(strlen(ch_source_info(source)->title), CH_TAG_BYTES - 1);
        ch_source_close(source);
    }
}

static void
test_seek(void **state)
{
    (void)state;
    sound_write_signal(sound_path("s.wav"), WAV_16, 44100, 0, 9 * 44100 + 123);
    for (size_t f = 0; f < sizeof formats / sizeof *formats; f++) {
        if (!sound_run(formats[f].command)) {
            continue;
        }
        const char *path = sound_path(formats[f].name);
        struct decoded all = decode(path);
        const uint64_t targets[] = {0, 1, 1151, 30011, 60000, 44100, all.n_frames - 1, 41};
        struct ch_source *source = open_source(path);
        for (size_t t = 0; t < sizeof targets / sizeof *targets; t++) {
            assert_int_equal(ch_source_seek(source, targets[t]), CH_OK);
            float stereo[2 * 500];
            uint32_t n;
            char detail[CH_DETAIL_BYTES];
            assert_int_equal(ch_source_read(source, stereo, 500, &n, detail), CH_OK);
            assert_int_equal(n, all.n_frames - targets[t] < 500 ? all.n_frames - targets[t] : 500);
            for (uint32_t i = 0; i < 2 * n; i++) {
                assert_near(stereo[i], all.stereo[2 * targets[t] + i], 1e-6);
            }
        }
        // To the end, beyond it, and back.
        for (uint64_t beyond = 0; beyond < 2; beyond++) {
            uint32_t n;
            float frame[2];
            char detail[CH_DETAIL_BYTES];
            if (all.info.duration_s < 0.0) {
                break; // nobody knows where that is
            }
            assert_int_equal(ch_source_seek(source, all.n_frames + 1000000 * beyond), CH_OK);
            assert_int_equal(ch_source_read(source, frame, 1, &n, detail), CH_END);
            assert_int_equal(n, 0);
            assert_int_equal(ch_source_seek(source, 100), CH_OK);
            assert_int_equal(ch_source_read(source, frame, 1, &n, detail), CH_OK);
            assert_near(frame[0], all.stereo[200], 1e-6);
        }
        ch_source_close(source);
        free(all.stereo);
    }
}

// --- channels ----------------------------------------------------------------------------------

/// Each channel has a tone of its own; what arrives on either side is told by the law of its
/// layout, however the format orders its channels.
static void
test_channel_orders(void **state)
{
    (void)state;
    enum { N = 48000 };
    static const struct {
        uint32_t n;
        const char *layout;
        double left[8], right[8];
    } layouts[] = {
        {1, "mono", {1}, {1}},
        {3, "3.0", {1, 0, 0.7071}, {0, 1, 0.7071}},
        {5, "5.0", {1, 0, 0.7071, 0.7071, 0}, {0, 1, 0.7071, 0, 0.7071}},
        {6, "5.1", {1, 0, 0.7071, 0, 0.7071, 0}, {0, 1, 0.7071, 0, 0, 0.7071}},
        {7, "6.1", {1, 0, 0.7071, 0, 0.5, 0.7071, 0}, {0, 1, 0.7071, 0, 0.5, 0, 0.7071}},
        {8,
         "7.1",
         {1, 0, 0.7071, 0, 0.7071, 0, 0.7071, 0},
         {0, 1, 0.7071, 0, 0, 0.7071, 0, 0.7071}},
    };
    static const char *const files[] = {"c.wav", "c.flac", "c.aiff", "c.ogg", "c.opus"};
    float *samples = malloc(8 * N * sizeof *samples);
    assert_non_null(samples);
    for (size_t l = 0; l < sizeof layouts / sizeof *layouts; l++) {
        const uint32_t n = layouts[l].n;
        for (uint32_t i = 0; i < N; i++) {
            for (uint32_t c = 0; c < n; c++) {
                // An LFE carries only what is low.
                const double hz = n > 5 && c == 3 ? 50.0 : 400.0 + 200.0 * c;
                samples[i * n + c] = (float)(0.1 * sin(2.0 * M_PI * hz * i / N));
            }
        }
        sound_write_bytes(sound_path("c.raw"), samples, (size_t)n * N * sizeof *samples);
        for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
            char command[256];
            snprintf(
                command, sizeof command,
                "ffmpeg -v error -y -f f32le -ar 48000 -channel_layout %s -ac %u -i c.raw %s %s",
                layouts[l].layout, n,
                strstr(files[f], "ogg")    ? "-c:a libvorbis -q:a 9"
                : strstr(files[f], "opus") ? "-b:a 450k -mapping_family 1"
                                           : "",
                files[f]);
            if (!sound_run(command)) {
                print_message("%s: not made\n", command);
                continue;
            }
            struct decoded d = decode(sound_path(files[f]));
            assert_int_equal(d.info.channels, n);
            assert_int_equal(d.n_frames, N);
            for (uint32_t c = 0; c < n; c++) {
                if (n > 5 && c == 3) {
                    continue;
                }
                for (int side = 0; side < 2; side++) {
                    double re = 0.0, im = 0.0;
                    for (uint32_t i = 0; i < N; i++) {
                        const double angle = 2.0 * M_PI * (400.0 + 200.0 * c) * i / N;
                        re += (double)d.stereo[2 * i + (uint32_t)side] * cos(angle) * 2.0 / N;
                        im += (double)d.stereo[2 * i + (uint32_t)side] * sin(angle) * 2.0 / N;
                    }
                    const double weight = side ? layouts[l].right[c] : layouts[l].left[c];
                    assert_near(hypot(re, im), 0.1 * weight, 0.004);
                }
            }
            free(d.stereo);
        }
    }
    free(samples);
}

static void
test_speaker_masks(void **state)
{
    (void)state;
    // 3.1: four channels that are not quad.
    int map[4] = {SF_CHANNEL_MAP_LEFT, SF_CHANNEL_MAP_RIGHT, SF_CHANNEL_MAP_CENTER,
                  SF_CHANNEL_MAP_LFE};
    SF_INFO info = {
        .format = SF_FORMAT_WAVEX | SF_FORMAT_FLOAT, .samplerate = 48000, .channels = 4};
    SNDFILE *file = sf_open(sound_path("m.wav"), SFM_WRITE, &info);
    assert_non_null(file);
    assert_true(sf_command(file, SFC_SET_CHANNEL_MAP_INFO, map, sizeof map));
    const float in[4] = {0.1f, 0.2f, 0.4f, 0.8f};
    assert_int_equal(sf_writef_float(file, in, 1), 1);
    sf_close(file);
    struct decoded d = decode(sound_path("m.wav"));
    assert_near(d.stereo[0], 0.1 + 0.4 * 0.70710678, 1e-6);
    assert_near(d.stereo[1], 0.2 + 0.4 * 0.70710678, 1e-6);
    free(d.stereo);
}

static void
test_tone(void **state)
{
    (void)state;
    struct ch_source *source = open_source("tone:sine?hz=1000&db=-6&s=0.5");
    assert_int_equal(ch_source_length(source), 24000);
    assert_string_equal(ch_source_info(source)->format, "tone");
    assert_int_equal(ch_source_info(source)->rate_hz, 48000);
    assert_int_equal(ch_source_seek(source, 23000), CH_OK);
    struct decoded d = read_rest(source);
    assert_int_equal(d.status, CH_END);
    assert_int_equal(d.n_frames, 1000);
    assert_near(d.stereo[0], 0.501187 * sin(2.0 * M_PI * 1000.0 * 23000.0 / 48000.0), 1e-5);
    free(d.stereo);
    ch_source_close(source);

    source = open_source("tone:white");
    assert_true(ch_source_length(source) == UINT64_MAX);
    assert_true(ch_source_info(source)->duration_s < 0.0);
    ch_source_close(source);
}

int
main(void)
{
    ch_log_set_level(CH_LOG_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers_are_exact),
        cmocka_unit_test(test_floats_pass),
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_tags),
        cmocka_unit_test(test_seek),
        cmocka_unit_test(test_channel_orders),
        cmocka_unit_test(test_speaker_masks),
        cmocka_unit_test(test_tone),
    };
    return cmocka_run_group_tests(tests, sound_dir_make, sound_dir_remove);
}

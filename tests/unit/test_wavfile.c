// SPDX-License-Identifier: ISC
// test_wavfile.c — WAV files against their own bytes: written here, parsed by hand.

#include "daemon/backend/wavfile.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "tests/unit/host.h"

static char folder[HOST_PATH_BYTES];
static char path[HOST_PATH_BYTES + 16];

static int
make_folder(void **state)
{
    (void)state;
    if (!host_folder_make(folder)) {
        return -1;
    }
    snprintf(path, sizeof path, "%s/out.wav", folder);
    return 0;
}

static int
remove_folder(void **state)
{
    (void)state;
    return host_folder_remove(folder) ? 0 : -1;
}

// --- a reader of its own ------------------------------------------------------------------------

struct wav {
    uint8_t *bytes;
    size_t size;
    uint32_t tag, channels, rate_hz, bits;
    const uint8_t *data;
    uint32_t n_frames;
};

static uint32_t
le(const uint8_t *at, unsigned n)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < n; i++) {
        value |= (uint32_t)at[i] << (8 * i);
    }
    return value;
}

static struct wav
read_wav(void)
{
    struct wav wav = {0};
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    struct stat info;
    assert_int_equal(fstat(fileno(file), &info), 0);
    wav.size = (size_t)info.st_size;
    wav.bytes = malloc(wav.size + 1);
    assert_non_null(wav.bytes);
    assert_int_equal(fread(wav.bytes, 1, wav.size, file), wav.size);
    fclose(file);

    assert_memory_equal(wav.bytes, "RIFF", 4);
    assert_memory_equal(wav.bytes + 8, "WAVE", 4);
    assert_int_equal(le(wav.bytes + 4, 4), wav.size - 8);
    uint32_t data_bytes = 0;
    for (size_t at = 12; at + 8 <= wav.size;) {
        const uint32_t length = le(wav.bytes + at + 4, 4);
        const uint8_t *body = wav.bytes + at + 8;
        assert_true(at + 8 + length <= wav.size);
        assert_memory_not_equal(wav.bytes + at, "PEAK", 4); // has the time of day in it
        if (!memcmp(wav.bytes + at, "fmt ", 4)) {
            wav.tag = le(body, 2);
            wav.channels = le(body + 2, 2);
            wav.rate_hz = le(body + 4, 4);
            wav.bits = le(body + 14, 2);
        } else if (!memcmp(wav.bytes + at, "data", 4)) {
            wav.data = body;
            data_bytes = length;
        }
        at += 8 + length + (length & 1);
    }
    assert_non_null(wav.data);
    assert_int_equal(wav.channels, 2);
    wav.n_frames = data_bytes / (2 * wav.bits / 8);
    return wav;
}

static int32_t
sample(const struct wav *wav, uint32_t frame, uint32_t channel)
{
    const unsigned bytes = wav->bits / 8;
    const uint32_t raw = le(wav->data + (2 * frame + channel) * bytes, bytes);
    return (int32_t)(raw << (32 - wav->bits)) >> (32 - wav->bits); // sign
}

// --- tests --------------------------------------------------------------------------------------

static void
write_file(enum ch_wav_format format, uint32_t rate_hz, const float *left, const float *right,
           uint32_t n_frames, uint32_t n_at_once)
{
    struct ch_wavfile *file;
    char detail[256] = "";
    assert_int_equal(ch_wavfile_open(&file, path, format, CH_DITHER_OFF, rate_hz, detail), CH_OK);
    for (uint32_t done = 0; done < n_frames;) {
        const uint32_t n = n_frames - done < n_at_once ? n_frames - done : n_at_once;
        float *const planes[CH_CHANNELS] = {(float *)left + done, (float *)right + done};
        assert_int_equal(ch_wavfile_write(file, planes, n, detail), CH_OK);
        done += n;
        assert_int_equal(ch_wavfile_n_frames(file), done);
    }
    assert_int_equal(ch_wavfile_close(file, detail), CH_OK);
}

static void
test_names(void **state)
{
    (void)state;
    enum ch_wav_format format;
    assert_true(ch_wav_format_from_name("f32", &format) && format == CH_WAV_F32);
    assert_true(ch_wav_format_from_name("s16", &format) && format == CH_WAV_S16);
    assert_true(ch_wav_format_from_name("s24", &format) && format == CH_WAV_S24);
    assert_false(ch_wav_format_from_name("s32", &format));
    assert_false(ch_wav_format_from_name("", &format));
}

// Every 16-bit integer comes back, on both channels.
static void
test_s16_is_exact(void **state)
{
    (void)state;
    enum { N = 65536 };
    float *left = malloc(N * sizeof *left), *right = malloc(N * sizeof *right);
    for (int i = 0; i < N; i++) {
        left[i] = (float)(i - 32768) / 32768.0f;
        right[i] = (float)(32767 - i) / 32768.0f;
    }
    write_file(CH_WAV_S16, 44100, left, right, N, 1000);
    struct wav wav = read_wav();
    assert_int_equal(wav.tag, 1);
    assert_int_equal(wav.bits, 16);
    assert_int_equal(wav.rate_hz, 44100);
    assert_int_equal(wav.n_frames, N);
    for (uint32_t i = 0; i < N; i++) {
        assert_int_equal(sample(&wav, i, 0), (int)i - 32768);
        assert_int_equal(sample(&wav, i, 1), 32767 - (int)i);
    }
    free(wav.bytes);
    free(left);
    free(right);
}

// 24-bit integers: both ends, around zero, and a stride through all of them.
static void
test_s24_is_exact(void **state)
{
    (void)state;
    enum { N = 20000, FULL = 1 << 23 };
    int *ints = malloc(N * sizeof *ints);
    float *left = malloc(N * sizeof *left), *right = malloc(N * sizeof *right);
    for (int i = 0; i < N; i++) {
        ints[i] = i < 1000   ? i - FULL
                  : i < 2000 ? FULL - 1 - (i - 1000)
                  : i < 3000 ? i - 2500
                             : (i - 3000) * 983 - FULL;
        left[i] = (float)ints[i] / (float)FULL;
        right[i] = -left[i];
    }
    write_file(CH_WAV_S24, 96000, left, right, N, 8192);
    struct wav wav = read_wav();
    assert_int_equal(wav.tag, 1);
    assert_int_equal(wav.bits, 24);
    assert_int_equal(wav.rate_hz, 96000);
    assert_int_equal(wav.n_frames, N);
    for (uint32_t i = 0; i < N; i++) {
        assert_int_equal(sample(&wav, i, 0), ints[i]);
        assert_int_equal(sample(&wav, i, 1), ints[i] == -FULL ? FULL - 1 : -ints[i]);
    }
    free(wav.bytes);
    free(ints);
    free(left);
    free(right);
}

static void
test_rounding_and_clamping(void **state)
{
    (void)state;
    static const struct {
        double value; // in units of the last bit of s16
        int s16;
    } cases[] = {
        {0.0, 0},           {0.49, 0},          {0.51, 1},
        {-0.49, 0},         {-0.51, -1},        {1.4, 1},
        {1.6, 2},           {100.51, 101},      {-100.51, -101},
        {32766.4, 32766},   {32767.0, 32767},   {32767.4, 32767},
        {32768.0, 32767},   {40000.0, 32767},   {1e30, 32767},
        {INFINITY, 32767},  {-32768.0, -32768}, {-32767.6, -32768},
        {-32768.6, -32768}, {-1e30, -32768},    {-INFINITY, -32768},
        {NAN, 0},
    };
    enum { N = sizeof cases / sizeof *cases };
    float left[N], right[N];
    for (unsigned i = 0; i < N; i++) {
        left[i] = (float)(cases[i].value / 32768.0);
        right[i] = (float)(cases[i].value / 8388608.0); // the same in units of s24
    }
    write_file(CH_WAV_S16, 48000, left, right, N, N);
    struct wav wav = read_wav();
    for (uint32_t i = 0; i < N; i++) {
        assert_int_equal(sample(&wav, i, 0), cases[i].s16);
    }
    free(wav.bytes);

    write_file(CH_WAV_S24, 48000, left, right, N, N);
    wav = read_wav();
    for (uint32_t i = 0; i < N; i++) {
        if (isnan(cases[i].value)) {
            assert_int_equal(sample(&wav, i, 1), 0);
        } else if (isinf(cases[i].value) || fabs(cases[i].value) > 1e20) {
            assert_int_equal(sample(&wav, i, 1), cases[i].value > 0 ? 8388607 : -8388608);
        } else {
            assert_int_equal(sample(&wav, i, 1), (int)lrint(cases[i].value));
        }
    }
    free(wav.bytes);
}

// Above full scale, denormals, NaN: f32 keeps each bit.
static void
test_f32_keeps_the_bits(void **state)
{
    (void)state;
    enum { N = 10000 };
    uint32_t *bits = malloc(2 * N * sizeof *bits);
    uint32_t random = 1;
    for (unsigned i = 0; i < 2 * N; i++) {
        random = random * 1664525u + 1013904223u;
        bits[i] = random;
    }
    float *planes = malloc(2 * N * sizeof *planes);
    memcpy(planes, bits, 2 * N * sizeof *planes);
    write_file(CH_WAV_F32, 384000, planes, planes + N, N, 333);
    struct wav wav = read_wav();
    assert_int_equal(wav.tag, 3);
    assert_int_equal(wav.bits, 32);
    assert_int_equal(wav.rate_hz, 384000);
    assert_int_equal(wav.n_frames, N);
    for (uint32_t i = 0; i < N; i++) {
        assert_int_equal(le(wav.data + 8 * i, 4), bits[i]);
        assert_int_equal(le(wav.data + 8 * i + 4, 4), bits[N + i]);
    }
    free(wav.bytes);
    free(bits);
    free(planes);
}

// However the frames are handed over and whenever: the same bytes.
static void
test_same_frames_same_bytes(void **state)
{
    (void)state;
    enum { N = 9001 };
    float left[N], right[N];
    for (int i = 0; i < N; i++) {
        left[i] = (float)sin(0.01 * i);
        right[i] = (float)cos(0.013 * i);
    }
    static const uint32_t at_once[] = {N, 1, 64, 4096, 4097};
    for (int format = CH_WAV_F32; format <= CH_WAV_S24; format++) {
        write_file((enum ch_wav_format)format, 48000, left, right, N, at_once[0]);
        struct wav first = read_wav();
        for (unsigned i = 1; i < sizeof at_once / sizeof *at_once; i++) {
            write_file((enum ch_wav_format)format, 48000, left, right, N, at_once[i]);
            struct wav again = read_wav();
            assert_int_equal(again.size, first.size);
            assert_memory_equal(again.bytes, first.bytes, first.size);
            free(again.bytes);
        }
        free(first.bytes);
    }
}

static void
test_no_frames(void **state)
{
    (void)state;
    write_file(CH_WAV_S24, 48000, NULL, NULL, 0, 1);
    struct wav wav = read_wav();
    assert_int_equal(wav.n_frames, 0);
    free(wav.bytes);
    char detail[256];
    assert_int_equal(ch_wavfile_close(NULL, detail), CH_OK);
}

static void
test_bad_paths(void **state)
{
    (void)state;
    char missing[HOST_PATH_BYTES + 20];
    snprintf(missing, sizeof missing, "%s/none/out.wav", folder);
    static const char *const reasons[] = {"No such file", "directory"};
    const char *const paths[] = {missing, folder};
    for (unsigned i = 0; i < 2; i++) {
        struct ch_wavfile *file = (struct ch_wavfile *)missing;
        char detail[256] = "";
        assert_int_equal(
            ch_wavfile_open(&file, paths[i], CH_WAV_F32, CH_DITHER_AUTO, 48000, detail),
            CH_NO_DEVICE);
        assert_null(file);
        assert_non_null(strstr(detail, paths[i]));
        assert_non_null(strstr(detail, reasons[i]));
    }
    char endless[5000];
    memset(endless, 'x', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    struct ch_wavfile *file;
    char detail[256] = "";
    assert_int_not_equal(ch_wavfile_open(&file, endless, CH_WAV_F32, CH_DITHER_AUTO, 48000, detail),
                         CH_OK);
    assert_null(file);
    assert_true(strlen(detail) > 0);
}

// No room: an error that says so, no more writing, and the rest is a valid file.
static void
test_disk_full(void **state)
{
    (void)state;
    if (!host_limit_file_bytes(100000)) {
        skip();
    }

    static float silence[8192];
    float *const planes[CH_CHANNELS] = {silence, silence};
    struct ch_wavfile *file;
    char detail[256] = "";
    assert_int_equal(ch_wavfile_open(&file, path, CH_WAV_F32, CH_DITHER_AUTO, 48000, detail),
                     CH_OK);
    enum ch_status status = CH_OK;
    for (unsigned i = 0; i < 4 && status == CH_OK; i++) {
        status = ch_wavfile_write(file, planes, 8192, detail);
    }
    assert_int_not_equal(status, CH_OK);
    assert_non_null(strstr(detail, path));
    assert_int_equal(ch_wavfile_write(file, planes, 1, detail), status);
    ch_wavfile_close(file, detail);
    host_limit_file_bytes(0);

    struct wav wav = read_wav();
    assert_in_range(wav.n_frames, 8192, 100000 / 8);
    free(wav.bytes);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_s16_is_exact),
        cmocka_unit_test(test_s24_is_exact),
        cmocka_unit_test(test_rounding_and_clamping),
        cmocka_unit_test(test_f32_keeps_the_bits),
        cmocka_unit_test(test_same_frames_same_bytes),
        cmocka_unit_test(test_no_frames),
        cmocka_unit_test(test_bad_paths),
        cmocka_unit_test(test_disk_full),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

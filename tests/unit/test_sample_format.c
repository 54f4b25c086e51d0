// SPDX-License-Identifier: ISC
// test_sample_format.c — every type and layout against values worked out by hand, and dither.

#include "daemon/backend/sample_format.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RATE_HZ = 48000 };

static const struct {
    enum ch_sample_type type;
    uint32_t bytes;
    int bits; // 0 = float
    const char *name;
} types[] = {
    {CH_SAMPLE_F32, 4, 0, "f32"},     {CH_SAMPLE_S16, 2, 16, "s16"}, {CH_SAMPLE_S24, 3, 24, "s24"},
    {CH_SAMPLE_S24_32, 4, 24, "s24"}, {CH_SAMPLE_S32, 4, 32, "s32"},
};
#define N_TYPES (sizeof types / sizeof *types)

static struct ch_sample_writer
writer_of(enum ch_sample_type type, uint32_t n_channels, uint32_t mask)
{
    struct ch_sample_format format = {.type = type};
    assert_true(ch_sample_format_layout(&format, n_channels, mask));
    struct ch_sample_writer writer;
    ch_sample_writer_init(&writer, &format, RATE_HZ);
    return writer;
}

// The sample as a part of full scale, read by the definition of its type and not by our code.
static double
value_at(const uint8_t *at, unsigned t)
{
    if (types[t].bits == 0) {
        float x;
        memcpy(&x, at, sizeof x);
        return (double)x;
    }
    int64_t value = 0;
    for (uint32_t i = 0; i < types[t].bytes; i++) {
        value += (int64_t)at[i] << (8 * i);
    }
    const int width = 8 * (int)types[t].bytes;
    if (value >= (int64_t)1 << (width - 1)) {
        value -= (int64_t)1 << width;
    }
    return (double)value / (double)((int64_t)1 << (width - 1));
}

static const struct {
    uint32_t n_channels, mask, left, right;
} layouts[] = {
    {1, 0x4, 0, 0},    {1, 0, 0, 0},    {1, 0x3, 0, 0},   {2, 0x3, 0, 1},   {2, 0, 0, 1},
    {2, 0x600, 0, 1},  {3, 0x7, 0, 1},  {3, 0x34, 1, 2},  {4, 0x33, 0, 1},  {4, 0x603, 0, 1},
    {4, 0x63c, 2, 3},  {5, 0x37, 0, 1}, {6, 0x3f, 0, 1},  {6, 0x60f, 0, 1}, {7, 0x70f, 0, 1},
    {8, 0x63f, 0, 1},  {8, 0xff, 0, 1}, {3, 0x604, 1, 2}, {4, 0xc8, 1, 2},  {5, 0x634, 3, 4},
    {2, 0x6001, 0, 1}, {8, 0x4, 0, 1},
};

// 16-bit integers are kept by every type, so nothing is dithered and all is exact.
static void
test_every_type_and_layout(void **state)
{
    (void)state;
    enum { N = 700 }; // not a whole number of batches
    static float left[N], right[N];
    for (int i = 0; i < N; i++) {
        left[i] = (float)((i * 977) % 65536 - 32768) / 32768.0f;
        right[i] = (float)((i * 1231 + 5) % 65536 - 32768) / 32768.0f;
    }
    float *const planes[CH_CHANNELS] = {left, right};
    unsigned n_checked = 0;
    for (unsigned t = 0; t < N_TYPES; t++) {
        assert_string_equal(ch_sample_type_name(types[t].type), types[t].name);
        for (size_t l = 0; l < sizeof layouts / sizeof *layouts; l++) {
            const uint32_t n_channels = layouts[l].n_channels;
            struct ch_sample_writer writer = writer_of(types[t].type, n_channels, layouts[l].mask);
            const uint32_t frame_bytes = n_channels * types[t].bytes;
            assert_int_equal(ch_sample_frame_bytes(&writer.format), frame_bytes);
            uint8_t *out = malloc(N * frame_bytes + 2);
            assert_non_null(out);
            memset(out, 0xa5, N * frame_bytes + 2);
            ch_sample_write(&writer, out + 1, planes, N); // at an odd address
            assert_int_equal(out[0], 0xa5);
            assert_int_equal(out[N * frame_bytes + 1], 0xa5);
            for (uint32_t i = 0; i < N; i++) {
                for (uint32_t c = 0; c < n_channels; c++) {
                    double wanted = 0.0;
                    if (n_channels == 1) {
                        wanted = ((double)left[i] + (double)right[i]) / 2.0;
                    } else if (c == layouts[l].left) {
                        wanted = (double)left[i];
                    } else if (c == layouts[l].right) {
                        wanted = (double)right[i];
                    }
                    const double got = value_at(out + 1 + i * frame_bytes + c * types[t].bytes, t);
                    if (n_channels == 1 && types[t].bits == 16) {
                        assert_true(fabs(got - wanted) <= 1.5 / 32768.0); // halves are dithered
                    } else {
                        assert_true(got == wanted);
                    }
                    n_checked++;
                }
            }
            free(out);
        }
    }
    assert_true(n_checked > 100000);
}

static void
test_too_many_channels(void **state)
{
    (void)state;
    struct ch_sample_format format = {.type = CH_SAMPLE_F32};
    assert_false(ch_sample_format_layout(&format, 0, 0));
    assert_false(ch_sample_format_layout(&format, 9, 0));
    assert_false(ch_sample_format_layout(&format, UINT32_MAX, 3));
}

static void
test_extremes(void **state)
{
    (void)state;
    static const struct {
        float x;
        double wanted[N_TYPES]; // as parts of full scale
    } cases[] = {
#define TOP16 (32767.0 / 32768.0)
#define TOP24 (8388607.0 / 8388608.0)
#define TOP32 (2147483647.0 / 2147483648.0)
        {0.0f, {0, 0, 0, 0, 0}},
        {1.0f, {1.0, TOP16, TOP24, TOP24, TOP32}},
        {-1.0f, {-1, -1, -1, -1, -1}},
        {3.5f, {3.5, TOP16, TOP24, TOP24, TOP32}},
        {-3.5f, {-3.5, -1, -1, -1, -1}},
        {NAN, {0, 0, 0, 0, 0}},
        {INFINITY, {(double)INFINITY, TOP16, TOP24, TOP24, TOP32}},
        {-INFINITY, {-(double)INFINITY, -1, -1, -1, -1}},
        {0x1p-15f, {0x1p-15, 0x1p-15, 0x1p-15, 0x1p-15, 0x1p-15}},
        {-0x1.8p-20f, {-0x1.8p-20, 9, -0x1.8p-20, -0x1.8p-20, -0x1.8p-20}}, // 9: dithered
        {0x1.fffffep-1f, {0x1.fffffep-1, 9, 9, 9, 0x1.fffffep-1}},
        {0x1p-32f, {0x1p-32, 9, 9, 9, 0x1p-31}}, // half a step is rounded away from zero
        {0x1p-33f, {0x1p-33, 9, 9, 9, 0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (unsigned t = 0; t < N_TYPES; t++) {
            struct ch_sample_writer writer = writer_of(types[t].type, 2, 3);
            float left = cases[i].x, right = 0.0f;
            float *const planes[CH_CHANNELS] = {&left, &right};
            uint8_t out[8];
            ch_sample_write(&writer, out, planes, 1);
            if (cases[i].wanted[t] != 9.0) {
                if (types[t].bits && fabsf(cases[i].x) >= 1.0f) {
                    // What is cut off is no integer, so noise of up to a step comes before the cut.
                    const double step = 1.0 / (double)((int64_t)1 << (types[t].bits - 1));
                    assert_true(fabs(value_at(out, t) - cases[i].wanted[t]) <= step);
                } else {
                    assert_true(value_at(out, t) == cases[i].wanted[t]);
                }
            }
        }
    }
}

// A level far below a step of 16 bits is still there in the mean, and the noise is that of TPDF.
static void
test_dither(void **state)
{
    (void)state;
    enum { N = 1 << 16 };
    static const double levels[] = {0.25, -0.4, 0.5, 1.3};
    float *plane = malloc(N * sizeof *plane);
    uint8_t *out = malloc(N * 8);
    assert_non_null(plane);
    assert_non_null(out);
    float *const planes[CH_CHANNELS] = {plane, plane};
    for (unsigned t = 0; t < N_TYPES; t++) {
        if (types[t].bits == 0 || types[t].bits > 24) {
            continue;
        }
        const double step = 1.0 / (double)(1 << (types[t].bits - 1));
        for (size_t l = 0; l < sizeof levels / sizeof *levels; l++) {
            for (int i = 0; i < N; i++) {
                plane[i] = (float)(levels[l] * step);
            }
            struct ch_sample_writer writer = writer_of(types[t].type, 2, 3);
            ch_sample_write(&writer, out, planes, N);
            double sum = 0.0, squares = 0.0, product = 0.0;
            for (int i = 0; i < N; i++) {
                const double a =
                    value_at(out + (size_t)i * 2 * types[t].bytes, t) / step - levels[l];
                const double b =
                    value_at(out + ((size_t)i * 2 + 1) * types[t].bytes, t) / step - levels[l];
                sum += a;
                squares += a * a;
                product += a * b;
            }
            assert_true(fabs(sum / N) < 0.01);            // the standard error is 0.002
            assert_true(fabs(squares / N - 0.25) < 0.01); // a quarter of a step squared
            assert_true(fabs(product / N) < 0.01);        // channels have noise of their own
        }
    }
    free(plane);
    free(out);
}

// A block is the same in one call and in many.
static void
test_split(void **state)
{
    (void)state;
    enum { N = 3000 };
    static float left[N], right[N];
    for (int i = 0; i < N; i++) {
        left[i] = sinf((float)i * 0.1f) * 0.3f;
        right[i] = cosf((float)i * 0.07f) * 0.3f;
    }
    for (unsigned t = 0; t < N_TYPES; t++) {
        static uint8_t whole[N * 24], parts[N * 24];
        struct ch_sample_writer a = writer_of(types[t].type, 6, 0x3f);
        struct ch_sample_writer b = a;
        const uint32_t frame_bytes = ch_sample_frame_bytes(&a.format);
        float *const planes[CH_CHANNELS] = {left, right};
        ch_sample_write(&a, whole, planes, N);
        uint32_t done = 0;
        for (uint32_t n = 1; done < N; n = n * 3 + 1) {
            n = n > N - done ? N - done : n;
            float *const from[CH_CHANNELS] = {left + done, right + done};
            ch_sample_write(&b, parts + (size_t)done * frame_bytes, from, n);
            done += n;
        }
        assert_memory_equal(whole, parts, (size_t)N * frame_bytes);
        ch_sample_write(&a, whole, planes, 0); // writes nothing
        assert_memory_equal(whole, parts, (size_t)N * frame_bytes);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_type_and_layout),
        cmocka_unit_test(test_too_many_channels),
        cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_dither),
        cmocka_unit_test(test_split),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

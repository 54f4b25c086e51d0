// SPDX-License-Identifier: ISC
// tests/unit/test_mixdown.c — the matrix against ITU-R BS.775, and two channels bit for bit.

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/dsp/mixdown.h"
#include "tests/unit/near.h"

#define H 0.7071067811865476

static const struct {
    uint32_t n_channels;
    double left[8], right[8];
} laws[] = {
    {1, {1}, {1}},
    {2, {1, 0}, {0, 1}},
    {3, {1, 0, H}, {0, 1, H}},
    {4, {1, 0, H, 0}, {0, 1, 0, H}},
    {5, {1, 0, H, H, 0}, {0, 1, H, 0, H}},
    {6, {1, 0, H, 0, H, 0}, {0, 1, H, 0, 0, H}},
    {7, {1, 0, H, 0, 0.5, H, 0}, {0, 1, H, 0, 0.5, 0, H}},
    {8, {1, 0, H, 0, H, 0, H, 0}, {0, 1, H, 0, 0, H, 0, H}},
};

static void
test_each_channel_alone(void **state)
{
    (void)state;
    for (size_t l = 0; l < sizeof laws / sizeof *laws; l++) {
        const uint32_t n = laws[l].n_channels;
        float matrix[2][CH_MIXDOWN_CHANNELS_MAX];
        assert_true(ch_mixdown_matrix(n, matrix));
        // Frame c has a one in channel c.
        float in[8 * 8] = {0};
        float out[2 * 8];
        for (uint32_t c = 0; c < n; c++) {
            in[c * n + c] = 1.0f;
        }
        ch_mixdown_run(matrix, n, in, out, n);
        for (uint32_t c = 0; c < n; c++) {
            assert_near(out[2 * c], laws[l].left[c], 1e-7);
            assert_near(out[2 * c + 1], laws[l].right[c], 1e-7);
        }
    }
}

static void
test_channels_add_up(void **state)
{
    (void)state;
    float matrix[2][CH_MIXDOWN_CHANNELS_MAX];
    assert_true(ch_mixdown_matrix(6, matrix));
    const float in[6] = {0.1f, -0.2f, 0.3f, 0.9f, -0.4f, 0.5f};
    float out[2];
    ch_mixdown_run(matrix, 6, in, out, 1);
    assert_near(out[0], 0.1 + H * 0.3 - H * 0.4, 1e-7);
    assert_near(out[1], -0.2 + H * 0.3 + H * 0.5, 1e-7);
}

static void
test_stereo_is_untouched(void **state)
{
    (void)state;
    float matrix[2][CH_MIXDOWN_CHANNELS_MAX];
    assert_true(ch_mixdown_matrix(2, matrix));
    const float in[8] = {-0.0f, 1e-42f, NAN, 1.0f, -1.0f, 0x1p-23f, INFINITY, -0.0f};
    float out[8];
    ch_mixdown_run(matrix, 2, in, out, 4);
    assert_memory_equal(in, out, sizeof in);
}

static void
test_mono_is_untouched_twice(void **state)
{
    (void)state;
    float matrix[2][CH_MIXDOWN_CHANNELS_MAX];
    assert_true(ch_mixdown_matrix(1, matrix));
    const float in[4] = {-1.0f, 0.99999994f, 0x1p-23f, -0.3f};
    float out[8];
    ch_mixdown_run(matrix, 1, in, out, 4);
    for (int i = 0; i < 4; i++) {
        assert_memory_equal(&in[i], &out[2 * i], sizeof *in);
        assert_memory_equal(&in[i], &out[2 * i + 1], sizeof *in);
    }
}

static void
test_only_one_to_eight(void **state)
{
    (void)state;
    float matrix[2][CH_MIXDOWN_CHANNELS_MAX];
    assert_false(ch_mixdown_matrix(0, matrix));
    assert_false(ch_mixdown_matrix(9, matrix));
    assert_false(ch_mixdown_matrix(UINT32_MAX, matrix));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_channel_alone),  cmocka_unit_test(test_channels_add_up),
        cmocka_unit_test(test_stereo_is_untouched), cmocka_unit_test(test_mono_is_untouched_twice),
        cmocka_unit_test(test_only_one_to_eight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

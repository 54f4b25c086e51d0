// SPDX-License-Identifier: ISC
// tests/unit/test_encode.c — numbers against printf, base64 against RFC 4648, frames against cJSON.

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <cjson/cJSON.h>

#include "daemon/analysis/encode.h"
#include "daemon/analysis/spectrum.h"
#include "tests/unit/near.h"

static const char *
terminated(struct ch_text *text)
{
    assert_false(text->full);
    assert_true(text->n_bytes < text->capacity);
    text->data[text->n_bytes] = '\0';
    return text->data;
}

static void
test_fixed(void **state)
{
    (void)state;
    static const struct {
        double value;
        uint32_t decimals;
        const char *expected;
    } cases[] = {
        {0.0, 1, "0.0"},
        {-0.0, 1, "0.0"},
        {-0.04, 1, "0.0"},
        {-0.06, 1, "-0.1"},
        {-160.0, 1, "-160.0"},
        {9.96, 1, "10.0"},
        {0.05, 2, "0.05"},
        {-12.3456, 3, "-12.346"},
        {7.0, 0, "7"},
        {-7.4, 0, "-7"},
        {0.0, 0, "0"},
        {1e300, 0, "1000000000"},
        {-DBL_MAX, 0, "-1000000000"},
        {(double)NAN, 1, "null"},
        {-(double)INFINITY, 1, "null"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char buffer[40];
        struct ch_text text = {.data = buffer, .capacity = sizeof buffer};
        ch_text_fixed(&text, cases[i].value, cases[i].decimals);
        assert_string_equal(terminated(&text), cases[i].expected);
    }
    for (int i = -20000; i < 20000; i += 7) {
        char buffer[40], expected[40];
        for (int decimals = 0; decimals <= 4; decimals++) {
            const double value = i / 64.0 + 1e-7;
            struct ch_text text = {.data = buffer, .capacity = sizeof buffer};
            ch_text_fixed(&text, value, (uint32_t)decimals);
            snprintf(expected, sizeof expected, "%.*f", decimals, value);
            if (strtod(expected, NULL) == 0.0 && expected[0] == '-') {
                memmove(expected, expected + 1, strlen(expected));
            }
            assert_string_equal(terminated(&text), expected);
        }
    }
}

static void
test_tenths(void **state)
{
    (void)state;
    for (int i = -99990; i <= 99990; i += 3) {
        const float value = (float)i / 100.0f;
        char buffer[16], expected[16];
        struct ch_text text = {.data = buffer, .capacity = sizeof buffer};
        ch_text_tenths(&text, value);
        snprintf(expected, sizeof expected, "%.1f", (double)lrintf(10.0f * value) / 10.0);
        assert_string_equal(terminated(&text), expected[0] == '-' && lrintf(10.0f * value) == 0
                                                   ? expected + 1
                                                   : expected);
    }
}

static void
test_uint(void **state)
{
    (void)state;
    static const uint32_t values[] = {0, 9, 10, 48000, UINT32_MAX};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char buffer[16], expected[16];
        struct ch_text text = {.data = buffer, .capacity = sizeof buffer};
        ch_text_uint(&text, values[i]);
        snprintf(expected, sizeof expected, "%u", values[i]);
        assert_string_equal(terminated(&text), expected);
    }
}

static void
test_base64(void **state)
{
    (void)state;
    // RFC 4648, section 10.
    static const char *const cases[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"\xff\xfe\xfd", "//79"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char buffer[16];
        struct ch_text text = {.data = buffer, .capacity = sizeof buffer};
        ch_text_base64(&text, (const uint8_t *)cases[i][0], (uint32_t)strlen(cases[i][0]));
        assert_string_equal(terminated(&text), cases[i][1]);
    }
}

static void
test_full(void **state)
{
    (void)state;
    char buffer[8] = "........";
    struct ch_text text = {.data = buffer, .capacity = 5};
    ch_text_literal(&text, "1234");
    ch_text_fixed(&text, -10.0, 1);
    assert_true(text.full);
    ch_text_literal(&text, "5"); // it would fit, but what is before it is missing
    assert_true(text.full);
    assert_int_equal(text.n_bytes, 4);
    assert_memory_equal(buffer, "1234....", 8);
}

// --- frames -------------------------------------------------------------------------------

static struct ch_spectrum *
measured(const struct ch_spectrum_spec *spec)
{
    struct ch_spectrum *spectrum;
    assert_null(ch_spectrum_check(spec, 48000));
    assert_int_equal(ch_spectrum_create(&spectrum, spec, 48000, NULL), CH_OK);
    for (uint32_t i = 0; i < ch_spectrum_span(spectrum); i++) {
        const float left = (float)sin(2.0 * M_PI * 0.01 * i), right = (float)(i % 1000) * 1e-4f;
        ch_spectrum_push(spectrum, &(struct ch_pcm_frame){left, right}, 1);
    }
    ch_spectrum_run(spectrum, 0.01);
    return spectrum;
}

static cJSON *
encoded(const struct ch_spectrum *spectrum)
{
    const uint32_t capacity = ch_spectrum_encoded_max(spectrum);
    struct ch_text text = {.data = test_malloc(capacity), .capacity = capacity};
    ch_spectrum_encode(spectrum, &text);
    assert_false(text.full);
    cJSON *json = cJSON_ParseWithLength(text.data, text.n_bytes);
    assert_non_null(json);
    test_free(text.data);
    return json;
}

static uint32_t
sextet(char c)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = strchr(alphabet, c);
    assert_non_null(at);
    return (uint32_t)(at - alphabet);
}

static uint32_t
decode_base64(const char *text, uint8_t *out)
{
    uint32_t n = 0, bits = 0, n_bits = 0;
    assert_int_equal(strlen(text) % 4, 0);
    for (; *text && *text != '='; text++) {
        bits = bits << 6 | sextet(*text);
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            out[n++] = (uint8_t)(bits >> n_bits);
        }
    }
    return n;
}

static void
check_values(const cJSON *value, enum ch_encoding encoding, const float *power, uint32_t n)
{
    uint8_t *bytes = test_malloc((size_t)4 * n + 4);
    if (encoding == CH_ENCODING_JSON) {
        assert_int_equal(cJSON_GetArraySize(value), (int)n);
    } else {
        assert_int_equal(decode_base64(cJSON_GetStringValue(value), bytes),
                         encoding == CH_ENCODING_U8 ? n : 4 * n);
    }
    const cJSON *item = value->child;
    for (uint32_t i = 0; i < n; i++) {
        const double db = power[i] > 0.0f ? fmax(-160.0, 10.0 * log10((double)power[i])) : -160.0;
        float f32;
        switch (encoding) {
        case CH_ENCODING_JSON:
            assert_near(item->valuedouble, db, 0.0501);
            item = item->next;
            break;
        case CH_ENCODING_U8:
            assert_near(bytes[i] / 2.0 - 127.5, fmax(-127.5, fmin(0.0, db)), 0.2501);
            break;
        case CH_ENCODING_F32:
            memcpy(&f32, bytes + (size_t)4 * i, 4); // the tests run on little-endian machines
            assert_near((double)f32, db, 1e-4);
            break;
        }
    }
    test_free(bytes);
}

static void
test_frames(void **state)
{
    (void)state;
    static const uint32_t n_bands[] = {8, 31, 64, 97, 512};
    for (uint32_t i = 0; i < 5 * 3 * 3 * 2; i++) {
        struct ch_spectrum_spec spec = {.rate_hz = 30.0,
                                        .n_bands = n_bands[i % 5],
                                        .fmin_hz = 20.0,
                                        .fmax_hz = 20000.0,
                                        .channels = (enum ch_spectrum_channels)(i / 5 % 3),
                                        .peak_hold_ms = i / 45 ? 100.0 : 0.0,
                                        .encoding = (enum ch_encoding)(i / 15 % 3)};
        struct ch_spectrum *spectrum = measured(&spec);
        cJSON *json = encoded(spectrum);
        const cJSON *name = cJSON_GetObjectItem(json, "encoding");
        static const char *const names[] = {NULL, "u8", "f32"};
        if (spec.encoding == CH_ENCODING_JSON) {
            assert_null(name);
        } else {
            assert_string_equal(cJSON_GetStringValue(name), names[spec.encoding]);
        }
        const cJSON *bands = cJSON_GetObjectItem(json, "bands");
        const cJSON *peaks = cJSON_GetObjectItem(json, "peaks");
        assert_int_equal(peaks != NULL, spec.peak_hold_ms > 0.0);
        for (uint32_t c = 0; c < (spec.channels == CH_SPECTRUM_MIX ? 1 : 2); c++) {
            const bool nested = spec.channels != CH_SPECTRUM_MIX;
            uint32_t n;
            const float *levels = ch_spectrum_levels(spectrum, c, &n);
            assert_int_equal(n, spec.n_bands);
            check_values(nested ? cJSON_GetArrayItem(bands, (int)c) : bands, spec.encoding, levels,
                         n);
            if (peaks) {
                check_values(nested ? cJSON_GetArrayItem(peaks, (int)c) : peaks, spec.encoding,
                             ch_spectrum_peaks(spectrum, c), n);
            }
        }
        cJSON_Delete(json);
        ch_spectrum_destroy(spectrum);
    }
}

static double
number(const cJSON *json, const char *name)
{
    const cJSON *value = cJSON_GetObjectItem(json, name);
    assert_true(cJSON_IsNumber(value));
    return value->valuedouble;
}

static void
test_description(void **state)
{
    (void)state;
    struct ch_spectrum_spec spec = {
        .rate_hz = 30.0, .n_bands = 10, .fmin_hz = 20.0, .fmax_hz = 20480.0};
    struct ch_spectrum *spectrum = measured(&spec);
    char *text = ch_spectrum_describe(spectrum);
    cJSON *json = cJSON_Parse(text);
    assert_near(number(json, "bands"), 10.0, 0.0);
    assert_near(number(json, "sample_rate_hz"), 48000.0, 0.0);
    assert_near(number(json, "enbw_bins"), 1.5, 0.0);
    assert_near(number(json, "floor_db"), -160.0, 0.0);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(json, "window")), "hann");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(json, "scale")), "log");
    const cJSON *edges = cJSON_GetObjectItem(json, "edges_hz");
    const cJSON *centres = cJSON_GetObjectItem(json, "centres_hz");
    assert_int_equal(cJSON_GetArraySize(edges), 11);
    assert_int_equal(cJSON_GetArraySize(centres), 10);
    for (int i = 0; i <= 10; i++) {
        assert_near(cJSON_GetArrayItem(edges, i)->valuedouble, 20.0 * (1 << i), 0.0006);
    }
    assert_near(cJSON_GetArrayItem(centres, 3)->valuedouble, 160.0 * sqrt(2.0), 0.0006);
    cJSON_Delete(json);
    free(text);
    ch_spectrum_destroy(spectrum);

    spec.fft_bins = 16384;
    spec.encoding = CH_ENCODING_F32;
    spectrum = measured(&spec);
    text = ch_spectrum_describe(spectrum);
    json = cJSON_Parse(text);
    assert_near(number(json, "bands"), 16384.0, 0.0);
    assert_near(number(json, "bin_hz"), 48000.0 / 32768.0, 0.0001);
    cJSON_Delete(json);
    free(text);
    ch_spectrum_destroy(spectrum);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tenths),      cmocka_unit_test(test_fixed),
        cmocka_unit_test(test_uint),        cmocka_unit_test(test_base64),
        cmocka_unit_test(test_full),        cmocka_unit_test(test_frames),
        cmocka_unit_test(test_description),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

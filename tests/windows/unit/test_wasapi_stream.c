// SPDX-License-Identifier: ISC
// test_wasapi_stream.c — formats read and made, and the ladder of ways to open a device.

#include "tests/windows/unit/fake_wasapi.h"

#include <ksmedia.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/backend/common.h"
#include "daemon/backend/wasapi_error.h"
#include "daemon/backend/wasapi_format.h"
#include "daemon/backend/wasapi_internal.h"
#include "daemon/engine/engine_setup.h"

#include "tests/unit/fake_engine.h"

// --- formats ------------------------------------------------------------------------------------

static void
test_read_formats(void **state)
{
    (void)state;
    static const struct {
        WORD tag, bits, valid, channels;
        DWORD mask;
        bool is_float, good;
        enum ch_sample_type type;
        unsigned left, right;
    } cases[] = {
        {WAVE_FORMAT_PCM, 16, 0, 2, 0, false, true, CH_SAMPLE_S16, 0, 1},
        {WAVE_FORMAT_PCM, 24, 0, 2, 0, false, true, CH_SAMPLE_S24, 0, 1},
        {WAVE_FORMAT_PCM, 32, 0, 1, 0, false, true, CH_SAMPLE_S32, 0, 0},
        {WAVE_FORMAT_PCM, 8, 0, 2, 0, false, false, 0, 0, 0},
        {WAVE_FORMAT_IEEE_FLOAT, 32, 0, 2, 0, true, true, CH_SAMPLE_F32, 0, 1},
        {WAVE_FORMAT_IEEE_FLOAT, 64, 0, 2, 0, true, false, 0, 0, 0},
        {WAVE_FORMAT_IEEE_FLOAT, 16, 0, 2, 0, true, false, 0, 0, 0},
        {WAVE_FORMAT_EXTENSIBLE, 32, 32, 2, 3, true, true, CH_SAMPLE_F32, 0, 1},
        {WAVE_FORMAT_EXTENSIBLE, 32, 24, 2, 3, false, true, CH_SAMPLE_S24_32, 0, 1},
        {WAVE_FORMAT_EXTENSIBLE, 32, 20, 2, 3, false, true, CH_SAMPLE_S24_32, 0, 1},
        {WAVE_FORMAT_EXTENSIBLE, 32, 32, 8, 0x63f, false, true, CH_SAMPLE_S32, 0, 1},
        {WAVE_FORMAT_EXTENSIBLE, 32, 0, 2, 3, false, true, CH_SAMPLE_S32, 0, 1},
        {WAVE_FORMAT_EXTENSIBLE, 24, 24, 6, 0x3f, false, true, CH_SAMPLE_S24, 0, 1},
        {WAVE_FORMAT_EXTENSIBLE, 16, 16, 1, 4, false, true, CH_SAMPLE_S16, 0, 0},
        {WAVE_FORMAT_EXTENSIBLE, 16, 16, 3, 0x34, false, true, CH_SAMPLE_S16, 1, 2},
        {WAVE_FORMAT_EXTENSIBLE, 16, 16, 9, 0, false, false, 0, 0, 0},
        {WAVE_FORMAT_EXTENSIBLE, 16, 16, 0, 0, false, false, 0, 0, 0},
        {WAVE_FORMAT_EXTENSIBLE, 16, 24, 2, 3, false, false, 0, 0, 0},
        {WAVE_FORMAT_EXTENSIBLE, 32, 16, 2, 3, false, false, 0, 0, 0},
        {WAVE_FORMAT_MPEGLAYER3, 16, 0, 2, 0, false, false, 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        WAVEFORMATEXTENSIBLE wave = {
            .Format = {.wFormatTag = cases[i].tag,
                       .nChannels = cases[i].channels,
                       .nSamplesPerSec = 44100,
                       .nBlockAlign = (WORD)(cases[i].channels * cases[i].bits / 8),
                       .wBitsPerSample = cases[i].bits,
                       .cbSize = cases[i].tag == WAVE_FORMAT_EXTENSIBLE ? 22 : 0},
            .Samples = {.wValidBitsPerSample = cases[i].valid},
            .dwChannelMask = cases[i].mask,
            .SubFormat =
                cases[i].is_float ? KSDATAFORMAT_SUBTYPE_IEEE_FLOAT : KSDATAFORMAT_SUBTYPE_PCM,
        };
        struct ch_sample_format format;
        assert_int_equal(ch_wasapi_format_read(&format, &wave.Format), cases[i].good);
        if (cases[i].good) {
            assert_int_equal(format.type, cases[i].type);
            assert_int_equal(format.n_channels, cases[i].channels);
            assert_int_equal(format.left, cases[i].left);
            assert_int_equal(format.right, cases[i].right);
            wave.Format.nBlockAlign++; // a sum that is not true
            assert_false(ch_wasapi_format_read(&format, &wave.Format));
        }
    }
}

static void
test_damaged_formats(void **state)
{
    (void)state;
    WAVEFORMATEXTENSIBLE wave;
    struct ch_sample_format format;
    ch_wasapi_format_make(&wave, CH_SAMPLE_S16, 2, 48000);
    assert_true(ch_wasapi_format_read(&format, &wave.Format));
    wave.Format.cbSize = 21;
    assert_false(ch_wasapi_format_read(&format, &wave.Format));
    wave.Format.cbSize = 22;
    wave.SubFormat.Data1 = 0x92; // IEC 61937, what a receiver decodes
    assert_false(ch_wasapi_format_read(&format, &wave.Format));
}

static void
test_made_formats_are_read_back(void **state)
{
    (void)state;
    static const uint32_t rates[] = {8000, 44100, 192000, 384000};
    for (unsigned t = CH_SAMPLE_F32; t <= CH_SAMPLE_S32; t++) {
        for (uint32_t n = 1; n <= 8; n++) {
            for (size_t r = 0; r < 4; r++) {
                WAVEFORMATEXTENSIBLE wave;
                struct ch_sample_format format;
                ch_wasapi_format_make(&wave, (enum ch_sample_type)t, n, rates[r]);
                assert_true(ch_wasapi_format_read(&format, &wave.Format));
                assert_int_equal(format.type, t);
                assert_int_equal(format.n_channels, n);
                assert_int_equal(wave.Format.nAvgBytesPerSec, rates[r] * wave.Format.nBlockAlign);
                assert_int_equal(ch_wasapi_format_bytes(&wave.Format), sizeof wave);
                unsigned n_speakers = 0;
                for (DWORD mask = wave.dwChannelMask; mask; mask &= mask - 1) {
                    n_speakers++;
                }
                assert_int_equal(n_speakers, n);
            }
        }
    }
}

static void
test_snap(void **state)
{
    (void)state;
    static const struct {
        uint32_t wanted, fundamental, min, max, got;
    } cases[] = {
        {0, 32, 128, 480, 128},   {100, 32, 128, 480, 128},
        {129, 32, 128, 480, 160}, {480, 32, 128, 480, 480},
        {481, 32, 128, 480, 0},   {450, 32, 128, 479, 0},
        {0, 4, 48, 448, 48},      {50, 4, 48, 448, 52},
        {0, 441, 441, 441, 441},  {1, 441, 441, 441, 441},
        {442, 441, 441, 441, 0},  {0, 0, 100, 200, 100},
        {150, 0, 100, 200, 150},  {0, 48, 100, 480, 144},
        {0, 480, 480, 480, 480},  {8192, 32, 128, 480, 0},
        {0, 0, 0, 0, 0},          {0, 7, 0, 100, 0},
        {1, 7, 0, 100, 7},        {4294967295u, 32, 128, 4294967295u, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const uint32_t got =
            ch_wasapi_snap(cases[i].wanted, cases[i].fundamental, cases[i].min, cases[i].max);
        assert_int_equal(got, cases[i].got);
    }
}

// --- the ladder ---------------------------------------------------------------------------------

static struct ch_backend *
open_with(const struct ch_backend_config *config)
{
    struct ch_backend *backend = NULL;
    char detail[256] = "";
    const enum ch_status status = ch_backend_wasapi.open(&backend, config, detail);
    if (status != CH_OK) {
        print_error("%s\n", detail);
    }
    assert_int_equal(status, CH_OK);
    return backend;
}

static void
refused(const struct ch_backend_config *config, enum ch_status wanted, const char *word)
{
    struct ch_backend *backend = (struct ch_backend *)&fake;
    char detail[256] = "";
    assert_int_equal(ch_backend_wasapi.open(&backend, config, detail), wanted);
    assert_null(backend);
    if (!strstr(detail, word)) {
        print_error("no “%s” in “%s”\n", word, detail);
    }
    assert_non_null(strstr(detail, word));
}

static struct ch_backend_info
info_of(struct ch_backend *backend)
{
    struct ch_backend_info info;
    ch_backend_wasapi.get_info(backend, &info);
    return info;
}

static void
test_periods(void **state)
{
    (void)state;
    // IAudioClient3's periods, what is asked for, and what comes: by IAudioClient3 or without.
    static const struct {
        uint32_t fundamental, min, max, asked, period;
        bool low;
    } cases[] = {
        {32, 128, 480, 0, 128, true},      {32, 128, 480, 16, 128, true},
        {32, 128, 480, 200, 224, true},    {32, 128, 480, 480, 480, true},
        {4, 48, 448, 0, 48, true},         {480, 480, 480, 0, 480, true},
        {480, 480, 480, 256, 480, true},   {32, 128, 480, 481, 481, false},
        {32, 128, 480, 4096, 4096, false}, {32, 128, 480, 8192, 8192, false},
        {0, 0, 0, 0, 480, false},          {7, 3, 5, 0, 480, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fake.devices[0].fundamental = cases[i].fundamental;
        fake.devices[0].min = cases[i].min;
        fake.devices[0].max = cases[i].max;
        struct ch_backend *backend =
            open_with(&(struct ch_backend_config){.period = cases[i].asked});
        assert_int_equal(info_of(backend).period, cases[i].period);
        assert_int_equal(fake.last_low, cases[i].low);
        assert_false(fake.last_exclusive);
        if (!cases[i].low && cases[i].asked > 480) {
            assert_true(fake.last_buffer >= 2 * cases[i].asked);
        }
        // Of the buffer, and 5 ms that the device says are behind it.
        assert_int_equal(info_of(backend).latency_frames, fake.last_buffer + 240);
        ch_backend_wasapi.close(backend);
        assert_int_equal(atomic_load(&fake.n_objects), 0);
    }
}

// Somebody else has the engine at a period: it is taken if it is long enough.
static void
test_locked_period(void **state)
{
    (void)state;
    static const struct {
        uint32_t locked, asked, period;
        bool low;
    } cases[] = {
        {480, 0, 480, true},   {144, 0, 144, true},    {128, 0, 128, true},
        {480, 300, 480, true}, {144, 300, 480, false}, {144, 145, 480, false},
        {144, 144, 144, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fake.devices[0].locked = cases[i].locked;
        struct ch_backend *backend =
            open_with(&(struct ch_backend_config){.period = cases[i].asked});
        assert_int_equal(info_of(backend).period, cases[i].period);
        assert_int_equal(fake.last_low, cases[i].low);
        ch_backend_wasapi.close(backend);
    }
    fake_fail(FAKE_GET_CURRENT_PERIOD, E_FAIL, 0, -1);
    struct ch_backend *backend = open_with(&(struct ch_backend_config){0});
    assert_int_equal(info_of(backend).period, 480);
    assert_false(fake.last_low);
    ch_backend_wasapi.close(backend);
}

// Every error of IAudioClient3 that does not mean that the device has gone leads to IAudioClient.
static void
test_falls_back(void **state)
{
    (void)state;
    static const enum fake_call calls[] = {FAKE_ACTIVATE3, FAKE_GET_ENGINE_PERIOD,
                                           FAKE_INITIALIZE3};
    static const HRESULT codes[] = {E_NOTIMPL,
                                    E_NOINTERFACE,
                                    AUDCLNT_E_ENGINE_PERIODICITY_LOCKED,
                                    AUDCLNT_E_ENGINE_FORMAT_LOCKED,
                                    AUDCLNT_E_INVALID_STREAM_FLAG,
                                    AUDCLNT_E_UNSUPPORTED_FORMAT,
                                    E_INVALIDARG,
                                    E_OUTOFMEMORY};
    for (size_t c = 0; c < sizeof calls / sizeof *calls; c++) {
        for (size_t k = 0; k < sizeof codes / sizeof *codes; k++) {
            fake_fail(calls[c], codes[k], 0, -1);
            struct ch_backend *backend = open_with(&(struct ch_backend_config){0});
            assert_false(fake.last_low);
            assert_int_equal(info_of(backend).period, 480);
            ch_backend_wasapi.close(backend);
            fake_fail(calls[c], 0, 0, 0);
        }
    }
}

static void
test_rates(void **state)
{
    (void)state;
    fake_set_mix(&fake.devices[0], CH_SAMPLE_F32, 2, 3, 44100);
    struct ch_backend *backend = open_with(&(struct ch_backend_config){.rate_hz = 44100});
    assert_int_equal(info_of(backend).rate_hz, 44100);
    ch_backend_wasapi.close(backend);
    refused(&(struct ch_backend_config){.rate_hz = 48000}, CH_OUT_OF_RANGE, "44100 Hz");
    refused(&(struct ch_backend_config){.rate_hz = 48000}, CH_OUT_OF_RANGE, "48000 Hz");
    fake_set_mix(&fake.devices[0], CH_SAMPLE_F32, 2, 3, 6000);
    refused(&(struct ch_backend_config){0}, CH_OUT_OF_RANGE, "6000 Hz");
    fake_set_mix(&fake.devices[0], CH_SAMPLE_F32, 2, 3, 768000);
    refused(&(struct ch_backend_config){0}, CH_OUT_OF_RANGE, "768000 Hz");
    refused(&(struct ch_backend_config){.period = 15}, CH_OUT_OF_RANGE, "15");
    refused(&(struct ch_backend_config){.period = 8193}, CH_OUT_OF_RANGE, "8193");
    fake_set_mix(&fake.devices[0], CH_SAMPLE_F32, 2, 3, 48000);
    fake.devices[0].mix.Format.wBitsPerSample = 64;
    fake.devices[0].mix.Format.nBlockAlign = 16;
    refused(&(struct ch_backend_config){0}, CH_UNAVAILABLE, "64 bits");
}

static void
test_exclusive(void **state)
{
    (void)state;
    static const struct {
        unsigned types;
        uint32_t rate_hz, asked, alignment, buffer;
        enum ch_sample_type type;
    } cases[] = {
        {1u << CH_SAMPLE_S16, 0, 0, 0, 480, CH_SAMPLE_S16},
        {1u << CH_SAMPLE_S16 | 1u << CH_SAMPLE_S24_32, 96000, 0, 0, 960, CH_SAMPLE_S24_32},
        {1u << CH_SAMPLE_S24, 44100, 1000, 0, 1000, CH_SAMPLE_S24},
        {0x1f, 192000, 8192, 0, 8192, CH_SAMPLE_F32},
        {1u << CH_SAMPLE_S32, 48000, 16, 0, 144, CH_SAMPLE_S32}, // not below the device's 3 ms
        {1u << CH_SAMPLE_S16, 0, 0, 128, 512, CH_SAMPLE_S16},
        {1u << CH_SAMPLE_S16, 44100, 441, 448, 448, CH_SAMPLE_S16},
        {1u << CH_SAMPLE_S16, 44100, 1000, 64, 1024, CH_SAMPLE_S16},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fake.devices[0].exclusive_types = cases[i].types;
        fake.devices[0].alignment = cases[i].alignment;
        struct ch_backend *backend = open_with(&(struct ch_backend_config){
            .rate_hz = cases[i].rate_hz, .period = cases[i].asked, .exclusive = true});
        assert_true(fake.last_exclusive);
        assert_int_equal(fake.last_buffer, cases[i].buffer);
        assert_int_equal(info_of(backend).period, cases[i].buffer);
        assert_int_equal(info_of(backend).rate_hz, cases[i].rate_hz ? cases[i].rate_hz : 48000);
        assert_int_equal(backend->stream.format.type, cases[i].type);
        ch_backend_wasapi.close(backend);
        assert_int_equal(atomic_load(&fake.n_objects), 0);
    }
    // As many channels as the mixer has, where stereo alone is not taken.
    fake_set_mix(&fake.devices[0], CH_SAMPLE_F32, 6, 0x3f, 48000);
    struct ch_backend *backend = open_with(&(struct ch_backend_config){.exclusive = true});
    assert_int_equal(backend->stream.format.n_channels, 6);
    ch_backend_wasapi.close(backend);

    fake.devices[0].exclusive_types = 0;
    refused(&(struct ch_backend_config){.exclusive = true}, CH_UNAVAILABLE, "--exclusive");
    fake.devices[0].exclusive_types = 1u << CH_SAMPLE_S16;
    fake_fail(FAKE_INITIALIZE, AUDCLNT_E_EXCLUSIVE_MODE_NOT_ALLOWED, 0, -1);
    refused(&(struct ch_backend_config){.exclusive = true}, CH_DENIED, "--exclusive");
    fake_fail(FAKE_INITIALIZE, AUDCLNT_E_DEVICE_IN_USE, 0, -1);
    refused(&(struct ch_backend_config){.exclusive = true}, CH_BUSY, "another program");
    fake_fail(FAKE_INITIALIZE, AUDCLNT_E_BUFFER_SIZE_NOT_ALIGNED, 0, -1); // again and again
    refused(&(struct ch_backend_config){.exclusive = true}, CH_INTERNAL, "Speakers");
    fake_fail(FAKE_INITIALIZE, 0, 0, 0);
    fake_fail(FAKE_IS_SUPPORTED, AUDCLNT_E_DEVICE_IN_USE, 0, -1);
    refused(&(struct ch_backend_config){.exclusive = true}, CH_BUSY, "another program");
}

// --- which device -------------------------------------------------------------------------------

static void
test_device_by_id_or_name(void **state)
{
    (void)state;
    static const struct {
        const char *wanted, *name;
    } cases[] = {
        {NULL, "Speakers"},
        {"", "Speakers"},
        {"Speakers", "Speakers"},
        {"SPEAKERS", "Speakers"},
        {"headphones \xe2\x99\xab", "Headphones \xe2\x99\xab"},
        {"{0.0.0.00000000}.{headphones}", "Headphones \xe2\x99\xab"},
        {"{0.0.0.00000000}.{HEADPHONES}", "Headphones \xe2\x99\xab"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ch_backend *backend =
            open_with(&(struct ch_backend_config){.device = cases[i].wanted});
        assert_string_equal(info_of(backend).device, cases[i].name);
        ch_backend_wasapi.close(backend);
    }
    refused(&(struct ch_backend_config){.device = "Speaker"}, CH_NO_DEVICE, "“Speaker”");
    refused(&(struct ch_backend_config){.device = "\xff\xfe"}, CH_NO_DEVICE, "no device");
    fake.devices[1].state = DEVICE_STATE_UNPLUGGED;
    refused(&(struct ch_backend_config){.device = "Headphones \xe2\x99\xab"}, CH_NO_DEVICE,
            "chant devices");
    fake.default_device = -1;
    refused(&(struct ch_backend_config){0}, CH_NO_DEVICE, "no default audio device");
}

static void
test_long_names(void **state)
{
    (void)state;
    // 200 characters of three bytes, and one of four in the middle of the limit.
    static wchar_t name[256];
    for (int i = 0; i < 200; i++) {
        name[i] = i == 41 ? 0xd834 : i == 42 ? 0xdd1e : 0x266b;
    }
    fake.devices[0].name = name;
    struct ch_backend *backend = open_with(&(struct ch_backend_config){0});
    const struct ch_backend_info info = info_of(backend);
    assert_true(strlen(info.device) > 100 && strlen(info.device) < sizeof info.device);
    wchar_t back[256];
    assert_true(MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, info.device, -1, back, 256) > 0);
    assert_memory_equal(back, name, (wcslen(back)) * sizeof *name);
    ch_backend_wasapi.close(backend);
    fake.devices[0].name = NULL; // none: its id is better than nothing
    backend = open_with(&(struct ch_backend_config){0});
    assert_string_equal(info_of(backend).device, "{0.0.0.00000000}.{speakers}");
    ch_backend_wasapi.close(backend);
}

static void
test_list(void **state)
{
    (void)state;
    fake_set_mix(&fake.devices[1], CH_SAMPLE_S24_32, 6, 0x3f, 96000);
    fake_fail(FAKE_GET_ENGINE_PERIOD, E_NOTIMPL, 1, 1); // of the second
    fake.devices[1].device_period = 100000;
    struct ch_device_list list;
    char detail[256] = "";
    assert_int_equal(ch_backend_wasapi.list(&list, detail), CH_OK);
    assert_int_equal(list.n, 2);
    const struct ch_device_entry *first = &list.entries[0], *second = &list.entries[1];
    assert_string_equal(first->id, "{0.0.0.00000000}.{speakers}");
    assert_string_equal(first->name, "Speakers");
    assert_true(first->is_default && !second->is_default);
    assert_int_equal(first->rate_hz, 48000);
    assert_int_equal(first->n_channels, 2);
    assert_string_equal(first->format, "f32");
    assert_int_equal(first->period, 128);
    assert_int_equal(first->period_min, 128);
    assert_int_equal(first->period_default, 480);
    assert_string_equal(second->name, "Headphones \xe2\x99\xab");
    assert_int_equal(second->rate_hz, 96000);
    assert_int_equal(second->n_channels, 6);
    assert_string_equal(second->format, "s24");
    assert_int_equal(second->period, 960);
    assert_int_equal(second->period_min, 960);
    assert_int_equal(second->period_default, 960);
    free(list.entries);

    fake.devices[0].state = DEVICE_STATE_DISABLED;
    fake.default_device = -1;
    assert_int_equal(ch_backend_wasapi.list(&list, detail), CH_OK);
    assert_int_equal(list.n, 1);
    assert_false(list.entries[0].is_default);
    free(list.entries);
    fake_fail(FAKE_ENUM_ENDPOINTS, AUDCLNT_E_SERVICE_NOT_RUNNING, 0, -1);
    assert_int_equal(ch_backend_wasapi.list(&list, detail), CH_NO_DEVICE);
    assert_int_equal(list.n, 0);
    assert_non_null(strstr(detail, "service"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, fake_before, fake_after)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_formats),
        cmocka_unit_test(test_damaged_formats),
        cmocka_unit_test(test_made_formats_are_read_back),
        cmocka_unit_test(test_snap),
        T(test_periods),
        T(test_locked_period),
        T(test_falls_back),
        T(test_rates),
        T(test_exclusive),
        T(test_device_by_id_or_name),
        T(test_long_names),
        T(test_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

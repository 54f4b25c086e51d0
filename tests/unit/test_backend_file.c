// SPDX-License-Identifier: ISC
// test_backend_file.c — the WAV file as a device, read back with libsndfile.

#include "daemon/backend/backend.h"

#include <setjmp.h>
#include <sndfile.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/fake_engine.h"
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

static struct ch_engine *
new_engine(uint64_t sound_frames)
{
    struct ch_engine *engine = calloc(1, sizeof *engine);
    assert_non_null(engine);
    engine->sound_frames = sound_frames;
    atomic_store(&engine->ready_frames, UINT64_MAX);
    return engine;
}

static struct ch_backend *
open_file(const struct ch_backend_config *config)
{
    struct ch_backend *backend = NULL;
    char detail[256] = "";
    assert_int_equal(ch_backend_file.open(&backend, config, detail), CH_OK);
    return backend;
}

static void
start(struct ch_backend *backend, struct ch_engine *engine)
{
    char detail[256] = "";
    assert_int_equal(ch_backend_file.start(backend, engine, detail), CH_OK);
}

static void
wait_frames(struct ch_engine *engine, uint64_t n)
{
    while (atomic_load(&engine->n_frames) < n) {
        ch_os_sleep_until(ch_os_mono_ns() + 1000000);
    }
}

// The file holds n_sound frames of the ramp, then nothing but what rounds its end up to a period.
static void
check_file(uint64_t n_sound, uint32_t period, int rate_hz, int format)
{
    SF_INFO info = {0};
    SNDFILE *file = sf_open(path, SFM_READ, &info);
    assert_non_null(file);
    assert_int_equal(info.samplerate, rate_hz);
    assert_int_equal(info.channels, 2);
    assert_int_equal(info.format & SF_FORMAT_SUBMASK, format);
    assert_int_equal(info.frames, (n_sound + period - 1) / period * period);
    for (uint64_t i = 0; i < (uint64_t)info.frames; i++) {
        float frame[2];
        assert_int_equal(sf_readf_float(file, frame, 1), 1);
        for (unsigned channel = 0; channel < 2; channel++) {
            const float expected = i < n_sound ? fake_sample(i, channel) : 0.0f;
            assert_memory_equal(&frame[channel], &expected, sizeof expected);
        }
    }
    sf_close(file);
}

// What sounds is in the file, once and whole; the silence around it is not.
static void
test_what_sounds(void **state)
{
    (void)state;
    static const struct {
        const char *format;
        int subtype;
        uint32_t rate_hz, period;
        uint64_t n_sound;
    } cases[] = {
        {NULL, SF_FORMAT_FLOAT, 0, 0, 50000},      {"f32", SF_FORMAT_FLOAT, 96000, 1, 777},
        {"s16", SF_FORMAT_PCM_16, 44100, 64, 64},  {"s24", SF_FORMAT_PCM_24, 8000, 8192, 1},
        {"s16", SF_FORMAT_PCM_16, 192000, 333, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ch_engine *engine = new_engine(cases[i].n_sound);
        struct ch_backend *backend =
            open_file(&(struct ch_backend_config){.device = path,
                                                  .rate_hz = cases[i].rate_hz,
                                                  .period = cases[i].period,
                                                  .format = cases[i].format});
        struct ch_backend_info info;
        ch_backend_file.get_info(backend, &info);
        assert_string_equal(info.device, path);
        assert_int_equal(info.latency_frames, 0);
        start(backend, engine);
        fake_wait_calls(engine, (unsigned)(cases[i].n_sound / info.period) + 2);
        ch_backend_file.close(backend);
        assert_int_equal(engine->n_overlaps, 0);
        assert_false(engine->denormals);
        check_file(cases[i].n_sound, info.period, (int)info.rate_hz, cases[i].subtype);
        free(engine);
    }
}

// A decoder delivers piece by piece: the engine is never run into the part that is missing.
static void
test_waits_for_decoders(void **state)
{
    (void)state;
    enum { PERIOD = 256, N = PERIOD * 40 };
    struct ch_engine *engine = new_engine(N);
    atomic_store(&engine->ready_frames, 0);
    struct ch_backend *backend =
        open_file(&(struct ch_backend_config){.device = path, .period = PERIOD});
    start(backend, engine);
    for (uint64_t ready = 100; ready < N + 900; ready += 900) {
        atomic_store(&engine->ready_frames, ready < N ? ready : N);
        wait_frames(engine, (ready < N ? ready : N) / PERIOD * PERIOD);
        assert_true(ready >= N || atomic_load(&engine->n_frames) <= ready);
    }
    ch_backend_file.close(backend);
    check_file(N, PERIOD, 48000, SF_FORMAT_FLOAT);
    free(engine);
}

// Every start goes on where the file ended.
static void
test_stop_and_start(void **state)
{
    (void)state;
    enum { PERIOD = 128, PART = PERIOD * 10, PARTS = 5 };
    struct ch_engine *engine = new_engine(PART * PARTS);
    atomic_store(&engine->ready_frames, 0);
    struct ch_backend *backend =
        open_file(&(struct ch_backend_config){.device = path, .period = PERIOD});
    ch_backend_file.stop(backend);
    for (unsigned part = 1; part <= PARTS; part++) {
        start(backend, engine);
        atomic_store(&engine->ready_frames, part * PART);
        wait_frames(engine, part * PART);
        ch_backend_file.stop(backend);
        const unsigned n_calls = atomic_load(&engine->n_calls);
        assert_false(atomic_load(&engine->inside));
        ch_os_sleep_until(ch_os_mono_ns() + 3000000);
        assert_int_equal(atomic_load(&engine->n_calls), n_calls);
    }
    ch_backend_file.close(backend);
    ch_backend_file.close(NULL);
    check_file(PART * PARTS, PERIOD, 48000, SF_FORMAT_FLOAT);
    free(engine);
}

static void
test_bad_config(void **state)
{
    (void)state;
    char missing[HOST_PATH_BYTES + 20];
    snprintf(missing, sizeof missing, "%s/none/out.wav", folder);
    const struct {
        struct ch_backend_config config;
        enum ch_status status;
        const char *named;
    } cases[] = {
        {{.device = NULL}, CH_NO_DEVICE, "--device"},
        {{.device = ""}, CH_NO_DEVICE, "--device"},
        {{.device = missing}, CH_NO_DEVICE, missing},
        {{.device = folder}, CH_NO_DEVICE, folder},
        {{.device = path, .format = "s17"}, CH_OUT_OF_RANGE, "s17"},
        {{.device = path, .format = ""}, CH_OUT_OF_RANGE, "f32"},
        {{.device = path, .rate_hz = 1}, CH_OUT_OF_RANGE, "1 Hz"},
        {{.device = path, .rate_hz = 10000000}, CH_OUT_OF_RANGE, "10000000"},
        {{.device = path, .period = 8193}, CH_OUT_OF_RANGE, "8193"},
    };
    remove(path);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ch_backend *backend = (struct ch_backend *)folder;
        char detail[256] = "";
        assert_int_equal(ch_backend_file.open(&backend, &cases[i].config, detail), cases[i].status);
        assert_null(backend);
        assert_non_null(strstr(detail, cases[i].named));
    }
    assert_int_not_equal(access(path, F_OK), 0); // a refused file is not emptied, nor made
}

static void
on_event(void *context, enum ch_backend_event event)
{
    assert_int_equal(event, CH_BACKEND_LOST);
    atomic_fetch_add((atomic_uint *)context, 1);
}

static void
test_disk_full(void **state)
{
    (void)state;
    if (!host_limit_file_bytes(200000)) {
        skip();
    }

    atomic_uint n_lost = 0;
    struct ch_engine *engine = new_engine(UINT32_MAX);
    struct ch_backend *backend = open_file(
        &(struct ch_backend_config){.device = path, .on_event = on_event, .context = &n_lost});
    start(backend, engine);
    while (!atomic_load(&n_lost)) {
        ch_os_sleep_until(ch_os_mono_ns() + 1000000);
    }
    const unsigned n_calls = atomic_load(&engine->n_calls);
    ch_os_sleep_until(ch_os_mono_ns() + 3000000);
    assert_int_equal(atomic_load(&engine->n_calls), n_calls);
    ch_backend_file.stop(backend);
    char detail[256] = "";
    assert_int_equal(ch_backend_file.start(backend, engine, detail), CH_NO_DEVICE);
    assert_non_null(strstr(detail, path));
    ch_backend_file.close(backend);
    assert_int_equal(atomic_load(&n_lost), 1);
    host_limit_file_bytes(0);
    free(engine);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_sounds),    cmocka_unit_test(test_waits_for_decoders),
        cmocka_unit_test(test_stop_and_start), cmocka_unit_test(test_bad_config),
        cmocka_unit_test(test_disk_full),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

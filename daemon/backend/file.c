// SPDX-License-Identifier: ISC
// daemon/backend/file.c — a device that is a WAV file: no clock, as fast as the decoders deliver.
//
// What sounds is written, and nothing else: a block before which, in which and after which the
// engine is quiet is left out, and while that lasts the thread keeps to real time.  Otherwise the
// instants until control/ stops an idle backend would be minutes of silence in the file, of a
// different length each time.

#include "daemon/backend/backend.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/backend/call.h"
#include "daemon/backend/common.h"
#include "daemon/backend/wavfile.h"
#include "daemon/base/log.h"
#include "daemon/base/os.h"
#include "daemon/base/rt_scope.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/engine_setup.h"

#define DECODER_WAIT_NS (CH_NS_PER_S / 1000)

struct ch_backend {
    uint32_t rate_hz, period;
    struct ch_planes planes;
    struct ch_wavfile *wav;
    struct ch_engine *engine; // of the running thread
    struct ch_thread thread;
    struct ch_event wake; // only stop() sets it
    atomic_bool stopping;
    atomic_bool lost;
    void (*on_event)(void *context, enum ch_backend_event event);
    void *context;
    char path[];
};

static bool
is_silent(const struct ch_backend *backend)
{
    for (uint32_t channel = 0; channel < CH_CHANNELS; channel++) {
        for (uint32_t i = 0; i < backend->period; i++) {
            if (backend->planes.out[channel][i] != 0.0f) {
                return false;
            }
        }
    }
    return true;
}

static bool
is_quiet(const struct ch_backend *backend)
{
    struct ch_engine_state state;
    ch_engine_read_state(backend->engine, &state);
    return state.quiet != 0;
}

static void
give_up(struct ch_backend *backend, const char *detail)
{
    ch_error("%s", detail);
    atomic_store_explicit(&backend->lost, true, memory_order_release);
    if (backend->on_event) {
        backend->on_event(backend->context, CH_BACKEND_LOST);
    }
}

static void
run(void *arg)
{
    struct ch_backend *backend = arg;
    ch_os_denormals_off();
    const uint64_t period_ns = ch_ns_from_frames(backend->period, backend->rate_hz);
    bool was_quiet = true;
    while (!atomic_load_explicit(&backend->stopping, memory_order_acquire)) {
        if (!ch_engine_can_run(backend->engine, backend->period)) {
            ch_event_wait(&backend->wake, DECODER_WAIT_NS);
            continue;
        }
        const uint64_t now_ns = ch_os_mono_ns();
        const struct ch_cycle cycle = {
            .pace = CH_PACE_FREE,
            .rate_hz = backend->rate_hz,
            .begin_ns = now_ns,
            .due_ns = now_ns,
            .mono_ns = now_ns,
        };
        ch_rt_scope_enter();
        (void)ch_backend_call(backend->engine, backend->planes.out, backend->period, &cycle);
        ch_rt_scope_leave();

        const bool quiet = is_quiet(backend);
        if (was_quiet && quiet && is_silent(backend)) {
            ch_event_wait(&backend->wake, period_ns);
            continue;
        }
        was_quiet = quiet;
        char detail[CH_DETAIL_BYTES];
        if (ch_wavfile_write(backend->wav, backend->planes.out, backend->period, detail) != CH_OK) {
            give_up(backend, detail);
            return;
        }
    }
}

static void
file_stop(struct ch_backend *backend)
{
    atomic_store_explicit(&backend->stopping, true, memory_order_release);
    ch_event_set(&backend->wake);
    ch_thread_join(&backend->thread);
    backend->engine = NULL;
}

static void
file_close(struct ch_backend *backend)
{
    if (!backend) {
        return;
    }
    file_stop(backend);
    char detail[CH_DETAIL_BYTES];
    if (ch_wavfile_close(backend->wav, detail) != CH_OK) {
        ch_error("%s", detail);
    }
    ch_event_fini(&backend->wake);
    ch_planes_fini(&backend->planes);
    free(backend);
}

// The parts of config that can be wrong, each in its own sentence.
static enum ch_status
check(const struct ch_backend_config *config, uint32_t *rate_hz, uint32_t *period,
      enum ch_wav_format *format, char *detail)
{
    if (!config->device || !*config->device) {
        snprintf(detail, CH_DETAIL_BYTES,
                 "the file backend needs a file to write: give it with --device=OUT.wav");
        return CH_NO_DEVICE;
    }
    *format = CH_WAV_F32;
    if (config->format && !ch_wav_format_from_name(config->format, format)) {
        snprintf(detail, CH_DETAIL_BYTES, "no sample format “%.64s”; choose f32, s16 or s24",
                 config->format);
        return CH_OUT_OF_RANGE;
    }
    const enum ch_status status = ch_backend_choose_rate(config->rate_hz, rate_hz, detail);
    return status == CH_OK ? ch_backend_choose_period(config->period, 1, period, detail) : status;
}

static enum ch_status
file_open(struct ch_backend **out, const struct ch_backend_config *config, char *detail)
{
    *out = NULL;
    uint32_t rate_hz, period;
    enum ch_wav_format format;
    enum ch_dither_mode dither = CH_DITHER_AUTO;
    enum ch_status status = check(config, &rate_hz, &period, &format, detail);
    if (status != CH_OK) {
        return status;
    }
    status = CH_NO_MEMORY;
    snprintf(detail, CH_DETAIL_BYTES, "no memory for the file backend");
    struct ch_backend *backend = calloc(1, sizeof *backend + strlen(config->device) + 1);
    if (!backend) {
        return status;
    }
    strcpy(backend->path, config->device);
    backend->rate_hz = rate_hz;
    backend->period = period;
    backend->on_event = config->on_event;
    backend->context = config->context;
    if (ch_planes_init(&backend->planes, period) != CH_OK) {
        goto err_backend;
    }
    if (ch_event_init(&backend->wake) != CH_OK) {
        goto err_planes;
    }
    if (config->dither) {
        ch_dither_mode_from_name(config->dither, &dither);
    }
    status = ch_wavfile_open(&backend->wav, backend->path, format, dither, rate_hz, detail);
    if (status != CH_OK) {
        goto err_wake;
    }
    *out = backend;
    return CH_OK;

err_wake:
    ch_event_fini(&backend->wake);
err_planes:
    ch_planes_fini(&backend->planes);
err_backend:
    free(backend);
    return status;
}

static enum ch_status
file_start(struct ch_backend *backend, struct ch_engine *engine, char *detail)
{
    file_stop(backend);
    if (atomic_load_explicit(&backend->lost, memory_order_acquire)) {
        snprintf(detail, CH_DETAIL_BYTES,
                 "%.160s was given up after an error; close it and "
                 "open another",
                 backend->path);
        return CH_NO_DEVICE;
    }
    backend->engine = engine;
    atomic_store_explicit(&backend->stopping, false, memory_order_relaxed);
    const enum ch_status status =
        ch_thread_start(&backend->thread, "chant-file", CH_STACK_WORKER, run, backend);
    if (status != CH_OK) {
        snprintf(detail, CH_DETAIL_BYTES, "the file backend cannot start its thread: %s",
                 ch_strerror(status));
    }
    return status;
}

static void
file_get_info(struct ch_backend *backend, struct ch_backend_info *info)
{
    *info = (struct ch_backend_info){.rate_hz = backend->rate_hz, .period = backend->period};
    snprintf(info->device, sizeof info->device, "%s", backend->path);
}

const struct ch_backend_ops ch_backend_file = {
    .name = "file",
    .summary = "writes a WAV file, faster than real time",
    .always_on = false,
    .open = file_open,
    .start = file_start,
    .stop = file_stop,
    .close = file_close,
    .get_info = file_get_info,
};

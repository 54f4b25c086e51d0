// SPDX-License-Identifier: ISC
// bench/instructions/spectrum_cases.c — one picture at 120 a second: history, windows, bands, text.
//
// The transforms themselves are FFTW's, which chooses by processor: they are not counted.

#include <stdlib.h>
#include <string.h>

#include "bench/instructions/cases.h"
#include "daemon/analysis/meter.h"
#include "daemon/analysis/spectrum.h"

#define RATE_HZ     120
#define PUSH_FRAMES (CASE_RATE_HZ / RATE_HZ)

static struct ch_pcm_frame frames[PUSH_FRAMES];
static struct ch_text text;

static void
make_sound(uint32_t max_bytes)
{
    ch_case_noise(&frames[0].left, 2 * PUSH_FRAMES, 0.5f, 5);
    text = (struct ch_text){.data = malloc(max_bytes), .capacity = max_bytes};
    CASE_MUST(text.data);
}

// --- spectrum ----------------------------------------------------------------------------------

static struct ch_spectrum *spectrum;

static void
set_up_spectrum(const struct ch_case *c)
{
    struct ch_spectrum_spec spec;
    memset(&spec, 0, sizeof spec);
    spec.rate_hz = RATE_HZ;
    spec.n_bands = 64;
    spec.fmin_hz = 20.0;
    spec.fmax_hz = 20000.0;
    spec.tap = CH_TAP_OUTPUT;
    spec.smoothing_ms = 20.0;
    spec.peak_hold_ms = 500.0;
    spec.encoding = (enum ch_encoding)c->size;
    CASE_MUST(!ch_spectrum_check(&spec, CASE_RATE_HZ));
    CASE_MUST(ch_spectrum_create(&spectrum, &spec, CASE_RATE_HZ, NULL) == CH_OK);
    make_sound(ch_spectrum_encoded_max(spectrum));
}

static void
spectrum_frame(void)
{
    ch_spectrum_push(spectrum, frames, PUSH_FRAMES);
    ch_spectrum_run(spectrum, 1.0 / RATE_HZ);
    text.n_bytes = 0;
    ch_spectrum_encode(spectrum, &text);
}

static void
tear_down_spectrum(void)
{
    CASE_MUST(!text.full && text.n_bytes > 64 && !ch_spectrum_at_rest(spectrum));
    ch_spectrum_destroy(spectrum);
    free(text.data);
}

// --- meter -------------------------------------------------------------------------------------

static struct ch_meter *meter;

static void
set_up_meter(const struct ch_case *c)
{
    (void)c;
    CASE_MUST(ch_meter_create(&meter, CASE_RATE_HZ) == CH_OK);
    make_sound(CH_METER_ENCODED_MAX);
}

static void
meter_frame(void)
{
    ch_meter_push(meter, frames, PUSH_FRAMES);
    ch_meter_run(meter);
    text.n_bytes = 0;
    ch_meter_encode(meter, &text);
}

static void
tear_down_meter(void)
{
    CASE_MUST(!text.full && text.n_bytes > 64 && !ch_meter_at_rest(meter));
    ch_meter_destroy(meter);
    free(text.data);
}

#define SPECTRUM(title, encoding_)                                                                 \
    {                                                                                              \
        .name = "spectrum/frame-" title, .set_up = set_up_spectrum, .run = spectrum_frame,         \
        .tear_down = tear_down_spectrum, .size = encoding_, .n_ops = 1, .n_warm = 30, .n_runs = 10 \
    }

const struct ch_case ch_cases_spectrum[] = {
    SPECTRUM("json", CH_ENCODING_JSON),
    SPECTRUM("u8", CH_ENCODING_U8),
    SPECTRUM("f32", CH_ENCODING_F32),
    {.name = "meter/frame-json",
     .set_up = set_up_meter,
     .run = meter_frame,
     .tear_down = tear_down_meter,
     .n_ops = 1,
     .n_warm = 60,
     .n_runs = 12},
    {.name = NULL},
};

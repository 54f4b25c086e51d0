// SPDX-License-Identifier: ISC
// daemon/analysis/meter.c — peaks and RMS counted here, loudness and true peak by libebur128.

#include "daemon/analysis/meter.h"

#include <ebur128.h>
#include <math.h>
#include <stdlib.h>

#define RMS_BLOCK_MS 10
#define RMS_BLOCKS   30
/// Loudness is read anew after so much sound: the step of BS.1770's blocks.  Each reading sums
/// seconds of samples again, so more of them would cost more than all the rest here.
#define LOUDNESS_STEP_MS 100
/// What is below is shown as silence: no converter reaches it, filters ring out through it.
#define SILENCE_DB (-160.0)

struct ch_meter {
    ebur128_state *loudness;
    ebur128_state *before; ///< of before a reset, while it alone knows the last seconds; or NULL
    uint32_t before_left;  ///< frames until then
    uint32_t block_frames;
    uint32_t in_block;                ///< frames summed in square_sum
    uint32_t block;                   ///< of squares[] that is written next
    uint32_t step_frames, since_step; ///< of loudness
    double square_sum[CH_CHANNELS];
    double squares[RMS_BLOCKS][CH_CHANNELS]; ///< sums of whole blocks
    double peak[CH_CHANNELS], true_peak[CH_CHANNELS];
    struct ch_meter_reading reading;
};

/// The histogram keeps integrated loudness and range in constant memory, however long it runs.
static ebur128_state *
measure_loudness(uint32_t rate_hz)
{
    return ebur128_init(CH_CHANNELS, rate_hz,
                        EBUR128_MODE_M | EBUR128_MODE_S | EBUR128_MODE_I | EBUR128_MODE_LRA |
                            EBUR128_MODE_TRUE_PEAK | EBUR128_MODE_HISTOGRAM);
}

enum ch_status
ch_meter_create(struct ch_meter **out, uint32_t rate_hz)
{
    *out = NULL;
    struct ch_meter *meter = calloc(1, sizeof *meter);
    if (!meter) {
        return CH_NO_MEMORY;
    }
    meter->loudness = measure_loudness(rate_hz);
    if (!meter->loudness) {
        free(meter);
        return CH_NO_MEMORY;
    }
    meter->block_frames = ch_frames_from_ms(RMS_BLOCK_MS, rate_hz);
    meter->step_frames = ch_frames_from_ms(LOUDNESS_STEP_MS, rate_hz);
    meter->since_step = meter->step_frames;
    ch_meter_run(meter);
    *out = meter;
    return CH_OK;
}

void
ch_meter_destroy(struct ch_meter *meter)
{
    if (meter) {
        ebur128_destroy(&meter->loudness);
        if (meter->before) {
            ebur128_destroy(&meter->before);
        }
        free(meter);
    }
}

void
ch_meter_reset(struct ch_meter *meter)
{
    const uint32_t rate_hz = (uint32_t)meter->loudness->samplerate;
    ebur128_state *fresh = measure_loudness(rate_hz);
    if (!fresh) {
        return;
    }
    if (meter->before) {
        // What was reset a moment ago has not heard enough yet, either.
        ebur128_destroy(&meter->loudness);
    } else {
        meter->before = meter->loudness;
    }
    meter->before_left = (uint32_t)(CH_METER_MEMORY_S * rate_hz) + meter->step_frames;
    meter->loudness = fresh;
    meter->since_step = meter->step_frames;
}

static void
end_block(struct ch_meter *meter)
{
    for (uint32_t c = 0; c < CH_CHANNELS; c++) {
        meter->squares[meter->block][c] = meter->square_sum[c];
        meter->square_sum[c] = 0.0;
    }
    meter->block = (meter->block + 1) % RMS_BLOCKS;
    meter->in_block = 0;
}

static void
count_levels(struct ch_meter *meter, const struct ch_pcm_frame *frames, uint32_t n_frames)
{
    for (uint32_t i = 0; i < n_frames; i++) {
        const double left = (double)frames[i].left, right = (double)frames[i].right;
        meter->peak[0] = fmax(meter->peak[0], fabs(left));
        meter->peak[1] = fmax(meter->peak[1], fabs(right));
        meter->square_sum[0] += left * left;
        meter->square_sum[1] += right * right;
        if (++meter->in_block == meter->block_frames) {
            end_block(meter);
        }
    }
}

static void
count_loudness(struct ch_meter *meter, const struct ch_pcm_frame *frames, uint32_t n_frames)
{
    if (meter->before) {
        (void)ebur128_add_frames_float(meter->before, &frames->left, n_frames);
        meter->before_left -= n_frames < meter->before_left ? n_frames : meter->before_left;
        if (!meter->before_left) {
            ebur128_destroy(&meter->before);
        }
    }
    // Fails only without memory, and then has not counted these frames.
    if (ebur128_add_frames_float(meter->loudness, &frames->left, n_frames) != EBUR128_SUCCESS) {
        return;
    }
    for (uint32_t c = 0; c < CH_CHANNELS; c++) {
        double peak = 0.0;
        if (ebur128_prev_true_peak(meter->loudness, c, &peak) == EBUR128_SUCCESS) {
            meter->true_peak[c] = fmax(meter->true_peak[c], peak);
        }
    }
}

void
ch_meter_push(struct ch_meter *meter, const struct ch_pcm_frame *frames, uint32_t n_frames)
{
    static const struct ch_pcm_frame silence[512];
    while (n_frames > 0) {
        uint32_t n = n_frames;
        if (!frames && n > sizeof silence / sizeof *silence) {
            n = sizeof silence / sizeof *silence;
        }
        const struct ch_pcm_frame *from = frames ? frames : silence;
        count_levels(meter, from, n);
        count_loudness(meter, from, n);
        meter->since_step += n;
        frames = frames ? frames + n : NULL;
        n_frames -= n;
    }
}

static double
audible(double db)
{
    return db > SILENCE_DB ? db : -INFINITY;
}

static double
loudness(ebur128_state *state, int (*measure)(ebur128_state *, double *))
{
    double lufs;
    return measure(state, &lufs) == EBUR128_SUCCESS ? audible(lufs) : -INFINITY;
}

static void
read_loudness(struct ch_meter *meter)
{
    struct ch_meter_reading *reading = &meter->reading;
    ebur128_state *lately = meter->before ? meter->before : meter->loudness;
    reading->momentary_lufs = loudness(lately, ebur128_loudness_momentary);
    reading->short_term_lufs = loudness(lately, ebur128_loudness_shortterm);
    reading->integrated_lufs = loudness(meter->loudness, ebur128_loudness_global);
    double range_lu = 0.0;
    const int status = ebur128_loudness_range(meter->loudness, &range_lu);
    reading->range_lu = status == EBUR128_SUCCESS && isfinite(range_lu) ? range_lu : 0.0;
}

static double
rms_dbfs(const struct ch_meter *meter, uint32_t channel)
{
    double sum = 0.0;
    for (uint32_t i = 0; i < RMS_BLOCKS; i++) {
        sum += meter->squares[i][channel];
    }
    // Twice the mean square: 1 for a sine of amplitude 1.
    return audible(ch_db_from_linear(sqrt(2.0 * sum / (RMS_BLOCKS * meter->block_frames))));
}

void
ch_meter_run(struct ch_meter *meter)
{
    struct ch_meter_reading *reading = &meter->reading;
    for (uint32_t c = 0; c < CH_CHANNELS; c++) {
        reading->peak_dbfs[c] = audible(ch_db_from_linear(meter->peak[c]));
        reading->true_peak_dbtp[c] =
            audible(ch_db_from_linear(fmax(meter->true_peak[c], meter->peak[c])));
        reading->rms_dbfs[c] = rms_dbfs(meter, c);
        meter->peak[c] = 0.0;
        meter->true_peak[c] = 0.0;
    }
    if (meter->since_step >= meter->step_frames) {
        meter->since_step = 0;
        read_loudness(meter);
    }
}

const struct ch_meter_reading *
ch_meter_reading(const struct ch_meter *meter)
{
    return &meter->reading;
}

bool
ch_meter_at_rest(const struct ch_meter *meter)
{
    const struct ch_meter_reading *reading = &meter->reading;
    for (uint32_t c = 0; c < CH_CHANNELS; c++) {
        if (isfinite(reading->peak_dbfs[c]) || isfinite(reading->rms_dbfs[c]) ||
            isfinite(reading->true_peak_dbtp[c])) {
            return false;
        }
    }
    return !isfinite(reading->momentary_lufs) && !isfinite(reading->short_term_lufs);
}

static void
put_pair(struct ch_text *text, const char *name, const double db[CH_CHANNELS])
{
    ch_text_literal(text, name);
    ch_text_literal(text, "[");
    ch_text_fixed(text, db[0], 2);
    ch_text_literal(text, ",");
    ch_text_fixed(text, db[1], 2);
    ch_text_literal(text, "]");
}

void
ch_meter_encode(const struct ch_meter *meter, struct ch_text *text)
{
    const struct ch_meter_reading *reading = &meter->reading;
    put_pair(text, "{\"peak_dbfs\":", reading->peak_dbfs);
    put_pair(text, ",\"rms_dbfs\":", reading->rms_dbfs);
    put_pair(text, ",\"true_peak_dbtp\":", reading->true_peak_dbtp);
    ch_text_literal(text, ",\"momentary_lufs\":");
    ch_text_fixed(text, reading->momentary_lufs, 2);
    ch_text_literal(text, ",\"short_term_lufs\":");
    ch_text_fixed(text, reading->short_term_lufs, 2);
    ch_text_literal(text, ",\"integrated_lufs\":");
    ch_text_fixed(text, reading->integrated_lufs, 2);
    ch_text_literal(text, ",\"lra_lu\":");
    ch_text_fixed(text, reading->range_lu, 2);
    ch_text_literal(text, "}");
}

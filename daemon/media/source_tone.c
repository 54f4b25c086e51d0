// SPDX-License-Identifier: ISC
// daemon/media/source_tone.c — tone: URIs as a source.                                   [worker]

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/dsp/tone.h"
#include "daemon/media/detail.h"
#include "daemon/media/source_kind.h"

static enum ch_status
open_tone(void **state, struct ch_source_common *common, const struct ch_uri *uri, const char *name,
          uint32_t rate_hz, char *detail)
{
    const struct ch_tone_spec *spec = &uri->tone;
    if (spec->freq_hz >= 0.5 * rate_hz) {
        ch_detail_set(detail, "%s: %g Hz is not below half the rate of %u Hz", name, spec->freq_hz,
                      rate_hz);
        return CH_INVALID;
    }
    struct ch_tone *tone = malloc(sizeof *tone);
    if (!tone) {
        ch_detail_set(detail, "%s: out of memory", name);
        return CH_NO_MEMORY;
    }
    ch_tone_init(tone, spec, rate_hz);
    const bool endless = !(spec->duration_s > 0.0);
    common->length = endless ? UINT64_MAX : (uint64_t)rint(spec->duration_s * rate_hz);
    common->info.rate_hz = rate_hz;
    common->info.channels = 2;
    strcpy(common->info.format, "tone");
    *state = tone;
    return CH_OK;
}

static uint64_t
seek_tone(void *state, uint64_t frame)
{
    ch_tone_seek(state, frame);
    return frame;
}

static uint32_t
read_tone(void *state, float *samples, uint32_t n_frames)
{
    return ch_tone_run(state, samples, n_frames);
}

static const char *
no_complaint(void *state)
{
    (void)state;
    return NULL;
}

const struct ch_source_kind ch_source_tone = {
    .open = open_tone,
    .close = free,
    .seek = seek_tone,
    .read = read_tone,
    .complaint = no_complaint,
};

// SPDX-License-Identifier: ISC
// daemon/media/resampler.c — a thin cover of libsoxr.

#include "daemon/media/resampler.h"

#include <soxr.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/log.h"

struct ch_resampler {
    soxr_t soxr; ///< NULL: equal rates
};

enum ch_status
ch_resampler_create(struct ch_resampler **out, uint32_t from_hz, uint32_t to_hz)
{
    *out = NULL;
    struct ch_resampler *resampler = calloc(1, sizeof *resampler);
    if (!resampler) {
        return CH_NO_MEMORY;
    }
    if (from_hz != to_hz) {
        const soxr_quality_spec_t quality = soxr_quality_spec(SOXR_VHQ, 0);
        const soxr_runtime_spec_t runtime = soxr_runtime_spec(1);
        soxr_error_t error = NULL;
        resampler->soxr = soxr_create(from_hz, to_hz, 2, &error, NULL, &quality, &runtime);
        if (!resampler->soxr) {
            free(resampler);
            return CH_NO_MEMORY;
        }
    }
    *out = resampler;
    return CH_OK;
}

void
ch_resampler_destroy(struct ch_resampler *resampler)
{
    if (resampler) {
        soxr_delete(resampler->soxr);
        free(resampler);
    }
}

static uint32_t
process(struct ch_resampler *resampler, const float *in, uint32_t n_in, uint32_t *n_used,
        float *out, uint32_t n_out)
{
    size_t used = 0;
    size_t made = 0;
    const soxr_error_t error = soxr_process(resampler->soxr, in, n_in, &used, out, n_out, &made);
    if (error) {
        ch_error("resampler: %s", error);
        *n_used = n_in; // sound is lost, but nobody waits for ever
        return 0;
    }
    *n_used = (uint32_t)used;
    return (uint32_t)made;
}

uint32_t
ch_resampler_run(struct ch_resampler *resampler, const float *in, uint32_t n_in, uint32_t *n_used,
                 float *out, uint32_t n_out)
{
    if (resampler->soxr) {
        return process(resampler, in, n_in, n_used, out, n_out);
    }
    const uint32_t n = n_in < n_out ? n_in : n_out;
    memcpy(out, in, (size_t)n * 2 * sizeof *out);
    *n_used = n;
    return n;
}

uint32_t
ch_resampler_drain(struct ch_resampler *resampler, float *out, uint32_t n_out)
{
    uint32_t n_used;
    return resampler->soxr ? process(resampler, NULL, 0, &n_used, out, n_out) : 0;
}

uint64_t
ch_resampled_frames(uint64_t n_in, uint32_t from_hz, uint32_t to_hz)
{
    // In two parts, so that no product overflows.
    return n_in / from_hz * to_hz + (n_in % from_hz * to_hz + from_hz / 2) / from_hz;
}

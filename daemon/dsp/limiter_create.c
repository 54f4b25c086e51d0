// SPDX-License-Identifier: ISC
// daemon/dsp/limiter_create.c — memory of the limiter.                                      [setup]

#include <math.h>
#include <stdlib.h>

#include "daemon/base/units.h"
#include "daemon/dsp/limiter.h"
#include "daemon/dsp/limiter_state.h"

#define RELEASE_MS 100.0 ///< time constant
#define RAMP_MS    20.0

struct ch_limiter *
ch_limiter_create(uint32_t rate_hz)
{
    struct ch_limiter *limiter = calloc(1, sizeof *limiter);
    if (limiter == NULL) {
        return NULL;
    }
    limiter->latency = ch_frames_from_ms(CH_LIMITER_LOOKAHEAD_MS, rate_hz);
    limiter->span = limiter->latency + 1;
    limiter->ramp_frames = ch_frames_from_ms(RAMP_MS, rate_hz);
    limiter->release = -expm1(-1.0 / (RELEASE_MS * 1e-3 * (double)rate_hz));
    limiter->full = (int64_t)limiter->span * CH_LIMITER_ONE;
    limiter->delay = calloc(limiter->latency, sizeof *limiter->delay);
    limiter->low = calloc(limiter->span, sizeof *limiter->low);
    limiter->average = calloc(limiter->span, sizeof *limiter->average);
    if (limiter->delay == NULL || limiter->low == NULL || limiter->average == NULL) {
        ch_limiter_destroy(limiter);
        return NULL;
    }
    ch_ramp_snap(&limiter->ceiling, 1.0f);
    ch_ramp_snap(&limiter->limit, 1.0f);
    limiter->min_gain = 1.0f;
    ch_limiter_reset(limiter);
    return limiter;
}

void
ch_limiter_destroy(struct ch_limiter *limiter)
{
    if (limiter != NULL) {
        free(limiter->delay);
        free(limiter->low);
        free(limiter->average);
        free(limiter);
    }
}

// SPDX-License-Identifier: ISC
// daemon/analysis/history.h — the newest sound of one channel, as a transform wants it.    [worker]
//
// A long window is for low bands only, so its sound is kept at a fraction of the rate: the
// transform of an eighth of the points has the same resolution, for an eighth of the work and of
// the cache.  The low-pass before that is linear-phase, a windowed sinc with J. F. Kaiser's window
// (1974): flat to 1e-6 up to CH_HISTORY_PASS of the reduced rate, and nothing that folds into that
// range is stronger than -130 dB.

#ifndef CH_ANALYSIS_HISTORY_H
#define CH_ANALYSIS_HISTORY_H

#include <stdint.h>

#include "daemon/base/attributes.h"
#include "daemon/base/status.h"

/// Frequencies up to this fraction of the reduced rate are as they were.
#define CH_HISTORY_PASS 0.4

/// Samples of one push, at most.
#define CH_HISTORY_PUSH_MAX 512

struct ch_history {
    uint32_t factor; ///< by which the rate is reduced
    uint32_t n;      ///< samples kept, at the reduced rate; a power of two
    uint32_t at;     ///< where the next goes
    float *samples;  ///< ring
    uint32_t n_taps; ///< of the low-pass; 0 if factor is 1
    uint32_t phase;  ///< samples still to come before the next output
    float *taps;
    float *recent; ///< n_taps - 1 inputs before a push, then the push
};

/// Keep the newest n samples of every factor-th.                                             [main]
CH_NODISCARD enum ch_status ch_history_init(struct ch_history *history, uint32_t n,
                                            uint32_t factor);
void ch_history_fini(struct ch_history *history); ///< [main]

/// Silence since ever.
void ch_history_reset(struct ch_history *history);

/// @param n_samples at the full rate, at most CH_HISTORY_PUSH_MAX.
void ch_history_push(struct ch_history *history, const float *samples, uint32_t n_samples);

/// All n samples, oldest first.
void ch_history_copy(const struct ch_history *history, float *out);

/// Frames by which the low-pass is late.
static inline uint32_t
ch_history_delay(const struct ch_history *history)
{
    return history->n_taps / 2;
}

#endif

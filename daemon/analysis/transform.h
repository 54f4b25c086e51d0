// SPDX-License-Identifier: ISC
// daemon/analysis/transform.h — the newest sound of one place as bins of an FFT, made once for all
// who look at it.
//
// A window is applied to the bins (see stage.h), and bands, weighting, smoothing and encoding come
// after that: so spectra that differ in nothing else share their sound and its transform.  [main]
// counts who uses one; what it holds is the worker's.

#ifndef CH_ANALYSIS_TRANSFORM_H
#define CH_ANALYSIS_TRANSFORM_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/analysis/analyser.h"
#include "daemon/analysis/fft.h"
#include "daemon/analysis/history.h"
#include "daemon/base/attributes.h"
#include "daemon/base/status.h"
#include "daemon/base/units.h"
#include "daemon/lockfree/pcm_ring.h"

/// What there is to share; zeroed memory is none.                                            [main]
struct ch_transforms {
    struct ch_transform *first;
};

/// What one is made from.
struct ch_transform_key {
    enum ch_tap_point tap;
    enum ch_spectrum_channels channels;
    uint32_t rate_hz;
    uint32_t n;      ///< points
    uint32_t factor; ///< by which the rate is reduced first
};

struct ch_transform {
    // [main]
    struct ch_transforms *shelf; ///< NULL: not shared
    struct ch_transform *next;
    uint32_t n_users;
    // constant
    struct ch_transform_key key;
    uint32_t n_channels;
    // [worker]
    struct ch_history history[CH_CHANNELS];
    struct ch_fft *fft[CH_CHANNELS];
    uint64_t serial; ///< of what was pushed last
    bool stale;      ///< the sound is newer than the bins
    uint64_t n_runs; ///< how often bins were made
};

/// One of this key from the shelf, or a new one on it; of no shelf, one for a single user.   [main]
CH_NODISCARD enum ch_status ch_transform_get(struct ch_transform **out, struct ch_transforms *shelf,
                                             const struct ch_transform_key *key);
/// Its last user frees it.                                                                   [main]
void ch_transform_unref(struct ch_transform *transform);

/// The sound goes on by n_frames, all of them finite; NULL is silence.  Of several calls with one
/// serial, each for another user, the first counts.
void ch_transform_push(struct ch_transform *transform, const struct ch_pcm_frame *frames,
                       uint32_t n_frames, uint64_t serial);

/// Silence since ever.
void ch_transform_reset(struct ch_transform *transform);

/// The bins of the newest sound, see ch_fft_output().
const float *ch_transform_bins(struct ch_transform *transform, uint32_t channel);

/// How many frames before the newest the middle of what the bins show is.
uint32_t ch_transform_age(const struct ch_transform *transform);

/// Frames that the bins depend on.
uint32_t ch_transform_span(const struct ch_transform *transform);

#endif

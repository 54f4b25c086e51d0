// SPDX-License-Identifier: ISC
// daemon/media/lane.h — one item of a stream as frames at the engine's rate.              [worker]
//
// A lane is opened when its item is known, and put in place when its turn comes: ch_lane_start()
// with a resampler of its own, or ch_lane_follow() with the one of the lane before it, which goes
// on as if both were one signal.

#ifndef CH_MEDIA_LANE_H
#define CH_MEDIA_LANE_H

#include <stdint.h>

#include "daemon/base/status.h"
#include "daemon/media/resampler.h"
#include "daemon/media/source.h"
#include "daemon/media/stream.h"

#define CH_LANE_CHUNK 2048 ///< frames decoded at a time

struct ch_lane {
    struct ch_source *source;
    struct ch_resampler *resampler; ///< NULL until in place
    uint32_t source_hz;
    uint32_t engine_hz;
    uint64_t item_id;
    double crossfade_s;   ///< asked for, with the item before
    uint64_t start_frame; ///< of the source
    struct ch_loudness_applied loudness;
    float gain; ///< the same, linear; before the resampler, whose tail may belong to another item

    // in place: the resampler's frame k is frame base + k (mod 2^64) of the ring
    uint64_t base;
    uint64_t n_fed;       ///< to the resampler, by all lanes that had it
    uint64_t n_drop;      ///< output frames that are pre-roll
    uint64_t fed_at;      ///< n_fed at the item's first frame
    uint64_t began;       ///< ring frame at which that is heard
    enum ch_status ended; ///< of the source: CH_OK while there is more
    char detail[CH_DETAIL_BYTES];

    uint32_t fade_left; ///< frames that still fade what broke off
    float last[2];      ///< what it broke off from
    uint32_t in_at, in_n;
    float in[2 * CH_LANE_CHUNK]; ///< decoded, not yet fed
};

/// detail (CH_DETAIL_BYTES) says why not.
CH_NODISCARD enum ch_status ch_lane_open(struct ch_lane **out, const struct ch_stream_item *item,
                                         uint32_t engine_hz, char *detail);
void ch_lane_close(struct ch_lane *lane);

/// The item begins at `ring_frame`.  Where it begins in the middle, the resampler has heard what
/// came before.
CH_NODISCARD enum ch_status ch_lane_start(struct ch_lane *lane, uint64_t ring_frame, char *detail);

/// The item goes on where `before`, of equal rate and at its end, left off; `before` can only be
/// closed after that.
CH_NODISCARD enum ch_status ch_lane_follow(struct ch_lane *lane, struct ch_lane *before,
                                           char *detail);

/// Up to n_frames to `stereo`; fewer only when the source has ended (lane->ended says how).
uint32_t ch_lane_pull(struct ch_lane *lane, float *stereo, uint32_t n_frames);

/// Nothing follows: what the resampler still holds; 0 when that is all.
uint32_t ch_lane_drain(struct ch_lane *lane, float *stereo, uint32_t n_frames);

/// Frames that the item takes in the ring, or UINT64_MAX.
uint64_t ch_lane_length(const struct ch_lane *lane);

/// Ring frame at which it ends, or UINT64_MAX.
uint64_t ch_lane_end(const struct ch_lane *lane);

/// Position inside the item at which it begins, frames at the engine's rate.
uint64_t ch_lane_item_frame(const struct ch_lane *lane);

#endif

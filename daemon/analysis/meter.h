// SPDX-License-Identifier: ISC
// daemon/analysis/meter.h — how loud it is: peak, RMS, true peak, loudness.
//
// peak, true peak   the largest since the last frame, so that none is missed at any frame rate
// rms               over the last 300 ms; a sine of amplitude 1 is 0.0 dBFS (AES17)
// loudness          ITU-R BS.1770 and EBU R 128 by libebur128: momentary 400 ms, short-term 3 s,
//                   integrated (gated) and loudness range (EBU Tech 3342) since the meter was
//                   created or reset; anew every 100 ms of sound

#ifndef CH_ANALYSIS_METER_H
#define CH_ANALYSIS_METER_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/analysis/encode.h"
#include "daemon/base/attributes.h"
#include "daemon/base/status.h"
#include "daemon/base/units.h"
#include "daemon/lockfree/pcm_ring.h"

struct ch_meter;

/// Silence of this length leaves only integrated loudness and range standing.
#define CH_METER_MEMORY_S 3.0

/// dB; -inf for silence.
struct ch_meter_reading {
    double peak_dbfs[CH_CHANNELS], rms_dbfs[CH_CHANNELS], true_peak_dbtp[CH_CHANNELS];
    double momentary_lufs, short_term_lufs, integrated_lufs;
    double range_lu; ///< 0 for what does not change
};

CH_NODISCARD enum ch_status ch_meter_create(struct ch_meter **out, uint32_t rate_hz);
void ch_meter_destroy(struct ch_meter *meter);

/// The sound goes on by n_frames, all of them finite; NULL is silence.                    [worker]
void ch_meter_push(struct ch_meter *meter, const struct ch_pcm_frame *frames, uint32_t n_frames);

/// Integrated loudness and range begin anew; the rest goes on.  Nothing happens without memory.
///                                                                                       [worker]
void ch_meter_reset(struct ch_meter *meter);

/// Read, and begin the next interval of peaks.                                            [worker]
void ch_meter_run(struct ch_meter *meter);

/// The reading of the last run.
const struct ch_meter_reading *ch_meter_reading(const struct ch_meter *meter);

/// Everything but what is since the beginning was -inf.
bool ch_meter_at_rest(const struct ch_meter *meter);

/// Bytes that encode needs at most.
#define CH_METER_ENCODED_MAX 384

/// The reading as the JSON value of "data", two decimals, null for -inf.
void ch_meter_encode(const struct ch_meter *meter, struct ch_text *text);

#endif

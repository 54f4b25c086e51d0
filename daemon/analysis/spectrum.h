// SPDX-License-Identifier: ISC
// daemon/analysis/spectrum.h — one spectrum analysis: frames of sound in, pictures out.
//
// Two windows look at the newest sound: a long one (171 ms at 48 kHz, 5.9 Hz a bin) for low bands,
// where a short one could not tell tones apart, and one of a quarter of it for high bands, so that
// transients are seen when they happen.  Between 707 and 1414 Hz (lower edge of the band) one fades
// into the other.  Both end at the newest frame; both read a full-scale sine as 0.0 dBFS (see
// stage.h), so the seam can't be seen.
//
// Levels are powers, 1 being a sine of amplitude 1 (AES17): 10·log10(level) is dBFS.  A square wave
// may read above 0.

#ifndef CH_ANALYSIS_SPECTRUM_H
#define CH_ANALYSIS_SPECTRUM_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/analysis/analyser.h"
#include "daemon/analysis/encode.h"
#include "daemon/base/attributes.h"
#include "daemon/base/status.h"
#include "daemon/lockfree/pcm_ring.h"

/// Nothing is shown as less than this.
#define CH_SPECTRUM_FLOOR_DB (-160.0)

struct ch_spectrum;
struct ch_transforms;

/// NULL if it can be done at this rate, or else why not, as a phrase that names the parameter.
const char *ch_spectrum_check(const struct ch_spectrum_spec *spec, uint32_t rate_hz);

/// `spec` has passed ch_spectrum_check() at some rate: bands above rate/2 stay at the floor.  Its
/// transforms are from the shelf, or its own with NULL.                                      [main]
CH_NODISCARD enum ch_status ch_spectrum_create(struct ch_spectrum **out,
                                               const struct ch_spectrum_spec *spec,
                                               uint32_t rate_hz, struct ch_transforms *shelf);
void ch_spectrum_destroy(struct ch_spectrum *spectrum); ///< [main]

/// What a subscriber must know to read the frames: JSON, to be freed.  NULL without memory.
char *ch_spectrum_describe(const struct ch_spectrum *spectrum);

/// Frames that a picture depends on, at most.
uint32_t ch_spectrum_span(const struct ch_spectrum *spectrum);

/// What a picture costs, in points of its transforms; a band counts as four.
uint32_t ch_spectrum_cost(const struct ch_spectrum *spectrum);

/// How many frames before the newest the middle of the longest window is, which frames are stamped
/// with.
uint32_t ch_spectrum_age(const struct ch_spectrum *spectrum);

/// The sound goes on by n_frames, all of them finite; NULL is silence.  Spectra that may share
/// transforms are all told of it, with one serial, which is another one each time.        [worker]
void ch_spectrum_push_shared(struct ch_spectrum *spectrum, const struct ch_pcm_frame *frames,
                             uint32_t n_frames, uint64_t serial);

/// Likewise, of a spectrum that shares nothing.
void ch_spectrum_push(struct ch_spectrum *spectrum, const struct ch_pcm_frame *frames,
                      uint32_t n_frames);

/// Forget all sound, smoothing and peaks.                                                 [worker]
void ch_spectrum_reset(struct ch_spectrum *spectrum);

/// Analyse the newest sound, `elapsed_s` after the last time.                             [worker]
void ch_spectrum_run(struct ch_spectrum *spectrum, double elapsed_s);

/// All levels and peaks are at the floor.
bool ch_spectrum_at_rest(const struct ch_spectrum *spectrum);

/// After run: n_bands levels of channel 0 or 1; bands of the picture.
const float *ch_spectrum_levels(const struct ch_spectrum *spectrum, uint32_t channel,
                                uint32_t *n_bands);
/// The held peaks; NULL if the spec has none.
const float *ch_spectrum_peaks(const struct ch_spectrum *spectrum, uint32_t channel);

/// Bytes that encode needs at most.
uint32_t ch_spectrum_encoded_max(const struct ch_spectrum *spectrum);

/// The picture as the JSON value of "data".
void ch_spectrum_encode(const struct ch_spectrum *spectrum, struct ch_text *text);

#endif

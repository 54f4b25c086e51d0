// SPDX-License-Identifier: ISC
// daemon/dsp/mixdown.h — one to eight channels become two.                       [any, pure]
//
// 1    to both, unity                       2    as it is, bit for bit
// 3    L R C                                4    L R Ls Rs (quad)
// 5    L R C Ls Rs                          6    L R C LFE Ls Rs (5.1)
// 7    L R C LFE Cs Ls Rs (6.1)             8    L R C LFE Lb Rb Ls Rs (7.1)
// Law: ITU-R BS.775-3 Annex 4: L' = L + 0.7071·C + 0.7071·Ls (and Lb), R' likewise, a centre
// surround 0.5 to each side, LFE not used, no normalisation (the limiter guards the sum).

#ifndef CH_DSP_MIXDOWN_H
#define CH_DSP_MIXDOWN_H

#include <stdbool.h>
#include <stdint.h>

#define CH_MIXDOWN_CHANNELS_MAX 8

/// The 2 x n_channels matrix of the law; false unless 1 <= n_channels <= 8.
bool ch_mixdown_matrix(uint32_t n_channels, float matrix[2][CH_MIXDOWN_CHANNELS_MAX]);

/// What a channel counts for in loudness, by ITU-R BS.1770-4: LFE nothing, what stands between 60
/// and 120 degrees 1.5 dB more than the others.
enum ch_channel_part { CH_PART_FRONT, CH_PART_SURROUND, CH_PART_NONE };
/// channel < n_channels <= 8, of the order above.
enum ch_channel_part ch_mixdown_part(uint32_t n_channels, uint32_t channel);

/// Both interleaved; in has n_channels·n_frames samples, out 2·n_frames; may not overlap.
void ch_mixdown_run(const float matrix[2][CH_MIXDOWN_CHANNELS_MAX], uint32_t n_channels,
                    const float *in, float *out, uint32_t n_frames);

#endif

// SPDX-License-Identifier: ISC
// daemon/backend/wavfile.h — stereo WAV files, sample by sample what they are given.       [worker]
//
// Integer formats: samples that came from integers of n bits as i/2^(n-1) go back to i; others are
// dithered (dsp/dither.h) and clamped, NaN to 0.  f32 is kept bit by bit, above 0 dBFS too.
// The same frames make the same bytes: nothing in the file tells when it was made.

#ifndef CH_BACKEND_WAVFILE_H
#define CH_BACKEND_WAVFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/attributes.h"
#include "daemon/base/status.h"
#include "daemon/base/units.h"
#include "daemon/dsp/dither.h"

enum ch_wav_format { CH_WAV_F32, CH_WAV_S16, CH_WAV_S24 };

struct ch_wavfile;

/// "f32", "s16" or "s24"; false if it is none of these.                                     [any]
bool ch_wav_format_from_name(const char *name, enum ch_wav_format *format);

/// Create or empty the file; `dither` is for the integer formats.  On failure *out is NULL and
/// `detail` (256 bytes) names the path and the reason.  The other functions write into `detail`
/// likewise.
CH_NODISCARD enum ch_status ch_wavfile_open(struct ch_wavfile **out, const char *path,
                                            enum ch_wav_format format, enum ch_dither_mode dither,
                                            uint32_t rate_hz, char *detail);

/// Append frames.  Some of them may wait in memory, so an error may be that of earlier ones.  After
/// an error nothing more is written; what was written stays a valid file.
CH_NODISCARD enum ch_status ch_wavfile_write(struct ch_wavfile *file,
                                             float *const planes[CH_CHANNELS], uint32_t n_frames,
                                             char *detail);

/// Frames accepted so far.
uint64_t ch_wavfile_n_frames(const struct ch_wavfile *file);

/// Write what waits and the header.  Frees in every case; accepts NULL.
enum ch_status ch_wavfile_close(struct ch_wavfile *file, char *detail);

#endif

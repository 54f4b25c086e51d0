// SPDX-License-Identifier: ISC
// daemon/backend/sample_format.h — the engine's two float planes as the frames a device wants.
//
// Interleaved frames of 1 to 8 channels, floats or little-endian integers.  Left and right go to
// the front speakers, all others stay silent; what is meant for many speakers is not invented here.
// A device of one channel gets (left + right) / 2, -6 dB: what is the same on both sides keeps its
// level, and nothing can clip.
//
// Integers of up to 24 bits are dithered (dsp/dither.h, AUTO: not where every sample is an integer
// of that width already, and not in silence); 32 bits hold every float's mantissa.

#ifndef CH_BACKEND_SAMPLE_FORMAT_H
#define CH_BACKEND_SAMPLE_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/attributes.h"
#include "daemon/base/units.h"
#include "daemon/dsp/dither.h"

#define CH_SAMPLE_CHANNELS_MAX 8

enum ch_sample_type {
    CH_SAMPLE_F32,
    CH_SAMPLE_S16,
    CH_SAMPLE_S24,    ///< three bytes
    CH_SAMPLE_S24_32, ///< the upper 24 of 32 bits, the lowest byte 0
    CH_SAMPLE_S32
};

struct ch_sample_format {
    enum ch_sample_type type;
    uint8_t n_channels;  ///< 1…CH_SAMPLE_CHANNELS_MAX
    uint8_t left, right; ///< which channels; the same one if there is but one
};

/// Choose the channels for left and right.  The bits of `mask` say, from the lowest on, which
/// speaker each channel is, as in WAVEFORMATEXTENSIBLE; the first pair in front, beside or behind
/// the listener of which both are there is taken, and without one, or with a mask of 0, the first
/// two channels.  False unless 1 <= n_channels <= CH_SAMPLE_CHANNELS_MAX.
bool ch_sample_format_layout(struct ch_sample_format *format, uint32_t n_channels, uint32_t mask);

/// "f32", "s16", "s24", "s24" (of 32) or "s32"; never NULL.
const char *ch_sample_type_name(enum ch_sample_type type);

/// Bytes of one frame.
CH_RT uint32_t ch_sample_frame_bytes(const struct ch_sample_format *format);

struct ch_sample_writer {
    struct ch_sample_format format;
    struct ch_dither dither;
};

void ch_sample_writer_init(struct ch_sample_writer *writer, const struct ch_sample_format *format,
                           uint32_t rate_hz);

/// Write n_frames frames from the planes to `out`, which needs no alignment.  NaN is 0; integers
/// are clamped.                                                                               [rt]
CH_RT void ch_sample_write(struct ch_sample_writer *writer, void *out,
                           float *const planes[CH_CHANNELS], uint32_t n_frames);

#endif

// SPDX-License-Identifier: ISC
// daemon/base/units.h — decibels, frames and seconds, and the limits of the program.
//
// A frame is one sample per channel.  Floats: 1.0 is 0 dBFS.  Inside the daemon the signal is
// stereo, planar (two float arrays) unless a header says interleaved.

#ifndef CH_BASE_UNITS_H
#define CH_BASE_UNITS_H

#include <math.h>
#include <stdint.h>

#include "daemon/base/attributes.h"

#define CH_CHANNELS        2    ///< channels of the engine
#define CH_BLOCK_MAX       8192 ///< largest n_frames of one callback
#define CH_RATE_MIN_HZ     8000 ///< engine and device rates
#define CH_RATE_MAX_HZ     384000
#define CH_GAIN_MAX_DB     12.0   ///< mixer.set; -inf is allowed below
#define CH_CEILING_DBTP    (-1.0) ///< of the limiter, if nobody has said otherwise
#define CH_EQ_BANDS_MAX    32
#define CH_EQ_SECTIONS_MAX 64   ///< that run; a band takes 1 to 4 of them
#define CH_EQ_GAIN_MAX_DB  24.0 ///< of one band, both signs
#define CH_NS_PER_S        1000000000ull

/// 20·log10(linear); -inf for 0.
static inline double
ch_db_from_linear(double linear)
{
    return linear > 0.0 ? 20.0 * log10(linear) : -INFINITY;
}

/// 10^(db/20); 0 for -inf.
static inline double
ch_linear_from_db(double db)
{
    return db == -INFINITY ? 0.0 : pow(10.0, db / 20.0);
}

/// Frames that last `ms` milliseconds at `rate_hz`, rounded to the nearest, at least 1.
static inline uint32_t
ch_frames_from_ms(double ms, uint32_t rate_hz)
{
    const double n = ms * 1e-3 * (double)rate_hz + 0.5;
    return n < 1.0 ? 1u : (uint32_t)n;
}

/// Nanoseconds that `n_frames` last at `rate_hz`; exact for any count below 2^34.
CH_RT static inline uint64_t
ch_ns_from_frames(uint64_t n_frames, uint32_t rate_hz)
{
    return (n_frames / rate_hz) * CH_NS_PER_S + (n_frames % rate_hz) * CH_NS_PER_S / rate_hz;
}

#endif

// SPDX-License-Identifier: ISC
// daemon/analysis/fft.h — the forward transform of a real signal, and nothing else of an FFT
// library.
//
// FFTW's planner keeps global state without a lock: create and destroy are for [main] alone, run is
// for whoever owns the transform.  Another library fits behind these functions as well.

#ifndef CH_ANALYSIS_FFT_H
#define CH_ANALYSIS_FFT_H

#include <stdint.h>

#include "daemon/base/attributes.h"
#include "daemon/base/status.h"

/// Bins beyond both ends that the output continues by (it is periodic and, of a real signal,
/// conjugate-symmetric), so that a convolution along the spectrum needs no special case.
#define CH_FFT_GUARD 6

struct ch_fft;

/// @param n points, a power of two, at least 16.                                           [main]
CH_NODISCARD enum ch_status ch_fft_create(struct ch_fft **out, uint32_t n);
void ch_fft_destroy(struct ch_fft *fft); ///< [main]

/// Where the n points of the signal go; kept by run.
float *ch_fft_input(struct ch_fft *fft);

/// out[k] = sum of in[i]·exp(-2·pi·j·i·k/n), not scaled.
void ch_fft_run(struct ch_fft *fft);

/// Bins -CH_FFT_GUARD … n/2 + CH_FFT_GUARD as pairs: bin k has its real part at [2·k] and its
/// imaginary part at [2·k + 1].
const float *ch_fft_output(const struct ch_fft *fft);

#endif

// SPDX-License-Identifier: ISC
// daemon/backend/wasapi_format.h — a device's WAVEFORMATEX and ours.

#ifndef CH_BACKEND_WASAPI_FORMAT_H
#define CH_BACKEND_WASAPI_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include <windows.h>

#include <mmreg.h>

#include "daemon/backend/sample_format.h"

/// What a device takes, in our terms; false for what we do not write.
bool ch_wasapi_format_read(struct ch_sample_format *format, const WAVEFORMATEX *wave);

/// The other way round, as WAVEFORMATEXTENSIBLE, with the usual speakers for that many channels.
void ch_wasapi_format_make(WAVEFORMATEXTENSIBLE *wave, enum ch_sample_type type,
                           uint32_t n_channels, uint32_t rate_hz);

/// The whole of it, whichever of the two it is.
uint32_t ch_wasapi_format_bytes(const WAVEFORMATEX *wave);

#endif

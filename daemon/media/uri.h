// SPDX-License-Identifier: ISC
// daemon/media/uri.h — which URIs the daemon takes.                                        [any]

#ifndef CH_MEDIA_URI_H
#define CH_MEDIA_URI_H

#include <stddef.h>

#include "daemon/base/status.h"
#include "daemon/dsp/tone.h"
#include "daemon/media/media.h"

enum ch_uri_kind { CH_URI_FILE, CH_URI_TONE };

struct ch_uri {
    enum ch_uri_kind kind;
    char path[CH_URI_BYTES];  ///< CH_URI_FILE: absolute, percent-decoded, with '/'
    struct ch_tone_spec tone; ///< CH_URI_TONE
};

/// An absolute path, file:///path (percent-encoded; host empty, localhost or, on Windows, a
/// server),
/// tone:KIND[?hz=440&db=-20&s=5&to=20000] (defaults: 440 Hz, -20 dB, endless, 20 kHz).
///
/// @param detail CH_DETAIL_BYTES; why it was refused.
/// @return CH_INVALID (relative path, unknown tone or parameter, value out of range),
///         CH_UNAVAILABLE (input:, http:, https:).
enum ch_status ch_uri_parse(struct ch_uri *out, const char *text, char *detail);

#endif

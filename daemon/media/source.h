// SPDX-License-Identifier: ISC
// daemon/media/source.h — one URI as stereo frames at its own rate.                      [worker]
//
// file: and plain paths go to libsndfile, tone: to our generators.  Channels are mixed down here
// (dsp/mixdown.h), NaN and infinity become silence and are counted, rates are left alone.

#ifndef CH_MEDIA_SOURCE_H
#define CH_MEDIA_SOURCE_H

#include <stdint.h>

#include "daemon/base/status.h"
#include "daemon/dsp/mixdown.h"
#include "daemon/media/media.h"

struct ch_source;

/// Source rates outside 1000…768000 Hz and more than 8 channels are CH_UNSUPPORTED_FORMAT.
///
/// @param rate_hz  a rate for sources that have none of their own (tones).
/// @param detail   CH_DETAIL_BYTES; on failure a sentence that names the URI and the reason.
/// @return CH_NOT_FOUND, CH_DENIED, CH_UNSUPPORTED_FORMAT (no audio, header only, empty),
///         CH_INVALID (malformed URI), CH_UNAVAILABLE (a scheme of a later version), CH_NO_MEMORY.
enum ch_status ch_source_open(struct ch_source **out, const char *uri, uint32_t rate_hz,
                              char *detail);
void ch_source_close(struct ch_source *source);

const struct ch_media_info *ch_source_info(const struct ch_source *source);

/// Total frames at the source's rate, or UINT64_MAX.
uint64_t ch_source_length(const struct ch_source *source);

/// Go to `frame`; past the end goes to the end.
enum ch_status ch_source_seek(struct ch_source *source, uint64_t frame);

/// Up to n_frames, interleaved stereo.  *n_read < n_frames only at the end; what was read counts
/// whatever is returned.
///
/// @return CH_OK; CH_END at the end (with *n_read 0); CH_DECODE_FAILED where the data is damaged or
///         stops before the length that the header promised (detail says where).
enum ch_status ch_source_read(struct ch_source *source, float *stereo, uint32_t n_frames,
                              uint32_t *n_read, char *detail);

/// The same before the mixdown: interleaved, all of info's channels.
enum ch_status ch_source_read_channels(struct ch_source *source, float *samples, uint32_t n_frames,
                                       uint32_t *n_read, char *detail);
/// channel < info's channels, of which there are more than two.
enum ch_channel_part ch_source_part(const struct ch_source *source, uint32_t channel);

#endif

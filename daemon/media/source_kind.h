// SPDX-License-Identifier: ISC
// daemon/media/source_kind.h — what one kind of source implements; source.c does the rest. [worker]

#ifndef CH_MEDIA_SOURCE_KIND_H
#define CH_MEDIA_SOURCE_KIND_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/status.h"
#include "daemon/dsp/mixdown.h"
#include "daemon/media/media.h"
#include "daemon/media/uri.h"

/// What source.c knows of every source; filled in by open().
struct ch_source_common {
    struct ch_media_info info;
    uint64_t length;       ///< frames, or UINT64_MAX
    bool length_is_a_hint; ///< estimated by the decoder: ending earlier is no damage
    bool ends_marked;      ///< the format marks its end: an unknown length means that it is cut off
    float matrix[2][CH_MIXDOWN_CHANNELS_MAX];
    enum ch_channel_part part[CH_MIXDOWN_CHANNELS_MAX]; ///< of more than two channels
};

struct ch_source_kind {
    /// *state is the kind's own; on failure nothing is left behind and detail is set.
    enum ch_status (*open)(void **state, struct ch_source_common *common, const struct ch_uri *uri,
                           const char *name, uint32_t rate_hz, char *detail);
    void (*close)(void *state);
    /// frame < length.  The frame that is read next: that one, or one before it if the kind can't
    /// go there itself; UINT64_MAX if it is lost.
    uint64_t (*seek)(void *state, uint64_t frame);
    /// info.channels interleaved.  Frames delivered; fewer than asked only where it ends or breaks.
    uint32_t (*read)(void *state, float *samples, uint32_t n_frames);
    /// What the decoder says of a read that fell short; NULL if nothing.
    const char *(*complaint)(void *state);
};

extern const struct ch_source_kind ch_source_sndfile;
extern const struct ch_source_kind ch_source_tone;

#endif

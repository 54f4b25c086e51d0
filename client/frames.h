// SPDX-License-Identifier: ISC
// client/frames.h — what the live verbs show, and the way of frames into a pipe.

#ifndef CH_CLIENT_FRAMES_H
#define CH_CLIENT_FRAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "client/args.h"
#include "client/connect.h"

/// Options of the command line; what isn't given is left to the daemon or the view.
struct ch_frame_options {
    double rate_hz;                                          ///< 0: not given
    int64_t count;                                           ///< frames to end after; < 0: no end
    int64_t bands;                                           ///< 0: not given
    double fmin_hz;                                          ///< < 0: not given
    double fmax_hz;                                          ///< 0: not given
    double smoothing_ms, peak_hold_ms;                       ///< < 0: not given
    const char *tap, *channels, *window, *weighting, *scale; ///< NULL: not given
};

/// Those that every such verb has, --rate and --count; false after a message about wrong usage.
bool ch_frame_options_parse(struct ch_frame_options *out, const struct ch_invocation *inv);

/// Members of the params of `subscribe`, beside "topics".
void ch_frame_options_write(const struct ch_frame_options *options, struct ch_buf *params);

/// "topics":["NAME"]
void ch_write_topic(struct ch_buf *params, const char *name);

/// Frames of a topic as JSON, one a line; an exit code.
int ch_frames_print(const struct ch_invocation *inv, const char *topic,
                    const struct ch_frame_options *options);

#endif

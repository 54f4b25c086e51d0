// SPDX-License-Identifier: ISC
// client/view.h — the live pictures in the terminal.

#ifndef CH_CLIENT_VIEW_H
#define CH_CLIENT_VIEW_H

#include "client/args.h"
#include "client/frames.h"

/// They draw until a key or a signal ends them; an exit code.
int ch_view_spectrum(const struct ch_invocation *inv, const struct ch_frame_options *options);
int ch_view_meter(const struct ch_invocation *inv, const struct ch_frame_options *options);
int ch_view_stats(const struct ch_invocation *inv, const struct ch_frame_options *options);

#endif

// SPDX-License-Identifier: ISC
// client/png.h — what `--png FILE` writes: the equaliser's curve, a still of the spectrum.

#ifndef CH_CLIENT_PNG_H
#define CH_CLIENT_PNG_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "client/args.h"
#include "client/frames.h"
#include "client/plot.h"

/// --png and --size of a verb; *path is NULL if no picture is wanted.  False after a message about
/// wrong usage.
bool ch_png_options(const struct ch_invocation *inv, const char **path, struct ch_plot_size *size);

/// The answers of eq.get and eq.response; an exit code.
int ch_png_eq(const cJSON *eq, const cJSON *response, const char *path, struct ch_plot_size size);

/// Listen for a second (or options->count frames), then draw what stands there; an exit code.
int ch_png_spectrum(const struct ch_invocation *inv, const struct ch_frame_options *options,
                    const char *path, struct ch_plot_size size);

#endif

// SPDX-License-Identifier: ISC
// client/axis.h — where a frequency stands on a horizontal axis, and the numbers under it.

#ifndef CH_CLIENT_AXIS_H
#define CH_CLIENT_AXIS_H

#include <stdbool.h>

struct ch_axis {
    double min_hz, max_hz;
    bool linear; ///< otherwise logarithmic
    int n_columns;
};

/// 0 at min_hz, n_columns at max_hz.
double ch_axis_column(const struct ch_axis *axis, double hz);
/// The reverse.
double ch_axis_hz(const struct ch_axis *axis, double column);

/// n_columns characters and a terminator: "20", "100", "1k", … each centred on its frequency, as
/// many as fit with a space between.
void ch_axis_labels(const struct ch_axis *axis, char *out);

#endif

// SPDX-License-Identifier: ISC
// client/plot.h — levels over frequency as a PNG picture: axes in Hz and dB, bars, lines, marks.

#ifndef CH_CLIENT_PLOT_H
#define CH_CLIENT_PLOT_H

#include <stdbool.h>

enum ch_plot_style {
    CH_PLOT_BARS,  ///< from hz[i] to hz[i + 1], up from the bottom; hz has n + 1 elements
    CH_PLOT_STEPS, ///< the tops of such bars as a line
    CH_PLOT_LINE,  ///< through the points
    CH_PLOT_AREA,  ///< the same, filled to 0 dB
    CH_PLOT_DOTS
};

struct ch_plot_series {
    const char *name; ///< for the legend; NULL: none
    enum ch_plot_style style;
    int colour; ///< 0, 1, …
    int n;
    const double *hz, *db; ///< -INFINITY is below everything
};

#define CH_PLOT_SERIES_MAX 8

struct ch_plot {
    const char *title, *note; ///< above it, left and right; NULL: none
    double min_hz, max_hz;
    bool linear; ///< otherwise logarithmic
    double min_db, max_db;
    int n_series;
    struct ch_plot_series series[CH_PLOT_SERIES_MAX];
};

struct ch_plot_size {
    int width, height; ///< pixels
};

/// "1200x600"; false if it is none, or not 320x200 to 8192x8192.
bool ch_plot_size_parse(const char *text, struct ch_plot_size *out);

/// Write it to `path`, "-" being stdout; an exit code, after a message if it is an error.  What
/// was at `path` is replaced at once, or left as it was.
int ch_plot_write(const struct ch_plot *plot, struct ch_plot_size size, const char *path);

#endif

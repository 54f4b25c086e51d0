// SPDX-License-Identifier: ISC
// client/plot_without.c — in place of plot.c in a build without cairo's headers.

#include "client/plot.h"

#include "client/report.h"

bool
ch_plot_size_parse(const char *text, struct ch_plot_size *out)
{
    (void)text;
    *out = (struct ch_plot_size){0};
    return true;
}

int
ch_plot_write(const struct ch_plot *plot, struct ch_plot_size size, const char *path)
{
    (void)plot;
    (void)size;
    return ch_fail("UNAVAILABLE", "can't write %s: this chant was built without cairo", path);
}

// SPDX-License-Identifier: ISC
// client/png.c — the options that pictures share.

#include "client/png.h"

#include "client/report.h"

bool
ch_png_options(const struct ch_invocation *inv, const char **path, struct ch_plot_size *size)
{
    const char *text = ch_args_option(inv, "size");
    *path = ch_args_option(inv, "png");
    *size = (struct ch_plot_size){1200, 600};
    if (text && !*path) {
        ch_fail_usage(inv->command->name, "--size belongs to --png");
        return false;
    }
    if (text && !ch_plot_size_parse(text, size)) {
        ch_fail_usage(inv->command->name,
                      "--size takes a width and a height in pixels, 320x200 to 8192x8192, not '%s'",
                      text);
        return false;
    }
    return true;
}

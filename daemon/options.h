// SPDX-License-Identifier: ISC
// daemon/options.h — the command line of chantd.

#ifndef CH_OPTIONS_H
#define CH_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/log.h"

/// Strings are borrowed from argv.
struct ch_options {
    // the daemon
    const char *backend; ///< "auto", "jack", "null", "file"
    const char *device;  ///< NULL = default
    uint32_t rate_hz;    ///< 0 = default
    uint32_t period;     ///< frames; 0 = default
    const char *connect; ///< jack
    const char *socket;  ///< NULL = default
    uint32_t max_line;   ///< bytes of a request line
    double max_gain_db;  ///< no request sets more
    double max_restored_gain_db;
    const char *state; ///< where the sound is kept; NULL = default
    bool no_restore;   ///< begin with the defaults, and keep nothing
    enum ch_log_level log_level;

    // rendering
    const char *render_out; ///< NULL = be a daemon
    double gain_db;
    const char *eq; ///< file or preset; NULL = flat
    bool limiter;
    double ceiling_dbtp;   ///< of the limiter
    const char *format;    ///< "f32", "s16", "s24"; of backend file, too
    const char *dither;    ///< "auto", "on", "off"; likewise
    const char *of_render; ///< an option that was given and says nothing to a daemon; or NULL
    char **inputs;
    int n_inputs;
};

enum ch_options_verdict {
    CH_OPTIONS_RUN,
    CH_OPTIONS_DONE, ///< --help or --version has been answered
    CH_OPTIONS_BAD,  ///< said why on standard error
};

enum ch_options_verdict ch_options_parse(struct ch_options *options, int argc, char **argv);

#endif

// SPDX-License-Identifier: ISC
// daemon/options.h — the command line of chantd.

#ifndef CH_OPTIONS_H
#define CH_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/log.h"

/// At least as many as there are options.
#define CH_OPTIONS_GIVEN_MAX 48

/// Strings are borrowed from argv.
struct ch_options {
    // the daemon
    const char *backend; ///< "auto", "jack", "wasapi", "null", "file"
    const char *device;  ///< NULL = default
    uint32_t rate_hz;    ///< 0 = default
    uint32_t period;     ///< frames; 0 = default
    const char *connect; ///< jack
    bool exclusive;      ///< wasapi
    const char *socket;  ///< NULL = default
    uint32_t max_line;   ///< bytes of a request line
    double max_gain_db;  ///< no request sets more
    double max_restored_gain_db;
    const char *state; ///< where the sound is kept; NULL = default
    bool no_restore;   ///< begin with the defaults, and keep nothing
    enum ch_log_level log_level;
    const char *log_file; ///< NULL = standard error

    // a service of Windows; elsewhere nothing of it is ever set
    bool service_install, service_remove;
    bool service_run;         ///< by the service manager
    const char *service_user; ///< whose account; NULL = one without rights
    const char *allow_user; ///< who may connect besides its own account: a name, or when run a SID

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

    // what all of that was read from, each option once, by its full name
    struct {
        const char *name, *value; ///< value may be NULL
    } given[CH_OPTIONS_GIVEN_MAX];
    int n_given;
};

enum ch_options_verdict {
    CH_OPTIONS_RUN,
    CH_OPTIONS_DONE, ///< --help or --version has been answered
    CH_OPTIONS_BAD,  ///< said why on standard error
};

enum ch_options_verdict ch_options_parse(struct ch_options *options, int argc, char **argv);

#endif

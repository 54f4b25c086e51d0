// SPDX-License-Identifier: ISC
// daemon/main.c — options, then a daemon or a rendering, and its exit code.

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/control/daemon.h"
#include "daemon/options.h"
#include "daemon/render.h"
#include "daemon/service.h"
#include "system/console.h"

#define EXIT_USAGE 2

static int
be_a_daemon(const struct ch_options *options)
{
    // On the heap: a read buffer and the state of everything are too much for a stack.
    struct ch_daemon *daemon = malloc(sizeof *daemon);
    if (!daemon) {
        ch_error("out of memory");
        return EXIT_FAILURE;
    }
    int exit_code = EXIT_FAILURE;
    if (ch_daemon_init(daemon, options) == CH_OK) {
        exit_code = ch_daemon_run(daemon);
    }
    ch_daemon_fini(daemon);
    free(daemon);
    return exit_code;
}

static bool
begin_log(const struct ch_options *options)
{
    ch_log_set_level(options->log_level);
    // Who installs a service is not the one who will write its log.
    const bool is_ours = !options->service_install && !options->service_remove;
    if (is_ours && options->log_file && !ch_log_open(options->log_file)) {
        ch_error("--log-file=%s: %s", options->log_file, strerror(errno));
        return false;
    }
    return true;
}

int
main(int argc, char **argv)
{
    ch_sys_begin(&argc, &argv);
    struct ch_options options;
    switch (ch_options_parse(&options, argc, argv)) {
    case CH_OPTIONS_DONE:
        return EXIT_SUCCESS;
    case CH_OPTIONS_BAD:
        return EXIT_USAGE;
    case CH_OPTIONS_RUN:
        break;
    }
    if (!begin_log(&options)) {
        return EXIT_FAILURE;
    }
    int exit_code;
    if (ch_service_handles(&options, be_a_daemon, &exit_code)) {
        return exit_code;
    }
    return options.render_out ? ch_render(&options) : be_a_daemon(&options);
}

// SPDX-License-Identifier: ISC
// daemon/options_posix.c — no options of its own: a service is systemd's to install.

#include "daemon/options.h"
#include "daemon/options_platform.h"

const struct option ch_platform_options[] = {{NULL, 0, NULL, 0}};

const char ch_platform_usage[] = "";

const char ch_platform_socket_usage[] =
    "  --socket=PATH        where to listen (default $CHANT_SOCKET, else\n"
    "                       $XDG_RUNTIME_DIR/chant/chant.sock, else /run/chant/chant.sock)\n";

bool
ch_platform_option(struct ch_options *options, int option, const char *value)
{
    (void)options;
    (void)option;
    (void)value;
    return false;
}

bool
ch_platform_fits(struct ch_options *options)
{
    (void)options;
    return true;
}

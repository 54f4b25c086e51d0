// SPDX-License-Identifier: ISC
// daemon/options_posix.c — no options of its own: a service is systemd's to install.

#include "daemon/options.h"
#include "daemon/options_platform.h"

const struct option ch_platform_options[] = {{NULL, 0, NULL, 0}};

const char ch_platform_usage[] = "";

const char ch_platform_device_usage[] =
    "  --backend=NAME       auto (JACK if a server answers, else null), jack, null or file\n"
    "  --device=NAME        jack: the server's name; file: the WAV file to write\n"
    "  --rate=HZ            sample rate, 8000 to 384000 (default 48000; jack: the server's)\n"
    "  --period=FRAMES      frames a callback, 16 to 8192 (default 1024; jack: the server's)\n"
    "  --connect=WHAT       jack: auto (the first physical outputs), none, or a regular\n"
    "                       expression of port names\n";

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

// SPDX-License-Identifier: ISC
// daemon/options_win32.c — the options that make a service of the daemon.

#include <stdio.h>
#include <string.h>

#include "daemon/options.h"
#include "daemon/options_platform.h"

enum {
    OPT_INSTALL_SERVICE = CH_OPTIONS_PLATFORM,
    OPT_REMOVE_SERVICE,
    OPT_SERVICE,
    OPT_SERVICE_USER,
    OPT_ALLOW_USER,
};

const struct option ch_platform_options[] = {
    {"install-service", no_argument, NULL, OPT_INSTALL_SERVICE},
    {"remove-service", no_argument, NULL, OPT_REMOVE_SERVICE},
    {"service", no_argument, NULL, OPT_SERVICE},
    {"service-user", required_argument, NULL, OPT_SERVICE_USER},
    {"allow-user", required_argument, NULL, OPT_ALLOW_USER},
    {NULL, 0, NULL, 0},
};

const char ch_platform_usage[] =
    "The daemon as a service, as an administrator:\n"
    "  --install-service    start with Windows, with the other options given here; if it is there\n"
    "                       already, with these from now on\n"
    "  --service-user=NAME  as whom, which asks for a password (default: an account of its own)\n"
    "  --allow-user=NAME    who may connect besides (default: who installs)\n"
    "  --remove-service     stop it and remove it\n"
    "\n";

const char ch_platform_device_usage[] =
    "  --backend=NAME       auto (wasapi), wasapi, null or file\n"
    "  --device=NAME        wasapi: id or name of a device, see `chant devices` (default: the\n"
    "                       default device, whichever that is); file: the WAV file to write\n"
    "  --exclusive          wasapi: the device for ourselves, in its own format\n"
    "  --rate=HZ            sample rate, 8000 to 384000 (default 48000; wasapi: the device's)\n"
    "  --period=FRAMES      frames a callback, 16 to 8192 (default 1024; wasapi: the shortest\n"
    "                       that Windows allows, and never less than this)\n";

const char ch_platform_socket_usage[] =
    "  --socket=NAME        the pipe to listen at (default %CHANT_SOCKET%, else\n"
    "                       \\\\.\\pipe\\chant-SID with the user's SID)\n";

static bool
needs_name(const char *option, const char *value)
{
    if (!*value) {
        fprintf(stderr, "chantd: --%s=: must be the name of an account\n", option);
    }
    return *value;
}

bool
ch_platform_option(struct ch_options *options, int option, const char *value)
{
    switch (option) {
    case OPT_INSTALL_SERVICE:
        options->service_install = true;
        return true;
    case OPT_REMOVE_SERVICE:
        options->service_remove = true;
        return true;
    case OPT_SERVICE:
        options->service_run = true;
        return true;
    case OPT_SERVICE_USER:
        options->service_user = value;
        return needs_name("service-user", value);
    case OPT_ALLOW_USER:
        options->allow_user = value;
        return needs_name("allow-user", value);
    default:
        return false;
    }
}

static bool
wrong(const char *why)
{
    fprintf(stderr, "chantd: %s\n", why);
    return false;
}

bool
ch_platform_fits(struct ch_options *options)
{
    const int n = options->service_install + options->service_remove + options->service_run;
    if (n > 1) {
        return wrong("--install-service, --remove-service and --service exclude each other");
    }
    if (n && options->render_out) {
        return wrong("a service does not render");
    }
    if (options->service_user && !options->service_install) {
        return wrong("--service-user belongs to --install-service");
    }
    if (options->allow_user && !options->service_install && !options->service_run) {
        return wrong("--allow-user belongs to --install-service");
    }
    if (options->service_remove && options->n_given > 1) {
        return wrong("--remove-service takes no other options");
    }
    return true;
}

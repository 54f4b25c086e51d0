// SPDX-License-Identifier: ISC
// daemon/options_platform.h — what the command line has on one system and not on the other.

#ifndef CH_OPTIONS_PLATFORM_H
#define CH_OPTIONS_PLATFORM_H

#include <getopt.h>
#include <stdbool.h>

struct ch_options;

/// The first value of `struct option` for them.
#define CH_OPTIONS_PLATFORM     512
#define CH_OPTIONS_PLATFORM_MAX 8

/// As getopt_long() wants them; ended by an entry without a name.
extern const struct option ch_platform_options[];

/// Their part of --help, between that of the daemon and that of rendering; what there is to play
/// to; where the socket is.
extern const char ch_platform_usage[];
extern const char ch_platform_device_usage[];
extern const char ch_platform_socket_usage[];

/// Take one of them; false, and the reason on standard error, if its value is none.
bool ch_platform_option(struct ch_options *options, int option, const char *value);

/// Whether what was given fits together, and makes it so; false, and the reason on standard error,
/// if it does not.
bool ch_platform_fits(struct ch_options *options);

#endif

// SPDX-License-Identifier: ISC
// client/cmd_loudness.h — the two halves of `chant loudness`.

#ifndef CH_CLIENT_CMD_LOUDNESS_H
#define CH_CLIENT_CMD_LOUDNESS_H

#include <cjson/cJSON.h>

#include "client/args.h"

/// `chant loudness scan WORDS...`; an exit code.
int ch_scan_loudness(const struct ch_invocation *inv, char *const *words, int n_words);

/// The settings and what they do now, in one line.
void ch_print_loudness_line(const cJSON *loudness);

#endif

// SPDX-License-Identifier: ISC
// client/eq_picture.h — the equaliser for people: a line, a table, a curve.

#ifndef CH_CLIENT_EQ_PICTURE_H
#define CH_CLIENT_EQ_PICTURE_H

#include <cjson/cJSON.h>

#include "protocol/json.h"

void ch_eq_print_summary(const cJSON *eq);
void ch_eq_print_bands(const cJSON *eq);

/// What could not be used of a text of another program, on stderr, each on a line of its own with
/// `path` in front.  Returns how many.
int ch_eq_warn_of_ignored(const cJSON *result, const char *path);

/// Write the params of eq.response for so many points, 4096 at most; 0: for the curve below.
void ch_eq_ask_curve(struct ch_buf *params, int n_points);
/// Draw its answer; an exit code.
int ch_eq_print_curve(const cJSON *response);

#endif

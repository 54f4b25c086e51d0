// SPDX-License-Identifier: ISC
// client/stats_lines.h — the daemon's statistics as lines: name, number, unit, bar, the rest.
//
// Made once, shown twice: in words by `chant stats --once`, and live with the bars drawn.

#ifndef CH_CLIENT_STATS_LINES_H
#define CH_CLIENT_STATS_LINES_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#define CH_STATS_LINES_MAX   24
#define CH_STATS_NAME_BYTES  12
#define CH_STATS_VALUE_BYTES 24
#define CH_STATS_UNIT_BYTES  8

struct ch_stats_line {
    char name[CH_STATS_NAME_BYTES];
    char value[CH_STATS_VALUE_BYTES]; ///< "-": not known
    char unit[CH_STATS_UNIT_BYTES];   ///< may be empty
    double part;                      ///< of its whole, 0…1 or more, for a bar; NAN: has none
    double danger;                    ///< of that part: 0 calm … 1 as bad as it gets
    bool alarm;                       ///< something is or was missed
    bool group;                       ///< begins one
    char rest[160];                   ///< may be empty; safe for a terminal
};

/// The facts of `stats`, an answer of server.stats or a frame of the topic rt.
///
/// @param now_ns CLOCK_MONOTONIC, which is the daemon's as well
/// @return their number, at most CH_STATS_LINES_MAX
int ch_stats_lines(const cJSON *stats, double now_ns, struct ch_stats_line *lines);

/// Print them, without the bars.
void ch_stats_print(const cJSON *stats);

#endif

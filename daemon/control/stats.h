// SPDX-License-Identifier: ISC
// daemon/control/stats.h — what the daemon knows of how well it runs, as JSON.               [main]

#ifndef CH_CONTROL_STATS_H
#define CH_CONTROL_STATS_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/lockfree/histogram.h"
#include "protocol/json.h"

struct ch_daemon;

/// The members of server.stats, into an open object; `run` is a fresh copy of the callback's times.
void ch_stats_write_members(struct ch_daemon *daemon, const struct ch_histogram_copy *run,
                            struct ch_buf *buf);

/// "histogram": the buckets that are not empty, as [low_us, high_us, count].
void ch_stats_write_histogram(struct ch_buf *buf, const struct ch_histogram_copy *times);

/// "recent": what was counted in the last interval_s.
void ch_stats_write_recent(struct ch_buf *buf, const struct ch_histogram_copy *times,
                           double interval_s);

#endif

// SPDX-License-Identifier: ISC
// client/stats_prometheus.h — the daemon's statistics for Prometheus.

#ifndef CH_CLIENT_STATS_PROMETHEUS_H
#define CH_CLIENT_STATS_PROMETHEUS_H

#include <cjson/cJSON.h>

/// Print `stats`, the answer of server.stats with its histogram, in the text format 0.0.4.  What is
/// not known has no metric.
void ch_stats_print_prometheus(const cJSON *stats);

#endif

// SPDX-License-Identifier: ISC
// daemon/control/rt_watch.h — topic `rt`: the statistics, again and again.          [main]
//
// There is no worker and no tap behind it: one timer on the loop reads what [rt] leaves behind.  It
// exists while somebody watches and the device runs; while the device stands nothing changes, so
// after one frame that says so nothing is sent.

#ifndef CH_CONTROL_RT_WATCH_H
#define CH_CONTROL_RT_WATCH_H

#include <stdint.h>
#include <uv.h>

#include "daemon/lockfree/histogram.h"

struct ch_daemon;

/// One subscription's.
struct ch_rt_watch {
    uint64_t interval_ns;
    uint64_t due_ns;               ///< of the next frame; 0 = none is
    uint64_t last_ns;              ///< when `last` was taken
    struct ch_histogram_copy last; ///< the callback's times then: frames tell the difference
};

struct ch_rt_watches {
    uv_timer_t timer;
};

void ch_rt_watches_init(struct ch_daemon *daemon);

/// NULL without memory; it sends nothing before ch_rt_watch_begin().
struct ch_rt_watch *ch_rt_watch_create(struct ch_daemon *daemon, double rate_hz);
void ch_rt_watch_destroy(struct ch_rt_watch *watch);

/// Its subscription has been answered.
void ch_rt_watch_begin(struct ch_daemon *daemon, struct ch_rt_watch *watch);

/// The device has been started, stopped, lost or found.
void ch_rt_watches_wake(struct ch_daemon *daemon);

#endif

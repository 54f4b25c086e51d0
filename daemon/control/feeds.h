// SPDX-License-Identifier: ISC
// daemon/control/feeds.h — attaches taps and the analyser while somebody watches.            [main]

#ifndef CH_CONTROL_FEEDS_H
#define CH_CONTROL_FEEDS_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "daemon/analysis/analyser.h"
#include "daemon/lockfree/tap.h"

struct ch_daemon;

struct ch_feeds {
    struct ch_analyser *analyser; ///< NULL while nobody watches
    bool flowing;
    uv_timer_t turn; ///< when [main] has analyses of its own to run
    struct ch_feed_tap {
        struct ch_tap *tap; ///< [rt] writes it; NULL = none
        uint32_t n_users;
        bool leaving; ///< asked back from [rt]
    } taps[CH_TAP_POINTS];
};

void ch_feeds_init(struct ch_daemon *daemon);

/// Start (or share) an analysis; see analyser.h.  On failure *why is a phrase.
CH_NODISCARD enum ch_status ch_feeds_add_spectrum(struct ch_daemon *daemon,
                                                  const struct ch_spectrum_spec *spec,
                                                  uint32_t *analysis, char **description,
                                                  const char **why);
CH_NODISCARD enum ch_status
ch_feeds_add_meter(struct ch_daemon *daemon, const struct ch_meter_spec *spec, uint32_t *analysis);
void ch_feeds_remove(struct ch_daemon *daemon, uint32_t analysis, enum ch_tap_point tap);

/// Sound flows, or nothing does any more.
void ch_feeds_set_flowing(struct ch_daemon *daemon, bool flowing);
bool ch_feeds_flowing(const struct ch_daemon *daemon);
void ch_feeds_set_rate(struct ch_daemon *daemon, uint32_t rate_hz);

/// Meters integrate anew.
void ch_feeds_reset_meters(struct ch_daemon *daemon);

void ch_feeds_on_tap_released(struct ch_daemon *daemon, struct ch_tap *tap,
                              enum ch_tap_point point);
/// The analyser has frames.
void ch_feeds_poll(struct ch_daemon *daemon);

/// The latest frame of an analysis: none comes as long as nothing changes, so whoever does not have
/// it is given it.  Borrowed; NULL = none yet.
const struct ch_frame *ch_feeds_latest_frame(const struct ch_daemon *daemon, uint32_t analysis);

/// The callback stands: take everything back and free it.
void ch_feeds_fini(struct ch_daemon *daemon);

#endif

// SPDX-License-Identifier: ISC
// client/durations.h — counts of durations: taken from frames, added up, drawn over a log axis.

#ifndef CH_CLIENT_DURATIONS_H
#define CH_CLIENT_DURATIONS_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "client/term.h"

/// More than the daemon has between a nanosecond and an hour.
#define CH_DURATIONS_BUCKETS_MAX 768

struct ch_durations {
    int n; ///< ascending, not empty
    struct ch_durations_bucket {
        double low_us, high_us, count;
    } buckets[CH_DURATIONS_BUCKETS_MAX];
};

void ch_durations_clear(struct ch_durations *h);
/// Add [[low_us,high_us,count],…]; what isn't such a triple is left out.
void ch_durations_add_json(struct ch_durations *h, const cJSON *buckets);
void ch_durations_add(struct ch_durations *h, const struct ch_durations *other);
double ch_durations_total(const struct ch_durations *h);

struct ch_durations_axis {
    double min_us, max_us; ///< logarithmic between
    double mark_us;        ///< a line across, named "period"; NAN: none
    bool linear_counts;    ///< else logarithmic, so that one of a million is still seen
};

/// An axis that holds all of `h` and the mark, from and to a round number.
void ch_durations_fit(const struct ch_durations *h, double mark_us, struct ch_durations_axis *axis);

/// Bars with the numbers of the axis in the last line; nothing where there is no room for both.
void ch_durations_draw(const struct ch_durations *h, const struct ch_durations_axis *axis,
                       struct ch_rect room);

#endif

// SPDX-License-Identifier: ISC
// daemon/lockfree/histogram.c — reading histograms; adding to them is inline in the header.

#include "daemon/lockfree/histogram.h"

#include <math.h>

void
ch_histogram_init(struct ch_histogram *histogram)
{
    atomic_init(&histogram->sum, 0);
    atomic_init(&histogram->max, 0);
    for (uint32_t i = 0; i < CH_HISTOGRAM_BUCKETS; i++) {
        atomic_init(&histogram->counts[i], 0);
    }
}

uint64_t
ch_histogram_low(uint32_t bucket)
{
    if (bucket < CH_HISTOGRAM_SUBS) {
        return bucket;
    }
    const uint32_t shift = bucket / CH_HISTOGRAM_SUBS - 1;
    return (uint64_t)(bucket % CH_HISTOGRAM_SUBS + CH_HISTOGRAM_SUBS) << shift;
}

uint64_t
ch_histogram_high(uint32_t bucket)
{
    return bucket + 1 < CH_HISTOGRAM_BUCKETS ? ch_histogram_low(bucket + 1) - 1 : UINT64_MAX;
}

// Without values: 0, for no max can be below it.
static uint32_t
highest_bucket(const struct ch_histogram_copy *copy)
{
    uint32_t bucket = CH_HISTOGRAM_BUCKETS - 1;
    while (bucket > 0 && !copy->counts[bucket]) {
        bucket--;
    }
    return bucket;
}

void
ch_histogram_read(struct ch_histogram *histogram, struct ch_histogram_copy *copy)
{
    copy->n = 0;
    for (uint32_t i = 0; i < CH_HISTOGRAM_BUCKETS; i++) {
        copy->counts[i] = ch_counter_read(&histogram->counts[i]);
        copy->n += copy->counts[i];
    }
    copy->sum = ch_counter_read(&histogram->sum);
    copy->max = ch_counter_read(&histogram->max);
    // Relaxed stores may be seen in any order: a count may be there before its max.
    const uint32_t highest = highest_bucket(copy);
    if (copy->max < ch_histogram_low(highest)) {
        copy->max = ch_histogram_high(highest);
    }
}

void
ch_histogram_between(const struct ch_histogram_copy *earlier, const struct ch_histogram_copy *later,
                     struct ch_histogram_copy *out)
{
    out->n = 0;
    for (uint32_t i = 0; i < CH_HISTOGRAM_BUCKETS; i++) {
        out->counts[i] = later->counts[i] - earlier->counts[i];
        out->n += out->counts[i];
    }
    out->sum = later->sum - earlier->sum;
    out->max = ch_histogram_high(highest_bucket(out));
    if (out->max > later->max) {
        out->max = later->max;
    }
}

uint64_t
ch_histogram_quantile(const struct ch_histogram_copy *copy, double fraction)
{
    // The nearest rank: the smallest value with at least that share of all at or below it.
    double rank = ceil(fraction * (double)copy->n);
    rank = rank < 1.0 ? 1.0 : rank;
    uint64_t below = 0;
    for (uint32_t i = 0; i < CH_HISTOGRAM_BUCKETS; i++) {
        below += copy->counts[i];
        if (copy->counts[i] && (double)below >= rank) {
            const uint64_t high = ch_histogram_high(i);
            return high < copy->max ? high : copy->max;
        }
    }
    return copy->n ? copy->max : 0;
}

double
ch_histogram_mean(const struct ch_histogram_copy *copy)
{
    if (!copy->n) {
        return 0.0;
    }
    const double mean = (double)copy->sum / (double)copy->n;
    return mean < (double)copy->max ? mean : (double)copy->max;
}

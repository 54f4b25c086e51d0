// SPDX-License-Identifier: ISC
// daemon/lockfree/histogram.h — how often which duration: one writer, any readers, no waiting.
//
// Each power of two is divided into 16 buckets of equal width, so a value is known to 1/16 wherever
// it lies, from 1 ns to centuries, in 8 KiB; values below 32 are exact.  The writer adds by relaxed
// loads and stores, as nobody else writes.  A reader that looks meanwhile may miss the value just
// being added, never more; what it then computes is from its own copy.

#ifndef CH_LOCKFREE_HISTOGRAM_H
#define CH_LOCKFREE_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

#include "daemon/base/attributes.h"
#include "daemon/lockfree/counter.h"

#define CH_HISTOGRAM_SUB_BITS 4
#define CH_HISTOGRAM_SUBS     (1u << CH_HISTOGRAM_SUB_BITS)
/// Values below CH_HISTOGRAM_SUBS have a bucket each; then 16 for each power of two up to 2^63.
#define CH_HISTOGRAM_BUCKETS ((64 - CH_HISTOGRAM_SUB_BITS + 1) * CH_HISTOGRAM_SUBS)

struct ch_histogram {
    _Atomic uint64_t sum; ///< of the values
    _Atomic uint64_t max;
    _Atomic uint64_t counts[CH_HISTOGRAM_BUCKETS];
};

/// What a reader has seen.
struct ch_histogram_copy {
    uint64_t n; ///< values: the sum of all counts
    uint64_t sum, max;
    uint64_t counts[CH_HISTOGRAM_BUCKETS];
};

/// The bucket of a value.
CH_RT static inline uint32_t
ch_histogram_bucket(uint64_t value)
{
    if (value < CH_HISTOGRAM_SUBS) {
        return (uint32_t)value;
    }
    const uint32_t shift = 63u - (uint32_t)__builtin_clzll(value) - CH_HISTOGRAM_SUB_BITS;
    return shift * CH_HISTOGRAM_SUBS + (uint32_t)(value >> shift);
}

/// Count one value.                                                                        [writer]
CH_RT static inline void
ch_histogram_add(struct ch_histogram *histogram, uint64_t value)
{
    ch_counter_add(&histogram->sum, value);
    if (value > ch_counter_read(&histogram->max)) {
        ch_counter_set(&histogram->max, value);
    }
    ch_counter_add(&histogram->counts[ch_histogram_bucket(value)], 1);
}

// --- for readers: off [rt] -----------------------------------------------------------------------

/// Nothing counted yet.                                                                     [setup]
void ch_histogram_init(struct ch_histogram *histogram);

/// The smallest and the largest value of a bucket.
uint64_t ch_histogram_low(uint32_t bucket);
uint64_t ch_histogram_high(uint32_t bucket);

/// What has been counted so far.                                                              [any]
void ch_histogram_read(struct ch_histogram *histogram, struct ch_histogram_copy *copy);

/// What was counted between two copies of one histogram, the earlier first.  Its max is known to
/// one bucket only.
void ch_histogram_between(const struct ch_histogram_copy *earlier,
                          const struct ch_histogram_copy *later, struct ch_histogram_copy *out);

/// The value that `fraction` (0…1) of all values do not exceed: the upper end of its bucket, so at
/// most 1/16 too much, and never above the max.  0 without values.
uint64_t ch_histogram_quantile(const struct ch_histogram_copy *copy, double fraction);

/// 0 without values.
double ch_histogram_mean(const struct ch_histogram_copy *copy);

#endif

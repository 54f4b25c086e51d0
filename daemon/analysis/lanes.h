// SPDX-License-Identifier: ISC
// daemon/analysis/lanes.h — four floats at a time, by the vector types of gcc and clang.
//
// The two inner loops of a spectrum are sums that compilers may not reorder by themselves.

#ifndef CH_ANALYSIS_LANES_H
#define CH_ANALYSIS_LANES_H

#include <string.h>

#define CH_LANES 4

typedef float ch_lanes __attribute__((vector_size(CH_LANES * sizeof(float))));

/// From any address.
static inline ch_lanes
ch_lanes_load(const float *from)
{
    ch_lanes lanes;
    memcpy(&lanes, from, sizeof lanes);
    return lanes;
}

static inline ch_lanes
ch_lanes_fill(float value)
{
    return (ch_lanes){value, value, value, value};
}

static inline float
ch_lanes_sum(ch_lanes lanes)
{
    return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
}

#endif

// SPDX-License-Identifier: ISC
// bench/tricks.h — work that was prepared, and the same work done each time; ns of one.

#ifndef CH_BENCH_TRICKS_H
#define CH_BENCH_TRICKS_H

#include <stdint.h>

/// Take a block of so many bytes, write to each of its pages, give it back.
double bench_blocks_from_pool(uint32_t bytes, uint32_t n_times);
double bench_blocks_from_heap(uint32_t bytes, uint32_t n_times);

/// 64 logarithmic bands of a transform of 4096, by a map made before, or worked out on the way.
double bench_bands_mapped(uint32_t n_times);
double bench_bands_on_the_way(uint32_t n_times);

#endif

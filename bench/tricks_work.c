// SPDX-License-Identifier: ISC
// bench/tricks_work.c — pools and maps made beforehand, and the same made each time.

#include "bench/tricks.h"

#include <math.h>
#include <stdlib.h>

#include "bench/bench.h"
#include "daemon/dsp/bandmap.h"

// --- a block from a pool, or from the heap ------------------------------------------------------

#define POOL_BLOCKS 8

struct pool {
    void *block[POOL_BLOCKS];
    uint32_t n_free;
};

/// What is done with a block: every page of it is written once.
static void
use(void *block, uint32_t bytes)
{
    for (uint32_t at = 0; at < bytes; at += 4096) {
        *((volatile char *)block + at) = 1;
    }
}

double
bench_blocks_from_pool(uint32_t bytes, uint32_t n_times)
{
    struct pool pool = {.n_free = POOL_BLOCKS};
    for (uint32_t i = 0; i < POOL_BLOCKS; i++) {
        pool.block[i] = malloc(bytes);
        if (!pool.block[i]) {
            bench_fail("no memory");
        }
        use(pool.block[i], bytes);
    }
    const uint64_t began = bench_now_ns();
    for (uint32_t i = 0; i < n_times; i++) {
        void *block = pool.block[--pool.n_free];
        use(block, bytes);
        pool.block[pool.n_free++] = block;
        bench_clobber();
    }
    const uint64_t ended = bench_now_ns();
    for (uint32_t i = 0; i < POOL_BLOCKS; i++) {
        free(pool.block[i]);
    }
    return (double)(ended - began) / n_times;
}

double
bench_blocks_from_heap(uint32_t bytes, uint32_t n_times)
{
    const uint64_t began = bench_now_ns();
    for (uint32_t i = 0; i < n_times; i++) {
        void *block = malloc(bytes);
        if (!block) {
            bench_fail("no memory");
        }
        use(block, bytes);
        free(block);
        bench_clobber();
    }
    return (double)(bench_now_ns() - began) / n_times;
}

// --- which bins are in which band ---------------------------------------------------------------

#define N_FFT   4096
#define N_BANDS 64
#define RATE_HZ 48000
#define LOW_HZ  30.0
#define HIGH_HZ 16000.0

static const float *
power_of_noise(void)
{
    static float power[N_FFT / 2 + 1];
    if (power[0] == 0.0f) {
        for (uint32_t i = 0; i <= N_FFT / 2; i++) {
            power[i] = 1.0f + 0.5f * sinf((float)i);
        }
    }
    return power;
}

double
bench_bands_mapped(uint32_t n_times)
{
    struct ch_bandmap *map;
    float bands[N_BANDS];
    if (ch_bandmap_create(&map, CH_SCALE_LOG, N_BANDS, LOW_HZ, HIGH_HZ, N_FFT, RATE_HZ) != CH_OK) {
        bench_fail("no band map");
    }
    const float *power = power_of_noise();
    const uint64_t began = bench_now_ns();
    for (uint32_t i = 0; i < n_times; i++) {
        ch_bandmap_apply(map, power, bands);
        bench_clobber();
    }
    const uint64_t ended = bench_now_ns();
    ch_bandmap_destroy(map);
    return (double)(ended - began) / n_times;
}

/// The same sum with edges and shares worked out on the way: bin k is the cell k ± 1/2.
static float
band_on_the_way(const float *power, uint32_t band)
{
    const double bin_hz = (double)RATE_HZ / N_FFT;
    const double octaves = log2(HIGH_HZ / LOW_HZ) / N_BANDS;
    const double lo = LOW_HZ * exp2(octaves * band) / bin_hz;
    const double hi = LOW_HZ * exp2(octaves * (band + 1)) / bin_hz;
    float sum = 0.0f;
    for (uint32_t k = (uint32_t)(lo + 0.5); (double)k - 0.5 < hi && k <= N_FFT / 2; k++) {
        const double from = fmax(lo, (double)k - 0.5), to = fmin(hi, (double)k + 0.5);
        sum += power[k] * (float)(to - from);
    }
    return sum;
}

double
bench_bands_on_the_way(uint32_t n_times)
{
    float bands[N_BANDS];
    const float *power = power_of_noise();
    const uint64_t began = bench_now_ns();
    for (uint32_t i = 0; i < n_times; i++) {
        for (uint32_t b = 0; b < N_BANDS; b++) {
            bands[b] = band_on_the_way(power, b);
        }
        __asm__ volatile("" : : "r"(bands) : "memory");
    }
    return (double)(bench_now_ns() - began) / n_times;
}

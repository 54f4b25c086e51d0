// SPDX-License-Identifier: ISC
// tests/traps/ownership.c — what [rt] was lent has been destroyed by the end of the program.
//
// The linker's --wrap puts these counts around the makers and destroyers of PCM rings and taps, so
// that the code under test is the code that is released.  A program that ends with something left
// says so and aborts.

#include "tests/traps/ownership.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/lockfree/tap.h"

struct ch_pcm_ring *__real_ch_pcm_ring_create(uint32_t n_frames);
void __real_ch_pcm_ring_destroy(struct ch_pcm_ring *pcm);
struct ch_tap *__real_ch_tap_create(uint32_t n_frames);
void __real_ch_tap_destroy(struct ch_tap *tap);

struct ch_pcm_ring *__wrap_ch_pcm_ring_create(uint32_t n_frames);
void __wrap_ch_pcm_ring_destroy(struct ch_pcm_ring *pcm);
struct ch_tap *__wrap_ch_tap_create(uint32_t n_frames);
void __wrap_ch_tap_destroy(struct ch_tap *tap);

/// Only where the trap library is linked.
__attribute__((weak)) _Noreturn void ch_trap_report(const char *what);

static _Atomic int64_t n_pcm_rings, n_taps;

struct ch_pcm_ring *
__wrap_ch_pcm_ring_create(uint32_t n_frames)
{
    struct ch_pcm_ring *pcm = __real_ch_pcm_ring_create(n_frames);
    n_pcm_rings += pcm != NULL;
    return pcm;
}

void
__wrap_ch_pcm_ring_destroy(struct ch_pcm_ring *pcm)
{
    n_pcm_rings -= pcm != NULL;
    __real_ch_pcm_ring_destroy(pcm);
}

struct ch_tap *
__wrap_ch_tap_create(uint32_t n_frames)
{
    struct ch_tap *tap = __real_ch_tap_create(n_frames);
    n_taps += tap != NULL;
    return tap;
}

void
__wrap_ch_tap_destroy(struct ch_tap *tap)
{
    n_taps -= tap != NULL;
    __real_ch_tap_destroy(tap);
}

int64_t
ch_owned_pcm_rings(void)
{
    return n_pcm_rings;
}

int64_t
ch_owned_taps(void)
{
    return n_taps;
}

__attribute__((destructor)) static void
check(void)
{
    if (n_pcm_rings == 0 && n_taps == 0) {
        return;
    }
    char what[128];
    snprintf(what, sizeof what, "%" PRId64 " PCM rings and %" PRId64 " taps left at exit",
             (int64_t)n_pcm_rings, (int64_t)n_taps);
    if (ch_trap_report) {
        ch_trap_report(what);
    }
    fprintf(stderr, "%s\n", what);
    abort();
}

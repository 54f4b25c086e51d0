// SPDX-License-Identifier: ISC
// daemon/lockfree/tap_create.c — allocation of taps.                                       [setup]

#include <stdlib.h>
#include <string.h>

#include "daemon/lockfree/tap.h"

struct ch_tap *
ch_tap_create(uint32_t n_frames)
{
    struct ch_tap *tap = calloc(1, sizeof *tap);
    if (!tap) {
        return NULL;
    }
    tap->pcm = ch_pcm_ring_create(n_frames);
    if (!tap->pcm) {
        free(tap);
        return NULL;
    }
    // [rt] is the first to write here, and must not meet a page that is not there yet.
    memset(tap->pcm->ring.storage, 0,
           (size_t)tap->pcm->ring.capacity * sizeof(struct ch_pcm_frame));
    atomic_init(&tap->first_frame, 0);
    atomic_init(&tap->n_dropped, 0);
    return tap;
}

void
ch_tap_destroy(struct ch_tap *tap)
{
    if (tap) {
        ch_pcm_ring_destroy(tap->pcm);
        free(tap);
    }
}

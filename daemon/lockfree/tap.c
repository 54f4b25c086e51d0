// SPDX-License-Identifier: ISC
// daemon/lockfree/tap.c — [rt] interleaves a block into the tap, or drops and counts it.

#include "daemon/lockfree/tap.h"

CH_RT static void
interleave(struct ch_pcm_frame *out, const float *left, const float *right, uint32_t n_frames)
{
    for (uint32_t i = 0; i < n_frames; i++) {
        out[i].left = left[i];
        out[i].right = right[i];
    }
}

CH_RT void
ch_tap_write(struct ch_tap *tap, uint64_t frame, const float *left, const float *right,
             uint32_t n_frames)
{
    struct ch_span span;
    if (!tap->started) {
        tap->started = true;
        atomic_store_explicit(&tap->first_frame, frame, memory_order_relaxed);
    }
    if (!ch_ring_reserve(&tap->pcm->ring, n_frames, &span)) {
        atomic_fetch_add_explicit(&tap->n_dropped, n_frames, memory_order_relaxed);
        return;
    }
    interleave(span.data[0], left, right, span.n[0]);
    interleave(span.data[1], left + span.n[0], right + span.n[0], span.n[1]);
    ch_ring_commit(&tap->pcm->ring, n_frames);
}

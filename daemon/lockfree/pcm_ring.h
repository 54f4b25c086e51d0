// SPDX-License-Identifier: ISC
// daemon/lockfree/pcm_ring.h — decoded sound on its way from a [worker] to [rt].
//
// A ring whose element is one interleaved stereo frame of float, and a mark that says that no more
// will come.  Header and storage are one allocation; the side that created it destroys it, after
// [rt] has given it back.

#ifndef CH_LOCKFREE_PCM_RING_H
#define CH_LOCKFREE_PCM_RING_H

#include "daemon/lockfree/ring.h"

struct ch_pcm_frame {
    float left, right;
};

struct ch_pcm_ring {
    struct ch_ring ring;    ///< of struct ch_pcm_frame; the worker produces, [rt] consumes
    _Atomic uint32_t ended; ///< 1 once the last frame is in
};

/// n_frames is rounded up to a power of two.  NULL without memory.                         [setup]
struct ch_pcm_ring *ch_pcm_ring_create(uint32_t n_frames);
void ch_pcm_ring_destroy(struct ch_pcm_ring *pcm);

/// No frame follows those committed so far.                                            [producer]
static inline void
ch_pcm_ring_end(struct ch_pcm_ring *pcm)
{
    atomic_store_explicit(&pcm->ended, 1, memory_order_release);
}

/// Frames that can be read, and whether they are the last ones.                        [consumer]
CH_RT static inline uint32_t
ch_pcm_ring_available(struct ch_pcm_ring *pcm, bool *ended)
{
    // `ended` first: if it is seen, then so are all frames before it.
    *ended = atomic_load_explicit(&pcm->ended, memory_order_acquire) != 0;
    return ch_ring_read_space(&pcm->ring);
}

#endif

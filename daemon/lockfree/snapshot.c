// SPDX-License-Identifier: ISC
// daemon/lockfree/snapshot.c — setting up a snapshot; its work is inline in the header.

#include "daemon/lockfree/snapshot.h"

#include <assert.h>

void
ch_snapshot_init(struct ch_snapshot *snapshot, uint32_t bytes)
{
    assert(bytes % 8 == 0 && bytes / 8 <= CH_SNAPSHOT_WORDS_MAX);
    atomic_init(&snapshot->seq, 0);
    snapshot->n_words = bytes / 8;
    for (uint32_t i = 0; i < CH_SNAPSHOT_WORDS_MAX; i++) {
        atomic_init(&snapshot->words[i], 0);
    }
}

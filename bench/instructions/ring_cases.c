// SPDX-License-Identifier: ISC
// bench/instructions/ring_cases.c — rings, snapshots and taps; both ends on one thread.

#include <string.h>

#include "bench/instructions/cases.h"
#include "daemon/engine/messages.h"
#include "daemon/lockfree/ring.h"
#include "daemon/lockfree/snapshot.h"
#include "daemon/lockfree/tap.h"

#define CAPACITY 4096

static struct ch_ring ring;
static float storage[CAPACITY], in[CAPACITY], out[CAPACITY];
static uint32_t size;

// --- rings -------------------------------------------------------------------------------------

static void
set_up_ring(const struct ch_case *c)
{
    size = c->size;
    ch_case_noise(in, CAPACITY, 1.0f, 1);
    // From an index near 2^32, with which it is no longer a multiple of any size.
    CASE_MUST(ch_ring_init_at(&ring, storage, CAPACITY, sizeof *storage, UINT32_MAX - 1000));
}

static void
write_read(void)
{
    for (uint32_t i = 0; i < CASE_OPS; i++) {
        CASE_MUST(ch_ring_write(&ring, in, size));
        CASE_MUST(ch_ring_read(&ring, out, size));
    }
}

// Many in, then many out, as a callback finds them: only the first asks where the other side is.
static void
bursts(void)
{
    for (uint32_t i = 0; i < CASE_OPS; i++) {
        CASE_MUST(ch_ring_write(&ring, in, size));
    }
    for (uint32_t i = 0; i < CASE_OPS; i++) {
        CASE_MUST(ch_ring_read(&ring, out, size));
    }
}

// Without the copies: what it costs to find the place and to hand it over.
static void
reserve_commit(void)
{
    for (uint32_t i = 0; i < CASE_OPS; i++) {
        struct ch_span span;
        CASE_MUST(ch_ring_reserve(&ring, size, &span));
        ch_ring_commit(&ring, size);
        CASE_MUST(ch_ring_peek(&ring, size, &span));
        ch_ring_release(&ring, size);
    }
}

// --- snapshots ---------------------------------------------------------------------------------

static struct ch_snapshot snapshot;
static struct ch_engine_state state;

static void
set_up_snapshot(const struct ch_case *c)
{
    (void)c;
    memset(&state, 1, sizeof state);
    ch_snapshot_init(&snapshot, sizeof state);
    ch_snapshot_publish(&snapshot, &state);
}

static void
publish(void)
{
    for (uint32_t i = 0; i < CASE_OPS; i++) {
        ch_snapshot_publish(&snapshot, &state);
    }
}

static void
read_latest(void)
{
    for (uint32_t i = 0; i < CASE_OPS; i++) {
        ch_snapshot_read(&snapshot, &state);
    }
}

// --- taps --------------------------------------------------------------------------------------

static struct ch_tap *tap;

static void
set_up_tap(const struct ch_case *c)
{
    size = c->size;
    tap = ch_tap_create(CAPACITY);
    CASE_MUST(tap);
}

static void
empty_tap(uint32_t i)
{
    (void)i;
    ch_ring_release(&tap->pcm->ring, ch_ring_read_space(&tap->pcm->ring));
}

static void
write_tap(void)
{
    ch_tap_write(tap, 0, in, out, size);
}

static void
tear_down_tap(void)
{
    ch_tap_destroy(tap);
}

#define RING(title, work, n)                                                                       \
    {                                                                                              \
        .name = "ring/" title "-" #n, .set_up = set_up_ring, .run = work, .size = n,               \
        .n_ops = CASE_OPS, .n_warm = 100, .n_runs = 100                                            \
    }

const struct ch_case ch_cases_ring[] = {
    RING("write-read", write_read, 1),
    RING("write-read", write_read, 64),
    RING("write-read", write_read, 256),
    RING("write-read", write_read, 1024),
    RING("bursts", bursts, 1),
    RING("reserve-commit", reserve_commit, 1),
    RING("reserve-commit", reserve_commit, 1024),
    {.name = "snapshot/publish",
     .set_up = set_up_snapshot,
     .run = publish,
     .n_ops = CASE_OPS,
     .n_warm = 1,
     .n_runs = 10},
    {.name = "snapshot/read",
     .set_up = set_up_snapshot,
     .run = read_latest,
     .n_ops = CASE_OPS,
     .n_warm = 1,
     .n_runs = 10},
    {.name = "tap/write-64",
     .set_up = set_up_tap,
     .before = empty_tap,
     .run = write_tap,
     .tear_down = tear_down_tap,
     .size = 64,
     .n_ops = 1,
     .n_warm = 10,
     .n_runs = 100},
    {.name = NULL},
};

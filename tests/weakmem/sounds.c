// SPDX-License-Identifier: ISC
// tests/weakmem/sounds.c — decoded sound and its end, and the tap with its count of frames.

#include <string.h>

#include "daemon/lockfree/pcm_ring.h"
#include "daemon/lockfree/tap.h"
#include "tests/weakmem/explorer.h"

#define FRAMES_MAX 4

struct plan {
    uint32_t capacity, start;
    uint32_t blocks[5]; ///< frames of each that is offered
    uint32_t n_looks;
};

static struct {
    struct ch_tap tap;
    struct ch_pcm_ring pcm;
    struct ch_pcm_frame storage[FRAMES_MAX];
    uint8_t after[64];
} world;
static uint32_t n_sent, n_taken;

static const struct plan *
plan(void)
{
    return ch_weak_plan();
}

static void
set_up(void)
{
    const uint32_t capacity = plan()->capacity;
    memset(&world, 0, sizeof world);
    n_sent = n_taken = 0;
    ch_model_share(&world, sizeof world);
    ch_model_forbid(&world.storage[capacity],
                    (FRAMES_MAX - capacity) * sizeof *world.storage + sizeof world.after);
    ch_weak_check(ch_ring_init_at(&world.pcm.ring, world.storage, capacity, sizeof *world.storage,
                                  plan()->start),
                  "the ring can be made");
    world.tap.pcm = &world.pcm;
    ch_weak_name(&world.pcm.ring.w, "pcm.w");
    ch_weak_name(&world.pcm.ring.r, "pcm.r");
    ch_weak_name(&world.pcm.ended, "ended");
    ch_weak_name(&world.tap.first_frame, "first_frame");
    ch_weak_name(&world.tap.n_dropped, "n_dropped");
}

// --- a decoder and the callback --------------------------------------------------------------

static bool
send_frames(uint32_t n)
{
    struct ch_pcm_frame frames[FRAMES_MAX];
    for (uint32_t i = 0; i < n; i++) {
        const float value = (float)(n_sent + i);
        frames[i] = (struct ch_pcm_frame){value, -value};
    }
    if (!ch_ring_write(&world.pcm.ring, frames, n)) {
        return false;
    }
    n_sent += n;
    return true;
}

static void
decode(void)
{
    for (uint32_t i = 0; plan()->blocks[i]; i++) {
        (void)!send_frames(plan()->blocks[i]);
    }
    ch_pcm_ring_end(&world.pcm);
}

/// All that can be taken.  Returns whether it was the end.
static bool
play_some(void)
{
    bool ended;
    const uint32_t n = ch_pcm_ring_available(&world.pcm, &ended);
    struct ch_span span = {0};
    ch_weak_check(n <= plan()->capacity, "no more frames than the ring holds");
    ch_weak_check(ch_ring_peek(&world.pcm.ring, n, &span), "the frames that were told are there");
    for (uint32_t i = 0; i < n; i++) {
        const struct ch_pcm_frame *first = span.data[0], *second = span.data[1];
        const struct ch_pcm_frame *frame = i < span.n[0] ? first + i : second + (i - span.n[0]);
        ch_weak_check(frame->left == (float)n_taken && frame->right == -(float)n_taken,
                      "each frame once, in order");
        n_taken++;
    }
    ch_ring_release(&world.pcm.ring, n);
    ch_weak_check(!ended || n_taken == n_sent, "with the end all frames are there");
    return ended;
}

static void
play(void)
{
    for (uint32_t i = 0; i < plan()->n_looks; i++) {
        if (play_some()) {
            return;
        }
    }
}

static void
finish_playing(void)
{
    ch_weak_check(play_some(), "the end arrives");
}

// --- the callback and an analyser ------------------------------------------------------------

#define FIRST_FRAME 100

/// Both channels say the frame's number; it goes on whether the block fits or not.
static void
offer_blocks(void)
{
    uint32_t number = FIRST_FRAME;
    for (uint32_t i = 0; plan()->blocks[i]; i++) {
        float left[FRAMES_MAX], right[FRAMES_MAX];
        for (uint32_t k = 0; k < plan()->blocks[i]; k++) {
            left[k] = (float)(number + k);
            right[k] = -left[k];
        }
        ch_tap_write(&world.tap, number, left, right, plan()->blocks[i]);
        number += plan()->blocks[i];
    }
    n_sent = number - FIRST_FRAME;
}

static void
analyse_frame(void)
{
    struct ch_pcm_frame frame;
    if (!ch_ring_read(&world.pcm.ring, &frame, 1)) {
        return;
    }
    const uint64_t first = atomic_load_explicit(&world.tap.first_frame, memory_order_relaxed);
    const uint64_t n_dropped = atomic_load_explicit(&world.tap.n_dropped, memory_order_relaxed);
    ch_weak_check(first == FIRST_FRAME, "a frame comes with the number of the first one");
    ch_weak_check(frame.left == -frame.right, "a frame is whole");
    ch_weak_check(frame.left >= (float)(first + n_taken), "frames come in order");
    ch_weak_check(frame.left <= (float)(first + n_taken + n_dropped),
                  "what was dropped before a frame has been counted");
    n_taken++;
}

static void
analyse(void)
{
    for (uint32_t i = 0; i < plan()->n_looks; i++) {
        analyse_frame();
    }
}

static void
finish_analysing(void)
{
    while (ch_ring_read_space(&world.pcm.ring)) {
        analyse_frame();
    }
    ch_weak_check(n_taken + atomic_load_explicit(&world.tap.n_dropped, memory_order_relaxed) ==
                      n_sent,
                  "every frame is taken or counted");
}

static const struct plan sound_1 = {1, UINT32_MAX, {1, 1, 1}, 3};
static const struct plan sound_2 = {2, UINT32_MAX, {1, 2, 1}, 3};
static const struct plan sound_none = {1, 0, {0}, 2};
static const struct plan tap_1 = {1, UINT32_MAX, {1, 1, 1}, 2};
static const struct plan tap_2 = {2, UINT32_MAX, {2, 1, 1}, 3};

const struct ch_weak_scenario ch_weak_scenarios[] = {
    {"sound in 1, and its end", set_up, {decode, play}, finish_playing, 0, &sound_1},
    {"sound in 2, and its end", set_up, {decode, play}, finish_playing, 0, &sound_2},
    {"no sound, and its end", set_up, {decode, play}, finish_playing, 0, &sound_none},
    {"tap of 1", set_up, {offer_blocks, analyse}, finish_analysing, 0, &tap_1},
    {"tap of 2", set_up, {offer_blocks, analyse}, finish_analysing, 0, &tap_2},
    {0},
};

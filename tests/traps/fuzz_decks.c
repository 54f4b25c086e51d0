// SPDX-License-Identifier: ISC
// tests/traps/fuzz_decks.c — what the fuzz lends to the engine: rings, fed well or badly, and taps.

#include <math.h>
#include <string.h>

#include "daemon/base/units.h"
#include "tests/traps/fuzz.h"

static const uint32_t halves[] = {FUZZ_HALF_MIN, 333, 600, 1200, 2400};
#define N_HALVES (sizeof halves / sizeof *halves)

static uint32_t
pick_length(struct fuzz_rng *rng)
{
    switch (fuzz_below(rng, 8)) {
    case 0:
        return 0;
    case 1:
        return 1 + fuzz_below(rng, 300);
    case 2:
    case 3:
        return fuzz_below(rng, 5000);
    default:
        return fuzz_below(rng, 200000);
    }
}

static struct fuzz_deck *
find_place(struct fuzz *fuzz)
{
    for (uint32_t tries = 0; tries < 64; tries++) {
        const uint32_t stream = ++fuzz->last_stream;
        struct fuzz_deck *deck = &fuzz->deck[stream % FUZZ_DECKS];
        if (stream != 0 && !deck->pcm) {
            *deck = (struct fuzz_deck){.stream = stream};
            return deck;
        }
    }
    return NULL;
}

static float
sample(struct fuzz *fuzz, const struct fuzz_deck *deck, uint64_t position)
{
    switch (deck->sound) {
    case FUZZ_SINE: {
        static float waves[N_HALVES][2 * 2400];
        unsigned i = 0;
        while (halves[i] != deck->half) {
            i++;
        }
        if (waves[i][1] == 0.0f) {
            for (uint32_t n = 0; n < 2 * deck->half; n++) {
                waves[i][n] = (float)sin(M_PI * (double)n / deck->half);
            }
        }
        return deck->level * waves[i][position % (2 * deck->half)];
    }
    case FUZZ_NOISE:
        return deck->level * ((float)(fuzz_next(&fuzz->rng) >> 40) * 0x1p-23f - 1.0f);
    case FUZZ_LOUD:
        return position % 3 ? 1e30f : -1e25f;
    case FUZZ_TINY:
        return position % 2 ? 1e-40f : -1e-42f;
    case FUZZ_GARBAGE: {
        static const float odd[] = {NAN, INFINITY, -INFINITY, 3e38f, -3e38f, 0.5f};
        return position % 97 < 6 ? odd[position % 97] : 0.1f;
    }
    case FUZZ_SOUNDS:
        break;
    }
    return 0.0f;
}

static void
feed(struct fuzz *fuzz, struct fuzz_deck *deck, uint32_t n_frames)
{
    const uint64_t left = deck->total - deck->written;
    const uint32_t space = ch_ring_write_space(&deck->pcm->ring);
    uint32_t n = n_frames < space ? n_frames : space;
    n = n < left ? n : (uint32_t)left;
    struct ch_span span;
    if (!ch_ring_reserve(&deck->pcm->ring, n, &span)) {
        fuzz_fail(fuzz, "a ring with room for %u frames takes none", n);
    }
    for (unsigned part = 0; part < 2; part++) {
        struct ch_pcm_frame *frame = span.data[part];
        for (uint32_t i = 0; i < span.n[part]; i++) {
            const float x = sample(fuzz, deck, deck->written++);
            frame[i] = (struct ch_pcm_frame){x, -x};
        }
    }
    ch_ring_commit(&deck->pcm->ring, n);
    if (deck->written == deck->total) {
        ch_pcm_ring_end(deck->pcm);
    }
}

struct fuzz_deck *
fuzz_deck_make(struct fuzz *fuzz)
{
    struct fuzz_rng *rng = &fuzz->rng;
    struct fuzz_deck *deck = find_place(fuzz);
    if (!deck) {
        return NULL;
    }
    deck->pcm = ch_pcm_ring_create(fuzz->mood.smooth ? 8192 : 64u << fuzz_below(rng, 8));
    if (!deck->pcm) {
        fuzz_fail(fuzz, "no memory");
    }
    deck->total = pick_length(rng);
    deck->feed = fuzz_below(rng, FUZZ_FEEDS);
    deck->level = (float)fuzz_between(rng, 0.01, FUZZ_DECK_MAX);
    deck->half = halves[fuzz_below(rng, N_HALVES)];
    deck->sound = fuzz_below(rng, 4) ? FUZZ_SINE : fuzz_below(rng, FUZZ_SOUNDS);
    if (fuzz->mood.smooth) {
        deck->sound = FUZZ_SINE;
    } else if (deck->sound == FUZZ_SINE) {
        deck->level *= 4.0f;
    }
    if (deck->sound == FUZZ_SINE) {
        deck->total -= deck->total % deck->half;
    }
    fuzz->live[fuzz->n_live++] = deck->stream;
    fuzz->n_decks_lent++;
    feed(fuzz, deck, fuzz->mood.smooth ? UINT32_MAX : fuzz_below(rng, 8192));
    return deck;
}

struct fuzz_deck *
fuzz_deck_of(struct fuzz *fuzz, uint32_t stream)
{
    struct fuzz_deck *deck = &fuzz->deck[stream % FUZZ_DECKS];
    return deck->pcm && deck->stream == stream ? deck : NULL;
}

void
fuzz_deck_drop(struct fuzz *fuzz, struct fuzz_deck *deck)
{
    uint32_t at = 0;
    while (fuzz->live[at] != deck->stream) {
        at++;
    }
    fuzz->live[at] = fuzz->live[--fuzz->n_live];
    fuzz->n_sounding -= deck->started;
    ch_pcm_ring_destroy(deck->pcm);
    *deck = (struct fuzz_deck){0};
}

/// A decoder's turn.  While smooth a late one stays away until the deck has run dry.
static void
feed_some(struct fuzz *fuzz, struct fuzz_deck *deck)
{
    struct fuzz_rng *rng = &fuzz->rng;
    switch (deck->feed) {
    case FUZZ_EAGER:
        feed(fuzz, deck, UINT32_MAX);
        break;
    case FUZZ_CHUNKS:
        if (fuzz_below(rng, 16) == 0) {
            feed(fuzz, deck, 1 + fuzz_below(rng, 4096));
        }
        break;
    case FUZZ_LATE:
        if (fuzz_below(rng, 400) == 0) {
            feed(fuzz, deck, 1 + fuzz_below(rng, 8192));
        }
        break;
    case FUZZ_FEEDS:
        break;
    }
}

void
fuzz_feed_all(struct fuzz *fuzz)
{
    for (uint32_t i = 0; i < fuzz->n_live; i++) {
        struct fuzz_deck *deck = &fuzz->deck[fuzz->live[i] % FUZZ_DECKS];
        if (deck->written < deck->total) {
            feed_some(fuzz, deck);
        }
    }
}

// --- taps --------------------------------------------------------------------------------------

struct ch_tap *
fuzz_tap_make(struct fuzz *fuzz)
{
    for (uint32_t i = 0; i < FUZZ_TAPS; i++) {
        if (!fuzz->tap[i].tap) {
            fuzz->tap[i].tap = ch_tap_create(256u << fuzz_below(&fuzz->rng, 6));
            fuzz->tap[i].read = fuzz_below(&fuzz->rng, 3) > 0;
            fuzz->n_taps_lent++;
            return fuzz->tap[i].tap;
        }
    }
    return NULL;
}

void
fuzz_tap_drop(struct fuzz *fuzz, struct ch_tap *tap)
{
    for (uint32_t i = 0; i < FUZZ_TAPS; i++) {
        if (fuzz->tap[i].tap == tap) {
            ch_tap_destroy(tap);
            fuzz->tap[i].tap = NULL;
            return;
        }
    }
    fuzz_fail(fuzz, "a tap came back that was not lent");
}

void
fuzz_read_taps(struct fuzz *fuzz)
{
    for (uint32_t i = 0; i < FUZZ_TAPS; i++) {
        if (fuzz->tap[i].tap && fuzz->tap[i].read) {
            struct ch_ring *ring = &fuzz->tap[i].tap->pcm->ring;
            ch_ring_release(ring, ch_ring_read_space(ring));
        }
    }
}

uint32_t
fuzz_taps_lent(const struct fuzz *fuzz)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < FUZZ_TAPS; i++) {
        n += fuzz->tap[i].tap != NULL;
    }
    return n;
}

// SPDX-License-Identifier: ISC
// tests/traps/fuzz.h — the command fuzz: an engine, the world around it, and what must always hold.
//
// One thread plays all parts in turn, so that a seed says all: between two callbacks it is [main]
// and the decoders, in them it is [rt] and watched.

#ifndef CH_TESTS_TRAPS_FUZZ_H
#define CH_TESTS_TRAPS_FUZZ_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/engine/engine.h"
#include "daemon/engine/engine_setup.h"

#define FUZZ_DECKS    2048  ///< lent or on their way; a power of two
#define FUZZ_COMMANDS 16384 ///< that may wait for their acknowledgement; a power of two
#define FUZZ_TAPS     64

// --- chance ------------------------------------------------------------------------------------

struct fuzz_rng {
    uint64_t state;
};

static inline uint64_t
fuzz_next(struct fuzz_rng *rng)
{
    uint64_t x = rng->state += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/// 0…n - 1
static inline uint32_t
fuzz_below(struct fuzz_rng *rng, uint32_t n)
{
    return (uint32_t)((fuzz_next(rng) >> 32) * n >> 32);
}

/// low…high
static inline double
fuzz_between(struct fuzz_rng *rng, double low, double high)
{
    return low + (high - low) * (double)(fuzz_next(rng) >> 11) * 0x1p-53;
}

// --- the world ---------------------------------------------------------------------------------

enum fuzz_sound {
    FUZZ_SINE, ///< a number of half periods: begins and ends at 0, slope known
    FUZZ_NOISE,
    FUZZ_LOUD,    ///< up to 1e30
    FUZZ_TINY,    ///< denormal
    FUZZ_GARBAGE, ///< NaN and infinities among noise
    FUZZ_SOUNDS
};

enum fuzz_feed { FUZZ_EAGER, FUZZ_CHUNKS, FUZZ_LATE, FUZZ_FEEDS };

struct fuzz_deck {
    struct ch_pcm_ring *pcm; ///< NULL = a free place
    uint32_t stream;
    bool started;
    bool truncated;
    enum fuzz_sound sound;
    enum fuzz_feed feed;
    float level;
    uint32_t half;           ///< frames of half a period, of FUZZ_SINE
    uint64_t total, written; ///< frames
};

struct fuzz_tap {
    struct ch_tap *tap; ///< NULL = a free place
    bool read;          ///< somebody reads it; else it overflows
};

struct fuzz_command {
    uint32_t id;
    uint32_t chain; ///< 0 = alone
    bool waits;
    bool revocable; ///< it stands alone and lends nothing
    bool revoked;   ///< it may have landed before that, or not
    bool limits;    ///< it sets the limiter, to what follows
    bool bypass;
    float ceiling;
    uint64_t when_frame;
};

/// How the next callbacks go.
struct fuzz_mood {
    bool smooth;        ///< only what has a known slope: steps are checked
    bool bypass;        ///< the limiter, while smooth
    bool deaf;          ///< [main] takes no events
    uint32_t n_players; ///< that are spoken to
    uint32_t one_in;    ///< callbacks for a command
    uint32_t eq_weight;
    uint32_t ramp_frames; ///< of gain and preamp while smooth
    uint32_t left;        ///< callbacks
};

struct fuzz {
    uint64_t seed;
    struct fuzz_rng rng;
    struct ch_engine *engine;
    struct fuzz_mood mood;

    struct fuzz_deck deck[FUZZ_DECKS]; ///< by stream
    uint32_t live[FUZZ_DECKS];         ///< streams of those in use
    uint32_t n_live;
    uint32_t n_sounding; ///< started and not given back
    uint32_t last_stream;
    struct fuzz_tap tap[FUZZ_TAPS];

    struct fuzz_command command[FUZZ_COMMANDS]; ///< by id
    uint64_t chain_frame[FUZZ_COMMANDS];        ///< by chain; UINT64_MAX = none has landed
    uint32_t last_id, last_chain;
    uint32_t n_waiting;
    uint32_t n_shuts, n_shuts_heard; ///< asked for, told of

    // what the limiter promises
    float ceiling;          ///< the one that landed last
    float ceiling_max;      ///< largest that may be in effect
    uint64_t ceiling_frame; ///< of the last landing
    bool bypass;            ///< that landed last
    uint64_t bypass_frame;  ///< until when it may have been bypassed
    uint32_t n_limits_waiting, n_bypass_waiting;
    uint64_t n_ceiling; ///< samples that were compared

    // the steps
    float last[CH_CHANNELS];
    uint32_t n_decks[2];    ///< sounding at most, in the window before and in this one
    uint32_t window_frames; ///< of this one so far
    double worst_ratio;     ///< largest step by what was allowed
    double worst_step;
    uint64_t n_steps; ///< that were compared

    // what was done
    bool settling; ///< no frame to wait for
    uint64_t n_callbacks, n_frames;
    uint64_t n_commands, n_chains, n_refused, n_decks_lent, n_taps_lent, n_acks;
    uint64_t n_starved, n_started, n_ended, n_settled, n_full;
};

_Noreturn void fuzz_fail(const struct fuzz *fuzz, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// fuzz_decks.c: what is lent
struct fuzz_deck *fuzz_deck_make(struct fuzz *fuzz);
struct fuzz_deck *fuzz_deck_of(struct fuzz *fuzz, uint32_t stream);
void fuzz_deck_drop(struct fuzz *fuzz, struct fuzz_deck *deck);
void fuzz_feed_all(struct fuzz *fuzz);
struct ch_tap *fuzz_tap_make(struct fuzz *fuzz);
void fuzz_tap_drop(struct fuzz *fuzz, struct ch_tap *tap);
void fuzz_read_taps(struct fuzz *fuzz);
uint32_t fuzz_taps_lent(const struct fuzz *fuzz);

// fuzz_commands.c: what [main] says
void fuzz_send_something(struct fuzz *fuzz);
void fuzz_send_silence(struct fuzz *fuzz);

// fuzz_events.c: what it hears
uint32_t fuzz_take_events(struct fuzz *fuzz);

// fuzz_output.c: what comes out
void fuzz_check_output(struct fuzz *fuzz, float *const out[CH_CHANNELS], uint32_t n_frames,
                       uint32_t n_sounding);
void fuzz_limiter_landed(struct fuzz *fuzz, float ceiling, bool bypass, uint64_t frame);

/// Largest levels while smooth: of a deck, of gain, of the preamp.
#define FUZZ_DECK_MAX   0.25
#define FUZZ_GAIN_MAX   1.5
#define FUZZ_PREAMP_MAX 1.5
#define FUZZ_HALF_MIN   240 ///< frames of half a period

#endif

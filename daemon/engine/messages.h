// SPDX-License-Identifier: ISC
// daemon/engine/messages.h — what [main] tells [rt] and what [rt] answers.
//
// Both are plain 64-byte slots in rings.  A pointer in a command passes ownership to [rt]; it comes
// back in an event and is freed on [main].

#ifndef CH_ENGINE_MESSAGES_H
#define CH_ENGINE_MESSAGES_H

#include <stdint.h>

#include "daemon/base/units.h"
#include "daemon/dsp/eq_design.h"
#include "daemon/lockfree/pcm_ring.h"
#include "daemon/lockfree/tap.h"

#define CH_PLAYERS_MAX 16
#define CH_FOREVER     UINT64_MAX

// --- commands, main → rt -----------------------------------------------------------------------

enum ch_command_op {
    CH_COMMAND_PLAY, ///< deck: sound it now; what sounded fades out and is given back
    CH_COMMAND_ARM, ///< deck: joins without a gap when the current one ends; replaces the armed one
    CH_COMMAND_TRUNCATE, ///< truncate: the current deck ends at that frame of its ring
    CH_COMMAND_PAUSE,    ///< transport: fade out, then stand
    CH_COMMAND_RESUME,   ///< transport: fade in from where it stood
    CH_COMMAND_STOP,     ///< transport: fade out, then give all decks back
    CH_COMMAND_GAIN,     ///< gain: master strip, linear; opens the gate if no later shut closed it
    CH_COMMAND_EQ_SECTION,
    CH_COMMAND_EQ_PREAMP,
    CH_COMMAND_LIMITER,
    CH_COMMAND_TAP,    ///< tap: attach (or, with NULL, take away) a tap
    CH_COMMAND_NOP,    ///< acknowledged like the others: "where is [rt] now?"
    CH_COMMAND_REVOKE, ///< revoke: as it is taken in, that chain is forgotten if it still waits
};

/// The commands that follow up to the first without this flag belong together: [rt] takes all of
/// them in one block, so they land on one frame, which may be later than asked for if decks that
/// fade out leave no room before.  At most CH_CHAIN_MAX in a chain, and in it at most CH_FADING_MAX
/// PLAY and STOP for one player: of more, what goes beyond lands later.
#define CH_COMMAND_CHAINED 0x1u
/// No acknowledgement is wanted.
#define CH_COMMAND_QUIET 0x2u
#define CH_CHAIN_MAX     128

/// Flags of PLAY.
#define CH_PLAY_FADE_IN 0x1u ///< it starts in the middle of something
#define CH_PLAY_PAUSED  0x2u ///< load it and stand
/// It is the same sound as deck.instead_of, from its frame at_frame on, and takes its place, moving
/// or standing as that does.  If that is not the current deck, or is not there now, it comes back.
#define CH_PLAY_EXCHANGE 0x4u

struct ch_command {
    uint64_t when_frame; ///< engine frame to take effect at; 0 = at the next block
    uint32_t id;         ///< comes back in the acknowledgement
    uint16_t op;         ///< enum ch_command_op
    uint16_t flags;
    union {
        struct {
            struct ch_pcm_ring *pcm;
            uint32_t player;      ///< 0…CH_PLAYERS_MAX - 1
            uint32_t stream;      ///< name of the deck in events and positions, not 0
            uint32_t flags;       ///< CH_PLAY_…
            uint32_t fade_frames; ///< length of both fades; 0 = the engine's default
            uint32_t instead_of;  ///< EXCHANGE
            uint64_t at_frame;    ///< EXCHANGE: frames of its ring that have been played
        } deck;
        struct {
            uint32_t player, stream;
            uint64_t end_frame; ///< frames of the ring that may be played; CH_FOREVER = all
        } truncate;
        struct {
            uint32_t player;
            uint32_t fade_frames; ///< 0 = the engine's default
        } transport;
        struct {
            float left, right;
            uint32_t ramp_frames; ///< 0 = the engine's default
            uint32_t mute;        ///< 1 = silence, whatever the gains and their ramps
            uint32_t shuts_over;  ///< the last ch_engine_shut() that is over
        } gain;
        struct {
            struct ch_eq_section section;
            uint16_t index;       ///< 0…CH_EQ_SECTIONS_MAX - 1
            uint16_t identity;    ///< mask of the channels that pass untouched: CH_EQ_LEFT, …
            uint32_t ramp_frames; ///< 0 = the engine's default
        } eq;
        struct {
            float left, right; ///< linear
            uint32_t ramp_frames;
        } preamp;
        struct {
            float ceiling; ///< linear, true peak; at most 1
            uint32_t bypass;
        } limiter;
        struct {
            struct ch_tap *tap;
            uint32_t point; ///< enum ch_tap_point
        } tap;
        struct {
            /// Of the chain's last command, which is not acknowledged any more.  A chain that
            /// carries a pointer stays: that would be lost.  What is chained to the REVOKE, behind
            /// it, takes the place of what it revokes: exactly one of the two lands in time.
            uint32_t id;
        } revoke;
    };
};
_Static_assert(sizeof(struct ch_command) == 64, "a command is one cache line");

// --- events, rt → main -------------------------------------------------------------------------

enum ch_event_op {
    CH_EVENT_ACK,          ///< command `id` took effect at `frame`
    CH_EVENT_STARTED,      ///< deck.stream became the current one at `frame`
    CH_EVENT_ENDED,        ///< deck.stream was played to its end, at `frame`
    CH_EVENT_RELEASED,     ///< deck.pcm is [main]'s again
    CH_EVENT_STARVED,      ///< deck.stream ran dry at `frame`: faded silence until it has filled
    CH_EVENT_REFILLED,     ///< and sounds again
    CH_EVENT_STANDING,     ///< the fade of pause or stop is over; nothing of the player sounds
    CH_EVENT_TAP_RELEASED, ///< tap.tap is [main]'s again
    CH_EVENT_SHUT,         ///< the gate closes from `frame` on, for ch_engine_shut() number `id`
};

struct ch_event_slot {
    uint64_t frame;   ///< engine frame
    uint64_t mono_ns; ///< when that frame was handed to the device
    uint32_t id;      ///< of the command, for ACK
    uint16_t op;      ///< enum ch_event_op
    uint16_t reserved;
    union {
        struct {
            struct ch_pcm_ring *pcm;
            uint32_t player, stream;
            uint64_t ring_frame; ///< frames of the ring played so far
        } deck;
        struct {
            struct ch_tap *tap;
            uint32_t point;
        } tap;
        uint64_t payload[5];
    };
};
_Static_assert(sizeof(struct ch_event_slot) == 64, "an event is one cache line");

// --- the latest state, rt → anybody -------------------------------------------------------------

enum ch_player_motion { CH_PLAYER_EMPTY, CH_PLAYER_MOVING, CH_PLAYER_STANDING, CH_PLAYER_STARVING };

/// Published once per block.  A multiple of 8 bytes, at most 512.
struct ch_engine_state {
    uint64_t frame;         ///< engine frame after the block
    uint64_t mono_ns;       ///< of that frame at the device's input
    uint64_t heard_mono_ns; ///< when it leaves the device
    uint64_t n_starved;     ///< frames of silence because a decoder was late
    uint64_t n_limited;     ///< frames in which the limiter reduced the gain
    uint32_t n_faults;      ///< sections reset by NaN or infinity
    uint32_t quiet;         ///< 1 = nothing sounds and no tail is left: the device may be stopped
    float limiter_gain;     ///< the lowest of the block, linear; 1 = it did nothing
    uint32_t reserved;
    struct {
        uint32_t stream;     ///< current deck, 0 = none
        uint32_t motion;     ///< enum ch_player_motion
        uint64_t ring_frame; ///< frames of the ring played so far
    } player[CH_PLAYERS_MAX];
};
_Static_assert(sizeof(struct ch_engine_state) % 8 == 0 && sizeof(struct ch_engine_state) <= 512,
               "fits a snapshot");

#endif

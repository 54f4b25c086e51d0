// SPDX-License-Identifier: ISC
// daemon/engine/player.h — decks of decoded sound, and the fades between them.                 [rt]
//
// A player has one current deck, perhaps one armed to follow it without a gap, and a few that fade
// out.  Pause closes the current deck's gate and then stands still, keeping what is in the ring.

#ifndef CH_ENGINE_PLAYER_H
#define CH_ENGINE_PLAYER_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/attributes.h"
#include "daemon/dsp/ramp.h"
#include "daemon/lockfree/pcm_ring.h"

struct ch_engine;

/// Decks that may fade out at once; a further PLAY waits until one of them has ended.
#define CH_FADING_MAX 4

struct ch_deck {
    struct ch_pcm_ring *pcm; ///< NULL = no deck
    uint32_t stream;
    bool held;           ///< loaded while paused: silent until resumed
    bool dry;            ///< starving: faded out, waits to fill
    uint64_t played;     ///< frames of the ring
    uint64_t end_frame;  ///< frames of the ring that may be played
    struct ch_ramp fade; ///< of play, skip, seek, stop
    struct ch_ramp flow; ///< 1 = flows, 0 = starved
    struct ch_ramp gate; ///< of pause: 1 = moves, 0 = stands
};

struct ch_player {
    uint32_t index;
    bool paused;        ///< the current deck's gate is closed or closing
    bool tell_standing; ///< an event is due when nothing sounds any more
    struct ch_deck current, armed;
    struct ch_deck fading[CH_FADING_MAX];
};

void ch_player_init(struct ch_player *player, uint32_t index);

/// false = no room now, try again in the next slice.
CH_RT bool ch_player_play(struct ch_engine *engine, struct ch_player *player,
                          struct ch_pcm_ring *pcm, uint32_t stream, uint32_t flags,
                          uint32_t fade_frames);
/// The same sound in the place of the current deck; if that is another or elsewhere, given back.
CH_RT bool ch_player_exchange(struct ch_engine *engine, struct ch_player *player,
                              struct ch_pcm_ring *pcm, uint32_t stream, uint32_t instead_of,
                              uint64_t at_frame, uint32_t fade_frames);
/// Room for n decks that are sent away at once; at most CH_FADING_MAX are asked for.
CH_RT bool ch_player_can_change(const struct ch_player *player, uint32_t n);
CH_RT bool ch_player_stop(struct ch_engine *engine, struct ch_player *player, uint32_t fade_frames);
CH_RT void ch_player_arm(struct ch_engine *engine, struct ch_player *player,
                         struct ch_pcm_ring *pcm, uint32_t stream);
CH_RT void ch_player_truncate(struct ch_player *player, uint32_t stream, uint64_t end_frame,
                              uint32_t fade_frames);
CH_RT void ch_player_pause(struct ch_player *player, uint32_t fade_frames);
CH_RT void ch_player_resume(struct ch_player *player, uint32_t fade_frames);

/// Add the next n_frames (at most CH_SLICE_FRAMES) to left and right.  Returns whether anything
/// sounded or may sound next.
CH_RT bool ch_player_mix(struct ch_engine *engine, struct ch_player *player, float *left,
                         float *right, uint32_t n_frames);

/// n_frames can be mixed without starving, with `reserve` frames left over.
CH_RT bool ch_player_can_run(struct ch_player *player, uint32_t n_frames, uint32_t reserve);

/// Nothing runs: end all fades at once and give faded decks back.                          [setup]
void ch_player_settle(struct ch_engine *engine, struct ch_player *player);

/// Give all decks back.                                                                    [setup]
void ch_player_release_all(struct ch_engine *engine, struct ch_player *player);

/// enum ch_player_motion
CH_RT uint32_t ch_player_motion(const struct ch_player *player);

#endif

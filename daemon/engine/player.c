// SPDX-License-Identifier: ISC
// daemon/engine/player.c — [rt] plays decks: gapless joins, fades, pause, starvation.

#include "daemon/engine/player.h"

#include "daemon/engine/engine_internal.h"

static const struct ch_deck no_deck;

CH_RT static void
release(struct ch_engine *engine, struct ch_player *player, struct ch_deck *deck, uint32_t offset)
{
    ch_engine_post(engine,
                   (struct ch_event_slot){.op = CH_EVENT_RELEASED,
                                          .deck = {.pcm = deck->pcm,
                                                   .player = player->index,
                                                   .stream = deck->stream,
                                                   .ring_frame = deck->played}},
                   offset);
    *deck = no_deck;
}

CH_RT static void
post_deck(struct ch_engine *engine, const struct ch_player *player, const struct ch_deck *deck,
          enum ch_event_op op, uint32_t offset)
{
    ch_engine_post(
        engine,
        (struct ch_event_slot){
            .op = (uint16_t)op,
            .deck = {.player = player->index, .stream = deck->stream, .ring_frame = deck->played}},
        offset);
}

// --- commands ----------------------------------------------------------------------------------

void
ch_player_init(struct ch_player *player, uint32_t index)
{
    *player = (struct ch_player){.index = index};
}

CH_RT static bool
standing(const struct ch_player *player)
{
    return player->paused && ch_ramp_settled(&player->current.gate);
}

// The current deck makes room: at once if it is not heard, else by a fade.  false = no slot free.
CH_RT static bool
retire_current(struct ch_engine *engine, struct ch_player *player, uint32_t fade_frames)
{
    struct ch_deck *deck = &player->current;
    if (!deck->pcm) {
        return true;
    }
    const bool silent =
        standing(player) || deck->held || (deck->dry && ch_ramp_settled(&deck->flow));
    if (silent) {
        release(engine, player, deck, 0);
        return true;
    }
    for (uint32_t i = 0; i < CH_FADING_MAX; i++) {
        if (!player->fading[i].pcm) {
            bool ended;
            const uint32_t available = ch_pcm_ring_available(deck->pcm, &ended);
            player->fading[i] = *deck;
            *deck = no_deck;
            // A deck that is being paused goes on doing so.  Else: no longer than there is sound.
            if (!player->paused) {
                ch_ramp_to(&player->fading[i].fade, 0.0f,
                           ended || available > fade_frames ? fade_frames : available);
            }
            return true;
        }
    }
    return false;
}

CH_RT bool
ch_player_can_change(const struct ch_player *player, uint32_t n)
{
    uint32_t n_free = 0;
    for (uint32_t i = 0; i < CH_FADING_MAX; i++) {
        n_free += !player->fading[i].pcm;
    }
    return n_free >= (n < CH_FADING_MAX ? n : CH_FADING_MAX);
}

CH_RT static void
load(struct ch_deck *deck, struct ch_pcm_ring *pcm, uint32_t stream)
{
    *deck = (struct ch_deck){.pcm = pcm, .stream = stream, .end_frame = CH_FOREVER};
    ch_ramp_snap(&deck->flow, 1.0f);
    ch_ramp_snap(&deck->fade, 1.0f);
    ch_ramp_snap(&deck->gate, 1.0f);
}

CH_RT bool
ch_player_play(struct ch_engine *engine, struct ch_player *player, struct ch_pcm_ring *pcm,
               uint32_t stream, uint32_t flags, uint32_t fade_frames)
{
    if (!retire_current(engine, player, fade_frames)) {
        return false;
    }
    if (player->armed.pcm) {
        release(engine, player, &player->armed, 0);
    }
    struct ch_deck *deck = &player->current;
    const bool paused = flags & CH_PLAY_PAUSED;
    load(deck, pcm, stream);
    deck->held = paused;
    player->paused = paused;
    player->tell_standing = paused;
    if (paused) {
        ch_ramp_snap(&deck->gate, 0.0f);
    } else if (flags & CH_PLAY_FADE_IN) {
        ch_ramp_snap(&deck->fade, 0.0f);
        ch_ramp_to(&deck->fade, 1.0f, fade_frames);
    }
    post_deck(engine, player, deck, CH_EVENT_STARTED, 0);
    return true;
}

CH_RT bool
ch_player_exchange(struct ch_engine *engine, struct ch_player *player, struct ch_pcm_ring *pcm,
                   uint32_t stream, uint32_t instead_of, uint64_t at_frame, uint32_t fade_frames)
{
    const struct ch_deck *current = &player->current;
    if (!current->pcm || current->stream != instead_of || current->played != at_frame ||
        current->dry) {
        struct ch_deck refused = {.pcm = pcm, .stream = stream};
        release(engine, player, &refused, 0);
        return true;
    }
    const uint32_t flags = player->paused ? CH_PLAY_PAUSED : CH_PLAY_FADE_IN;
    return ch_player_play(engine, player, pcm, stream, flags, fade_frames);
}

CH_RT bool
ch_player_stop(struct ch_engine *engine, struct ch_player *player, uint32_t fade_frames)
{
    if (!retire_current(engine, player, fade_frames)) {
        return false;
    }
    if (player->armed.pcm) {
        release(engine, player, &player->armed, 0);
    }
    player->tell_standing = true;
    return true;
}

CH_RT void
ch_player_arm(struct ch_engine *engine, struct ch_player *player, struct ch_pcm_ring *pcm,
              uint32_t stream)
{
    if (player->armed.pcm) {
        release(engine, player, &player->armed, 0);
    }
    if (!pcm) {
        return;
    }
    load(&player->armed, pcm, stream);
    if (!player->current.pcm) {
        // What it was to follow has ended already: it is late, not lost.
        player->current = player->armed;
        player->armed = no_deck;
        player->current.held = player->paused;
        ch_ramp_snap(&player->current.gate, player->paused ? 0.0f : 1.0f);
        post_deck(engine, player, &player->current, CH_EVENT_STARTED, 0);
    }
}

CH_RT void
ch_player_truncate(struct ch_player *player, uint32_t stream, uint64_t end_frame,
                   uint32_t fade_frames)
{
    struct ch_deck *deck = &player->current;
    if (!deck->pcm || deck->stream != stream) {
        return;
    }
    deck->end_frame = end_frame;
    if (end_frame < deck->played) {
        // It has gone beyond: a fade is the least that can be done.
        deck->end_frame = deck->played + fade_frames;
        ch_ramp_to(&deck->fade, 0.0f, fade_frames);
    }
}

CH_RT void
ch_player_pause(struct ch_player *player, uint32_t fade_frames)
{
    player->paused = true;
    player->tell_standing = true;
    ch_ramp_to(&player->current.gate, 0.0f, fade_frames);
}

CH_RT void
ch_player_resume(struct ch_player *player, uint32_t fade_frames)
{
    player->paused = false;
    player->tell_standing = false;
    player->current.held = false;
    ch_ramp_to(&player->current.gate, 1.0f, fade_frames);
}

// --- the sound ---------------------------------------------------------------------------------

/// Multiply by a ramp; a settled 1 leaves every bit as it is.
CH_RT static void
shape(struct ch_engine *engine, struct ch_ramp *ramp, float *left, float *right, uint32_t n_frames)
{
    if (ch_ramp_settled(ramp) && ramp->target == 1.0f) {
        return;
    }
    float *values = engine->scratch;
    ch_ramp_fill(ramp, values, n_frames);
    for (uint32_t i = 0; i < n_frames; i++) {
        left[i] *= values[i];
        right[i] *= values[i];
    }
}

CH_RT static void
shape_deck(struct ch_engine *engine, struct ch_deck *deck, float *left, float *right,
           uint32_t n_frames)
{
    shape(engine, &deck->flow, left, right, n_frames);
    shape(engine, &deck->fade, left, right, n_frames);
    shape(engine, &deck->gate, left, right, n_frames);
}

CH_RT static void
deinterleave(const struct ch_pcm_frame *in, float *left, float *right, uint32_t n_frames)
{
    for (uint32_t i = 0; i < n_frames; i++) {
        left[i] = in[i].left;
        right[i] = in[i].right;
    }
}

/// Frames that may be played now, and whether the deck ends with them.
CH_RT static uint32_t
playable(struct ch_deck *deck, bool *final)
{
    bool ended;
    const uint32_t available = ch_pcm_ring_available(deck->pcm, &ended);
    const uint64_t until_end = deck->end_frame > deck->played ? deck->end_frame - deck->played : 0;
    if (until_end <= available) {
        *final = true;
        return (uint32_t)until_end;
    }
    *final = ended;
    return available;
}

CH_RT static void
consume(struct ch_deck *deck, float *left, float *right, uint32_t n_frames)
{
    struct ch_span span;
    if (n_frames && ch_ring_peek(&deck->pcm->ring, n_frames, &span)) {
        deinterleave(span.data[0], left, right, span.n[0]);
        deinterleave(span.data[1], left + span.n[0], right + span.n[0], span.n[1]);
        ch_ring_release(&deck->pcm->ring, n_frames);
        deck->played += n_frames;
    }
}

/// A deck whose decoder is late fades out with the frames it has kept in hand, and in again when a
/// twentieth of a second has come.  Returns how many of n_frames can be taken from the ring.
CH_RT static uint32_t
regulate_flow(struct ch_engine *engine, struct ch_player *player, struct ch_deck *deck,
              uint32_t available, bool final, uint32_t n_frames)
{
    // What a flowing deck keeps in hand, so that it can still fade out.
    const uint32_t reserve = engine->fade_frames;
    if (!deck->dry) {
        if (final || available >= n_frames + reserve) {
            return available < n_frames ? available : n_frames;
        }
        deck->dry = true;
        ch_ramp_to(&deck->flow, 0.0f, available < reserve ? available : reserve);
        post_deck(engine, player, deck, CH_EVENT_STARVED, 0);
        ch_incidents_add(&engine->account.droughts, engine->block_mono_ns);
    } else if (ch_ramp_settled(&deck->flow) && (final || available >= engine->rate_hz / 20)) {
        deck->dry = false;
        ch_ramp_to(&deck->flow, 1.0f, reserve);
        post_deck(engine, player, deck, CH_EVENT_REFILLED, 0);
        return available < n_frames ? available : n_frames;
    }
    if (ch_ramp_settled(&deck->flow)) {
        return 0;
    }
    return available < n_frames ? available : n_frames;
}

/// Write n_frames of the deck (silence where it has none); returns those up to its end, or all.
CH_RT static uint32_t
render_deck(struct ch_engine *engine, struct ch_player *player, struct ch_deck *deck, float *left,
            float *right, uint32_t n_frames)
{
    bool final;
    const uint32_t available = playable(deck, &final);
    const uint32_t n = regulate_flow(engine, player, deck, available, final, n_frames);
    consume(deck, left, right, n);
    if (final && !deck->dry && n == available && n < n_frames) {
        shape_deck(engine, deck, left, right, n);
        return n;
    }
    memset(left + n, 0, (n_frames - n) * sizeof *left);
    memset(right + n, 0, (n_frames - n) * sizeof *right);
    if (n < n_frames) {
        engine->n_starved += n_frames - n;
        ch_counter_add(&engine->account.n_starved[player->index], n_frames - n);
    }
    shape_deck(engine, deck, left, right, n_frames);
    return n_frames;
}

/// The current deck and, at its end, the armed one behind it.
CH_RT static void
render_current(struct ch_engine *engine, struct ch_player *player, float *left, float *right,
               uint32_t n_frames)
{
    uint32_t done = 0;
    while (player->current.pcm && done < n_frames) {
        done += render_deck(engine, player, &player->current, left + done, right + done,
                            n_frames - done);
        if (done == n_frames) {
            bool final;
            if (playable(&player->current, &final) || !final) {
                break;
            }
        }
        // Ended, be it on the slice's last frame: what follows starts on the very next one.
        const struct ch_ramp gate = player->current.gate;
        post_deck(engine, player, &player->current, CH_EVENT_ENDED, done);
        release(engine, player, &player->current, done);
        player->current = player->armed;
        player->armed = no_deck;
        if (player->current.pcm) {
            player->current.gate = gate; // a pause under way goes on across the join
            post_deck(engine, player, &player->current, CH_EVENT_STARTED, done);
        }
    }
    memset(left + done, 0, (n_frames - done) * sizeof *left);
    memset(right + done, 0, (n_frames - done) * sizeof *right);
}

CH_RT static void
add(float *sum, const float *x, uint32_t n_frames)
{
    for (uint32_t i = 0; i < n_frames; i++) {
        sum[i] += x[i];
    }
}

CH_RT static bool
mix_fading(struct ch_engine *engine, struct ch_player *player, float *left, float *right,
           uint32_t n_frames)
{
    float deck_left[CH_SLICE_FRAMES], deck_right[CH_SLICE_FRAMES];
    bool sounds = false;
    for (uint32_t i = 0; i < CH_FADING_MAX; i++) {
        struct ch_deck *deck = &player->fading[i];
        if (!deck->pcm) {
            continue;
        }
        bool final;
        const uint32_t available = playable(deck, &final);
        const uint32_t n = available < n_frames ? available : n_frames;
        consume(deck, deck_left, deck_right, n);
        shape_deck(engine, deck, deck_left, deck_right, n);
        add(left, deck_left, n);
        add(right, deck_right, n);
        sounds = true;
        const bool gone = (ch_ramp_settled(&deck->fade) && deck->fade.target == 0.0f) ||
                          (ch_ramp_settled(&deck->gate) && deck->gate.target == 0.0f);
        if (gone || n < n_frames) {
            release(engine, player, deck, n);
        }
    }
    return sounds;
}

CH_RT bool
ch_player_mix(struct ch_engine *engine, struct ch_player *player, float *left, float *right,
              uint32_t n_frames)
{
    const bool moving = player->current.pcm && !player->current.held && !standing(player);
    float own_left[CH_SLICE_FRAMES], own_right[CH_SLICE_FRAMES];
    bool sounds = false;

    // Without room for its events nothing moves; [main] has been away for a thousand of them.
    if (ch_engine_can_post(engine, CH_EVENT_RESERVE)) {
        if (moving) {
            render_current(engine, player, own_left, own_right, n_frames);
            sounds = true;
        } else {
            memset(own_left, 0, n_frames * sizeof *own_left);
            memset(own_right, 0, n_frames * sizeof *own_right);
        }
        sounds |= mix_fading(engine, player, own_left, own_right, n_frames);
        if (sounds) {
            add(left, own_left, n_frames);
            add(right, own_right, n_frames);
        }
        if (player->tell_standing && !sounds) {
            player->tell_standing = false;
            post_deck(engine, player, &player->current, CH_EVENT_STANDING, 0);
        }
    }
    return sounds;
}

CH_RT bool
ch_player_can_run(struct ch_player *player, uint32_t n_frames, uint32_t reserve)
{
    if (!player->current.pcm || player->current.held || standing(player)) {
        return true;
    }
    bool final;
    uint32_t available = playable(&player->current, &final);
    if (!final) {
        return available >= n_frames + reserve;
    }
    if (available < n_frames && player->armed.pcm) {
        const uint32_t rest = n_frames - available;
        available = playable(&player->armed, &final);
        return final || available >= rest + reserve;
    }
    return true;
}

// --- while the callback stands -----------------------------------------------------------------

void
ch_player_settle(struct ch_engine *engine, struct ch_player *player)
{
    for (uint32_t i = 0; i < CH_FADING_MAX; i++) {
        if (player->fading[i].pcm) {
            release(engine, player, &player->fading[i], 0);
        }
    }
    ch_ramp_snap(&player->current.gate, player->paused ? 0.0f : 1.0f);
    if (player->tell_standing) {
        player->tell_standing = false;
        post_deck(engine, player, &player->current, CH_EVENT_STANDING, 0);
    }
}

void
ch_player_release_all(struct ch_engine *engine, struct ch_player *player)
{
    ch_player_settle(engine, player);
    if (player->current.pcm) {
        release(engine, player, &player->current, 0);
    }
    if (player->armed.pcm) {
        release(engine, player, &player->armed, 0);
    }
    ch_player_init(player, player->index);
}

CH_RT uint32_t
ch_player_motion(const struct ch_player *player)
{
    if (!player->current.pcm) {
        return CH_PLAYER_EMPTY;
    }
    if (player->paused) {
        return CH_PLAYER_STANDING;
    }
    return player->current.dry ? CH_PLAYER_STARVING : CH_PLAYER_MOVING;
}

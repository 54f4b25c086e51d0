// SPDX-License-Identifier: ISC
// daemon/control/exchange.c — where the second play begins, and when it takes over.

#include "daemon/control/exchange.h"

#include <math.h>

#include "daemon/base/log.h"
#include "daemon/base/units.h"
#include "daemon/control/daemon.h"
#include "daemon/control/play.h"

#define FADE_MS 20.0
/// How far ahead the first try is; each further one doubles it.
#define LEAD_MS 150.0
/// Tries with a point of their own; after these the take-over is a plain fade.
#define TRIES_MAX 6
/// Of the item's end: what is shorter is left as it is.
#define TAIL_MS 50.0

/// Where things stand, as [rt] last said.
struct stand {
    bool known;  ///< active is the current deck
    bool moving; ///< and its frames are being played
    uint64_t frame;
    uint64_t ring_frame;
};

static struct stand
look(struct ch_daemon *daemon)
{
    struct ch_engine_state state;
    ch_engine_read_state(daemon->link.engine, &state);
    const struct ch_play *active = daemon->transport.active;
    return (struct stand){
        .known = active && state.player[0].stream == active->id,
        .moving = daemon->link.running && state.player[0].motion != CH_PLAYER_STANDING,
        .frame = state.frame,
        .ring_frame = state.player[0].ring_frame,
    };
}

static uint64_t
frames_of(struct ch_daemon *daemon, double ms)
{
    return ch_frames_from_ms(ms, ch_engine_rate(daemon->link.engine));
}

/// How long before its frame a command must be sent.
static uint64_t
margin(struct ch_daemon *daemon)
{
    return 2 * (uint64_t)daemon->device.info.period + frames_of(daemon, 5.0);
}

// --- the point ---------------------------------------------------------------------------------

/// An item, a frame in it, and the frame of the active ring at which that is played.
struct point {
    uint64_t item, item_frame, ring_frame;
};

/// Frames of the engine that are whole frames of the item's source.
static uint64_t
grain(struct ch_daemon *daemon, uint64_t id)
{
    const struct ch_item *item = ch_queue_find(&daemon->transport.queue, id);
    const uint32_t engine_hz = ch_engine_rate(daemon->link.engine);
    uint32_t a = engine_hz, b = item && item->info ? item->info->rate_hz : engine_hz;
    while (b) {
        const uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    return engine_hz / a;
}

/// False: what is left of the item is too short, and what follows is not known or too near.
static bool
choose_point(struct ch_daemon *daemon, const struct stand *stand, uint64_t lead,
             struct point *point)
{
    struct ch_transport *transport = &daemon->transport;
    const struct ch_play *active = transport->active;
    const struct ch_mark *mark = &active->marks[transport->active_mark];
    const struct ch_mark *next = transport->active_mark + 1 < active->n_marks ? mark + 1 : NULL;
    uint64_t target = stand->ring_frame + lead;
    if (!stand->moving) {
        if (stand->ring_frame < mark->ring_frame) {
            return false;
        }
        *point = (struct point){mark->item, mark->item_frame + stand->ring_frame - mark->ring_frame,
                                stand->ring_frame};
        return true;
    }
    if (active->crossfaded && mark->ring_frame > 0) {
        // The end of the item before is mixed into the beginning of this one.
        const uint64_t mixed = frames_of(daemon, 1e3 * active->crossfade_s);
        target = target < mark->ring_frame + mixed ? mark->ring_frame + mixed : target;
    }
    const uint64_t inside = target > mark->ring_frame ? target - mark->ring_frame : 0;
    const uint64_t unit = grain(daemon, mark->item);
    const uint64_t at = (mark->item_frame + inside + unit - 1) / unit * unit;
    *point = (struct point){mark->item, at, mark->ring_frame + at - mark->item_frame};
    const uint64_t tail = frames_of(daemon, TAIL_MS);
    if (next && point->ring_frame + tail > next->ring_frame) {
        *point = (struct point){next->item, next->item_frame, next->ring_frame};
        return next->ring_frame > stand->ring_frame + margin(daemon) && !active->crossfaded;
    }
    const double duration_s = ch_transport_duration_s(daemon, mark->item);
    const double end = duration_s * ch_engine_rate(daemon->link.engine);
    return duration_s < 0.0 || (double)(at + tail) < end;
}

// --- begin -------------------------------------------------------------------------------------

static void
begin(struct ch_daemon *daemon)
{
    struct ch_transport *transport = &daemon->transport;
    struct ch_play *active = transport->active;
    const struct stand stand = look(daemon);
    struct point point;
    const double lead_ms = LEAD_MS * exp2((double)active->n_exchange_tries);
    if (!stand.known ||
        !choose_point(daemon, &stand, margin(daemon) + frames_of(daemon, lead_ms), &point)) {
        return; // looked at again with the next tick
    }
    enum ch_status status;
    const double start_s = (double)point.item_frame / ch_engine_rate(daemon->link.engine);
    struct ch_play *play = ch_play_create(daemon, point.item, start_s, &status);
    if (!play) {
        active->loudness_rev = daemon->loudness.rev; // it has left the queue: let it be
        return;
    }
    play->exchange = true;
    play->exchange_of = active->id;
    play->exchange_at = point.ring_frame;
    play->exchange_moving = stand.moving;
    transport->exchange = play;
}

void
ch_exchange_update(struct ch_daemon *daemon)
{
    struct ch_transport *transport = &daemon->transport;
    const uint32_t rev = daemon->loudness.rev;
    if (transport->exchange) {
        return;
    }
    if (transport->active && transport->active->n_marks && !daemon->stopping &&
        transport->active->loudness_rev != rev && !transport->loading) {
        begin(daemon);
    }
    const struct ch_play *active = transport->active;
    if (!transport->exchange && !transport->loading && (!active || active->loudness_rev == rev)) {
        ch_loudness_heard(daemon, rev, 0, 0);
    }
}

void
ch_exchange_drop(struct ch_daemon *daemon)
{
    struct ch_play *play = daemon->transport.exchange;
    if (play) {
        ch_play_retire(daemon, play);
    }
}

// --- take over ---------------------------------------------------------------------------------

static void
try_again(struct ch_daemon *daemon, struct ch_play *play)
{
    ch_play_retire(daemon, play);
    if (daemon->transport.active) {
        daemon->transport.active->n_exchange_tries++;
    }
    ch_exchange_update(daemon);
}

static void
land(struct ch_daemon *daemon, struct ch_play *play, uint64_t frame, uint64_t mono_ns)
{
    struct ch_transport *transport = &daemon->transport;
    struct ch_play *old = transport->active;
    struct ch_command disarm = {.op = CH_COMMAND_ARM, .deck = {.player = 0}};
    if (transport->successor && transport->successor->in_engine) {
        ch_link_send(daemon, &disarm, 1, NULL, NULL);
    }
    transport->exchange = NULL;
    transport->active = play;
    transport->active_mark = 0;
    transport->position_s = play->start_s;
    play->exchange = false;
    ch_play_retire(daemon, transport->successor);
    ch_play_retire(daemon, old);
    ch_transport_set_current(daemon, play->marks[0].item);
    ch_transport_changed(daemon, NULL);
    ch_loudness_changed(daemon, NULL);
    ch_transport_update_flow(daemon);
    ch_loudness_heard(daemon, play->loudness_rev, frame, mono_ns);
    ch_transport_agree(daemon);
    ch_exchange_update(daemon);
}

// Played by [rt], or refused: then it has come back before this.
static void
on_applied(struct ch_daemon *daemon, void *context, uint64_t frame, uint64_t mono_ns)
{
    struct ch_play *play = ch_play_find(daemon, (uint32_t)(uintptr_t)context);
    if (!play || play->retired) {
        return; // something else has been asked for since
    }
    if (play->in_engine) {
        land(daemon, play, frame, mono_ns);
    } else {
        ch_debug("an exchange came late; once more");
        try_again(daemon, play);
    }
}

void
ch_exchange_primed(struct ch_daemon *daemon, struct ch_play *play)
{
    const struct stand stand = look(daemon);
    const struct ch_play *active = daemon->transport.active;
    if (!play->n_marks) {
        return; // ch_exchange_failed() follows
    }
    struct ch_command command = {.op = CH_COMMAND_PLAY,
                                 .deck = {.pcm = ch_stream_pcm(play->stream),
                                          .player = 0,
                                          .stream = play->id,
                                          .flags = CH_PLAY_EXCHANGE,
                                          .fade_frames = (uint32_t)frames_of(daemon, FADE_MS)}};
    if (!stand.known || active->id != play->exchange_of || stand.moving != play->exchange_moving) {
        try_again(daemon, play);
        return;
    }
    if (stand.moving) {
        const uint64_t soonest = stand.ring_frame + margin(daemon);
        if (play->exchange_at < soonest && active->n_exchange_tries < TRIES_MAX) {
            try_again(daemon, play);
            return;
        }
        command.when_frame = stand.frame + play->exchange_at - stand.ring_frame;
        if (play->exchange_at < soonest) {
            command.when_frame = 0;
            command.deck.flags = CH_PLAY_FADE_IN;
        }
    }
    command.deck.instead_of = active->id;
    command.deck.at_frame = play->exchange_at;
    play->in_engine = true;
    ch_link_send(daemon, &command, 1, on_applied, (void *)(uintptr_t)play->id);
}

void
ch_exchange_failed(struct ch_daemon *daemon, struct ch_play *play)
{
    if (play->in_engine) {
        return;
    }
    ch_play_retire(daemon, play);
    if (daemon->transport.active) {
        daemon->transport.active->loudness_rev = daemon->loudness.rev; // it goes on as it is
    }
    ch_exchange_update(daemon);
}

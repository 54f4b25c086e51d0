// SPDX-License-Identifier: ISC
// daemon/control/cmd_player.c — player.*

#include <string.h>

#include "daemon/base/units.h"
#include "daemon/control/daemon.h"
#include "daemon/control/dispatch.h"
#include "daemon/control/play.h"

#define CROSSFADE_MAX_S 30.0
#define POSITION_MAX_S  1e9

/// Every method here takes it; "main" is the one player there is.
#define PLAYER_PARAM                                                                               \
    {                                                                                              \
        .name = "player", .type = CH_PARAM_STRING                                                  \
    }

// False: there is no such player, and the request has been answered.
static bool
player_exists(struct ch_request *request)
{
    const char *name = ch_param_string(request->params, "player", "main");
    if (strcmp(name, "main") != 0) {
        ch_request_fail(request, CH_RPC_NOT_FOUND, "player", "no player '%.64s'", name);
        return false;
    }
    return true;
}

static void
player_status(struct ch_request *request)
{
    if (player_exists(request)) {
        ch_transport_answer(request->daemon, request, 0, 0);
    }
}

static void
player_play(struct ch_request *request)
{
    if (!player_exists(request)) {
        return;
    }
    struct ch_daemon *daemon = request->daemon;
    struct ch_transport *transport = &daemon->transport;
    const cJSON *given = ch_param_get(request->params, "id");
    if (given) {
        const uint64_t id = (uint64_t)given->valuedouble;
        if (!ch_queue_find(&transport->queue, id)) {
            ch_request_fail(request, CH_RPC_NOT_FOUND, "id", "no item %llu in the queue",
                            (unsigned long long)id);
            return;
        }
        ch_transport_play_item(daemon, id, 0.0, false, request);
        return;
    }
    if (transport->state != CH_STOPPED) {
        ch_transport_resume(daemon, request);
        return;
    }
    uint64_t id = transport->current;
    if (!ch_queue_find(&transport->queue, id)) {
        id = transport->follows;
    }
    if (!ch_queue_find(&transport->queue, id)) {
        id = ch_queue_first(&transport->queue);
    }
    if (!id) {
        ch_request_fail(request, CH_RPC_NOT_FOUND, NULL, "the queue is empty");
        return;
    }
    ch_transport_play_item(daemon, id, 0.0, false, request);
}

// False: nothing plays, and the request has been answered.
static bool
something_plays(struct ch_request *request)
{
    const struct ch_transport *transport = &request->daemon->transport;
    if (transport->state == CH_STOPPED && !transport->loading) {
        ch_request_fail(request, CH_RPC_CONFLICT, NULL, "nothing is playing");
        return false;
    }
    return true;
}

static void
player_pause(struct ch_request *request)
{
    if (player_exists(request) && something_plays(request)) {
        ch_transport_pause(request->daemon, request);
    }
}

static void
player_resume(struct ch_request *request)
{
    if (player_exists(request) && something_plays(request)) {
        ch_transport_resume(request->daemon, request);
    }
}

static void
player_toggle(struct ch_request *request)
{
    if (!player_exists(request)) {
        return;
    }
    if (request->daemon->transport.state == CH_PLAYING) {
        ch_transport_pause(request->daemon, request);
    } else {
        player_play(request);
    }
}

static void
player_stop(struct ch_request *request)
{
    if (player_exists(request)) {
        ch_transport_stop(request->daemon, request);
    }
}

static void
player_next(struct ch_request *request)
{
    if (player_exists(request) && something_plays(request)) {
        struct ch_daemon *daemon = request->daemon;
        double position_s;
        const uint64_t id = ch_transport_meant(daemon, &position_s);
        ch_transport_skip_to(daemon, ch_queue_next(&daemon->transport.queue, id), request);
    }
}

static void
player_previous(struct ch_request *request)
{
    if (player_exists(request) && something_plays(request)) {
        struct ch_daemon *daemon = request->daemon;
        double position_s;
        const uint64_t id = ch_transport_meant(daemon, &position_s);
        ch_transport_skip_to(daemon, ch_queue_previous(&daemon->transport.queue, id), request);
    }
}

static void
player_seek(struct ch_request *request)
{
    if (!player_exists(request) || !something_plays(request)) {
        return;
    }
    struct ch_daemon *daemon = request->daemon;
    struct ch_transport *transport = &daemon->transport;
    const cJSON *position = ch_param_get(request->params, "position_s");
    const cJSON *delta = ch_param_get(request->params, "delta_s");
    if (!position == !delta) {
        ch_request_fail(request, CH_RPC_INVALID_PARAMS, "position_s",
                        "give one of 'position_s' and 'delta_s'");
        return;
    }
    double position_s;
    const uint64_t id = ch_transport_meant(daemon, &position_s);
    if (!ch_queue_find(&transport->queue, id)) {
        ch_request_fail(request, CH_RPC_CONFLICT, NULL, "nothing is playing");
        return;
    }
    const double duration_s = ch_transport_duration_s(daemon, id);
    double target_s = position ? position->valuedouble : position_s + delta->valuedouble;
    if (duration_s >= 0.0 && target_s >= duration_s) {
        if (position && target_s > duration_s) {
            ch_request_fail(request, CH_RPC_OUT_OF_RANGE, "position_s",
                            "the item ends at %.3f s, before %.3f s", duration_s, target_s);
            return;
        }
        // Past the end is the beginning of what follows.
        player_next(request);
        return;
    }
    if (target_s < 0.0) {
        target_s = 0.0;
    }
    const bool paused =
        transport->loading ? transport->loading->paused : transport->state == CH_PAUSED;
    ch_transport_play_item(daemon, id, target_s, paused, request);
}

static bool
is_old(const struct ch_item *item, const void *context)
{
    return item->id <= *(const uint64_t *)context;
}

static void
player_load(struct ch_request *request)
{
    if (!player_exists(request)) {
        return;
    }
    struct ch_daemon *daemon = request->daemon;
    struct ch_transport *transport = &daemon->transport;
    struct ch_queue *queue = &transport->queue;
    const bool play = ch_param_bool(request->params, "play", false);
    if (play && !ch_device_usable(&daemon->device)) {
        ch_device_refuse(&daemon->device, request);
        return;
    }
    // The old items go only when the new ones are known to be good.
    const uint32_t n_old = queue->n_items;
    const uint64_t last_old = queue->last_id;
    ch_json_begin_object(ch_request_result(request));
    if (!ch_transport_add(daemon, request, ch_param_get(request->params, "uris"), n_old)) {
        return;
    }
    ch_queue_remove_if(queue, is_old, &last_old);
    ch_queue_forget_played(queue);
    char cause[32];
    ch_topics_cause(request, cause, sizeof cause);
    if (play) {
        ch_topics_changed(daemon, CH_TOPIC_QUEUE, cause);
        const uint64_t first = queue->mode.random ? ch_queue_first(queue) : queue->items[0]->id;
        ch_transport_play_item(daemon, first, 0.0, false, request);
    } else {
        transport->current = 0;
        ch_topics_changed(daemon, CH_TOPIC_QUEUE, cause);
        ch_transport_stop(daemon, request);
    }
}

static void
player_mode(struct ch_request *request)
{
    if (!player_exists(request)) {
        return;
    }
    struct ch_daemon *daemon = request->daemon;
    struct ch_mode *mode = &daemon->transport.queue.mode;
    const cJSON *params = request->params;
    const bool was_random = mode->random;
    mode->repeat =
        (enum ch_repeat)ch_param_choice(params, "repeat", "off|one|all", (int)mode->repeat);
    mode->random = ch_param_bool(params, "random", mode->random);
    mode->single = ch_param_bool(params, "single", mode->single);
    mode->consume = ch_param_bool(params, "consume", mode->consume);
    mode->crossfade_s = ch_param_number(params, "crossfade_s", mode->crossfade_s);
    if (mode->random && !was_random) {
        struct ch_queue *queue = &daemon->transport.queue;
        struct ch_item *current = ch_queue_find(queue, daemon->transport.current);
        ch_queue_forget_played(queue);
        if (current) {
            current->played = true;
        }
    }
    char cause[32];
    ch_topics_cause(request, cause, sizeof cause);
    ch_transport_queue_changed(daemon, cause);
    ch_topics_changed(daemon, CH_TOPIC_PLAYER, cause);
    ch_transport_answer(daemon, request, 0, 0);
}

// --- what they would do, for a tx, which puts the state back -------------------------------------

static void
previewed(struct ch_request *request)
{
    ch_json_null(ch_request_result(request));
    ch_request_finish(request);
}

static void
preview_pause(struct ch_request *request)
{
    if (player_exists(request) && something_plays(request)) {
        if (request->daemon->transport.state == CH_PLAYING) {
            ch_transport_send(request->daemon, CH_COMMAND_PAUSE, NULL);
            request->daemon->transport.state = CH_PAUSED;
        }
        previewed(request);
    }
}

static void
preview_resume(struct ch_request *request)
{
    struct ch_daemon *daemon = request->daemon;
    if (!player_exists(request) || !something_plays(request)) {
        return;
    }
    if (daemon->transport.state == CH_PAUSED) {
        if (daemon->device.state != CH_DEVICE_OPEN) {
            ch_device_refuse(&daemon->device, request);
            return;
        }
        ch_transport_send(daemon, CH_COMMAND_RESUME, NULL);
        daemon->transport.state = CH_PLAYING;
    }
    previewed(request);
}

static void
preview_toggle(struct ch_request *request)
{
    if (!player_exists(request)) {
        return;
    }
    switch (request->daemon->transport.state) {
    case CH_PLAYING:
        preview_pause(request);
        break;
    case CH_PAUSED:
        preview_resume(request);
        break;
    case CH_STOPPED:
        ch_request_fail(request, CH_RPC_CONFLICT, NULL,
                        "nothing is playing, and what begins an item can't be part of a tx");
        break;
    }
}

static void
preview_stop(struct ch_request *request)
{
    if (player_exists(request)) {
        ch_transport_send(request->daemon, CH_COMMAND_STOP, NULL);
        request->daemon->transport.state = CH_STOPPED;
        previewed(request);
    }
}

static const struct ch_param only_player[] = {PLAYER_PARAM, CH_PARAM_END};

static const struct ch_param play_params[] = {
    PLAYER_PARAM,
    {.name = "id", .type = CH_PARAM_INT, .min = 1, .max = 9007199254740992.0},
    CH_PARAM_END,
};

static const struct ch_param seek_params[] = {
    PLAYER_PARAM,
    {.name = "position_s", .type = CH_PARAM_NUMBER, .min = 0, .max = POSITION_MAX_S},
    {.name = "delta_s", .type = CH_PARAM_NUMBER, .min = -POSITION_MAX_S, .max = POSITION_MAX_S},
    CH_PARAM_END,
};

static const struct ch_param load_params[] = {
    PLAYER_PARAM,
    {.name = "uris", .type = CH_PARAM_STRINGS, .flags = CH_PARAM_REQUIRED},
    {.name = "play", .type = CH_PARAM_BOOL},
    CH_PARAM_END,
};

static const struct ch_param mode_params[] = {
    PLAYER_PARAM,
    {.name = "repeat", .type = CH_PARAM_STRING, .choices = "off|one|all"},
    {.name = "random", .type = CH_PARAM_BOOL},
    {.name = "single", .type = CH_PARAM_BOOL},
    {.name = "consume", .type = CH_PARAM_BOOL},
    {.name = "crossfade_s", .type = CH_PARAM_NUMBER, .min = 0, .max = CROSSFADE_MAX_S},
    CH_PARAM_END,
};

const struct ch_method ch_player_methods[] = {
    {.name = "player.status", .run = player_status, .params = only_player},
    {.name = "player.play", .run = player_play, .params = play_params},
    {.name = "player.pause", .run = player_pause, .params = only_player, .preview = preview_pause},
    {.name = "player.resume",
     .run = player_resume,
     .params = only_player,
     .preview = preview_resume},
    {.name = "player.toggle",
     .run = player_toggle,
     .params = only_player,
     .preview = preview_toggle},
    {.name = "player.stop", .run = player_stop, .params = only_player, .preview = preview_stop},
    {.name = "player.next", .run = player_next, .params = only_player},
    {.name = "player.previous", .run = player_previous, .params = only_player},
    {.name = "player.seek", .run = player_seek, .params = seek_params},
    {.name = "player.load", .run = player_load, .params = load_params},
    {.name = "player.mode", .run = player_mode, .params = mode_params},
    {.name = NULL},
};

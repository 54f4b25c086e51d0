// SPDX-License-Identifier: ISC
// daemon/control/link.c — sends commands, takes events, and knows when to look.

#include "daemon/control/link.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/base/log.h"
#include "daemon/control/daemon.h"
#include "daemon/control/link_gather.h"
#include "daemon/engine/engine.h"
#include "protocol/json.h"

#define AWAITING_MS 2   ///< an acknowledgement is due within a period
#define PLAYING_MS  25  ///< item changes, the end of a deck
#define CALM_MS     100 ///< nothing of that is near: counters, starvation

/// More changes than this may not wait for the engine at once: it could be soon for none of them.
#define AWAITED_MAX 16384

/// One ch_link_send() that has not been acknowledged.
struct ch_ack {
    struct ch_ack *next;
    ch_ack_fn on_ack;
    void *context;
    uint32_t id;                 ///< of its last command
    uint32_t n;                  ///< commands still to be sent, 0 once sent
    struct ch_command *commands; ///< owned while unsent
    uint64_t sent_ns;            ///< when the engine's queue took them
};

enum ch_status
ch_link_init(struct ch_daemon *daemon, uint32_t rate_hz)
{
    struct ch_link *link = &daemon->link;
    link->last = &link->first;
    link->last_shut = &link->shutting;
    uv_timer_init(&daemon->loop, &link->timer);
    link->timer.data = daemon;
    ch_histogram_init(&link->latency);
    return ch_engine_create(&link->engine, rate_hz);
}

void
ch_link_fini(struct ch_daemon *daemon)
{
    struct ch_link *link = &daemon->link;
    while (link->first) {
        struct ch_ack *ack = link->first;
        link->first = ack->next;
        free(ack->commands);
        free(ack);
    }
    while (link->shutting) {
        struct ch_ack *ack = link->shutting;
        link->shutting = ack->next;
        free(ack);
    }
    ch_engine_destroy(link->engine);
    link->engine = NULL;
}

// --- acknowledgements --------------------------------------------------------------------------

static void
on_acknowledged(struct ch_daemon *daemon, const struct ch_event_slot *event)
{
    struct ch_link *link = &daemon->link;
    struct ch_ack *ack = link->first;
    // Commands take effect in the order they were sent, but for those with a frame of their own.
    struct ch_ack **at = &link->first;
    while (ack && (ack->n || ack->id != event->id)) {
        at = &ack->next;
        ack = ack->next;
    }
    if (!ack) {
        return;
    }
    link->n_awaited--;
    if (link->running) {
        // What came while a block was rendered took effect in it, at a frame whose time is earlier.
        const bool later = event->mono_ns > ack->sent_ns;
        ch_histogram_add(&link->latency, later ? event->mono_ns - ack->sent_ns : 0);
    }
    *at = ack->next;
    if (!*at) {
        link->last = at;
    }
    if (ack->on_ack) {
        ack->on_ack(daemon, ack->context, event->frame, event->mono_ns);
    }
    free(ack);
}

// One answer stands for all shuts up to it.
static void
on_shut(struct ch_daemon *daemon, const struct ch_event_slot *event)
{
    struct ch_link *link = &daemon->link;
    while (link->shutting && (int32_t)(link->shutting->id - event->id) <= 0) {
        struct ch_ack *ack = link->shutting;
        link->shutting = ack->next;
        if (!link->shutting) {
            link->last_shut = &link->shutting;
        }
        ack->on_ack(daemon, ack->context, event->frame, event->mono_ns);
        free(ack);
    }
}

uint32_t
ch_link_shut(struct ch_daemon *daemon, ch_ack_fn on_ack, void *context)
{
    struct ch_link *link = &daemon->link;
    const uint32_t number = ch_engine_shut(link->engine);
    struct ch_ack *ack = on_ack ? calloc(1, sizeof *ack) : NULL;
    if (ack) {
        *ack = (struct ch_ack){.id = number, .on_ack = on_ack, .context = context};
        *link->last_shut = ack;
        link->last_shut = &ack->next;
    } else if (on_ack) {
        on_ack(daemon, context, 0, 0); // out of memory; it is shut all the same
    }
    if (!link->running) {
        ch_link_drain(daemon);
    } else {
        ch_link_update_timer(daemon);
    }
    return number;
}

// --- sending -----------------------------------------------------------------------------------

static void
send_waiting(struct ch_link *link)
{
    for (struct ch_ack *ack = link->first_unsent; ack; ack = ack->next) {
        ack->sent_ns = ch_os_mono_ns();
        if (!ch_engine_send(link->engine, ack->commands, ack->n)) {
            link->first_unsent = ack;
            return;
        }
        const uint32_t n_queued = ch_engine_n_queued(link->engine);
        link->n_queued_max = n_queued > link->n_queued_max ? n_queued : link->n_queued_max;
        free(ack->commands);
        ack->commands = NULL;
        ack->n = 0;
    }
    link->first_unsent = NULL;
}

uint32_t
ch_link_send(struct ch_daemon *daemon, struct ch_command *commands, uint32_t n, ch_ack_fn on_ack,
             void *context)
{
    struct ch_link *link = &daemon->link;
    if (link->gather) {
        ch_gather_add(link->gather, commands, n, on_ack, context);
        return 0;
    }
    struct ch_ack *ack = calloc(1, sizeof *ack);
    struct ch_command *copy = calloc(n, sizeof *copy);
    if (!ack || !copy) {
        ch_error("out of memory for a command to the engine");
        free(ack);
        free(copy);
        if (on_ack) {
            on_ack(daemon, context, 0, 0);
        }
        return 0;
    }
    memcpy(copy, commands, n * sizeof *copy);
    for (uint32_t i = 0; i + 1 < n; i++) {
        copy[i].flags |= CH_COMMAND_QUIET;
    }
    const uint32_t id = ++link->last_id;
    ack->id = id;
    copy[n - 1].id = ack->id;
    ack->on_ack = on_ack;
    ack->context = context;
    ack->commands = copy;
    ack->n = n;
    *link->last = ack;
    link->last = &ack->next;
    link->n_awaited++;
    if (!link->first_unsent) {
        link->first_unsent = ack;
    }
    send_waiting(link);
    if (!link->running) {
        ch_link_drain(daemon);
    } else {
        ch_link_update_timer(daemon);
    }
    return id;
}

void
ch_link_forget(struct ch_daemon *daemon, uint32_t id)
{
    struct ch_link *link = &daemon->link;
    for (struct ch_ack **at = &link->first; *at; at = &(*at)->next) {
        struct ch_ack *ack = *at;
        if (ack->id == id) {
            if (link->first_unsent == ack) {
                link->first_unsent = ack->next;
            }
            *at = ack->next;
            if (!*at) {
                link->last = at;
            }
            link->n_awaited--;
            free(ack->commands);
            free(ack);
            return;
        }
    }
}

// --- events ------------------------------------------------------------------------------------

static void
handle_event(struct ch_daemon *daemon, const struct ch_event_slot *event)
{
    switch ((enum ch_event_op)event->op) {
    case CH_EVENT_ACK:
        on_acknowledged(daemon, event);
        break;
    case CH_EVENT_STARTED:
    case CH_EVENT_ENDED:
    case CH_EVENT_RELEASED:
    case CH_EVENT_STARVED:
    case CH_EVENT_REFILLED:
    case CH_EVENT_STANDING:
        ch_transport_on_event(daemon, event);
        break;
    case CH_EVENT_TAP_RELEASED:
        ch_feeds_on_tap_released(daemon, event->tap.tap, (enum ch_tap_point)event->tap.point);
        break;
    case CH_EVENT_SHUT:
        on_shut(daemon, event);
        break;
    }
}

void
ch_link_take_events(struct ch_daemon *daemon)
{
    struct ch_event_slot event;
    while (ch_engine_take_event(daemon->link.engine, &event)) {
        handle_event(daemon, &event);
    }
}

void
ch_link_drain(struct ch_daemon *daemon)
{
    struct ch_link *link = &daemon->link;
    do {
        send_waiting(link);
        if (!link->running) {
            ch_engine_clock(link->engine, ch_os_mono_ns(), 0);
            ch_engine_settle(link->engine);
        }
        ch_link_take_events(daemon);
    } while (link->first_unsent && !link->running);
    ch_link_update_timer(daemon);
}

static void
on_timer(uv_timer_t *timer)
{
    struct ch_daemon *daemon = timer->data;
    ch_link_drain(daemon);
    ch_transport_tick(daemon);
    ch_txs_update(daemon);
    ch_link_update_timer(daemon);
}

void
ch_link_look_within(struct ch_daemon *daemon, uint64_t within_ms)
{
    uv_timer_t *timer = &daemon->link.timer;
    if (daemon->link.timer_ms > AWAITING_MS && uv_timer_get_due_in(timer) <= within_ms) {
        uv_timer_again(timer);
        on_timer(timer);
    }
}

void
ch_link_update_timer(struct ch_daemon *daemon)
{
    struct ch_link *link = &daemon->link;
    uint64_t wanted = 0;
    if (link->running) {
        if (link->first || link->shutting) {
            wanted = AWAITING_MS;
        } else if (ch_transport_needs_ticks(daemon)) {
            wanted = ch_transport_is_calm(daemon) ? CALM_MS : PLAYING_MS;
        }
    }
    if (wanted == link->timer_ms) {
        return;
    }
    link->timer_ms = wanted;
    if (wanted) {
        uv_timer_start(&link->timer, on_timer, wanted, wanted);
    } else {
        uv_timer_stop(&link->timer);
    }
}

bool
ch_link_crowded(const struct ch_daemon *daemon)
{
    return daemon->link.n_awaited >= AWAITED_MAX;
}

uint32_t
ch_link_n_waiting(const struct ch_daemon *daemon)
{
    uint32_t n = 0;
    for (const struct ch_ack *ack = daemon->link.first_unsent; ack; ack = ack->next) {
        n += ack->n;
    }
    return n;
}

void
ch_link_set_running(struct ch_daemon *daemon, bool running)
{
    daemon->link.running = running;
    if (!running) {
        ch_txs_stand(daemon);
        ch_link_drain(daemon);
    }
    ch_txs_update(daemon);
    ch_link_update_timer(daemon);
}

void
ch_link_write_applied(struct ch_buf *buf, uint64_t frame, uint64_t mono_ns)
{
    ch_json_key(buf, "applied_at");
    ch_json_begin_object(buf);
    ch_json_kv_uint(buf, "frame", frame);
    ch_json_kv_uint(buf, "mono_ns", mono_ns);
    ch_json_end_object(buf);
}

void
ch_link_answer(struct ch_daemon *daemon, void *context, uint64_t frame, uint64_t mono_ns)
{
    (void)daemon;
    struct ch_request *request = context;
    ch_link_write_applied(ch_request_result(request), frame, mono_ns);
    ch_json_end_object(ch_request_result(request));
    ch_request_finish(request);
}

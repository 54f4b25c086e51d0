// SPDX-License-Identifier: ISC
// daemon/control/transport_commands.c — pause, resume, stop, skip: what people do to what plays.

#include "daemon/control/daemon.h"
#include "daemon/control/exchange.h"
#include "daemon/control/play.h"
#include "daemon/control/request.h"

void
ch_transport_pause(struct ch_daemon *daemon, struct ch_request *request)
{
    struct ch_transport *transport = &daemon->transport;
    if (transport->loading) {
        transport->loading->paused = true;
    }
    if (transport->state != CH_PLAYING) {
        ch_transport_answer(daemon, request, 0, 0);
        return;
    }
    if (transport->exchange && !transport->exchange->in_engine) {
        ch_exchange_drop(daemon); // it begins anew where this one will stand
    }
    transport->state = CH_PAUSED;
    ch_transport_changed(daemon, request);
    ch_transport_send(daemon, CH_COMMAND_PAUSE, request);
    ch_link_update_timer(daemon);
}

void
ch_transport_resume(struct ch_daemon *daemon, struct ch_request *request)
{
    struct ch_transport *transport = &daemon->transport;
    if (transport->loading) {
        transport->loading->paused = false;
    }
    if (transport->state != CH_PAUSED) {
        ch_transport_answer(daemon, request, 0, 0);
        return;
    }
    if (daemon->device.state != CH_DEVICE_OPEN) {
        if (request) {
            ch_device_refuse(&daemon->device, request);
        }
        return;
    }
    transport->state = CH_PLAYING;
    ch_transport_changed(daemon, request);
    ch_transport_send(daemon, CH_COMMAND_RESUME, request);
    ch_transport_set_state(daemon, CH_PLAYING);
}

void
ch_transport_stop(struct ch_daemon *daemon, struct ch_request *request)
{
    struct ch_transport *transport = &daemon->transport;
    const bool sounded = transport->active || transport->loading || transport->successor;
    ch_play_retire(daemon, transport->loading);
    ch_play_retire(daemon, transport->successor);
    ch_exchange_drop(daemon);
    ch_play_retire(daemon, transport->active);
    transport->state = CH_STOPPED;
    ch_transport_changed(daemon, request);
    // Even if nothing should sound: something may have been armed a moment ago.
    ch_transport_send(daemon, CH_COMMAND_STOP, sounded ? request : NULL);
    if (!sounded) {
        ch_transport_answer(daemon, request, 0, 0);
    }
    ch_link_update_timer(daemon);
}

void
ch_transport_skip_to(struct ch_daemon *daemon, uint64_t id, struct ch_request *request)
{
    struct ch_transport *transport = &daemon->transport;
    const bool paused =
        transport->loading ? transport->loading->paused : transport->state == CH_PAUSED;
    if (id) {
        ch_transport_play_item(daemon, id, 0.0, paused, request);
    } else {
        ch_transport_set_current(daemon, 0);
        ch_transport_stop(daemon, request);
    }
}

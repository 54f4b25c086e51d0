// SPDX-License-Identifier: ISC
// daemon/control/transport_device.c — what plays, when the device comes, goes or changes its rate.

#include "daemon/control/daemon.h"
#include "daemon/control/exchange.h"
#include "daemon/control/play.h"
#include "daemon/control/request.h"

void
ch_transport_device_opened(struct ch_daemon *daemon)
{
    struct ch_play *loading = daemon->transport.loading;
    if (loading && loading->primed && loading->n_marks) {
        ch_transport_take_over(daemon, loading);
    }
    ch_transport_update_flow(daemon);
}

void
ch_transport_device_failed(struct ch_daemon *daemon, const char *detail)
{
    struct ch_play *loading = daemon->transport.loading;
    if (loading && loading->request) {
        struct ch_request *request = loading->request;
        loading->request = NULL;
        ch_request_fail(request, CH_RPC_NO_DEVICE, NULL, "%s", detail);
        ch_play_retire(daemon, loading);
    }
    ch_transport_update_flow(daemon);
}

void
ch_transport_before_start(struct ch_daemon *daemon)
{
    // The callback stands, so a pause is immediate; the resume fades in when it runs again.
    if (daemon->transport.state == CH_PLAYING && ch_transport_ring_frame(daemon) > 0) {
        ch_transport_send(daemon, CH_COMMAND_PAUSE, NULL);
    }
}

void
ch_transport_after_start(struct ch_daemon *daemon)
{
    if (daemon->transport.state == CH_PLAYING) {
        ch_transport_send(daemon, CH_COMMAND_RESUME, NULL);
    }
    ch_transport_update_flow(daemon);
}

void
ch_transport_rebuild(struct ch_daemon *daemon,
                     void (*change)(struct ch_daemon *daemon, uint32_t rate_hz), uint32_t rate_hz)
{
    struct ch_transport *transport = &daemon->transport;
    const uint64_t id = transport->active ? transport->current : 0;
    const double position_s = ch_transport_position_s(daemon);
    const bool paused = transport->state == CH_PAUSED;
    struct ch_play *loading = transport->loading;
    struct ch_request *request = loading ? loading->request : NULL;
    const uint64_t loading_id = loading && loading->n_marks ? loading->marks[0].item
                                : loading                   ? loading->tail
                                                            : 0;
    const double loading_s = loading ? loading->start_s : 0.0;
    const bool loading_paused = loading && loading->paused;
    if (loading) {
        loading->request = NULL;
    }
    ch_play_retire(daemon, transport->successor);
    ch_exchange_drop(daemon);
    ch_play_retire(daemon, transport->active);
    ch_play_retire(daemon, loading);
    change(daemon, rate_hz);
    if (loading_id) {
        ch_transport_play_item(daemon, loading_id, loading_s, loading_paused, request);
    } else if (id) {
        ch_transport_play_item(daemon, id, position_s, paused, NULL);
    }
}

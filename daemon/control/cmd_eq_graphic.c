// SPDX-License-Identifier: ISC
// daemon/control/cmd_eq_graphic.c — eq.graphic

#include "daemon/control/cmd_eq.h"
#include "daemon/control/daemon.h"
#include "daemon/control/dispatch.h"
#include "daemon/control/eq_band.h"

static void
tell_layouts(struct ch_request *request)
{
    struct ch_buf *buf = ch_request_result(request);
    ch_json_begin_object(buf);
    ch_sliders_write_layouts(buf);
    ch_sliders_write_member(&request->daemon->equaliser, buf);
    ch_json_end_object(buf);
    ch_request_finish(request);
}

void
ch_eq_graphic(struct ch_request *request)
{
    struct ch_daemon *daemon = request->daemon;
    if (!ch_param_get(request->params, "layout") && !ch_param_get(request->params, "gains_db")) {
        tell_layouts(request);
        return;
    }
    if (ch_eq_refuse_crowd(request)) {
        return;
    }
    struct ch_graphic graphic;
    const char *param = NULL;
    char why[CH_EQ_WHY_BYTES];
    bool out_of_range;
    if (!ch_sliders_read(&daemon->equaliser, request->params, &graphic,
                         &(struct ch_eq_refusal){&param, why, &out_of_range})) {
        ch_eq_refuse_request(request, out_of_range, param, why);
        return;
    }
    const uint32_t rate_hz = ch_engine_rate(daemon->link.engine);
    ch_sliders_set(&daemon->equaliser, &graphic, rate_hz);
    ch_equaliser_update(&daemon->equaliser, rate_hz);
    ch_eq_apply(request);
}

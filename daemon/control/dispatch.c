// SPDX-License-Identifier: ISC
// daemon/control/dispatch.c — from a method's name to its function.

#include "daemon/control/dispatch.h"

#include <string.h>

#include "daemon/control/daemon.h"

static const struct ch_method *const families[] = {
    ch_rpc_methods,       ch_server_methods,  ch_device_methods, ch_player_methods,
    ch_queue_methods,     ch_mixer_methods,   ch_output_methods, ch_eq_methods,
    ch_eq_preset_methods, ch_eq_text_methods, ch_flow_methods,   ch_tx_methods,
    ch_loudness_methods,
};

const struct ch_method *
ch_method_find(const char *name)
{
    for (unsigned i = 0; i < sizeof families / sizeof *families; i++) {
        for (const struct ch_method *method = families[i]; method->name; method++) {
            if (!strcmp(method->name, name)) {
                return method;
            }
        }
    }
    return NULL;
}

void
ch_method_run(const struct ch_method *method, struct ch_request *request, bool preview)
{
    static const struct ch_param no_params[] = {CH_PARAM_END};
    if (ch_params_check(request, request->params, method->params ? method->params : no_params)) {
        (preview && method->preview ? method->preview : method->run)(request);
    }
}

void
ch_dispatch(struct ch_request *request, const char *name)
{
    struct ch_daemon *daemon = request->daemon;
    const struct ch_method *method = ch_method_find(name);
    if (!method) {
        ch_request_fail(request, CH_RPC_METHOD_NOT_FOUND, NULL, "no method '%.64s'", name);
        return;
    }
    ch_method_run(method, request, false);
    ch_txs_update(daemon);
}

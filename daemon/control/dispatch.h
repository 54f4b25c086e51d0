// SPDX-License-Identifier: ISC
// daemon/control/dispatch.h — the table of methods.                                          [main]

#ifndef CH_CONTROL_DISPATCH_H
#define CH_CONTROL_DISPATCH_H

#include "daemon/control/params.h"
#include "daemon/control/request.h"

struct ch_method {
    const char *name;
    void (*run)(struct ch_request *request); ///< answers it, now or later
    const struct ch_param *params;           ///< NULL = takes none
};

/// One table for each family of methods, ended by a NULL name.
extern const struct ch_method ch_rpc_methods[];
extern const struct ch_method ch_server_methods[];
extern const struct ch_method ch_player_methods[];
extern const struct ch_method ch_queue_methods[];
extern const struct ch_method ch_mixer_methods[];
extern const struct ch_method ch_output_methods[];
extern const struct ch_method ch_eq_methods[];
extern const struct ch_method ch_flow_methods[];

/// Find the method, check the parameters, run it.
void ch_dispatch(struct ch_request *request, const char *method);

#endif

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
    /// It can be an op of a tx: it sends commands at once and changes nothing else but what
    /// struct ch_tx_kept (tx_ops.c) can put back.
    bool in_tx;
    /// The same for one that changes more: sends the commands that run() would, refuses what it
    /// would refuse, answers with anything, and changes nothing.  At most one such op in a tx.
    void (*preview)(struct ch_request *request);
};

/// One table for each family of methods, ended by a NULL name.
extern const struct ch_method ch_rpc_methods[];
extern const struct ch_method ch_server_methods[];
extern const struct ch_method ch_device_methods[];
extern const struct ch_method ch_player_methods[];
extern const struct ch_method ch_queue_methods[];
extern const struct ch_method ch_mixer_methods[];
extern const struct ch_method ch_output_methods[];
extern const struct ch_method ch_eq_methods[];
extern const struct ch_method ch_eq_preset_methods[];
extern const struct ch_method ch_eq_text_methods[];
extern const struct ch_method ch_flow_methods[];
extern const struct ch_method ch_loudness_methods[];
extern const struct ch_method ch_tx_methods[];

/// NULL if there is none.
const struct ch_method *ch_method_find(const char *name);

/// Check the parameters of a request for `method`, and run it (or only preview it).
void ch_method_run(const struct ch_method *method, struct ch_request *request, bool preview);

/// Find the method, check the parameters, run it.
void ch_dispatch(struct ch_request *request, const char *method);

#endif

// SPDX-License-Identifier: ISC
// daemon/control/tx_ops.c — runs methods for trial, and for good, with what they send kept back.

#include <math.h>
#include <stdio.h>

#include "daemon/base/units.h"
#include "daemon/control/daemon.h"
#include "daemon/control/dispatch.h"
#include "daemon/control/tx.h"

/// A change that a method makes takes no less than the engine's default: shorter would click.
#define RAMP_MIN_MS 20.0

void
ch_tx_keep(const struct ch_daemon *daemon, struct ch_tx_kept *kept)
{
    kept->mixer = daemon->mixer;
    kept->equaliser = daemon->equaliser;
    kept->transport_state = daemon->transport.state;
}

void
ch_tx_put_back(struct ch_daemon *daemon, const struct ch_tx_kept *kept)
{
    daemon->mixer = kept->mixer;
    daemon->equaliser = kept->equaliser;
    daemon->transport.state = kept->transport_state;
}

void
ch_tx_ops_clear(struct ch_tx_ops *ops)
{
    for (uint32_t i = 0; i < ops->n; i++) {
        ch_buf_fini(&ops->op[i].outcome.result);
        ops->op[i].outcome = (struct ch_outcome){.done = false};
        ch_buf_init(&ops->op[i].outcome.result);
    }
}

static void
fail_op(struct ch_tx_op *op, enum ch_rpc_error error, const char *detail)
{
    op->outcome.done = true;
    op->outcome.error = error;
    op->outcome.param[0] = 0;
    snprintf(op->outcome.detail, sizeof op->outcome.detail, "%s", detail);
}

// Up to the first that fails.
static bool
run_all(const struct ch_request *request, struct ch_tx_ops *ops, bool preview)
{
    const struct ch_gather *gather = request->daemon->link.gather;
    ch_tx_ops_clear(ops);
    for (uint32_t i = 0; i < ops->n; i++) {
        struct ch_tx_op *op = &ops->op[i];
        struct ch_request *part = ch_request_part(request, &ops->job, op->params, &op->outcome);
        if (!part) {
            fail_op(op, CH_RPC_INTERNAL, "out of memory");
            return false;
        }
        ch_method_run(op->method, part, preview);
        if (op->outcome.error != CH_RPC_OK) {
            return false;
        }
        // One place is left for what revokes an earlier version of it.
        if (gather->overflowed || gather->n == CH_CHAIN_MAX) {
            fail_op(op, CH_RPC_OUT_OF_RANGE,
                    "with this op it is more than the engine can change on one frame");
            return false;
        }
    }
    return true;
}

static void
set_ramps(struct ch_gather *gather, uint32_t n_frames)
{
    for (uint32_t i = 0; i < gather->n; i++) {
        struct ch_command *command = &gather->commands[i];
        uint32_t *ramp_frames = NULL;
        if (command->op == CH_COMMAND_GAIN) {
            ramp_frames = &command->gain.ramp_frames;
        } else if (command->op == CH_COMMAND_EQ_SECTION) {
            ramp_frames = &command->eq.ramp_frames;
        } else if (command->op == CH_COMMAND_EQ_PREAMP) {
            ramp_frames = &command->preamp.ramp_frames;
        }
        // An op can ask for one of the gain; what the equaliser needs is the least.
        const bool asked = command->op == CH_COMMAND_GAIN && ramp_frames && *ramp_frames != 0;
        if (ramp_frames && !asked && *ramp_frames < n_frames) {
            *ramp_frames = n_frames;
        }
    }
}

static bool
run_gathered(const struct ch_request *request, struct ch_tx_ops *ops, struct ch_gather *gather,
             uint32_t *topics, bool preview)
{
    struct ch_daemon *daemon = request->daemon;
    uint32_t *const outer = daemon->topics.together;
    *topics = 0;
    daemon->topics.together = topics;
    daemon->mixer.panic_stays = ops->before_panic;
    ch_link_gather(daemon, gather);
    const bool ok = run_all(request, ops, preview);
    ch_link_gathered(daemon);
    daemon->mixer.panic_stays = false;
    daemon->topics.together = outer;
    if (ops->ramp_ms >= 0.0) {
        set_ramps(gather, ch_frames_from_ms(fmax(ops->ramp_ms, RAMP_MIN_MS),
                                            ch_engine_rate(daemon->link.engine)));
    }
    return ok;
}

bool
ch_tx_ops_pretend(const struct ch_request *request, struct ch_tx_ops *ops, struct ch_gather *gather)
{
    struct ch_tx_kept kept;
    uint32_t topics;
    ch_tx_keep(request->daemon, &kept);
    const bool ok = run_gathered(request, ops, gather, &topics, true);
    if (!ok) {
        ch_tx_put_back(request->daemon, &kept);
    }
    ch_gather_tell(gather, request->daemon, 0, 0);
    gather->n_waiting = 0;
    return ok;
}

bool
ch_tx_ops_try(const struct ch_request *request, struct ch_tx_ops *ops, struct ch_gather *gather)
{
    struct ch_tx_kept kept;
    ch_tx_keep(request->daemon, &kept);
    const bool ok = ch_tx_ops_pretend(request, ops, gather);
    ch_tx_put_back(request->daemon, &kept);
    return ok;
}

bool
ch_tx_ops_do(const struct ch_request *request, struct ch_tx_ops *ops, struct ch_gather *gather,
             uint32_t *topics)
{
    struct ch_tx_kept kept;
    ch_tx_keep(request->daemon, &kept);
    if (run_gathered(request, ops, gather, topics, false)) {
        return true;
    }
    ch_tx_put_back(request->daemon, &kept);
    ch_gather_tell(gather, request->daemon, 0, 0);
    gather->n_waiting = 0;
    return false;
}

void
ch_tx_ops_refuse(const struct ch_tx_ops *ops, struct ch_request *request)
{
    for (uint32_t i = 0; i < ops->n; i++) {
        const struct ch_outcome *outcome = &ops->op[i].outcome;
        if (outcome->done && outcome->error != CH_RPC_OK) {
            char param[96];
            snprintf(param, sizeof param, *outcome->param ? "ops[%u].params.%s" : "ops[%u]", i,
                     outcome->param);
            ch_request_fail(request, outcome->error, param, "ops[%u]: %s", i, outcome->detail);
            return;
        }
    }
    ch_request_fail(request, CH_RPC_INTERNAL, NULL, "the tx failed");
}

void
ch_tx_ops_write_results(const struct ch_tx_ops *ops, struct ch_buf *buf)
{
    ch_json_key(buf, "results");
    ch_json_begin_array(buf);
    for (uint32_t i = 0; i < ops->n; i++) {
        const struct ch_buf *result = &ops->op[i].outcome.result;
        ch_json_raw(buf, result->length ? result->data : "null",
                    result->length ? result->length : 4);
    }
    ch_json_end_array(buf);
}

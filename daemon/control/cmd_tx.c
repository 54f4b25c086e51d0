// SPDX-License-Identifier: ISC
// daemon/control/cmd_tx.c — tx, tx.list, tx.cancel, clock.now

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/units.h"
#include "daemon/control/daemon.h"
#include "daemon/control/dispatch.h"
#include "daemon/control/tx.h"

#define RAMP_MAX_MS 60000.0
/// A cue that comes so late still counts.
#define LATE_MAX_S 1.0
/// Exact in a double.
#define INTEGER_MAX 9007199254740992.0

static void
clock_now(struct ch_request *request)
{
    struct ch_daemon *daemon = request->daemon;
    struct ch_engine *engine = daemon->link.engine;
    const uint32_t rate_hz = ch_engine_rate(engine);
    struct ch_engine_state state;
    struct ch_clock clock;
    ch_engine_read_state(engine, &state);
    ch_snapshot_read(ch_engine_clock_snapshot(engine), &clock);
    const uint64_t latency_ns = clock.heard_mono_ns - clock.mono_ns;
    uint64_t frame = state.frame;
    uint64_t mono_ns = ch_os_mono_ns();
    if (daemon->link.running && daemon->device.ops == &ch_backend_file) {
        mono_ns = state.mono_ns; // a time of its own
    } else if (daemon->link.running && mono_ns > clock.mono_ns) {
        frame = clock.frame + (uint64_t)((double)(mono_ns - clock.mono_ns) * rate_hz / CH_NS_PER_S);
    }
    struct ch_buf *buf = ch_request_result(request);
    ch_json_begin_object(buf);
    ch_json_kv_uint(buf, "frame", frame);
    ch_json_kv_uint(buf, "mono_ns", mono_ns);
    ch_json_kv_uint(buf, "heard_mono_ns", mono_ns + latency_ns);
    ch_json_kv_uint(buf, "rate_hz", rate_hz);
    ch_json_kv_bool(buf, "running", daemon->link.running);
    ch_json_end_object(buf);
    ch_request_finish(request);
}

// --- reading a tx ------------------------------------------------------------------------------

static bool
refuse_op(struct ch_request *request, uint32_t i, const char *member, enum ch_rpc_error error,
          const char *detail)
{
    char param[96];
    snprintf(param, sizeof param, *member ? "ops[%u].%.64s" : "ops[%u]", i, member);
    ch_request_fail(request, error, param, "%s: %s", param, detail);
    return false;
}

static bool
read_op(struct ch_request *request, const cJSON *object, uint32_t i, struct ch_tx_op *op)
{
    if (!cJSON_IsObject(object)) {
        return refuse_op(request, i, "", CH_RPC_INVALID_PARAMS, "an op must be an object");
    }
    const cJSON *member;
    cJSON_ArrayForEach(member, object)
    {
        if (strcmp(member->string, "method") != 0 && strcmp(member->string, "params") != 0) {
            return refuse_op(request, i, member->string, CH_RPC_INVALID_PARAMS,
                             "an op has 'method' and 'params'");
        }
    }
    const cJSON *method = ch_param_get(object, "method");
    op->params = ch_param_get(object, "params");
    if (!cJSON_IsString(method)) {
        return refuse_op(request, i, "method", CH_RPC_INVALID_PARAMS, "it must be a string");
    }
    if (op->params && !cJSON_IsObject(op->params)) {
        return refuse_op(request, i, "params", CH_RPC_INVALID_PARAMS, "it must be an object");
    }
    op->method = ch_method_find(method->valuestring);
    char detail[160];
    if (!op->method) {
        snprintf(detail, sizeof detail, "no method '%.64s'", method->valuestring);
        return refuse_op(request, i, "method", CH_RPC_METHOD_NOT_FOUND, detail);
    }
    if (!op->method->in_tx && !op->method->preview) {
        snprintf(detail, sizeof detail, "'%s' can't be made to land on a frame", op->method->name);
        return refuse_op(request, i, "method", CH_RPC_INVALID_PARAMS, detail);
    }
    return true;
}

static bool
read_ops(struct ch_request *request, struct ch_tx_ops *ops)
{
    const cJSON *array = ch_param_get(request->params, "ops");
    const int n = cJSON_GetArraySize(array);
    if (n < 1 || n > CH_TX_OPS_MAX) {
        ch_request_fail(request, CH_RPC_OUT_OF_RANGE, "ops", "'ops' must have 1 to %d elements",
                        CH_TX_OPS_MAX);
        return false;
    }
    bool transport = false;
    const cJSON *object;
    cJSON_ArrayForEach(object, array)
    {
        struct ch_tx_op *op = &ops->op[ops->n];
        if (!read_op(request, object, ops->n, op)) {
            return false;
        }
        if (op->method->preview && transport) {
            return refuse_op(request, ops->n, "method", CH_RPC_INVALID_PARAMS,
                             "only one op can pause, resume or stop");
        }
        transport |= op->method->preview != NULL;
        ch_buf_init(&op->outcome.result);
        ops->n++;
    }
    ops->ramp_ms = ch_param_number(request->params, "ramp_ms", -1.0);
    return true;
}

static bool
refuse_late(struct ch_request *request, const char *param, double late_s)
{
    if (late_s <= LATE_MAX_S) {
        return false;
    }
    ch_request_fail(request, CH_RPC_OUT_OF_RANGE, param, "'%s' was %.3f s ago", param, late_s);
    return true;
}

static bool
read_when(struct ch_request *request, struct ch_tx *tx)
{
    static const struct ch_param frame_params[] = {
        {.name = "frame", .type = CH_PARAM_INT, .min = 0, .max = INTEGER_MAX},
        {.name = "mono_ns", .type = CH_PARAM_NUMBER, .min = 0, .max = 1e19},
        CH_PARAM_END,
    };
    struct ch_daemon *daemon = request->daemon;
    const cJSON *at = ch_param_get(request->params, "at");
    if (!at) {
        tx->at = CH_TX_AT_ONCE;
        return true;
    }
    if (cJSON_IsString(at) && !strcmp(at->valuestring, "next_track")) {
        tx->at = CH_TX_AT_NEXT;
        return true;
    }
    if (!cJSON_IsObject(at) || cJSON_GetArraySize(at) != 1) {
        ch_request_fail(request, CH_RPC_INVALID_PARAMS, "at",
                        "'at' must be {\"frame\":N}, {\"mono_ns\":N} or \"next_track\"");
        return false;
    }
    if (!ch_params_check(request, at, frame_params)) {
        return false;
    }
    const double value = at->child->valuedouble;
    if (!strcmp(at->child->string, "frame")) {
        struct ch_engine_state state;
        ch_engine_read_state(daemon->link.engine, &state);
        tx->at = CH_TX_AT_FRAME;
        tx->frame = (uint64_t)value;
        return !refuse_late(request, "at.frame",
                            ((double)state.frame - value) / ch_engine_rate(daemon->link.engine));
    }
    tx->at = CH_TX_AT_MONO;
    tx->mono_ns = (uint64_t)value;
    return !refuse_late(request, "at.mono_ns", ((double)ch_os_mono_ns() - value) / CH_NS_PER_S);
}

static struct ch_tx *
find_by_name(struct ch_daemon *daemon, const char *name)
{
    for (struct ch_tx *tx = daemon->txs.first; tx; tx = tx->next) {
        if (!strcmp(tx->name, name)) {
            return tx;
        }
    }
    return NULL;
}

static bool
read_name(struct ch_request *request, struct ch_tx *tx)
{
    const char *name = ch_param_string(request->params, "name", "");
    if (ch_param_get(request->params, "name") && (!*name || strlen(name) >= CH_TX_NAME_BYTES)) {
        ch_request_fail(request, CH_RPC_OUT_OF_RANGE, "name", "'name' must have 1 to %d bytes",
                        CH_TX_NAME_BYTES - 1);
        return false;
    }
    if (*name && find_by_name(request->daemon, name)) {
        ch_request_fail(request, CH_RPC_CONFLICT, "name", "a tx of this name waits already");
        return false;
    }
    strcpy(tx->name, name);
    return true;
}

static void
run_tx(struct ch_request *request)
{
    struct ch_daemon *daemon = request->daemon;
    if (daemon->stopping) {
        ch_request_fail(request, CH_RPC_UNAVAILABLE, NULL, "chantd is about to end");
        return;
    }
    if (daemon->txs.n >= CH_TX_MAX) {
        ch_request_fail(request, CH_RPC_BUSY, NULL, "%d txs wait already", CH_TX_MAX);
        return;
    }
    struct ch_tx *tx = calloc(1, sizeof *tx);
    if (!tx) {
        ch_request_fail(request, CH_RPC_INTERNAL, NULL, "out of memory");
        return;
    }
    if (!read_name(request, tx) || !read_ops(request, &tx->ops) || !read_when(request, tx)) {
        ch_tx_free(tx);
        return;
    }
    tx->request = request;
    ch_tx_start(daemon, tx);
}

// --- those that wait ---------------------------------------------------------------------------

static void
write_waiting(const struct ch_tx *tx, struct ch_buf *buf)
{
    ch_json_begin_object(buf);
    ch_json_kv_uint(buf, "tx", tx->id);
    if (*tx->name) {
        ch_json_kv_string(buf, "name", tx->name);
    }
    ch_json_key(buf, "at");
    if (tx->at == CH_TX_AT_NEXT) {
        ch_json_string(buf, "next_track");
    } else {
        ch_json_begin_object(buf);
        if (tx->at == CH_TX_AT_FRAME) {
            ch_json_kv_uint(buf, "frame", tx->frame);
        } else {
            ch_json_kv_uint(buf, "mono_ns", tx->mono_ns);
        }
        ch_json_end_object(buf);
    }
    ch_json_key(buf, "methods");
    ch_json_begin_array(buf);
    for (uint32_t i = 0; i < tx->ops.n; i++) {
        ch_json_string(buf, tx->ops.op[i].method->name);
    }
    ch_json_end_array(buf);
    char cause[32];
    ch_topics_cause(tx->request, cause, sizeof cause);
    ch_json_kv_string(buf, "cause", cause);
    ch_json_end_object(buf);
}

static void
tx_list(struct ch_request *request)
{
    struct ch_buf *buf = ch_request_result(request);
    ch_json_begin_object(buf);
    ch_json_key(buf, "waiting");
    ch_json_begin_array(buf);
    for (const struct ch_tx *tx = request->daemon->txs.first; tx; tx = tx->next) {
        write_waiting(tx, buf);
    }
    ch_json_end_array(buf);
    ch_json_end_object(buf);
    ch_request_finish(request);
}

static void
tx_cancel(struct ch_request *request)
{
    struct ch_daemon *daemon = request->daemon;
    const cJSON *id = ch_param_get(request->params, "tx");
    const char *name = ch_param_string(request->params, "name", NULL);
    if (!id == !name) {
        ch_request_fail(request, CH_RPC_INVALID_PARAMS, "tx", "give one of 'tx' and 'name'");
        return;
    }
    struct ch_tx *tx = name && *name ? find_by_name(daemon, name) : NULL;
    for (struct ch_tx *at = daemon->txs.first; id && at; at = at->next) {
        tx = at->id == (uint32_t)id->valuedouble ? at : tx;
    }
    if (!tx) {
        char which[32];
        snprintf(which, sizeof which, "%.0f", id ? id->valuedouble : 0.0);
        ch_request_fail(request, CH_RPC_NOT_FOUND, id ? "tx" : "name",
                        "no tx '%.64s' waits; tx.list says which do", id ? which : name);
        return;
    }
    ch_tx_cancel(daemon, tx, request);
}

static const struct ch_param tx_params[] = {
    {.name = "ops", .type = CH_PARAM_ARRAY, .flags = CH_PARAM_REQUIRED},
    {.name = "ramp_ms", .type = CH_PARAM_NUMBER, .min = 0, .max = RAMP_MAX_MS},
    {.name = "at", .type = CH_PARAM_ANY},
    {.name = "name", .type = CH_PARAM_STRING},
    CH_PARAM_END,
};

static const struct ch_param cancel_params[] = {
    {.name = "tx", .type = CH_PARAM_INT, .min = 1, .max = 4294967295.0},
    {.name = "name", .type = CH_PARAM_STRING},
    CH_PARAM_END,
};

const struct ch_method ch_tx_methods[] = {
    {.name = "tx", .run = run_tx, .params = tx_params},
    {.name = "tx.list", .run = tx_list},
    {.name = "tx.cancel", .run = tx_cancel, .params = cancel_params},
    {.name = "clock.now", .run = clock_now},
    {.name = NULL},
};

// SPDX-License-Identifier: ISC
// daemon/control/tx_cancel.c — what waits is not to land: by tx.cancel, or because of a panic.
//
// Of what is under way nobody here knows whether it has landed.  The engine answers a REVOKE behind
// the word of all that landed before it: what still waits then is what was revoked.

#include <stdio.h>
#include <stdlib.h>

#include "daemon/control/daemon.h"
#include "daemon/control/tx_internal.h"

#define WHO_BYTES 64

static struct ch_tx *
find(struct ch_daemon *daemon, uint32_t id)
{
    struct ch_tx *tx = daemon->txs.first;
    while (tx && tx->id != id) {
        tx = tx->next;
    }
    return tx;
}

static void
end_tx(struct ch_daemon *daemon, struct ch_tx *tx, const char *who)
{
    ch_tx_unlink(daemon, tx);
    daemon->txs.n_own--;
    ch_request_fail(tx->request, CH_RPC_CONFLICT, NULL, "tx %u was cancelled by %s", tx->id, who);
    ch_tx_free(tx);
}

/// What waits to know which came first.
struct cancel {
    struct ch_request *request; ///< tx.cancel; NULL = a panic
    uint32_t id;
    char who[WHO_BYTES];
};

static void
answer(struct ch_request *request, uint32_t id, bool cancelled)
{
    if (!request) {
        return;
    }
    if (!cancelled) {
        ch_request_fail(request, CH_RPC_CONFLICT, "tx", "tx %u has landed", id);
        return;
    }
    struct ch_buf *buf = ch_request_result(request);
    ch_json_begin_object(buf);
    ch_json_kv_uint(buf, "tx", id);
    ch_json_end_object(buf);
    ch_request_finish(request);
}

static void
on_revoked(struct ch_daemon *daemon, void *context, uint64_t frame, uint64_t mono_ns)
{
    (void)frame;
    (void)mono_ns;
    struct cancel *cancel = context;
    struct ch_tx *tx = find(daemon, cancel->id);
    if (tx) {
        ch_link_forget(daemon, tx->chain);
        end_tx(daemon, tx, cancel->who);
    }
    answer(cancel->request, cancel->id, tx != NULL);
    free(cancel);
}

// False without memory; then nothing has changed.
static bool
begin_cancel(struct ch_daemon *daemon, struct ch_tx *tx, struct ch_request *request,
             const char *who)
{
    const uint32_t id = tx->id;
    if (!tx->chain) {
        end_tx(daemon, tx, who);
        answer(request, id, true);
        return true;
    }
    struct cancel *cancel = malloc(sizeof *cancel);
    if (!cancel) {
        return false;
    }
    *cancel = (struct cancel){.request = request, .id = id};
    snprintf(cancel->who, sizeof cancel->who, "%s", who);
    tx->rides = true; // from here on it is left alone
    ch_tx_send_revoke(daemon, tx->chain, on_revoked, cancel);
    return true;
}

void
ch_tx_cancel(struct ch_daemon *daemon, struct ch_tx *tx, struct ch_request *request)
{
    char who[32];
    ch_topics_cause(request, who, sizeof who);
    if (tx->rides) {
        ch_request_fail(request, CH_RPC_CONFLICT, "tx", "tx %u lands at this moment", tx->id);
    } else if (!begin_cancel(daemon, tx, request, who)) {
        ch_request_fail(request, CH_RPC_INTERNAL, NULL, "out of memory");
    }
}

void
ch_txs_panic(struct ch_daemon *daemon, const struct ch_request *request)
{
    char cause[32], who[WHO_BYTES];
    ch_topics_cause(request, cause, sizeof cause);
    snprintf(who, sizeof who, "mixer.panic of %s", cause);
    struct ch_tx *next;
    for (struct ch_tx *tx = daemon->txs.first; tx; tx = next) {
        next = tx->next;
        tx->ops.before_panic = true;
        if (!tx->rides) {
            // Without memory it lands, and the panic lasts.
            (void)begin_cancel(daemon, tx, NULL, who);
        }
    }
}

// SPDX-License-Identifier: ISC
// daemon/control/tx_land.c — a tx has landed: the state follows, and everybody is told.

#include <stdlib.h>
#include <string.h>

#include "daemon/control/daemon.h"
#include "daemon/control/tx_internal.h"

void
ch_tx_free(struct ch_tx *tx)
{
    if (tx) {
        ch_tx_ops_clear(&tx->ops);
        free(tx->sent);
        free(tx);
    }
}

void
ch_tx_unlink(struct ch_daemon *daemon, const struct ch_tx *tx)
{
    for (struct ch_tx **at = &daemon->txs.first; *at; at = &(*at)->next) {
        if (*at == tx) {
            *at = tx->next;
            daemon->txs.n--;
            return;
        }
    }
}

// --- landing -----------------------------------------------------------------------------------

static void
answer(struct ch_daemon *daemon, struct ch_tx *tx, struct ch_gather *gather, uint64_t frame,
       uint64_t mono_ns)
{
    struct ch_buf *buf = ch_request_result(tx->request);
    ch_gather_tell(gather, daemon, frame, mono_ns);
    ch_json_begin_object(buf);
    ch_json_kv_uint(buf, "tx", tx->id);
    if (*tx->name) {
        ch_json_kv_string(buf, "name", tx->name);
    }
    ch_tx_ops_write_results(&tx->ops, buf);
    ch_link_write_applied(buf, frame, mono_ns);
    if (tx->at != CH_TX_AT_ONCE) {
        const bool late = !tx->rides && frame > tx->when_frame;
        ch_json_kv_uint(buf, "late_frames", late ? frame - tx->when_frame : 0);
    }
    ch_json_end_object(buf);
    ch_request_finish(tx->request);
    ch_tx_free(tx);
}

static void
tell_all(struct ch_daemon *daemon, const struct ch_tx *tx, uint32_t topics)
{
    char cause[32];
    ch_topics_cause(tx->request, cause, sizeof cause);
    ch_topics_changed_together(daemon, topics, cause);
}

uint64_t
ch_tx_state_number(const struct ch_daemon *daemon)
{
    return daemon->topics.rev - daemon->txs.n_own;
}

// What the ops do may depend on a file as well, which may have changed.
static bool
as_sent(const struct ch_tx *tx, const struct ch_gather *gather)
{
    if (!tx->sent || !gather->n) {
        return true;
    }
    struct ch_command first = gather->commands[0];
    first.when_frame = tx->sent->when_frame;
    return tx->n_sent == gather->n && !memcmp(&first, tx->sent, sizeof first) &&
           !memcmp(gather->commands + 1, tx->sent + 1, (gather->n - 1) * sizeof first);
}

// It has landed in the engine, and can't be done any more here: the engine gets back what it had.
static void
undo(struct ch_daemon *daemon, struct ch_tx *tx)
{
    daemon->txs.n_own--; // those behind it were made with it in mind
    ch_daemon_send_sound(daemon);
    ch_tx_ops_refuse(&tx->ops, tx->request);
    ch_tx_free(tx);
}

void
ch_tx_on_landed(struct ch_daemon *daemon, void *context, uint64_t frame, uint64_t mono_ns)
{
    struct ch_tx *tx = context;
    struct ch_gather gather;
    uint32_t topics;
    ch_tx_unlink(daemon, tx);
    if (!ch_tx_ops_do(tx->request, &tx->ops, &gather, &topics)) {
        undo(daemon, tx);
        return;
    }
    // What came between its landing and word of it was made from the state before it.
    const bool again = tx->made_from != ch_tx_state_number(daemon);
    if (!again && !as_sent(tx, &gather)) {
        ch_daemon_send_sound(daemon);
    }
    for (uint32_t i = 0; i < gather.n; i++) {
        // What was armed when a STOP landed has been swept away, and may have come back.
        if (again || gather.commands[i].op == CH_COMMAND_STOP) {
            ch_link_send(daemon, &gather.commands[i], 1, NULL, NULL);
        }
    }
    const uint64_t rev = daemon->topics.rev;
    tell_all(daemon, tx, topics);
    daemon->txs.n_own += daemon->topics.rev - rev;
    answer(daemon, tx, &gather, frame, mono_ns);
}

static void
on_landed_at_once(struct ch_daemon *daemon, void *context, uint64_t frame, uint64_t mono_ns)
{
    struct ch_tx *tx = context;
    answer(daemon, tx, &tx->gather, frame, mono_ns);
}

void
ch_tx_do_at_once(struct ch_daemon *daemon, struct ch_tx *tx)
{
    uint32_t topics;
    if (!ch_tx_ops_do(tx->request, &tx->ops, &tx->gather, &topics)) {
        ch_tx_ops_refuse(&tx->ops, tx->request);
        ch_tx_free(tx);
        return;
    }
    tell_all(daemon, tx, topics);
    if (!tx->gather.n) {
        tx->gather.commands[tx->gather.n++] = (struct ch_command){.op = CH_COMMAND_NOP};
    }
    ch_link_send(daemon, tx->gather.commands, tx->gather.n, on_landed_at_once, tx);
}

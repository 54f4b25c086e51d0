// SPDX-License-Identifier: ISC
// daemon/control/tx.c — when a tx lands, and what happens to it until then.

#include "daemon/control/tx.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/units.h"
#include "daemon/control/daemon.h"
#include "daemon/control/tx_internal.h"

/// Commands go to the engine so long before their frame, and two periods: a busy machine may keep
/// the loop waiting for a while.
#define LEAD_MS 150
/// 292 years.
#define WAIT_MAX_NS 0x1p63
/// Commands that may wait in the engine for their frame; there is room for as many again.
#define UNDER_WAY_MAX (CH_CHAIN_MAX)

/// Where the engine is.
struct now {
    struct ch_engine_state state;
    uint32_t rate_hz;
    uint64_t lead_frames;
};

static struct now
look(struct ch_daemon *daemon)
{
    struct now now = {.rate_hz = ch_engine_rate(daemon->link.engine)};
    ch_engine_read_state(daemon->link.engine, &now.state);
    // A file is written as fast as it goes, so no time is early enough.
    now.lead_frames =
        daemon->device.ops == &ch_backend_file
            ? CH_FOREVER / 2
            : ch_frames_from_ms(LEAD_MS, now.rate_hz) + 2ull * daemon->device.info.period;
    return now;
}

// --- under way ---------------------------------------------------------------------------------

void
ch_tx_send_revoke(struct ch_daemon *daemon, uint32_t chain, ch_ack_fn on_ack, void *context)
{
    struct ch_command command = {.op = CH_COMMAND_REVOKE, .revoke = {.id = chain}};
    ch_link_send(daemon, &command, 1, on_ack, context);
}

static void
take_back(struct ch_daemon *daemon, struct ch_tx *tx)
{
    const uint32_t chain = tx->chain;
    tx->chain = 0;
    free(tx->sent);
    tx->sent = NULL;
    tx->n_sent = 0;
    ch_link_forget(daemon, chain);
    ch_tx_send_revoke(daemon, chain, NULL, NULL);
}

static uint32_t
n_under_way(const struct ch_daemon *daemon)
{
    uint32_t n = 0;
    for (const struct ch_tx *tx = daemon->txs.first; tx; tx = tx->next) {
        n += tx->chain ? tx->n_sent + 1 : 0; // with a REVOKE
    }
    return n;
}

static void
fail(struct ch_daemon *daemon, struct ch_tx *tx)
{
    if (tx->chain) {
        take_back(daemon, tx);
    }
    ch_tx_unlink(daemon, tx);
    daemon->txs.n_own--; // those behind it were made with it in mind
    ch_tx_ops_refuse(&tx->ops, tx->request);
    ch_tx_free(tx);
}

// Bring what is under way to what the ops were found to do.
static void
stage(struct ch_daemon *daemon, struct ch_tx *tx, struct ch_gather *gather, uint64_t when_frame)
{
    tx->made_from = ch_tx_state_number(daemon);
    if (!gather->n) {
        gather->commands[gather->n++] = (struct ch_command){.op = CH_COMMAND_NOP};
    }
    gather->commands[0].when_frame = when_frame;
    const size_t n_bytes = gather->n * sizeof *gather->commands;
    if (tx->chain && tx->n_sent == gather->n && !memcmp(tx->sent, gather->commands, n_bytes)) {
        return;
    }
    tx->when_frame = when_frame;
    struct ch_command *sent = malloc(n_bytes);
    const uint32_t n_mine = tx->chain ? tx->n_sent + 1 : 0;
    if (!sent || n_under_way(daemon) - n_mine + gather->n + 1 > UNDER_WAY_MAX) {
        free(sent);
        if (tx->chain) {
            take_back(daemon, tx);
        }
        return; // it goes when something else has landed
    }
    memcpy(sent, gather->commands, n_bytes);
    free(tx->sent);
    tx->sent = sent;
    tx->n_sent = gather->n;
    if (tx->chain) {
        // What was sent before goes as this comes: one of them will land.
        ch_link_forget(daemon, tx->chain);
        memmove(gather->commands + 1, gather->commands, n_bytes);
        gather->commands[0] = (struct ch_command){
            .op = CH_COMMAND_REVOKE, .when_frame = when_frame, .revoke = {.id = tx->chain}};
        gather->n++;
    }
    const uint32_t chain = ch_link_send(daemon, gather->commands, gather->n, ch_tx_on_landed, tx);
    if (chain) { // else there was no memory, and it has come to its end
        tx->chain = chain;
    }
}

static uint64_t
frame_of_mono(const struct now *now, uint64_t mono_ns)
{
    const double s = ((double)mono_ns - (double)now->state.mono_ns) / CH_NS_PER_S;
    const double frame = (double)now->state.frame + rint(s * now->rate_hz);
    return frame > 0.0 ? (uint64_t)frame : 0;
}

/// Whether it is time to send its commands, and the frame they are for.
static bool
is_due(struct ch_daemon *daemon, const struct ch_tx *tx, const struct now *now, uint64_t *frame)
{
    switch (tx->at) {
    case CH_TX_AT_ONCE:
        break;
    case CH_TX_AT_FRAME:
        *frame = tx->frame;
        return daemon->link.running && *frame <= now->state.frame + now->lead_frames;
    case CH_TX_AT_MONO:
        if (!daemon->link.running) {
            *frame = now->state.frame;
            return tx->mono_ns <= ch_os_mono_ns();
        }
        *frame = tx->chain ? tx->when_frame : frame_of_mono(now, tx->mono_ns);
        return *frame <= now->state.frame + now->lead_frames;
    case CH_TX_AT_NEXT:
        if (tx->began) {
            *frame = now->state.frame;
            return true;
        }
        return daemon->link.running && ch_transport_next_begins(daemon, frame);
    }
    return false;
}

static bool
has_landed(const struct ch_tx *tx, const struct now *now)
{
    return tx->chain && tx->when_frame < now->state.frame; // word of it will come
}

/// One of those that are under way, or should be.
struct turn {
    struct ch_tx *tx;
    uint64_t frame;
    bool faulty;
};

// In the order of landing; of equal frames in that of acceptance.
static uint32_t
take_turns(struct ch_daemon *daemon, const struct now *now, struct turn turns[CH_TX_MAX],
           bool *changed)
{
    uint32_t n = 0;
    *changed = false;
    for (struct ch_tx *tx = daemon->txs.first; tx; tx = tx->next) {
        uint64_t frame = tx->when_frame;
        if (!tx->rides && !has_landed(tx, now)) {
            if (!is_due(daemon, tx, now, &frame)) {
                if (tx->chain) {
                    take_back(daemon, tx);
                    *changed = true;
                }
                continue;
            }
            *changed |= !tx->chain || tx->when_frame != frame ||
                        tx->made_from != ch_tx_state_number(daemon);
        }
        uint32_t at = n++;
        while (at > 0 && turns[at - 1].frame > frame) {
            turns[at] = turns[at - 1];
            at--;
        }
        turns[at] = (struct turn){.tx = tx, .frame = frame};
    }
    return n;
}

// Each is made from the state that those before it will leave.
static void
update_running(struct ch_daemon *daemon, const struct now *now)
{
    struct turn turns[CH_TX_MAX];
    struct ch_gather gather;
    struct ch_tx_kept kept;
    bool changed;
    const uint32_t n = take_turns(daemon, now, turns, &changed);
    if (!changed) {
        return;
    }
    ch_tx_keep(daemon, &kept);
    for (uint32_t i = 0; i < n; i++) {
        struct turn *turn = &turns[i];
        const bool ok = ch_tx_ops_pretend(turn->tx->request, &turn->tx->ops, &gather);
        if (!turn->tx->rides && !has_landed(turn->tx, now)) {
            turn->faulty = !ok;
            if (ok) {
                stage(daemon, turn->tx, &gather, turn->frame);
            }
        }
    }
    ch_tx_put_back(daemon, &kept);
    for (uint32_t i = 0; i < n; i++) {
        if (turns[i].faulty) {
            fail(daemon, turns[i].tx);
        }
    }
}

/// Of those that are due the one that should land first; of equal times the one accepted first.
static struct ch_tx *
first_due(struct ch_daemon *daemon, const struct now *now)
{
    struct ch_tx *first = NULL;
    uint64_t soonest = 0;
    for (struct ch_tx *tx = daemon->txs.first; tx; tx = tx->next) {
        uint64_t frame;
        if (tx->rides || !is_due(daemon, tx, now, &frame)) {
            continue;
        }
        const uint64_t mono_ns = tx->at == CH_TX_AT_MONO ? tx->mono_ns : UINT64_MAX; // just now
        if (!first || mono_ns < soonest) {
            first = tx;
            soonest = mono_ns;
        }
    }
    return first;
}

// Nothing is ever under way: what is due lands at once.
static void
update_standing(struct ch_daemon *daemon, const struct now *now)
{
    struct ch_tx *tx;
    while ((tx = first_due(daemon, now))) {
        struct ch_gather gather;
        if (!ch_tx_ops_try(tx->request, &tx->ops, &gather)) {
            fail(daemon, tx);
            continue;
        }
        if (!gather.n) {
            gather.commands[gather.n++] = (struct ch_command){.op = CH_COMMAND_NOP};
        }
        tx->rides = true; // sent once, and left alone until word of it comes
        tx->made_from = ch_tx_state_number(daemon);
        ch_link_send(daemon, gather.commands, gather.n, ch_tx_on_landed, tx);
    }
}

// ms until the loop has to look again; for what waits for an item the link's timer does.
static double
wait_ms(const struct ch_daemon *daemon, const struct ch_tx *tx, const struct now *now)
{
    if (tx->chain || tx->rides || tx->at == CH_TX_AT_NEXT) {
        return INFINITY;
    }
    if (daemon->link.running) {
        const double frame =
            tx->at == CH_TX_AT_FRAME ? (double)tx->frame : (double)frame_of_mono(now, tx->mono_ns);
        const double wait = frame - (double)now->state.frame - (double)now->lead_frames;
        return 1000.0 * wait / now->rate_hz;
    }
    return tx->at == CH_TX_AT_FRAME ? INFINITY
                                    : ((double)tx->mono_ns - (double)ch_os_mono_ns()) / 1e6;
}

static void
on_timer(uv_timer_t *timer)
{
    ch_txs_update(timer->data);
}

static void
arm_timer(struct ch_daemon *daemon, const struct now *now)
{
    double ms = INFINITY;
    for (const struct ch_tx *tx = daemon->txs.first; tx; tx = tx->next) {
        ms = fmin(ms, wait_ms(daemon, tx, now));
    }
    if (ms == INFINITY) {
        uv_timer_stop(&daemon->txs.timer);
        return;
    }
    // Not before 1 ms, for one that waits for room; a day at most.
    uv_timer_start(&daemon->txs.timer, on_timer, (uint64_t)fmin(fmax(ceil(ms), 1.0), 864e5), 0);
}

void
ch_txs_update(struct ch_daemon *daemon)
{
    struct ch_txs *txs = &daemon->txs;
    if (!txs->first || txs->updating || daemon->link.gather) {
        return;
    }
    txs->updating = true;
    // In this order: what has landed by the time of the look is known by then.
    const struct now now = look(daemon);
    ch_link_take_events(daemon);
    (daemon->link.running ? update_running : update_standing)(daemon, &now);
    arm_timer(daemon, &now);
    txs->updating = false;
}

// While the device stands frames don't go on, but time does; not that of a file, which has none.
static void
frame_to_time(struct ch_daemon *daemon, struct ch_tx *tx, const struct now *now, uint64_t mono_ns)
{
    if (tx->at == CH_TX_AT_FRAME && daemon->device.ops != &ch_backend_file) {
        const double s = ((double)tx->frame - (double)now->state.frame) / now->rate_hz;
        tx->at = CH_TX_AT_MONO;
        // A frame may be further away than nanoseconds can say.
        tx->mono_ns = mono_ns + (uint64_t)fmin(fmax(0.0, s * CH_NS_PER_S), WAIT_MAX_NS);
    }
}

void
ch_txs_stand(struct ch_daemon *daemon)
{
    if (!daemon->txs.first) {
        return;
    }
    ch_link_take_events(daemon);
    const struct now now = look(daemon);
    for (struct ch_tx *tx = daemon->txs.first; tx; tx = tx->next) {
        if (tx->chain && !tx->rides) {
            take_back(daemon, tx);
        }
        frame_to_time(daemon, tx, &now, now.state.mono_ns);
    }
}

// --- the next item -----------------------------------------------------------------------------

void
ch_txs_next_item(struct ch_daemon *daemon)
{
    struct ch_engine_state state;
    ch_engine_read_state(daemon->link.engine, &state);
    for (struct ch_tx *tx = daemon->txs.first; tx; tx = tx->next) {
        if (tx->at != CH_TX_AT_NEXT || tx->began || tx->rides ||
            (tx->chain && tx->when_frame <= state.frame)) {
            continue;
        }
        if (tx->chain) {
            take_back(daemon, tx);
        }
        tx->began = true;
    }
}

/// Those who wait for a PLAY and what went with it.
struct ride {
    struct ch_gather gather;
};

static void
on_ridden(struct ch_daemon *daemon, void *context, uint64_t frame, uint64_t mono_ns)
{
    struct ride *ride = context;
    ch_gather_tell(&ride->gather, daemon, frame, mono_ns);
    free(ride);
}

static void
board(struct ch_daemon *daemon, struct ch_tx *tx, const struct ride *ride)
{
    struct ch_gather gather;
    if (!ch_tx_ops_try(tx->request, &tx->ops, &gather)) {
        return; // ch_txs_update() will find out, too, and say so
    }
    if (gather.n && ride->gather.n + gather.n <= CH_CHAIN_MAX &&
        ride->gather.n_waiting < CH_GATHER_MAX) {
        tx->rides = true;
        tx->made_from = ch_tx_state_number(daemon);
        ch_link_send(daemon, gather.commands, gather.n, ch_tx_on_landed, tx);
    }
}

void
ch_txs_send_play(struct ch_daemon *daemon, struct ch_command *play, ch_ack_fn on_ack, void *context)
{
    bool any = false;
    for (const struct ch_tx *tx = daemon->txs.first; tx; tx = tx->next) {
        any |= tx->at == CH_TX_AT_NEXT && tx->began && !tx->rides;
    }
    struct ride *ride = any ? malloc(sizeof *ride) : NULL;
    if (!ride) {
        ch_link_send(daemon, play, 1, on_ack, context);
        return;
    }
    ch_link_gather(daemon, &ride->gather);
    ch_link_send(daemon, play, 1, on_ack, context);
    for (struct ch_tx *tx = daemon->txs.first; tx; tx = tx->next) {
        if (tx->at == CH_TX_AT_NEXT && tx->began && !tx->rides) {
            board(daemon, tx, ride);
        }
    }
    ch_link_gathered(daemon);
    ch_link_send(daemon, ride->gather.commands, ride->gather.n, on_ridden, ride);
}

// --- what people do ----------------------------------------------------------------------------

void
ch_tx_start(struct ch_daemon *daemon, struct ch_tx *tx)
{
    struct ch_txs *txs = &daemon->txs;
    struct ch_gather gather;
    if (!ch_tx_ops_try(tx->request, &tx->ops, &gather)) {
        ch_tx_ops_refuse(&tx->ops, tx->request);
        ch_tx_free(tx);
        return;
    }
    tx->id = ++txs->last_id;
    if (tx->at == CH_TX_AT_ONCE) {
        ch_tx_do_at_once(daemon, tx);
        return;
    }
    if (!daemon->link.running) {
        const struct now now = look(daemon);
        frame_to_time(daemon, tx, &now, ch_os_mono_ns());
    }
    tx->request->job->slow = true;
    struct ch_tx **at = &txs->first;
    while (*at) {
        at = &(*at)->next;
    }
    *at = tx;
    txs->n++;
    ch_txs_update(daemon);
}

void
ch_txs_init(struct ch_daemon *daemon)
{
    uv_timer_init(&daemon->loop, &daemon->txs.timer);
    daemon->txs.timer.data = daemon;
}

void
ch_txs_stop(struct ch_daemon *daemon)
{
    struct ch_tx *next;
    for (struct ch_tx *tx = daemon->txs.first; tx; tx = next) {
        next = tx->next;
        if (tx->rides) {
            continue; // word of it comes when the device closes, if not before
        }
        if (tx->chain) {
            take_back(daemon, tx);
        }
        ch_tx_unlink(daemon, tx);
        ch_request_fail(tx->request, CH_RPC_UNAVAILABLE, NULL, "chantd ends before tx %u lands",
                        tx->id);
        ch_tx_free(tx);
    }
}

// SPDX-License-Identifier: ISC
// daemon/control/tx.h — changes that are checked as a whole and land on one frame.           [main]
//
// The ops of a tx are methods.  To see what they would do, they are run with the engine's commands
// and the news for subscribers kept back, and the state is put back afterwards.  A tx for later
// waits here; shortly before its frame its commands go to the engine, which lets them take effect
// on it, and when word of that comes the ops are run for good: state, events and answer belong to
// the moment of landing.  Whatever changes in between, on which the ops may depend, the commands
// under way are replaced by what the ops would do now.

#ifndef CH_CONTROL_TX_H
#define CH_CONTROL_TX_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "daemon/control/equaliser.h"
#include "daemon/control/link.h"
#include "daemon/control/mixer.h"
#include "daemon/control/request.h"
#include "daemon/control/transport.h"

#define CH_TX_OPS_MAX    CH_GATHER_MAX
#define CH_TX_NAME_BYTES 64
/// Txs that wait at once.
#define CH_TX_MAX 64

struct ch_method;

/// A list of ops and what became of them.
struct ch_tx_ops {
    uint32_t n;
    double ramp_ms;    ///< of gain and equaliser where an op names none; < 0 = the engine's own
    bool before_panic; ///< they don't end the panic that came after them
    struct ch_tx_op {
        const struct ch_method *method;
        const cJSON *params;       ///< inside the request
        struct ch_outcome outcome; ///< of the latest run
    } op[CH_TX_OPS_MAX];
    struct ch_line_job job; ///< of their requests
};

enum ch_tx_at { CH_TX_AT_ONCE, CH_TX_AT_FRAME, CH_TX_AT_MONO, CH_TX_AT_NEXT };

struct ch_tx {
    struct ch_tx *next; ///< that waits, in order of acceptance
    uint32_t id;
    char name[CH_TX_NAME_BYTES]; ///< "" = none
    struct ch_request *request;  ///< answered when it lands
    struct ch_tx_ops ops;
    enum ch_tx_at at;
    uint64_t frame, mono_ns; ///< whichever `at` says
    bool began;              ///< AT_NEXT: the next item has begun, or does with what is sent now
    bool rides;              ///< its commands went with a PLAY

    // under way to the engine
    uint32_t chain;      ///< their name; 0 = it waits here
    uint64_t when_frame; ///< where they land; also the last one when it waits here
    uint64_t made_from;  ///< state_number() that they were made from
    struct ch_command *sent;
    uint32_t n_sent;

    struct ch_gather gather; ///< AT_ONCE: who waits for its landing
};

struct ch_txs {
    uv_timer_t timer;
    struct ch_tx *first;
    uint32_t n, last_id;
    uint64_t n_own; ///< revs that were a landing; those that follow were made with it in mind
    bool updating;
};

void ch_txs_init(struct ch_daemon *daemon);
/// Nothing lands any more: those that wait are told.
void ch_txs_stop(struct ch_daemon *daemon);

/// Takes it over: it lands as `at` says, and its request is answered.
void ch_tx_start(struct ch_daemon *daemon, struct ch_tx *tx);
/// Answers `request`, now or later; the tx's own, if it has not landed, with CONFLICT.
void ch_tx_cancel(struct ch_daemon *daemon, struct ch_tx *tx, struct ch_request *request);
/// mixer.panic, which `request` asks for: all that wait are cancelled; none of them ends it, not
/// even one that has just landed.
void ch_txs_panic(struct ch_daemon *daemon, const struct ch_request *request);
void ch_tx_free(struct ch_tx *tx);

/// Send what is due, and replace what is not what it should be any more.
void ch_txs_update(struct ch_daemon *daemon);
/// The callback has stopped, and the engine has not been settled yet.
void ch_txs_stand(struct ch_daemon *daemon);
/// Another item begins, now or with the PLAY that follows.
void ch_txs_next_item(struct ch_daemon *daemon);
/// Send the PLAY of another item, and with it what waited for that.
void ch_txs_send_play(struct ch_daemon *daemon, struct ch_command *play, ch_ack_fn on_ack,
                      void *context);

// --- tx_ops.c

/// What methods with `in_tx`, and previews, may change.  One that changes more adds its part here.
struct ch_tx_kept {
    struct ch_mixer mixer;
    struct ch_equaliser equaliser;
    enum ch_transport_state transport_state;
};
void ch_tx_keep(const struct ch_daemon *daemon, struct ch_tx_kept *kept);
void ch_tx_put_back(struct ch_daemon *daemon, const struct ch_tx_kept *kept);

/// As ch_tx_ops_try(), but what they change stays, for those that follow it; the caller puts it
/// back.  If one of them can't be done nothing stays.
bool ch_tx_ops_pretend(const struct ch_request *request, struct ch_tx_ops *ops,
                       struct ch_gather *gather);

/// What the ops would do now: their commands in *gather.  Nothing else changes.  False if one of
/// them can't be done: ch_tx_ops_refuse() says which.
bool ch_tx_ops_try(const struct ch_request *request, struct ch_tx_ops *ops,
                   struct ch_gather *gather);
/// Do them, but for their commands and for telling those who wait, which are in *gather, and for
/// telling subscribers of *topics.
bool ch_tx_ops_do(const struct ch_request *request, struct ch_tx_ops *ops, struct ch_gather *gather,
                  uint32_t *topics);
/// Answer the request of the tx with the fault of the op that has one.
void ch_tx_ops_refuse(const struct ch_tx_ops *ops, struct ch_request *request);
/// The member "results" into an open object.
void ch_tx_ops_write_results(const struct ch_tx_ops *ops, struct ch_buf *buf);
void ch_tx_ops_clear(struct ch_tx_ops *ops);

#endif

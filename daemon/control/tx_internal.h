// SPDX-License-Identifier: ISC
// daemon/control/tx_internal.h — what tx.c, which waits, asks of tx_land.c.                  [main]

#ifndef CH_CONTROL_TX_INTERNAL_H
#define CH_CONTROL_TX_INTERNAL_H

#include "daemon/control/tx.h"

/// It does not wait any more.
void ch_tx_unlink(struct ch_daemon *daemon, const struct ch_tx *tx);

/// What was sent as `chain` is forgotten, unless it has landed before on_ack is called.
void ch_tx_send_revoke(struct ch_daemon *daemon, uint32_t chain, ch_ack_fn on_ack, void *context);

/// Grows with everything that may make the ops of those under way do something else.
uint64_t ch_tx_state_number(const struct ch_daemon *daemon);

/// Its commands have taken effect: the state follows, and the tx comes to its end.  `context` is
/// the tx.
void ch_tx_on_landed(struct ch_daemon *daemon, void *context, uint64_t frame, uint64_t mono_ns);

/// One without a time of its own: as with any method the state changes now.
void ch_tx_do_at_once(struct ch_daemon *daemon, struct ch_tx *tx);

#endif

// SPDX-License-Identifier: ISC
// daemon/control/exchange.h — what sounds goes on with another gain.                        [main]
//
// The gain of an item is in the frames of its ring.  To change it while it sounds, a second play of
// the same item is filled from a point a little ahead, and takes over at exactly the frame at
// which the first one reaches that point.  Both fades last 20 ms and carry the same sound, so their
// sum is that sound with a gain that moves along a raised cosine.
//
// One exchange is under way at a time.  Settings that change meanwhile are looked at when it has
// landed: of a hundred changes a second the last one wins.  [rt] refuses an exchange whose point
// has passed or has not come; it is tried again, further ahead.

#ifndef CH_CONTROL_EXCHANGE_H
#define CH_CONTROL_EXCHANGE_H

struct ch_daemon;
struct ch_play;

/// Begin one if what sounds was decoded by older settings; answer who need not wait any longer.
void ch_exchange_update(struct ch_daemon *daemon);
/// Something else will sound, or from elsewhere: what [rt] has not got is given up.
void ch_exchange_drop(struct ch_daemon *daemon);

/// It is filled, or has failed.
void ch_exchange_primed(struct ch_daemon *daemon, struct ch_play *play);
void ch_exchange_failed(struct ch_daemon *daemon, struct ch_play *play);

#endif

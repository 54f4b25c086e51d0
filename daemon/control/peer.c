// SPDX-License-Identifier: ISC
// daemon/control/peer.c — what a client may do for being who he is: everything, or nothing.

#include "daemon/control/peer.h"

#include <stdio.h>

bool
ch_peer_may_speak(const struct ch_peer *peer, bool vouched_for)
{
    switch (peer->role) {
    case CH_PEER_OWNER:
    case CH_PEER_SYSTEM:
        return true;
    case CH_PEER_UNKNOWN:
    case CH_PEER_STRANGER:
        break;
    }
    return vouched_for;
}

void
ch_peer_write_refusal(const struct ch_peer *peer, char out[CH_PEER_REFUSAL_BYTES])
{
    snprintf(out, CH_PEER_REFUSAL_BYTES,
             "user %s is neither the one that this daemon belongs to nor the system", peer->user);
}

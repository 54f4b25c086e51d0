// SPDX-License-Identifier: ISC
// daemon/control/peer.h — who a client is, as the system says it, not as he does.            [main]
//
// The owner is whoever this process runs as, the system is root or LocalSystem; both may do
// everything.  Anyone else is a stranger, and refused unless the listener vouches for him.

#ifndef CH_CONTROL_PEER_H
#define CH_CONTROL_PEER_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#define CH_PEER_USER_BYTES    192 ///< a SID as text at its longest
#define CH_PEER_REFUSAL_BYTES (CH_PEER_USER_BYTES + 96)

enum ch_peer_role {
    CH_PEER_UNKNOWN, ///< until he has said something: ask again then
    CH_PEER_OWNER,
    CH_PEER_SYSTEM,
    CH_PEER_STRANGER,
};

struct ch_peer {
    enum ch_peer_role role;
    uint64_t pid;                  ///< when he connected; 0: not known
    char user[CH_PEER_USER_BYTES]; ///< uid, or SID
};

/// Of a connected pipe.
void ch_peer_identify(const uv_pipe_t *pipe, struct ch_peer *peer);

/// Both directions of a connected pipe are closed at the other end: no answer can reach it.  (Half
/// closed, a client still reads.)
bool ch_peer_has_left(const uv_pipe_t *pipe);

/// @param vouched_for by the listener: a stranger may stay
bool ch_peer_may_speak(const struct ch_peer *peer, bool vouched_for);

/// Why he may not, in one phrase.
void ch_peer_write_refusal(const struct ch_peer *peer, char out[CH_PEER_REFUSAL_BYTES]);

#endif

// SPDX-License-Identifier: ISC
// client/carry.h — bytes from stdin to the daemon, bytes from the daemon to stdout, until it ends.

#ifndef CH_CLIENT_CARRY_H
#define CH_CLIENT_CARRY_H

#include "client/channel.h"

enum ch_carried {
    CH_CARRIED,           ///< every answer, or nobody reads our stdout any more
    CH_CARRIED_GONE,      ///< the daemon went before stdin had ended
    CH_CARRIED_LOST,      ///< the connection broke
    CH_CARRIED_NO_INPUT,  ///< stdin can't be read
    CH_CARRIED_NO_OUTPUT, ///< stdout can't be written
    CH_CARRIED_FAILED,
};

/// When stdin has ended the daemon is told so; it then sends what answers are left and closes the
/// channel, which ends the carrying.
/// @param why for everything but CH_CARRIED and CH_CARRIED_GONE what the system says
enum ch_carried ch_carry(struct ch_channel *channel, char *why, size_t why_bytes);

#endif

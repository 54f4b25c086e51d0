// SPDX-License-Identifier: ISC
// daemon/control/link_gather.h — link.c's way of keeping something back.                     [main]

#ifndef CH_CONTROL_LINK_GATHER_H
#define CH_CONTROL_LINK_GATHER_H

#include "daemon/control/link.h"

/// What ch_link_send() was given.
void ch_gather_add(struct ch_gather *gather, const struct ch_command *commands, uint32_t n,
                   ch_ack_fn on_ack, void *context);

#endif

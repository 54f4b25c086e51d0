// SPDX-License-Identifier: ISC
// client/term_probe.h — whether the terminal can show a picture at all.

#ifndef CH_CLIENT_TERM_PROBE_H
#define CH_CLIENT_TERM_PROBE_H

#include <stdbool.h>

/// Whether its type is known and its cursor can be sent somewhere.
bool ch_term_can_draw(void);

#endif

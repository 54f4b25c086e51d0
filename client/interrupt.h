// SPDX-License-Identifier: ISC
// client/interrupt.h — Ctrl-C as a question that is asked when it suits, for work in several steps.

#ifndef CH_CLIENT_INTERRUPT_H
#define CH_CLIENT_INTERRUPT_H

#include <stdbool.h>

/// From here on Ctrl-C, or being told to end, is remembered instead of ending the program.
void ch_interrupt_take(void);

bool ch_interrupted(void);

#endif

// SPDX-License-Identifier: ISC
// tests/traps/ownership.h — PCM rings and taps that were made and not yet destroyed.

#ifndef CH_TESTS_TRAPS_OWNERSHIP_H
#define CH_TESTS_TRAPS_OWNERSHIP_H

#include <stdint.h>

int64_t ch_owned_pcm_rings(void); ///< those inside of taps are among them
int64_t ch_owned_taps(void);

#endif

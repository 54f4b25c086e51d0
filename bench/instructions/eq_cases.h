// SPDX-License-Identifier: ISC
// bench/instructions/eq_cases.h — bands for the cases that have an equaliser in them.

#ifndef CH_BENCH_INSTRUCTIONS_EQ_CASES_H
#define CH_BENCH_INSTRUCTIONS_EQ_CASES_H

#include <stdint.h>

#include "daemon/dsp/eq_design.h"

/// Band `index` of `n_bands` bells that share out 31.5 Hz … 16 kHz, none of them flat; `turn` is
/// how often it has been moved since.
void ch_case_section(uint32_t index, uint32_t n_bands, uint32_t turn,
                     struct ch_eq_section *section);

#endif

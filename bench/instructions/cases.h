// SPDX-License-Identifier: ISC
// bench/instructions/cases.h — one piece of work whose instructions are counted.
//
// A case is set up and run a few times uncounted, so that only its steady state is measured.  What
// it works on is fixed: no clock, no randomness but a seeded one, nothing that depends on an
// address.

#ifndef CH_BENCH_INSTRUCTIONS_CASES_H
#define CH_BENCH_INSTRUCTIONS_CASES_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/units.h"
#include "daemon/dsp/eq.h"

/// What the counts are for: 48 kHz and 64 frames a callback.
#define CASE_RATE_HZ 48000
#define CASE_FRAMES  64

/// Operations of one run where a single one would drown in the counting.
#define CASE_OPS 100

struct ch_case {
    const char *name; ///< FAMILY/WORDS, no blanks; "callback/…" runs the whole engine
    void (*set_up)(const struct ch_case *c);
    void (*before)(uint32_t i); ///< uncounted, before the i-th run; may be NULL
    void (*run)(void);          ///< counted
    void (*tear_down)(void);    ///< may be NULL
    uint32_t size;              ///< what its family takes it for
    enum ch_eq_kernel kernel;   ///< of the equaliser, if it has one
    uint32_t n_ops;             ///< operations in one run, by which its count is divided
    uint32_t n_warm, n_runs;    ///< uncounted, then counted
    bool (*possible)(void);     ///< whether this processor can; NULL = any
};

/// Families, each ended by a NULL name.
extern const struct ch_case ch_cases_engine[];
extern const struct ch_case ch_cases_eq[];
extern const struct ch_case ch_cases_json[];
extern const struct ch_case ch_cases_request[];
extern const struct ch_case ch_cases_ring[];
extern const struct ch_case ch_cases_spectrum[];

/// A case that can't be set up, or whose work does not do what it should, measures nothing: say
/// where and end the program.
#define CASE_MUST(condition) ((condition) ? (void)0 : ch_case_fail(__FILE__, __LINE__, #condition))
_Noreturn void ch_case_fail(const char *file, int line, const char *condition);

/// White noise in [-amplitude, amplitude], the same every time for the same seed.
void ch_case_noise(float *out, uint32_t n, float amplitude, uint32_t seed);

/// Whether this processor can run CH_EQ_KERNEL_AVX2.
bool ch_case_has_avx2(void);

#endif

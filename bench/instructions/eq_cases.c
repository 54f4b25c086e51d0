// SPDX-License-Identifier: ISC
// bench/instructions/eq_cases.c — the equaliser's kernels by number of bands, at rest and swept.
//
// Which kernel runs is said, not found out: the counts are the same on every processor that can.

#include "bench/instructions/eq_cases.h"

#include <math.h>
#include <string.h>

#include "bench/instructions/cases.h"
#include "daemon/dsp/eq.h"

#define SWEEP_FRAMES 960 ///< 20 ms: what one move takes
#define SWEEP_EVERY  8   ///< blocks: about 100 moves a second

static struct ch_eq eq;
static float noise[2 * CASE_FRAMES], left[CASE_FRAMES], right[CASE_FRAMES];

void
ch_case_section(uint32_t index, uint32_t n_bands, uint32_t turn, struct ch_eq_section *section)
{
    const double octaves = log2(16000.0 / 31.5);
    const double part = n_bands > 1 ? (double)index / (n_bands - 1) : 0.5;
    const struct ch_eq_band band = {.type = CH_EQ_PEAK,
                                    .freq_hz = 31.5 * exp2(octaves * part),
                                    .gain_db = (index % 2 ? 3.0 : -4.0) + 0.1 * (turn % 10),
                                    .q = 1.4};
    struct ch_eq_section sections[CH_EQ_BAND_SECTIONS_MAX];
    CASE_MUST(ch_eq_sections_from_band(&band, CH_EQ_MATCHED, CASE_RATE_HZ, sections) == 1);
    *section = sections[0];
}

bool
ch_case_has_avx2(void)
{
    ch_eq_init(&eq);
    return ch_eq_use_kernel(&eq, CH_EQ_KERNEL_AVX2);
}

static void
set_up(const struct ch_case *c)
{
    ch_case_noise(noise, 2 * CASE_FRAMES, 0.25f, 2);
    ch_eq_init(&eq);
    CASE_MUST(ch_eq_use_kernel(&eq, c->kernel));
    for (uint32_t i = 0; i < c->size; i++) {
        struct ch_eq_section section;
        ch_case_section(i, c->size, 0, &section);
        ch_eq_set_section(&eq, i, &section, 0, 0);
    }
}

static void
refill(uint32_t i)
{
    (void)i;
    memcpy(left, noise, sizeof left);
    memcpy(right, noise + CASE_FRAMES, sizeof right);
}

static void
refill_and_move(uint32_t i)
{
    refill(i);
    if (i % SWEEP_EVERY == 0) {
        struct ch_eq_section section;
        ch_case_section(4, 10, 1 + i / SWEEP_EVERY, &section);
        ch_eq_set_section(&eq, 4, &section, 0, SWEEP_FRAMES);
    }
}

static void
run(void)
{
    ch_eq_run(&eq, left, right, CASE_FRAMES);
}

#define EQ_ON(title, n, prepare, which, on)                                                        \
    {                                                                                              \
        .name = "eq/" title, .set_up = set_up, .before = prepare, .run = run, .size = n,           \
        .kernel = which, .n_ops = 1, .n_warm = 200, .n_runs = 40, .possible = on                   \
    }
#define EQ(title, n, prepare)                                                                      \
    EQ_ON(title "-sse2", n, prepare, CH_EQ_KERNEL_SSE2, NULL),                                     \
        EQ_ON(title "-avx2", n, prepare, CH_EQ_KERNEL_AVX2, ch_case_has_avx2)

const struct ch_case ch_cases_eq[] = {
    EQ("1-band", 1, refill),
    EQ("5-bands", 5, refill),
    EQ("10-bands", 10, refill),
    EQ("31-bands", 31, refill),
    EQ("10-bands-one-swept", 10, refill_and_move),
    {.name = NULL},
};

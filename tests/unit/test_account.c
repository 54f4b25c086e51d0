// SPDX-License-Identifier: ISC
// test_account.c — cycles that are late or too long, by whose fault, and a clock that drifts.

#include "daemon/engine/account.h"

#include <math.h>
#include <stdlib.h>

#include "daemon/engine/drift.h"
#include "tests/unit/engine_rig.h"

#define PERIOD    480 // 10 ms
#define PERIOD_NS 10000000u

struct desk {
    struct ch_engine *engine;
    uint64_t due_ns;
};

static void
open_desk(struct desk *desk)
{
    assert_int_equal(ch_engine_create(&desk->engine, RIG_RATE_HZ), CH_OK);
    desk->due_ns = 1000000000;
}

// One cycle that begins so late and takes so long; the next is due a period later.
static bool
cycle(struct desk *desk, enum ch_pace pace, uint64_t late_ns, uint64_t run_ns)
{
    const struct ch_engine_cycle cycle = {
        .pace = pace,
        .n_frames = PERIOD,
        .begin_ns = desk->due_ns + late_ns,
        .end_ns = desk->due_ns + late_ns + run_ns,
        .late_ns = late_ns,
    };
    desk->due_ns += PERIOD_NS;
    return ch_engine_account(desk->engine, &cycle);
}

static struct ch_engine_counts
counts_of(struct desk *desk)
{
    struct ch_engine_counts counts;
    ch_engine_read_counts(desk->engine, &counts);
    return counts;
}

static void
in_time_is_nothing_but_time(void **state)
{
    (void)state;
    struct desk desk;
    static struct ch_histogram_copy times;
    open_desk(&desk);
    for (unsigned i = 0; i < 1000; i++) {
        assert_false(cycle(&desk, CH_PACE_CLOCK, i, 1000 + i));
    }
    const struct ch_engine_counts counts = counts_of(&desk);
    assert_int_equal(counts.n_frames, 1000 * PERIOD);
    assert_int_equal(counts.span_ns, 1000ull * PERIOD_NS);
    assert_int_equal(counts.n_misses + counts.n_late, 0);
    assert_int_equal(counts.overruns.n + counts.absences.n + counts.droughts.n, 0);
    ch_histogram_read(ch_engine_run_times(desk.engine), &times);
    assert_int_equal(times.n, 1000);
    assert_int_equal(times.max, 1999);
    assert_int_equal(times.sum, 1000 * 1000 + 999 * 500);
    ch_engine_destroy(desk.engine);
}

static void
exactly_a_period_is_not_too_long(void **state)
{
    (void)state;
    struct desk desk;
    open_desk(&desk);
    assert_false(cycle(&desk, CH_PACE_CLOCK, 0, PERIOD_NS));
    assert_false(cycle(&desk, CH_PACE_CLOCK, PERIOD_NS, 0));
    assert_int_equal(counts_of(&desk).n_misses, 0);
    assert_false(cycle(&desk, CH_PACE_CLOCK, 1, PERIOD_NS));
    assert_int_equal(counts_of(&desk).n_misses, 1);
    assert_int_equal(counts_of(&desk).n_late, 0);
    assert_true(cycle(&desk, CH_PACE_CLOCK, 0, PERIOD_NS + 1));
    assert_int_equal(counts_of(&desk).n_misses, 2);
    assert_int_equal(counts_of(&desk).overruns.n, 1);
    ch_engine_destroy(desk.engine);
}

static void
our_own_stall_is_not_the_device_s(void **state)
{
    (void)state;
    struct desk desk;
    open_desk(&desk);
    const uint64_t stall_end_ns = desk.due_ns + 45 * 1000000u;
    assert_true(cycle(&desk, CH_PACE_CLOCK, 0, 45 * 1000000u));
    // Those behind it are late as well, until it has caught up.
    for (unsigned i = 1; i <= 4; i++) {
        cycle(&desk, CH_PACE_CLOCK, (45 - 10 * i) * 1000000u, 1000);
    }
    struct ch_engine_counts counts = counts_of(&desk);
    assert_int_equal(counts.overruns.n, 1);
    assert_int_equal(counts.overruns.last_mono_ns, stall_end_ns);
    assert_int_equal(counts.n_late, 3);
    assert_int_equal(counts.absences.n, 0);
    // Then the clock is late by itself: one moment, in however many cycles it is made good.
    const uint64_t begin_ns = desk.due_ns + 35 * 1000000u;
    for (unsigned i = 0; i < 4; i++) {
        cycle(&desk, CH_PACE_CLOCK, (35 - 10 * i) * 1000000u, 1000);
    }
    counts = counts_of(&desk);
    assert_int_equal(counts.n_late, 6);
    assert_int_equal(counts.absences.n, 1);
    assert_int_equal(counts.absences.last_mono_ns, begin_ns);
    assert_int_equal(counts.overruns.n, 1);
    ch_engine_destroy(desk.engine);
}

static void
who_paces_decides_what_can_be_late(void **state)
{
    (void)state;
    struct desk desk;
    open_desk(&desk);
    // A server says itself what it has missed.
    cycle(&desk, CH_PACE_SERVER, 30000000, 1000);
    assert_int_equal(counts_of(&desk).n_late, 1);
    assert_int_equal(counts_of(&desk).absences.n, 0);
    // Without a clock nothing is late, and nothing is too long.
    assert_false(cycle(&desk, CH_PACE_FREE, 30000000, 90000000));
    const struct ch_engine_counts counts = counts_of(&desk);
    assert_int_equal(counts.n_late, 1);
    assert_int_equal(counts.n_misses, 1);
    assert_int_equal(counts.overruns.n + counts.absences.n, 0);
    assert_int_equal(counts.n_frames, 2 * PERIOD);
    ch_engine_destroy(desk.engine);
}

// --- drift

#define CYCLE 256

// So many seconds of a device that is `ppm` fast and whose ticks are seen up to jitter_ns late.
static uint64_t
tick_for(struct ch_drift *drift, double seconds, double ppm, uint64_t jitter_ns, uint64_t at_ns)
{
    const unsigned n = (unsigned)(seconds * RIG_RATE_HZ / CYCLE);
    const double cycle_ns = 1e9 * CYCLE / RIG_RATE_HZ / (1.0 + ppm * 1e-6);
    uint64_t random = 88172645463325252u;
    for (unsigned i = 0; i < n; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        const uint64_t late_ns = jitter_ns ? (random >> 33) % jitter_ns : 0;
        ch_drift_tick(drift, at_ns + (uint64_t)(i * cycle_ns) + late_ns, CYCLE, RIG_RATE_HZ, false);
    }
    return at_ns + (uint64_t)(n * cycle_ns);
}

static void
drift_of_a_clock(void **state)
{
    (void)state;
    static const double cases[] = {0.0, 1.5, -40.0, 300.0, -2500.0};
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ch_drift drift = {0};
        double ppm;
        assert_false(ch_drift_read(&drift, &ppm));
        tick_for(&drift, 0.9, cases[i], 0, 5000000000);
        assert_false(ch_drift_read(&drift, &ppm));
        ch_drift_reset(&drift);
        tick_for(&drift, 20.0, cases[i], 0, 5000000000);
        assert_true(ch_drift_read(&drift, &ppm));
        assert_true(fabs(ppm - cases[i]) < 0.01);
        // Ticks seen late by a millisecond and less: of ninety a second some come nearly in time.
        ch_drift_reset(&drift);
        tick_for(&drift, 60.0, cases[i], 1000000, 5000000000);
        assert_true(ch_drift_read(&drift, &ppm));
        assert_true(fabs(ppm - cases[i]) < 1.5);
    }
}

static void
a_gap_begins_it_anew(void **state)
{
    (void)state;
    struct ch_drift drift = {0};
    double ppm;
    uint64_t at_ns = tick_for(&drift, 10.0, 20.0, 0, 1000000000);
    assert_true(ch_drift_read(&drift, &ppm));
    // Nobody says so, but two cycles of time are missing.
    at_ns = tick_for(&drift, 0.9, 20.0, 0, at_ns + 11000000);
    assert_false(ch_drift_read(&drift, &ppm));
    at_ns = tick_for(&drift, 10.0, 20.0, 0, at_ns);
    assert_true(ch_drift_read(&drift, &ppm) && fabs(ppm - 20.0) < 0.01);
    // A small one that is said.
    ch_drift_tick(&drift, at_ns + 100000, CYCLE, RIG_RATE_HZ, true);
    assert_false(ch_drift_read(&drift, &ppm));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_time_is_nothing_but_time),
        cmocka_unit_test(exactly_a_period_is_not_too_long),
        cmocka_unit_test(our_own_stall_is_not_the_device_s),
        cmocka_unit_test(who_paces_decides_what_can_be_late),
        cmocka_unit_test(drift_of_a_clock),
        cmocka_unit_test(a_gap_begins_it_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

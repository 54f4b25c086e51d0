// SPDX-License-Identifier: ISC
// test_backend_null.c — the clocked sink, the table of backends, and what they refuse.

#ifdef HAVE_CONFIG_H
#    include "config.h"
#endif

#include "daemon/backend/backend.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fake_engine.h"
#include "tests/unit/host.h"

static struct ch_backend *
open_null(const struct ch_backend_config *config)
{
    struct ch_backend *backend = NULL;
    char detail[256] = "";
    assert_int_equal(ch_backend_null.open(&backend, config, detail), CH_OK);
    assert_non_null(backend);
    return backend;
}

static void
start(struct ch_backend *backend, struct ch_engine *engine)
{
    char detail[256] = "";
    assert_int_equal(ch_backend_null.start(backend, engine, detail), CH_OK);
}

static struct ch_engine *
new_engine(void)
{
    struct ch_engine *engine = calloc(1, sizeof *engine);
    assert_non_null(engine);
    return engine;
}

static void
test_find(void **state)
{
    (void)state;
    assert_ptr_equal(ch_backend_find("null"), &ch_backend_null);
    assert_ptr_equal(ch_backend_find("file"), &ch_backend_file);
    assert_null(ch_backend_find("nul"));
    assert_null(ch_backend_find(""));
    assert_null(ch_backend_find("auto"));
#ifdef HAVE_JACK
    assert_ptr_equal(ch_backend_find("jack"), &ch_backend_jack);
#else
    assert_null(ch_backend_find("jack"));
#endif
}

static void
test_ranges(void **state)
{
    (void)state;
    static const struct {
        uint32_t rate_hz, period;
        bool good;
        uint32_t got_rate_hz, got_period;
        const char *named; // in the sentence
    } cases[] = {
        {0, 0, true, 48000, 1024, NULL},
        {8000, 16, true, 8000, 16, NULL},
        {384000, 8192, true, 384000, 8192, NULL},
        {44100, 1000, true, 44100, 1000, NULL},
        {7999, 0, false, 0, 0, "7999"},
        {384001, 0, false, 0, 0, "384001"},
        {10000000, 0, false, 0, 0, "10000000"},
        {UINT32_MAX, 0, false, 0, 0, "4294967295"},
        {0, 15, false, 0, 0, "15"},
        {0, 8193, false, 0, 0, "8193"},
        {0, UINT32_MAX, false, 0, 0, "4294967295"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct ch_backend_config config = {.rate_hz = cases[i].rate_hz,
                                                 .period = cases[i].period};
        struct ch_backend *backend = (struct ch_backend *)&config;
        char detail[256] = "";
        const enum ch_status status = ch_backend_null.open(&backend, &config, detail);
        if (cases[i].good) {
            assert_int_equal(status, CH_OK);
            struct ch_backend_info info;
            ch_backend_null.get_info(backend, &info);
            assert_int_equal(info.rate_hz, cases[i].got_rate_hz);
            assert_int_equal(info.period, cases[i].got_period);
            assert_int_equal(info.latency_frames, cases[i].got_period);
            assert_int_equal(info.n_xruns, 0);
            assert_true(info.device[0]);
            ch_backend_null.close(backend);
        } else {
            assert_int_equal(status, CH_OUT_OF_RANGE);
            assert_null(backend);
            assert_non_null(strstr(detail, cases[i].named));
        }
    }
}

// Block k is due at base + k·period/rate, rounded down once: no error adds up.  44100 Hz and 147
// frames last 3 333 333⅓ ns, so rounding each period would be off by 100 ns after 300 of them.
static void
test_no_drift(void **state)
{
    (void)state;
    enum { PERIOD = 147, RATE_HZ = 44100, CALLS = 301 };
    struct ch_engine *engine = new_engine();
    struct ch_backend *backend =
        open_null(&(struct ch_backend_config){.rate_hz = RATE_HZ, .period = PERIOD});
    start(backend, engine);
    fake_wait_calls(engine, CALLS);
    ch_backend_null.stop(backend);

    unsigned base = 0;
    for (unsigned i = 1; i < CALLS; i++) {
        const uint64_t step_ns = engine->mono_ns[i] - engine->mono_ns[i - 1];
        if (step_ns > CH_NS_PER_S / 2) {
            base = i; // the machine stood still, and the backend counts from there
            continue;
        }
        const uint64_t frames = (uint64_t)(i - base) * PERIOD;
        assert_int_equal(engine->mono_ns[i] - engine->mono_ns[base],
                         frames * CH_NS_PER_S / RATE_HZ);
    }
    for (unsigned i = 0; i < CALLS; i++) {
        assert_int_equal(engine->sizes[i], PERIOD);
    }
    assert_int_equal(engine->latency, PERIOD);
    assert_int_equal(engine->n_early, 0);
    assert_int_equal(engine->n_overlaps, 0);
    assert_false(engine->denormals);
    ch_backend_null.close(backend);
    free(engine);
}

// Nothing runs after stop(), no thread is left that could wake up, and start() goes on.
static void
test_stop_and_start(void **state)
{
    (void)state;
    const unsigned n_before = host_n_threads();
    struct ch_engine *engine = new_engine();
    struct ch_backend *backend = open_null(&(struct ch_backend_config){.period = 64});
    ch_backend_null.stop(backend); // before any start
    assert_int_equal(host_n_threads(), n_before);
    for (unsigned round = 0; round < 20; round++) {
        const unsigned n = atomic_load(&engine->n_calls);
        start(backend, engine);
        fake_wait_calls(engine, n + 2);
        ch_backend_null.stop(backend);
        const unsigned n_stopped = atomic_load(&engine->n_calls);
        assert_false(atomic_load(&engine->inside));
        ch_os_sleep_until(ch_os_mono_ns() + 5000000);
        assert_int_equal(atomic_load(&engine->n_calls), n_stopped);
        assert_int_equal(host_n_threads(), n_before);
        ch_backend_null.stop(backend); // a second time
    }
    start(backend, engine);
    start(backend, engine);         // restarts
    ch_backend_null.close(backend); // stops
    assert_int_equal(host_n_threads(), n_before);
    assert_int_equal(engine->n_overlaps, 0);
    ch_backend_null.close(NULL);
    free(engine);
}

// A block that takes 700 ms: it goes on from then, instead of racing through what was missed.
static void
test_long_absence(void **state)
{
    (void)state;
    struct ch_engine *engine = new_engine();
    engine->stall_call = 3;
    engine->stall_ns = 700000000;
    struct ch_backend *backend = open_null(&(struct ch_backend_config){.period = 480});
    start(backend, engine);
    fake_wait_calls(engine, 8);
    ch_backend_null.stop(backend);

    assert_true(engine->mono_ns[4] >= engine->now_ns[3] + engine->stall_ns);
    // The account is told how late that block was, though for the engine the clock begins anew.
    assert_true(engine->cycles[4].gap);
    assert_true(engine->cycles[4].late_ns >= engine->stall_ns - 10000000);
    assert_int_equal(engine->n_early, 0);
    struct ch_backend_info info;
    ch_backend_null.get_info(backend, &info);
    assert_true(info.n_xruns >= 1);
    ch_backend_null.close(backend);
    free(engine);
}

// 100 ms late: the missed blocks are made up for, so that no time is lost.
static void
test_short_absence(void **state)
{
    (void)state;
    struct ch_engine *engine = new_engine();
    engine->stall_call = 3;
    engine->stall_ns = 100000000;
    struct ch_backend *backend = open_null(&(struct ch_backend_config){.period = 480});
    start(backend, engine);
    fake_wait_calls(engine, 16);
    ch_backend_null.stop(backend);

    assert_true(engine->n_cycles >= 16);
    for (unsigned i = 0; i < 16; i++) {
        const struct ch_engine_cycle *cycle = &engine->cycles[i];
        assert_int_equal(cycle->pace, CH_PACE_CLOCK);
        assert_int_equal(cycle->n_frames, 480);
        assert_true(cycle->begin_ns <= engine->now_ns[i] && cycle->end_ns >= engine->now_ns[i]);
    }
    assert_true(engine->cycles[3].end_ns - engine->cycles[3].begin_ns >= engine->stall_ns);
    assert_true(engine->cycles[4].late_ns >= engine->stall_ns - 10000000);
    const bool machine_stood_still = engine->now_ns[15] - engine->mono_ns[0] > CH_NS_PER_S / 2;
    if (!machine_stood_still) {
        for (unsigned i = 1; i < 16; i++) {
            assert_int_equal(engine->mono_ns[i] - engine->mono_ns[0], i * 10000000ull);
        }
    }
    ch_backend_null.close(backend);
    free(engine);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),         cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_no_drift),     cmocka_unit_test(test_stop_and_start),
        cmocka_unit_test(test_long_absence), cmocka_unit_test(test_short_absence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

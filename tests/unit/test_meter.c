// SPDX-License-Identifier: ISC
// tests/unit/test_meter.c — the meter on signals of known level: EBU Tech 3341 and arithmetic.

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "daemon/analysis/meter.h"
#include "tests/unit/figure.h"
#include "tests/unit/near.h"

static struct ch_meter *
make(uint32_t rate_hz)
{
    struct ch_meter *meter;
    assert_int_equal(ch_meter_create(&meter, rate_hz), CH_OK);
    return meter;
}

static void
push_sine(struct ch_meter *meter, uint32_t rate_hz, double hz, double phase, double left_db,
          double right_db, double s)
{
    const double left = ch_linear_from_db(left_db), right = ch_linear_from_db(right_db);
    for (uint32_t i = 0; i < (uint32_t)(s * rate_hz); i += 100) {
        struct ch_pcm_frame frames[100];
        for (uint32_t j = 0; j < 100; j++) {
            const double at = sin(2.0 * M_PI * fmod(hz * (i + j) / rate_hz, 1.0) + phase);
            frames[j] = (struct ch_pcm_frame){(float)(left * at), (float)(right * at)};
        }
        ch_meter_push(meter, frames, 100);
    }
}

static void
test_levels(void **state)
{
    (void)state;
    static const uint32_t rates[] = {44100, 48000, 96000};
    for (int r = 0; r < 3; r++) {
        struct ch_meter *meter = make(rates[r]);
        push_sine(meter, rates[r], 1000.0, 0.0, 0.0, -20.0, 1.0);
        ch_meter_run(meter);
        const struct ch_meter_reading *reading = ch_meter_reading(meter);
        assert_near(reading->peak_dbfs[0], 0.0, 0.01);
        assert_near(reading->peak_dbfs[1], -20.0, 0.01);
        assert_near(reading->rms_dbfs[0], 0.0, 0.01);
        assert_near(reading->rms_dbfs[1], -20.0, 0.01);
        assert_near(reading->true_peak_dbtp[0], 0.0, 0.1);
        // Peaks are those since the last reading, RMS reaches further back.
        ch_meter_push(meter, NULL, rates[r] / 10);
        ch_meter_run(meter);
        ch_meter_push(meter, NULL, rates[r] / 20);
        ch_meter_run(meter);
        assert_true(isinf(reading->peak_dbfs[0]));
        assert_near(reading->rms_dbfs[0], -3.01, 0.01);
        ch_meter_destroy(meter);
    }
}

// EBU Tech 3341, minimum requirements test signals 1 and 2.
static void
test_loudness(void **state)
{
    (void)state;
    static const double levels[] = {-23.0, -33.0};
    for (int i = 0; i < 2; i++) {
        struct ch_meter *meter = make(48000);
        push_sine(meter, 48000, 1000.0, 0.0, levels[i], levels[i], 20.0);
        ch_meter_run(meter);
        const struct ch_meter_reading *reading = ch_meter_reading(meter);
        assert_near(reading->momentary_lufs, levels[i], 0.1);
        assert_near(reading->short_term_lufs, levels[i], 0.1);
        assert_near(reading->integrated_lufs, levels[i], 0.1);
        ch_meter_destroy(meter);
    }
}

// Test signal 3: what is quiet between is gated.
static void
test_gate(void **state)
{
    (void)state;
    struct ch_meter *meter = make(48000);
    push_sine(meter, 48000, 1000.0, 0.0, -36.0, -36.0, 10.0);
    push_sine(meter, 48000, 1000.0, 0.0, -23.0, -23.0, 60.0);
    push_sine(meter, 48000, 1000.0, 0.0, -36.0, -36.0, 10.0);
    ch_meter_run(meter);
    assert_near(ch_meter_reading(meter)->integrated_lufs, -23.0, 0.1);
    ch_meter_destroy(meter);
}

// Test signals 15 and 16: a quarter of the sample rate, and samples that miss the crests.
static void
test_true_peak(void **state)
{
    (void)state;
    struct ch_meter *meter = make(48000);
    push_sine(meter, 48000, 12000.0, M_PI / 4.0, -6.0, -6.0, 1.0);
    ch_meter_run(meter);
    const struct ch_meter_reading *reading = ch_meter_reading(meter);
    assert_near(reading->peak_dbfs[0], -9.01, 0.02);
    assert_true(reading->true_peak_dbtp[0] <= -6.0 + 0.2);
    assert_true(reading->true_peak_dbtp[0] >= -6.0 - 0.4);
    ch_meter_destroy(meter);
}

static void
test_rest(void **state)
{
    (void)state;
    struct ch_meter *meter = make(48000);
    ch_meter_run(meter);
    assert_true(ch_meter_at_rest(meter));
    push_sine(meter, 48000, 300.0, 0.0, -10.0, -10.0, 5.0);
    ch_meter_run(meter);
    assert_false(ch_meter_at_rest(meter));
    const double before = ch_meter_reading(meter)->integrated_lufs;
    ch_meter_push(meter, NULL, (uint32_t)(48000 * (CH_METER_MEMORY_S + 0.5)));
    ch_meter_run(meter);
    // The true-peak filter rang out in this interval; the next one is silent.
    ch_meter_run(meter);
    assert_true(ch_meter_at_rest(meter));
    assert_near(ch_meter_reading(meter)->integrated_lufs, before, 0.2);
    ch_meter_destroy(meter);
    ch_meter_destroy(NULL);
}

static void
test_encode(void **state)
{
    (void)state;
    struct ch_meter *meter = make(48000);
    char buffer[CH_METER_ENCODED_MAX];
    struct ch_text text = {.data = buffer, .capacity = sizeof buffer};
    ch_meter_encode(meter, &text);
    assert_false(text.full);
    static const char silence[] =
        "{\"peak_dbfs\":[null,null],\"rms_dbfs\":[null,null],\"true_peak_dbtp\":[null,null],"
        "\"momentary_lufs\":null,\"short_term_lufs\":null,\"integrated_lufs\":null,\"lra_lu\":0."
        "00}";
    assert_int_equal(text.n_bytes, sizeof silence - 1);
    assert_memory_equal(buffer, silence, sizeof silence - 1);
    ch_meter_destroy(meter);
}

// EBU Tech 3342, minimum requirements test signals 1 to 4: two levels, or five, 20 s each.
static void
test_range(void **state)
{
    (void)state;
    static const struct {
        double range_lu;
        double levels[5];
    } cases[] = {
        {10.0, {-20.0, -30.0}},
        {5.0, {-20.0, -15.0}},
        {20.0, {-40.0, -20.0}},
        {15.0, {-50.0, -35.0, -20.0, -35.0, -50.0}},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ch_meter *meter = make(48000);
        for (unsigned part = 0; part < 5 && cases[i].levels[part] < 0.0; part++) {
            const double level_db = cases[i].levels[part];
            push_sine(meter, 48000, 1000.0, 0.0, level_db, level_db, 20.0);
        }
        ch_meter_run(meter);
        const double range_lu = ch_meter_reading(meter)->range_lu;
        char what[64];
        snprintf(what, sizeof what, "EBU Tech 3342 cases 1 to 4, range: error [case %u]", i + 1);
        figure("loudness", what, fabs(range_lu - cases[i].range_lu), "<=", 1.0, "LU");
        assert_near(range_lu, cases[i].range_lu, 1.0);
        ch_meter_destroy(meter);
    }
}

static void
test_reset(void **state)
{
    (void)state;
    struct ch_meter *meter = make(48000);
    const struct ch_meter_reading *reading = ch_meter_reading(meter);
    push_sine(meter, 48000, 1000.0, 0.0, -10.0, -10.0, 10.0);
    push_sine(meter, 48000, 1000.0, 0.0, -30.0, -30.0, 10.0);
    ch_meter_run(meter);
    assert_true(reading->range_lu > 15.0);
    // Twice, as a person does who doubts it.
    for (int i = 0; i < 2; i++) {
        ch_meter_reset(meter);
        ch_meter_run(meter);
        assert_true(isinf(reading->integrated_lufs));
        assert_true(reading->range_lu == 0.0);
        assert_near(reading->momentary_lufs, i ? -20.0 : -30.0, 0.1);
        assert_true(i || fabs(reading->short_term_lufs + 30.0) <= 0.1);
        push_sine(meter, 48000, 1000.0, 0.0, -20.0, -20.0, 1.0);
        ch_meter_run(meter);
        assert_near(reading->integrated_lufs, -20.0, 0.1);
        assert_near(reading->momentary_lufs, -20.0, 0.1);
    }
    push_sine(meter, 48000, 1000.0, 0.0, -20.0, -20.0, 5.0);
    ch_meter_run(meter);
    assert_near(reading->short_term_lufs, -20.0, 0.1);
    assert_near(reading->integrated_lufs, -20.0, 0.1);
    ch_meter_destroy(meter);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels), cmocka_unit_test(test_loudness),
        cmocka_unit_test(test_gate),   cmocka_unit_test(test_true_peak),
        cmocka_unit_test(test_range),  cmocka_unit_test(test_reset),
        cmocka_unit_test(test_rest),   cmocka_unit_test(test_encode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

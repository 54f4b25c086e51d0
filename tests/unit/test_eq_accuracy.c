// SPDX-License-Identifier: ISC
// tests/unit/test_eq_accuracy.c — an impulse through the engine against curves from the textbooks,
// and the arithmetic against long double.

#include <complex.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/control/equaliser.h"
#include "daemon/dsp/eq.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/engine_setup.h"
#include "daemon/engine/messages.h"
#include "tests/unit/figure.h"

enum { FRAMES_MAX = 3 * 192000, BLOCK = 512 };

static float left[FRAMES_MAX + BLOCK], right[FRAMES_MAX + BLOCK];

// --- curves, by the books -----------------------------------------------------------------------

static double
shelf_power(const struct ch_eq_band *band, double gain_db, double q, bool high, double x)
{
    const double a = pow(10.0, gain_db / 40.0);
    const double complex s = I * x, edge = sqrt(a) / q * s;
    const double complex low = (s * s + edge + a) / (a * s * s + edge + 1.0);
    (void)band;
    const double m = cabs(a * (high ? (a * s * s + edge + 1.0) / (s * s + edge + a) : low));
    return m * m;
}

/// |H|^2 of the analog prototype at x times its corner, from definitions: Butterworth is maximally
/// flat, Linkwitz-Riley its square of half the order, slope S the cookbook's.
static double
analog_power(const struct ch_eq_band *band, double x)
{
    const double a = pow(10.0, band->gain_db / 40.0), order = band->order ? band->order : 2;
    const double complex s = I * x;
    const double complex poles = s * s + s / band->q + 1.0;
    const double q =
        band->slope > 0.0 ? 1.0 / sqrt((a + 1.0 / a) * (1.0 / band->slope - 1.0) + 2.0) : band->q;
    double complex h = 1.0;
    switch (band->type) {
    case CH_EQ_PEAK:
        h = (s * s + s * (a / band->q) + 1.0) / (s * s + s / (a * band->q) + 1.0);
        break;
    case CH_EQ_LOW_SHELF:
    case CH_EQ_HIGH_SHELF:
        return shelf_power(band, band->gain_db, q, band->type == CH_EQ_HIGH_SHELF, x);
    case CH_EQ_LOW_PASS:
    case CH_EQ_HIGH_PASS: {
        const double y = band->type == CH_EQ_LOW_PASS ? x : 1.0 / x;
        if (band->family == CH_EQ_BUTTERWORTH || order == 1) {
            return 1.0 / (1.0 + pow(y, 2.0 * order));
        }
        if (band->family == CH_EQ_LINKWITZ_RILEY) {
            return 1.0 / ((1.0 + pow(y, order)) * (1.0 + pow(y, order)));
        }
        h = (band->type == CH_EQ_LOW_PASS ? 1.0 : s * s) / poles;
        break;
    }
    case CH_EQ_BAND_PASS:
        h = s / band->q / poles;
        break;
    case CH_EQ_NOTCH:
        h = (s * s + 1.0) / poles;
        break;
    case CH_EQ_TILT: { // of CamillaDSP, about its 620 Hz: shelves at 110 and 3500 Hz
        const double spread = sqrt(3500.0 / 110.0);
        return shelf_power(band, -band->gain_db / 2.0, 0.35, false, x * spread) *
               shelf_power(band, band->gain_db / 2.0, 0.35, true, x / spread);
    }
    case CH_EQ_ALL_PASS:
    case CH_EQ_TYPES:
        break;
    }
    return creal(h * conj(h));
}

/// What the bilinear transform makes of it.
static double
warped_db(const struct ch_eq_band *band, uint32_t rate_hz, double freq_hz)
{
    const double w = M_PI * freq_hz / rate_hz, w0 = M_PI * band->freq_hz / rate_hz;
    if (band->type != CH_EQ_TILT) {
        return 10.0 * log10(analog_power(band, tan(w) / tan(w0)) + 1e-30);
    }
    const double spread = sqrt(3500.0 / 110.0);
    return 10.0 *
           log10(shelf_power(band, -band->gain_db / 2.0, 0.35, false, tan(w) / tan(w0 / spread)) *
                 shelf_power(band, band->gain_db / 2.0, 0.35, true, tan(w) / tan(w0 * spread)));
}

/// The running sections as rational functions of z, multiplied out here.
static double
sections_db(const struct ch_eq_band *band, uint32_t rate_hz, double freq_hz)
{
    struct ch_eq_section section[CH_EQ_BAND_SECTIONS_MAX];
    const uint32_t n = ch_eq_sections_from_band(band, CH_EQ_MATCHED, rate_hz, section);
    const double complex z = cexp(-I * 2.0 * M_PI * freq_hz / rate_hz);
    double complex h = 1.0;
    for (uint32_t i = 0; i < n; i++) {
        const double complex u = 1.0 - z, v = section[i].g * (1.0 + z);
        h *= (section[i].mh * u * u + section[i].mb * u * v + section[i].ml * v * v) /
             (u * u + section[i].k * u * v + v * v);
    }
    return 20.0 * log10(cabs(h) + 1e-30);
}

// --- through the engine -------------------------------------------------------------------------

/// An impulse in both channels through an engine of its own; returns how many frames came out.
static uint32_t
play_impulse(struct ch_equaliser *equaliser, uint32_t rate_hz)
{
    struct ch_engine *engine;
    struct ch_command commands[CH_CHAIN_MAX];
    assert_int_equal(ch_engine_create(&engine, rate_hz), CH_OK);
    uint32_t n = ch_equaliser_commands(equaliser, rate_hz, commands);
    commands[n++] =
        (struct ch_command){.op = CH_COMMAND_LIMITER, .limiter = {.ceiling = 1.0f, .bypass = 1}};
    assert_true(ch_engine_send(engine, commands, n));
    ch_engine_settle(engine);

    struct ch_pcm_ring *pcm = ch_pcm_ring_create(4096);
    struct ch_pcm_frame frames[BLOCK] = {{0.0f, 0.0f}};
    frames[0] = (struct ch_pcm_frame){0.5f, 0.5f};
    assert_non_null(pcm);
    assert_true(ch_ring_write(&pcm->ring, frames, BLOCK));
    ch_pcm_ring_end(pcm);
    const struct ch_command play = {.op = CH_COMMAND_PLAY, .deck = {.pcm = pcm, .stream = 1}};
    struct ch_command copy = play;
    assert_true(ch_engine_send(engine, &copy, 1));

    const uint32_t n_frames = 3 * rate_hz / BLOCK * BLOCK;
    for (uint32_t frame = 0; frame < n_frames; frame += BLOCK) {
        float *const out[CH_CHANNELS] = {left + frame, right + frame};
        struct ch_event_slot event;
        ch_engine_run(engine, out, BLOCK);
        while (ch_engine_take_event(engine, &event)) {
            if (event.op == CH_EVENT_RELEASED) {
                ch_pcm_ring_destroy(event.deck.pcm);
            }
        }
    }
    ch_engine_destroy(engine);
    return n_frames;
}

static double
level_db(const float *x, uint32_t n_frames, uint32_t rate_hz, double freq_hz)
{
    const double complex turn = cexp(-I * 2.0 * M_PI * freq_hz / rate_hz);
    double complex phasor = 2.0, sum = 0.0;
    for (uint32_t n = 0; n < n_frames; n++) {
        sum += phasor * (double)x[n];
        phasor *= turn;
    }
    return 20.0 * log10(cabs(sum) + 1e-30);
}

#define PASS(t, hz, n, f)                                                                          \
    {                                                                                              \
        .type = t, .freq_hz = hz, .order = n, .family = f, .q = 0.8                                \
    }

static const struct ch_eq_band bands[] = {
    {.type = CH_EQ_PEAK, .freq_hz = 20.0, .gain_db = 12.0, .q = 10.0},
    {.type = CH_EQ_PEAK, .freq_hz = 1000.0, .gain_db = -12.0, .q = 1.41},
    {.type = CH_EQ_PEAK, .freq_hz = 18000.0, .gain_db = 9.0, .q = 0.5},
    {.type = CH_EQ_LOW_SHELF, .freq_hz = 100.0, .gain_db = 8.0, .q = 0.7},
    {.type = CH_EQ_LOW_SHELF, .freq_hz = 12000.0, .gain_db = 8.0, .q = 5.0},
    {.type = CH_EQ_LOW_SHELF, .freq_hz = 250.0, .gain_db = -9.0, .slope = 0.5, .q = 1.0},
    {.type = CH_EQ_HIGH_SHELF, .freq_hz = 9000.0, .gain_db = -8.0, .q = 3.0},
    {.type = CH_EQ_HIGH_SHELF, .freq_hz = 3000.0, .gain_db = 11.0, .slope = 1.0, .q = 1.0},
    {.type = CH_EQ_BAND_PASS, .freq_hz = 60.0, .q = 5.0},
    {.type = CH_EQ_BAND_PASS, .freq_hz = 14000.0, .q = 0.7},
    {.type = CH_EQ_NOTCH, .freq_hz = 50.0, .q = 8.0},
    {.type = CH_EQ_NOTCH, .freq_hz = 9000.0, .q = 1.0},
    {.type = CH_EQ_ALL_PASS, .freq_hz = 400.0, .q = 0.7, .order = 1},
    {.type = CH_EQ_ALL_PASS, .freq_hz = 5000.0, .q = 3.0, .order = 2},
    {.type = CH_EQ_TILT, .freq_hz = 620.484, .gain_db = 6.0, .q = 1.0},
    {.type = CH_EQ_TILT, .freq_hz = 1500.0, .gain_db = -10.0, .q = 1.0},
    PASS(CH_EQ_LOW_PASS, 300.0, 1, CH_EQ_BY_Q),
    PASS(CH_EQ_LOW_PASS, 15000.0, 2, CH_EQ_BY_Q),
    PASS(CH_EQ_HIGH_PASS, 12000.0, 1, CH_EQ_BY_Q),
    PASS(CH_EQ_HIGH_PASS, 30.0, 2, CH_EQ_BY_Q),
    PASS(CH_EQ_LOW_PASS, 2000.0, 1, CH_EQ_BUTTERWORTH),
    PASS(CH_EQ_LOW_PASS, 2000.0, 3, CH_EQ_BUTTERWORTH),
    PASS(CH_EQ_LOW_PASS, 16000.0, 8, CH_EQ_BUTTERWORTH),
    PASS(CH_EQ_HIGH_PASS, 40.0, 4, CH_EQ_BUTTERWORTH),
    PASS(CH_EQ_HIGH_PASS, 500.0, 7, CH_EQ_BUTTERWORTH),
    PASS(CH_EQ_HIGH_PASS, 5000.0, 6, CH_EQ_BUTTERWORTH),
    PASS(CH_EQ_LOW_PASS, 80.0, 2, CH_EQ_LINKWITZ_RILEY),
    PASS(CH_EQ_LOW_PASS, 2500.0, 4, CH_EQ_LINKWITZ_RILEY),
    PASS(CH_EQ_HIGH_PASS, 2500.0, 4, CH_EQ_LINKWITZ_RILEY),
    PASS(CH_EQ_HIGH_PASS, 120.0, 8, CH_EQ_LINKWITZ_RILEY),
};
enum { N_BANDS = sizeof bands / sizeof *bands };

/// Largest distance in dB of what comes out from `wanted`, where that is above -60 dB.
static double
measure(const struct ch_eq_band *band, enum ch_eq_design design, uint32_t rate_hz,
        double (*wanted)(const struct ch_eq_band *, uint32_t, double))
{
    struct ch_equaliser equaliser;
    double worst = 0.0;
    ch_equaliser_init(&equaliser);
    equaliser.design = design;
    equaliser.bands[0] = *band;
    equaliser.n_bands = 1;
    const uint32_t n_frames = play_impulse(&equaliser, rate_hz);
    assert_memory_equal(left, right, n_frames * sizeof *left);
    for (double freq_hz = 20.0; freq_hz <= 20000.0; freq_hz *= 1.19) {
        const double expected = wanted(band, rate_hz, freq_hz);
        if (expected > -60.0) {
            const double got = level_db(left, n_frames, rate_hz, freq_hz);
            worst = fmax(worst, fabs(got - expected));
            // What eq.response says of the same.
            const double said = ch_equaliser_response_db(&equaliser, rate_hz, freq_hz);
            worst = fmax(worst, fabs(got - said));
        }
    }
    return worst;
}

static void
impulse_has_the_curve_of_the_books(void **state)
{
    (void)state;
    static const uint32_t rates_hz[] = {44100, 48000, 96000};
    double rbj = 0.0, matched = 0.0;
    for (uint32_t i = 0; i < N_BANDS; i++) {
        for (uint32_t k = 0; k < 3; k++) {
            const double error = measure(&bands[i], CH_EQ_RBJ, rates_hz[k], warped_db);
            const double other = measure(&bands[i], CH_EQ_MATCHED, rates_hz[k], sections_db);
            if (!(error <= 0.01 && other <= 0.01)) {
                print_message("band %u at %u Hz: %.4f, %.4f dB\n", i, rates_hz[k], error, other);
            }
            rbj = fmax(rbj, error);
            matched = fmax(matched, other);
        }
    }
    figure("eq", "impulse through the engine, rbj: off the analytic curve", rbj, "<=", 0.01, "dB");
    figure("eq", "impulse through the engine, matched: off the analytic curve", matched, "<=", 0.01,
           "dB");
    assert_true(rbj <= 0.01);
    assert_true(matched <= 0.01);
}

/// Families and tilt against their definitions: what eq_design.h promises of one section is held by
/// test_eq_design; here whole bands, in the audible range.
static void
stacks_follow_the_analog_curve(void **state)
{
    (void)state;
    double worst = 0.0, worst_high = 0.0;
    for (uint32_t i = 0; i < N_BANDS; i++) {
        const bool all_pass = bands[i].type == CH_EQ_ALL_PASS;
        for (double freq_hz = 20.0; freq_hz <= 20000.0; freq_hz *= 1.03) {
            const double x = freq_hz / bands[i].freq_hz;
            const double expected = all_pass ? 0.0 : 10.0 * log10(analog_power(&bands[i], x));
            assert_true(fabs(ch_eq_analog_response_db(&bands[i], freq_hz) - expected) < 1e-6 ||
                        expected < -200.0);
            if (expected > -40.0) {
                const double low_rate = fabs(sections_db(&bands[i], 48000, freq_hz) - expected);
                const double high_rate = fabs(sections_db(&bands[i], 96000, freq_hz) - expected);
                worst = fmax(worst, low_rate);
                worst_high = fmax(worst_high, high_rate);
            }
        }
    }
    figure("eq", "stacks, tilt and slopes off the analog curve, 48 kHz", worst, "<=", 0.5, "dB");
    figure("eq", "stacks, tilt and slopes off the analog curve, 96 kHz", worst_high, "<=", 0.05,
           "dB");
    assert_true(worst <= 0.5);
    assert_true(worst_high <= 0.05);
}

/// -6.02 dB at the crossover, and the sum of both ways is as loud as the input everywhere.
static void
linkwitz_riley_crosses_over(void **state)
{
    (void)state;
    for (uint32_t order = 2; order <= 8; order *= 2) {
        struct ch_eq_band low = PASS(CH_EQ_LOW_PASS, 1000.0, order, CH_EQ_LINKWITZ_RILEY);
        struct ch_eq_band high = low;
        high.type = CH_EQ_HIGH_PASS;
        for (double freq_hz = 100.0; freq_hz < 8000.0; freq_hz *= 1.3) {
            // |LP|·|HP| have the same phase, or the opposite one at order 2.
            const double sum = pow(10.0, sections_db(&low, 48000, freq_hz) / 20.0) +
                               pow(10.0, sections_db(&high, 48000, freq_hz) / 20.0);
            assert_true(fabs(20.0 * log10(sum)) < 0.15);
        }
        assert_true(fabs(sections_db(&low, 48000, 1000.0) + 6.0206) < 0.1);
    }
}

/// -180 degrees of order 2 and -90 of order 1 at the frequency of an all-pass, in both designs.
static void
all_pass_turns_the_phase_where_it_says(void **state)
{
    (void)state;
    for (uint32_t order = 1; order <= 2; order++) {
        for (double freq_hz = 30.0; freq_hz < 20000.0; freq_hz *= 3.0) {
            const struct ch_eq_band band = {
                .type = CH_EQ_ALL_PASS, .freq_hz = freq_hz, .q = 0.9, .order = order};
            struct ch_biquad b;
            ch_eq_design_band(&band, CH_EQ_MATCHED, 48000, &b);
            const double complex z = cexp(-I * 2.0 * M_PI * freq_hz / 48000.0);
            const double complex h = (b.b0 + z * (b.b1 + z * b.b2)) / (1.0 + z * (b.a1 + z * b.a2));
            const double complex expected = order == 1 ? -I : -1.0;
            assert_true(cabs(h - expected) < 1e-9);
        }
    }
}

// --- arithmetic ---------------------------------------------------------------------------------

/// The section as a biquad, all in long double.
static void
filter_exactly(const struct ch_eq_section *section, const float *in, long double *out, uint32_t n)
{
    const long double g = section->g, k = section->k;
    const long double h = section->mh, b = section->mb * g, l = section->ml * g * g;
    const long double a0 = 1.0L + k * g + g * g;
    const long double b0 = (h + b + l) / a0, b1 = 2.0L * (l - h) / a0, b2 = (h - b + l) / a0;
    const long double a1 = 2.0L * (g * g - 1.0L) / a0, a2 = (1.0L - k * g + g * g) / a0;
    long double s1 = 0.0L, s2 = 0.0L;
    for (uint32_t i = 0; i < n; i++) {
        const long double x = in[i], y = b0 * x + s1;
        s1 = b1 * x - a1 * y + s2;
        s2 = b2 * x - a2 * y;
        out[i] = y;
    }
}

enum { NOISE_FRAMES = 2 * 192000 };

/// The largest error of one sample, of a signal that comes out at 0 dBFS at most; dBFS.
static double
noise_db(const struct ch_eq_band *band, uint32_t rate_hz, bool tone)
{
    static struct ch_eq eq;
    static float in[NOISE_FRAMES];
    static long double exact[NOISE_FRAMES];
    struct ch_eq_section section;
    struct ch_biquad biquad;
    uint32_t seed = 1;
    const uint32_t n = 2 * rate_hz;
    const double amplitude = 0.9 * pow(10.0, -fmax(band->gain_db, 0.0) / 20.0);
    for (uint32_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        const double noise = (double)(seed >> 8) / 8388608.0 - 1.0;
        in[i] = (float)(amplitude *
                        (tone ? sin(2.0 * M_PI * band->freq_hz * i / rate_hz) : 0.3 * noise));
    }
    ch_eq_design_band(band, CH_EQ_MATCHED, rate_hz, &biquad);
    ch_eq_section_from_biquad(&biquad, &section);
    filter_exactly(&section, in, exact, n);
    ch_eq_init(&eq);
    ch_eq_set_section(&eq, 0, &section, 0, 0);
    memcpy(left, in, n * sizeof *in);
    memcpy(right, in, n * sizeof *in);
    for (uint32_t frame = 0; frame < n; frame += 300) {
        ch_eq_run(&eq, left + frame, right + frame, n - frame < 300 ? n - frame : 300);
    }
    long double worst = 0.0L;
    for (uint32_t i = 0; i < n; i++) {
        worst = fmaxl(worst, fabsl(exact[i] - (long double)left[i]));
    }
    return 20.0 * log10((double)worst);
}

static void
arithmetic_is_quiet(void **state)
{
    (void)state;
    static const uint32_t rates_hz[] = {44100, 48000, 96000, 192000};
    static const enum ch_eq_type types[] = {CH_EQ_PEAK, CH_EQ_LOW_SHELF, CH_EQ_HIGH_PASS,
                                            CH_EQ_BAND_PASS, CH_EQ_NOTCH};
    static const double freqs_hz[] = {20.0, 31.5, 100.0, 1000.0, 15000.0};
    double worst = -999.0;
    for (uint32_t r = 0; r < 4; r++) {
        for (uint32_t t = 0; t < 5; t++) {
            for (uint32_t f = 0; f < 5; f++) {
                for (int k = 0; k < 4; k++) {
                    const struct ch_eq_band band = {.type = types[t],
                                                    .freq_hz = freqs_hz[f],
                                                    .gain_db = k % 2 ? 12.0 : -12.0,
                                                    .q = k < 2 ? 10.0 : 0.7};
                    worst = fmax(worst, noise_db(&band, rates_hz[r], k == 0 || k == 3));
                    worst = fmax(worst, f < 2 ? noise_db(&band, rates_hz[r], k == 1) : worst);
                }
            }
        }
    }
    figure("eq", "noise of the arithmetic, f >= 20 Hz, Q <= 10, to 192 kHz", worst, "<=", -120.0,
           "dBFS");
    assert_true(worst <= -120.0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(impulse_has_the_curve_of_the_books),
        cmocka_unit_test(stacks_follow_the_analog_curve),
        cmocka_unit_test(linkwitz_riley_crosses_over),
        cmocka_unit_test(all_pass_turns_the_phase_where_it_says),
        cmocka_unit_test(arithmetic_is_quiet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: ISC
// tests/unit/test_eq_design.c — designs against the cookbook and against the analog curves.

#include <complex.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "daemon/base/units.h"
#include "daemon/dsp/eq_design.h"
#include "tests/unit/eq_band.h"
#include "tests/unit/figure.h"
#include "tests/unit/near.h"

/// The analog prototypes as w3.org/TR/audio-eq-cookbook states them, at s = j·ratio.
static double complex
prototype(const struct ch_eq_band *band, double ratio)
{
    const double complex s = I * ratio;
    const double a = pow(10.0, band->gain_db / 40.0), q = band->q;
    switch (band->type) {
    case CH_EQ_PEAK:
        return (s * s + s * (a / q) + 1.0) / (s * s + s / (a * q) + 1.0);
    case CH_EQ_LOW_SHELF:
        return a * (s * s + sqrt(a) / q * s + a) / (a * s * s + sqrt(a) / q * s + 1.0);
    case CH_EQ_HIGH_SHELF:
        return a * (a * s * s + sqrt(a) / q * s + 1.0) / (s * s + sqrt(a) / q * s + a);
    case CH_EQ_LOW_PASS:
        return 1.0 / (s * s + s / q + 1.0);
    case CH_EQ_HIGH_PASS:
        return s * s / (s * s + s / q + 1.0);
    case CH_EQ_NOTCH:
        return (s * s + 1.0) / (s * s + s / q + 1.0);
    case CH_EQ_BAND_PASS:
        return s / q / (s * s + s / q + 1.0);
    case CH_EQ_ALL_PASS:
        return (s * s - s / q + 1.0) / (s * s + s / q + 1.0);
    case CH_EQ_TILT:
    case CH_EQ_TYPES:
        break;
    }
    return 0.0;
}

static double
db(double complex h)
{
    return 20.0 * log10(cabs(h));
}

static double complex
response(const struct ch_biquad *biquad, double w)
{
    const double complex z = cexp(-I * w);
    return (biquad->b0 + z * (biquad->b1 + z * biquad->b2)) /
           (1.0 + z * (biquad->a1 + z * biquad->a2));
}

/// Random in lo…hi, evenly in the logarithm.
static double
random_log(uint32_t *seed, double lo, double hi)
{
    *seed = *seed * 1664525u + 1013904223u;
    return lo * pow(hi / lo, (double)(*seed >> 8) / 16777216.0);
}

static void
assert_biquad_near(const struct ch_biquad *got, const struct ch_biquad *expected, double tolerance)
{
    assert_near(got->b0, expected->b0, tolerance);
    assert_near(got->b1, expected->b1, tolerance);
    assert_near(got->b2, expected->b2, tolerance);
    assert_near(got->a1, expected->a1, tolerance);
    assert_near(got->a2, expected->a2, tolerance);
}

// The cookbook's formulas, evaluated with 30 digits by mpmath.
static const struct {
    struct ch_eq_band band;
    uint32_t rate_hz;
    struct ch_biquad biquad;
} cookbook[] = {
    {BAND(CH_EQ_PEAK, 1000.0, 6.0, 1.0, false),
     48000,
     {1.04395308699034, -1.8953207239366, 0.867722284759856, -1.8953207239366, 0.911675371750192}},
    {BAND(CH_EQ_PEAK, 31.25, -12.0, 1.41, false),
     44100,
     {0.997648487955558, -1.99369958595683, 0.99607085931947, -1.99369958595683,
      0.993719347275029}},
    {BAND(CH_EQ_PEAK, 16000.0, 12.0, 4.3, false),
     48000,
     {1.14322571630011, 0.951954957663653, 0.760684199027191, 0.951954957663653,
      0.903909915327306}},
    {BAND(CH_EQ_PEAK, 20.0, 24.0, 10.0, false),
     96000,
     {1.00024411619253, -1.99996540658887, 0.999723003840919, -1.99996540658887,
      0.999967120033445}},
    {BAND(CH_EQ_LOW_SHELF, 100.0, 9.0, 0.7071, false),
     48000,
     {1.00486084313955, -1.98562047012339, 0.981045246016865, -1.98571260891134,
      0.985813950368476}},
    {BAND(CH_EQ_LOW_SHELF, 8000.0, -6.0, 0.5, false),
     44100,
     {0.763407746392401, -0.457101142248902, 0.0684239370220683, -0.27062354930391,
      0.0183092763594615}},
    {BAND(CH_EQ_HIGH_SHELF, 8000.0, -7.5, 0.9, false),
     48000,
     {0.561814228278489, -0.236800447034839, 0.174488875684358, -0.904044758396945,
      0.403547415324953}},
    {BAND(CH_EQ_HIGH_SHELF, 12000.0, 18.0, 0.4, false),
     192000,
     {5.34728457558426, -8.04764920212233, 2.92953722513222, -0.912978269681464,
      0.142150868275615}},
    {BAND(CH_EQ_LOW_PASS, 80.0, 0.0, 0.7071, false),
     48000,
     {2.72138060700218e-5, 5.44276121400436e-5, 2.72138060700218e-5, -1.98519051796048,
      0.985299373184762}},
    {BAND(CH_EQ_LOW_PASS, 18000.0, 0.0, 3.0, false),
     44100,
     {0.842446705716243, 1.68489341143249, 0.842446705716243, 1.53647599630736, 0.833310826557611}},
    {BAND(CH_EQ_HIGH_PASS, 30.0, 0.0, 1.3, false),
     48000,
     {0.998488051102416, -1.99697610220483, 0.998488051102416, -1.99696840321468,
      0.996983801194982}},
    {BAND(CH_EQ_HIGH_PASS, 3500.0, 0.0, 0.3, false),
     8000,
     {0.0232385522076552, -0.0464771044153105, 0.0232385522076552, 1.12819184948022,
      0.221146058310844}},
    {BAND(CH_EQ_NOTCH, 50.0, 0.0, 30.0, false),
     48000,
     {0.999890929598194, -1.99973902719686, 0.999890929598194, -1.99973902719686,
      0.999781859196389}},
    {BAND(CH_EQ_NOTCH, 12000.0, 0.0, 1.0, false),
     48000,
     {0.666666666666667, 0.0, 0.666666666666667, 0.0, 0.333333333333333}},
};

static void
test_rbj_coefficients(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cookbook / sizeof *cookbook; i++) {
        struct ch_biquad biquad;
        ch_eq_design_band(&cookbook[i].band, CH_EQ_RBJ, cookbook[i].rate_hz, &biquad);
        assert_biquad_near(&biquad, &cookbook[i].biquad, 1e-12);
    }
}

/// The bilinear transform is the prototype on a warped axis: tan(w/2) / tan(w0/2).
static void
test_rbj_is_bilinear(void **state)
{
    (void)state;
    uint32_t seed = 1;
    for (int i = 0; i < 3000; i++) {
        const struct ch_eq_band band = {
            .type = (enum ch_eq_type)(i % CH_EQ_TILT),
            .freq_hz = random_log(&seed, 100.0, 20000.0),
            .gain_db = random_log(&seed, 1.0, 24.0) * (i % 4 < 2 ? 1.0 : -1.0),
            .q = random_log(&seed, 0.2, 20.0),
        };
        const double w0 = 2.0 * M_PI * band.freq_hz / 48000.0;
        const double w = random_log(&seed, 0.01, 3.1);
        struct ch_biquad biquad;
        ch_eq_design_band(&band, CH_EQ_RBJ, 48000, &biquad);
        const double complex expected = prototype(&band, tan(w / 2.0) / tan(w0 / 2.0));
        assert_near(cabs(response(&biquad, w) - expected), 0.0, 1e-9);
    }
}

static void
test_analog_response(void **state)
{
    (void)state;
    uint32_t seed = 2;
    for (int i = 0; i < 3000; i++) {
        const struct ch_eq_band band = {
            .type = (enum ch_eq_type)(i % CH_EQ_TILT),
            .freq_hz = random_log(&seed, 10.0, 20000.0),
            .gain_db = random_log(&seed, 0.1, 24.0) * (i % 4 < 2 ? 1.0 : -1.0),
            .q = random_log(&seed, 0.1, 20.0),
        };
        const double freq_hz = random_log(&seed, 10.0, 20000.0);
        assert_near(ch_eq_analog_response_db(&band, freq_hz),
                    db(prototype(&band, freq_hz / band.freq_hz)), 1e-8);
    }
}

/// Any stable biquad, real or complex poles, is the same filter as a section.
static void
test_section_is_the_biquad(void **state)
{
    (void)state;
    uint32_t seed = 3;
    for (int i = 0; i < 3000; i++) {
        const double radius = 1.0 - random_log(&seed, 1e-3, 1.0);
        const double angle = random_log(&seed, 0.01, 3.1);
        const double other = 1.0 - random_log(&seed, 1e-3, 1.9);
        const bool real_poles = i % 3 == 0;
        const struct ch_biquad biquad = {
            .b0 = random_log(&seed, 0.1, 2.0),
            .b1 = -random_log(&seed, 0.1, 2.0),
            .b2 = random_log(&seed, 0.1, 2.0),
            .a1 = real_poles ? -radius - other : -2.0 * radius * cos(angle),
            .a2 = real_poles ? radius * other : radius * radius,
        };
        struct ch_eq_section section;
        ch_eq_section_from_biquad(&biquad, &section);
        assert_true(section.g > 0.0 && section.k > 0.0);
        for (double freq_hz = 100.0; freq_hz <= 24000.0; freq_hz += 2390.0) {
            const double expected = db(response(&biquad, 2.0 * M_PI * freq_hz / 48000.0));
            assert_near(ch_eq_section_response_db(&section, 48000, freq_hz), expected, 1e-7);
            assert_near(ch_biquad_response_db(&biquad, 48000, freq_hz), expected, 1e-7);
        }
    }
}

static double
corner_max(uint32_t rate_hz)
{
    return fmin(20000.0, 0.45 * rate_hz);
}

/// Largest distance in dB of the sections that run from the prototype, for corners up to the lower
/// of 20 kHz and 0.45 of the rate, over 20 Hz…20 kHz where the prototype is above floor_db.
static double
worst_error(const struct ch_eq_band *band, uint32_t rate_hz, double floor_db)
{
    struct ch_eq_band b = *band;
    double worst = 0.0;
    const int n_corners = 70;
    for (int i = 0; i <= n_corners; i++) {
        struct ch_eq_section section[CH_EQ_BAND_SECTIONS_MAX];
        b.freq_hz = 20.0 * pow(corner_max(rate_hz) / 20.0, (double)i / n_corners);
        const uint32_t n = ch_eq_sections_from_band(&b, CH_EQ_MATCHED, rate_hz, section);
        for (double freq_hz = 20.0; freq_hz <= 20000.0; freq_hz *= 1.025) {
            const double expected = db(prototype(&b, freq_hz / b.freq_hz));
            double got = 0.0;
            for (uint32_t k = 0; k < n; k++) {
                got += ch_eq_section_response_db(&section[k], rate_hz, freq_hz);
            }
            if (expected > floor_db) {
                worst = fmax(worst, fabs(got - expected));
            }
        }
    }
    return worst;
}

/// Of all of a kind: Q in 12 steps, gains of both signs.
static double
worst_of_kind(enum ch_eq_type type, uint32_t rate_hz, double gain_db, double q_min, double q_max)
{
    double worst = 0.0;
    for (int k = 0; k <= 12; k++) {
        struct ch_eq_band band = {
            .type = type,
            .gain_db = gain_db,
            .q = q_min * pow(q_max / q_min, k / 12.0),
        };
        const double floor_db = gain_db == 0.0 ? -40.0 : -99.0;
        worst = fmax(worst, worst_error(&band, rate_hz, floor_db));
        if (gain_db != 0.0) {
            band.gain_db = -gain_db;
            worst = fmax(worst, worst_error(&band, rate_hz, floor_db));
        }
    }
    print_message("type %d, %u Hz, %+.0f dB, Q %g to %g: %.3f dB\n", (int)type, rate_hz, gain_db,
                  q_min, q_max, worst);
    return worst;
}

// What the matched designs hold, in dB at 44.1, 48 and 96 kHz; as eq_design.h says.
static const struct {
    enum ch_eq_type type;
    double gain_db, q_min, q_max, tolerance_db[3];
} held[] = {
    {CH_EQ_PEAK, 6.0, 0.3, 10.0, {0.40, 0.26, 0.03}},
    {CH_EQ_PEAK, 12.0, 0.3, 10.0, {0.68, 0.47, 0.04}},
    {CH_EQ_PEAK, 24.0, 0.3, 10.0, {1.20, 0.80, 0.08}},
    {CH_EQ_LOW_SHELF, 6.0, 0.3, 10.0, {0.35, 0.27, 0.01}},
    {CH_EQ_LOW_SHELF, 12.0, 0.3, 10.0, {0.23, 0.18, 0.01}},
    {CH_EQ_HIGH_SHELF, 6.0, 0.3, 10.0, {0.35, 0.27, 0.01}},
    {CH_EQ_HIGH_SHELF, 12.0, 0.3, 10.0, {0.23, 0.18, 0.01}},
    {CH_EQ_LOW_PASS, 0.0, 0.3, 10.0, {0.21, 0.10, 0.01}},
    {CH_EQ_HIGH_PASS, 0.0, 0.3, 2.0, {0.35, 0.23, 0.02}},
    {CH_EQ_HIGH_PASS, 0.0, 2.0, 10.0, {1.40, 0.85, 0.04}},
    {CH_EQ_BAND_PASS, 0.0, 0.3, 1.0, {0.94, 0.57, 0.12}},
    {CH_EQ_BAND_PASS, 0.0, 1.0, 10.0, {0.42, 0.25, 0.02}},
    {CH_EQ_NOTCH, 0.0, 0.3, 10.0, {0.45, 0.25, 0.02}},
};

static void
test_matched_holds_the_analog_curve(void **state)
{
    (void)state;
    static const uint32_t rates_hz[] = {44100, 48000, 96000};
    double by_6_db = 0.0, by_12_db = 0.0, at_96_khz = 0.0, passes = 0.0;
    for (size_t i = 0; i < sizeof held / sizeof *held; i++) {
        for (int r = 0; r < 3; r++) {
            const double worst = worst_of_kind(held[i].type, rates_hz[r], held[i].gain_db,
                                               held[i].q_min, held[i].q_max);
            const bool low = rates_hz[r] <= 48000;
            by_6_db = low && held[i].gain_db == 6.0 ? fmax(by_6_db, worst) : by_6_db;
            by_12_db = low && held[i].gain_db == 12.0 ? fmax(by_12_db, worst) : by_12_db;
            passes = low && held[i].gain_db == 0.0 ? fmax(passes, worst) : passes;
            if (!low && (held[i].gain_db == 6.0 || held[i].gain_db == 12.0)) {
                at_96_khz = fmax(at_96_khz, worst);
            }
            assert_true(worst <= held[i].tolerance_db[r]);
        }
    }
    figure("eq", "matched bells and shelves +-12 dB off analog, 44.1 and 48 kHz", by_12_db,
           "<=", 1.0, "dB");
    figure("eq", "matched bells and shelves +-6 dB off analog, 44.1 and 48 kHz", by_6_db, "<=", 0.6,
           "dB");
    figure("eq", "matched bells and shelves +-12 dB off analog, 96 kHz", at_96_khz, "<=", 0.05,
           "dB");
    figure("eq", "matched passes and notch above -40 dB off analog, 44.1 and 48 kHz", passes,
           "<=", 1.5, "dB");
    assert_true(by_12_db <= 1.0);
    assert_true(by_6_db <= 0.6);
    assert_true(at_96_khz <= 0.05);
    assert_true(passes <= 1.5);
}

/// Cut times boost is 1; high shelf times low shelf is their gain.
static void
test_matched_symmetries(void **state)
{
    (void)state;
    uint32_t seed = 4;
    for (int i = 0; i < 1000; i++) {
        struct ch_eq_band band = {
            .type = i % 2 ? CH_EQ_PEAK : CH_EQ_LOW_SHELF,
            .freq_hz = random_log(&seed, 20.0, 20000.0),
            .gain_db = random_log(&seed, 0.5, 24.0),
            .q = random_log(&seed, 0.2, 5.0),
        };
        const double freq_hz = random_log(&seed, 20.0, 23000.0);
        struct ch_biquad boost, cut, high;
        ch_eq_design_band(&band, CH_EQ_MATCHED, 48000, &boost);
        band.gain_db = -band.gain_db;
        ch_eq_design_band(&band, CH_EQ_MATCHED, 48000, &cut);
        assert_near(ch_biquad_response_db(&boost, 48000, freq_hz) +
                        ch_biquad_response_db(&cut, 48000, freq_hz),
                    0.0, 1e-6);
        if (band.type == CH_EQ_LOW_SHELF) {
            band.type = CH_EQ_HIGH_SHELF;
            ch_eq_design_band(&band, CH_EQ_MATCHED, 48000, &high);
            assert_near(ch_biquad_response_db(&high, 48000, freq_hz) +
                            ch_biquad_response_db(&cut, 48000, freq_hz),
                        band.gain_db, 1e-6);
        }
    }
}

/// Corner and ends, whatever the corner: level of a bell, of a shelf's shelf, of the passes.
static void
test_matched_is_exact_where_promised(void **state)
{
    (void)state;
    static const struct {
        struct ch_eq_band band;
        double freq_hz, level_db, tolerance_db;
    } points[] = {
        {BAND(CH_EQ_PEAK, 16000.0, 9.0, 1.0, false), 16000.0, 9.0, 1e-4},
        {BAND(CH_EQ_PEAK, 50.0, -9.0, 3.0, false), 50.0, -9.0, 1e-4},
        {BAND(CH_EQ_PEAK, 1000.0, -9.0, 3.0, false), 0.0, 0.0, 1e-4},
        {BAND(CH_EQ_LOW_SHELF, 12000.0, 7.0, 0.7, false), 0.0, 7.0, 1e-4},
        {BAND(CH_EQ_HIGH_SHELF, 12000.0, 7.0, 0.7, false), 0.0, 0.0, 1e-4},
        {BAND(CH_EQ_LOW_PASS, 15000.0, 0.0, 2.0, false), 15000.0, 6.0206, 0.2},
        {BAND(CH_EQ_LOW_PASS, 15000.0, 0.0, 2.0, false), 0.0, 0.0, 1e-4},
        {BAND(CH_EQ_HIGH_PASS, 15000.0, 0.0, 2.0, false), 15000.0, 6.0206, 0.2},
        {BAND(CH_EQ_NOTCH, 9000.0, 0.0, 2.0, false), 0.0, 0.0, 1e-4},
    };
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        struct ch_biquad biquad;
        ch_eq_design_band(&points[i].band, CH_EQ_MATCHED, 48000, &biquad);
        assert_near(ch_biquad_response_db(&biquad, 48000, points[i].freq_hz), points[i].level_db,
                    points[i].tolerance_db);
    }
    const struct ch_eq_band band = BAND(CH_EQ_NOTCH, 9000.0, 0.0, 2.0, false);
    struct ch_biquad biquad;
    ch_eq_design_band(&band, CH_EQ_MATCHED, 48000, &biquad);
    assert_true(ch_biquad_response_db(&biquad, 48000, 9000.0) < -120.0);
}

static bool
usable(const struct ch_eq_section *s)
{
    return s->g > 0.0 && s->k > 0.0 && isfinite(s->g + s->k + s->mh + s->mb + s->ml);
}

/// Whatever anybody may ask for is a stable filter without surprises.
static void
test_everything_is_stable(void **state)
{
    (void)state;
    static const uint32_t rates_hz[] = {CH_RATE_MIN_HZ, 44100, 48000, 96000, CH_RATE_MAX_HZ};
    uint32_t seed = 5;
    for (int i = 0; i < 30000; i++) {
        const uint32_t rate_hz = rates_hz[i % 5];
        struct ch_eq_band band = {
            .type = (enum ch_eq_type)(i % CH_EQ_TYPES),
            .freq_hz = random_log(&seed, 1.0, 40000.0),
            .gain_db = random_log(&seed, 1e-6, CH_EQ_GAIN_MAX_DB) * (i % 4 < 2 ? 1.0 : -1.0),
            .q = random_log(&seed, 0.01, 100.0),
            .slope = i % 7 == 0 ? random_log(&seed, 0.01, 1.0) : 0.0,
            .order = 1 + (uint32_t)i % 2,
        };
        if (i % 3 == 0 && (band.type == CH_EQ_LOW_PASS || band.type == CH_EQ_HIGH_PASS)) {
            band.family = CH_EQ_BUTTERWORTH;
            band.order = 1 + (uint32_t)i / 9 % CH_EQ_ORDER_MAX;
        }
        struct ch_eq_section section[CH_EQ_BAND_SECTIONS_MAX];
        const double limit_db = fabs(band.gain_db) + 20.0 * log10(1.0 + band.q) + 3.0;
        const uint32_t n =
            ch_eq_sections_from_band(&band, i % 2 ? CH_EQ_MATCHED : CH_EQ_RBJ, rate_hz, section);
        assert_true(n > 0 && n <= ch_eq_band_sections(&band));
        for (uint32_t k = 0; k < n; k++) {
            assert_true(usable(&section[k]));
        }
        for (double x = 0.001; x < 0.5; x *= 1.3) {
            double level_db = 0.0;
            for (uint32_t k = 0; k < n; k++) {
                level_db += ch_eq_section_response_db(&section[k], rate_hz, x * rate_hz);
            }
            assert_true(level_db < limit_db);
        }
    }
}

static void
test_identity(void **state)
{
    (void)state;
    static const struct {
        struct ch_eq_band band;
        bool identity;
    } cases[] = {
        {BAND(CH_EQ_PEAK, 1000.0, 0.0, 1.0, false), true},
        {BAND(CH_EQ_PEAK, 1000.0, 3.0, 1.0, true), true},
        {BAND(CH_EQ_PEAK, 1000.0, 3.0, 1.0, false), false},
        {BAND(CH_EQ_LOW_SHELF, 1000.0, 0.0, 1.0, false), true},
        {BAND(CH_EQ_HIGH_SHELF, 1000.0, 0.0, 1.0, false), true},
        {BAND(CH_EQ_LOW_PASS, 1000.0, 0.0, 1.0, false), false},
        {BAND(CH_EQ_HIGH_PASS, 1000.0, 0.0, 1.0, false), false},
        {BAND(CH_EQ_NOTCH, 1000.0, 0.0, 1.0, false), false},
        {BAND(CH_EQ_NOTCH, 1000.0, 0.0, 1.0, true), true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int design = CH_EQ_MATCHED; design <= CH_EQ_RBJ; design++) {
            struct ch_eq_section section;
            const uint32_t passed =
                one_section(&cases[i].band, (enum ch_eq_design)design, 48000, &section);
            assert_int_equal(passed, cases[i].identity ? CH_EQ_BOTH : 0);
            assert_true(usable(&section));
        }
    }
}

static void
test_corner_above_half_the_rate(void **state)
{
    (void)state;
    for (int type = 0; type < CH_EQ_TILT; type++) {
        struct ch_eq_band above = BAND((enum ch_eq_type)type, 30000.0, 6.0, 1.0, false);
        struct ch_eq_band edge = above;
        edge.freq_hz = 0.49 * 44100.0;
        for (int design = CH_EQ_MATCHED; design <= CH_EQ_RBJ; design++) {
            struct ch_biquad a, b;
            ch_eq_design_band(&above, (enum ch_eq_design)design, 44100, &a);
            ch_eq_design_band(&edge, (enum ch_eq_design)design, 44100, &b);
            assert_biquad_near(&a, &b, 1e-12);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rbj_coefficients),
        cmocka_unit_test(test_rbj_is_bilinear),
        cmocka_unit_test(test_analog_response),
        cmocka_unit_test(test_section_is_the_biquad),
        cmocka_unit_test(test_matched_holds_the_analog_curve),
        cmocka_unit_test(test_matched_symmetries),
        cmocka_unit_test(test_matched_is_exact_where_promised),
        cmocka_unit_test(test_everything_is_stable),
        cmocka_unit_test(test_identity),
        cmocka_unit_test(test_corner_above_half_the_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

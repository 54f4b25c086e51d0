// SPDX-License-Identifier: ISC
// tests/unit/test_eq_graphic.c — sliders against the sum of the bells that they become.
//
// The sum is taken with complex numbers from the biquads; what is asked for, from the tables below.
// The settings are the ones that a graphic equaliser is bad at, and then those that a search breeds
// from the worst of them: it keeps the worst, and crosses, shifts and alters them.

#include <complex.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/base/units.h"
#include "daemon/dsp/eq_graphic.h"
#include "tests/unit/figure.h"
#include "tests/unit/near.h"

#define N_MAX         31
#define HOLD_AT_DB    0.2
#define HOLD_BETWEEN  1.0
#define KEPT          16
#define BRED          24
#define GENERATIONS   6
#define STRAIGHT_RUNS 120

static const struct layout {
    enum ch_graphic_layout id;
    const char *name;
    uint32_t n;
    double hz[N_MAX];
} layouts[] = {
    {CH_GRAPHIC_ISO10, "iso10", 10, {31.5, 63, 125, 250, 500, 1e3, 2e3, 4e3, 8e3, 16e3}},
    {CH_GRAPHIC_ISO31, "iso31", 31, {20,   25,  31.5, 40,   50,  63,   80,    100,  125,  160, 200,
                                     250,  315, 400,  500,  630, 800,  1e3,   1250, 1600, 2e3, 2500,
                                     3150, 4e3, 5e3,  6300, 8e3, 10e3, 12500, 16e3, 20e3}},
    {CH_GRAPHIC_SEED8, "seed8", 8, {60, 120, 240, 480, 960, 1920, 3840, 7680}},
};
#define N_LAYOUTS (sizeof layouts / sizeof *layouts)

struct setting {
    struct ch_graphic graphic;
    double at_db, between_db; ///< largest error at the sliders, at the midpoints
};

static double
badness(const struct setting *setting)
{
    return fmax(setting->at_db / HOLD_AT_DB, setting->between_db / HOLD_BETWEEN);
}

static double
bells_db(const struct ch_eq_band *bands, uint32_t n, uint32_t rate_hz, double freq_hz)
{
    const double complex z = cexp(-I * 2.0 * M_PI * freq_hz / rate_hz);
    double complex product = 1.0;
    for (uint32_t i = 0; i < n; i++) {
        struct ch_biquad h;
        ch_eq_design_band(&bands[i], CH_EQ_MATCHED, rate_hz, &h);
        product *= (h.b0 + z * (h.b1 + z * h.b2)) / (1.0 + z * (h.a1 + z * h.a2));
    }
    return 20.0 * log10(cabs(product));
}

static void
assert_bands_sound(const struct ch_eq_band *bands, uint32_t n, uint32_t rate_hz)
{
    for (uint32_t i = 0; i < n; i++) {
        assert_int_equal(bands[i].type, CH_EQ_PEAK);
        assert_false(bands[i].bypass);
        assert_true(fabs(bands[i].gain_db) <= CH_EQ_GAIN_MAX_DB);
        assert_true(bands[i].q > 0.1 && bands[i].q < 20.0);
        assert_true(bands[i].freq_hz > 10.0 && bands[i].freq_hz < rate_hz / 2.0);
    }
}

static void
judge(const struct layout *layout, uint32_t rate_hz, struct setting *setting)
{
    struct ch_eq_band bands[CH_GRAPHIC_SLIDERS_MAX];
    const double *gains_db = setting->graphic.gains_db;
    const double *hz = layout->hz;
    ch_graphic_bands(&setting->graphic, rate_hz, bands);
    assert_bands_sound(bands, layout->n, rate_hz);
    setting->at_db = 0.0;
    setting->between_db = 0.0;
    for (uint32_t i = 0; i < layout->n; i++) {
        const double error_db = bells_db(bands, layout->n, rate_hz, hz[i]) - gains_db[i];
        assert_true(isfinite(error_db));
        setting->at_db = fmax(setting->at_db, fabs(error_db));
    }
    for (uint32_t i = 0; i + 1 < layout->n; i++) {
        const double midway_db = 0.5 * (gains_db[i] + gains_db[i + 1]);
        const double there_db = bells_db(bands, layout->n, rate_hz, sqrt(hz[i] * hz[i + 1]));
        setting->between_db = fmax(setting->between_db, fabs(there_db - midway_db));
    }
}

/// 0 … 1, by the upper bits of a linear congruential generator (D. E. Knuth's MMIX).
static double
uniform(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
    return (double)(*seed >> 11) / 9007199254740992.0;
}

static uint32_t
dice(uint64_t *seed, uint32_t n)
{
    return (uint32_t)(uniform(seed) * (double)n);
}

static double
random_gain_db(uint64_t *seed)
{
    static const double usual[] = {12.0, -12.0, 0.0};
    const uint32_t which = dice(seed, 4);
    return which < 3 ? usual[which] : 24.0 * uniform(seed) - 12.0;
}

/// All up or down, one slider, groups that alternate (alone: the zigzag), ±12 and -12…12 by chance.
static void
draw_setting(const struct layout *layout, uint32_t kind, uint64_t *seed, struct setting *setting)
{
    const double sign_db = kind & 1 ? -12.0 : 12.0;
    const uint32_t one = dice(seed, layout->n);
    const uint32_t group = 1 + dice(seed, 4), first = dice(seed, 8);
    setting->graphic = (struct ch_graphic){.layout = layout->id};
    for (uint32_t i = 0; i < layout->n; i++) {
        double *gain_db = &setting->graphic.gains_db[i];
        switch (kind / 2 % 5) {
        case 0:
            *gain_db = (first + i) / group % 2 ? sign_db : -sign_db;
            break;
        case 1:
            *gain_db = i == one ? sign_db : 0.0;
            break;
        case 2:
            *gain_db = dice(seed, 2) ? 12.0 : -12.0;
            break;
        case 3:
            *gain_db = 24.0 * uniform(seed) - 12.0;
            break;
        default:
            *gain_db = kind < 10 ? sign_db : random_gain_db(seed);
            break;
        }
    }
}

static void
breed_setting(const struct layout *layout, const struct setting *parents, uint64_t *seed,
              struct setting *child)
{
    const uint32_t n = layout->n;
    const double *left = parents[dice(seed, KEPT)].graphic.gains_db;
    const double *right = parents[dice(seed, KEPT)].graphic.gains_db;
    const uint32_t cut = dice(seed, n + 1), shift = dice(seed, 3) ? 0 : dice(seed, n);
    child->graphic = (struct ch_graphic){.layout = layout->id};
    for (uint32_t i = 0; i < n; i++) {
        child->graphic.gains_db[(i + shift) % n] = i < cut ? left[i] : right[i];
    }
    for (uint32_t changes = 1 + dice(seed, 3); changes > 0; changes--) {
        child->graphic.gains_db[dice(seed, n)] = random_gain_db(seed);
    }
}

/// Put it among the KEPT worst, worst first, if it is one.
static void
keep_worst(struct setting *kept, const struct setting *setting)
{
    uint32_t at = KEPT;
    while (at > 0 && badness(&kept[at - 1]) < badness(setting)) {
        at--;
    }
    if (at < KEPT) {
        memmove(&kept[at + 1], &kept[at], (KEPT - 1 - at) * sizeof *kept);
        kept[at] = *setting;
    }
}

static void
search(const struct layout *layout, uint32_t rate_hz, double *at_db, double *between_db)
{
    uint64_t seed = rate_hz;
    struct setting kept[KEPT], next;
    memset(kept, 0, sizeof kept);
    *at_db = *between_db = 0.0;
    for (uint32_t i = 0; i < STRAIGHT_RUNS + BRED * GENERATIONS; i++) {
        if (i < STRAIGHT_RUNS) {
            draw_setting(layout, i, &seed, &next);
        } else {
            breed_setting(layout, kept, &seed, &next);
        }
        judge(layout, rate_hz, &next);
        *at_db = fmax(*at_db, next.at_db);
        *between_db = fmax(*between_db, next.between_db);
        keep_worst(kept, &next);
    }
}

static void
report(const struct layout *layout, uint32_t rate_hz, double at_db, double between_db)
{
    char what[96];
    snprintf(what, sizeof what, "%s, at the sliders [%g kHz]", layout->name, rate_hz / 1e3);
    figure("graphic", what, at_db, "<=", HOLD_AT_DB, "dB");
    snprintf(what, sizeof what, "%s, between them [%g kHz]", layout->name, rate_hz / 1e3);
    figure("graphic", what, between_db, "<=", HOLD_BETWEEN, "dB");
}

static void
test_sliders_say_what_is_measured(void **state)
{
    (void)state;
    static const uint32_t rates_hz[] = {44100, 48000, 88200, 96000, 192000};
    for (uint32_t i = 0; i < N_LAYOUTS; i++) {
        for (uint32_t r = 0; r < sizeof rates_hz / sizeof *rates_hz; r++) {
            double at_db, between_db;
            search(&layouts[i], rates_hz[r], &at_db, &between_db);
            report(&layouts[i], rates_hz[r], at_db, between_db);
            assert_true(at_db <= HOLD_AT_DB);
            assert_true(between_db <= HOLD_BETWEEN);
        }
    }
}

static void
test_flat_sliders_are_flat_bands(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < N_LAYOUTS; i++) {
        const struct ch_graphic flat = {.layout = layouts[i].id};
        struct ch_eq_band bands[CH_GRAPHIC_SLIDERS_MAX];
        ch_graphic_bands(&flat, 48000, bands);
        for (uint32_t b = 0; b < layouts[i].n; b++) {
            assert_true(bands[b].gain_db == 0.0);
            assert_near(bands[b].freq_hz, layouts[i].hz[b], 1e-9 * layouts[i].hz[b]);
        }
    }
}

static void
test_same_sliders_same_bands(void **state)
{
    (void)state;
    uint64_t seed = 7;
    for (uint32_t i = 0; i < N_LAYOUTS; i++) {
        struct setting setting;
        struct ch_eq_band first[CH_GRAPHIC_SLIDERS_MAX], second[CH_GRAPHIC_SLIDERS_MAX];
        draw_setting(&layouts[i], 4, &seed, &setting);
        ch_graphic_bands(&setting.graphic, 44100, first);
        ch_graphic_bands(&setting.graphic, 96000, second);
        ch_graphic_bands(&setting.graphic, 44100, second);
        for (uint32_t b = 0; b < layouts[i].n; b++) {
            assert_true(first[b].freq_hz == second[b].freq_hz);
            assert_true(first[b].gain_db == second[b].gain_db && first[b].q == second[b].q);
        }
    }
}

/// Sliders near half the sample rate or above it cannot sound; those below hold all the same.
static void
test_low_rates(void **state)
{
    (void)state;
    static const uint32_t rates_hz[] = {8000, 11025, 16000, 22050, 32000};
    uint64_t seed = 9;
    for (uint32_t i = 0; i < N_LAYOUTS; i++) {
        for (uint32_t r = 0; r < sizeof rates_hz / sizeof *rates_hz; r++) {
            for (uint32_t kind = 0; kind < 20; kind++) {
                struct layout audible = layouts[i];
                while (audible.hz[audible.n - 1] > 0.47 * rates_hz[r]) {
                    audible.n--;
                }
                struct setting setting;
                draw_setting(&layouts[i], kind, &seed, &setting);
                judge(&audible, rates_hz[r], &setting);
                assert_true(setting.at_db <= HOLD_AT_DB);
                assert_true(setting.between_db <= HOLD_BETWEEN);
            }
        }
    }
}

static void
test_names_and_centres(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < N_LAYOUTS; i++) {
        enum ch_graphic_layout layout;
        const double *centres_hz;
        assert_true(ch_graphic_layout_from_name(layouts[i].name, &layout));
        assert_int_equal(layout, layouts[i].id);
        assert_string_equal(ch_graphic_layout_name(layout), layouts[i].name);
        assert_int_equal(ch_graphic_centres(layout, &centres_hz), layouts[i].n);
        assert_memory_equal(centres_hz, layouts[i].hz, layouts[i].n * sizeof *centres_hz);
    }
    enum ch_graphic_layout layout;
    assert_false(ch_graphic_layout_from_name("iso", &layout));
    assert_false(ch_graphic_layout_from_name("", &layout));
}

static void
test_line_between_sliders(void **state)
{
    (void)state;
    struct ch_graphic graphic = {.layout = CH_GRAPHIC_SEED8, .gains_db = {3.0, -6.0}};
    graphic.gains_db[7] = 5.0;
    assert_near(ch_graphic_target_db(&graphic, 60.0), 3.0, 1e-12);
    assert_near(ch_graphic_target_db(&graphic, 120.0), -6.0, 1e-12);
    assert_near(ch_graphic_target_db(&graphic, 60.0 * pow(2.0, 1.0 / 3.0)), 0.0, 1e-12);
    assert_near(ch_graphic_target_db(&graphic, 20.0), 3.0, 1e-12);
    assert_near(ch_graphic_target_db(&graphic, 20000.0), 5.0, 1e-12);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sliders_say_what_is_measured),
        cmocka_unit_test(test_flat_sliders_are_flat_bands),
        cmocka_unit_test(test_same_sliders_same_bands),
        cmocka_unit_test(test_low_rates),
        cmocka_unit_test(test_names_and_centres),
        cmocka_unit_test(test_line_between_sliders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

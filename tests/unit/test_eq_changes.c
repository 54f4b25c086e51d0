// SPDX-License-Identifier: ISC
// tests/unit/test_eq_changes.c — every control of a band and of the rack, moved while a sine plays:
// through the equaliser's own commands into the running sections.

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
#include "daemon/engine/messages.h"
#include "tests/unit/figure.h"
#include "tests/unit/near.h"
#include "tests/unit/residue.h"

enum { RATE_HZ = 48000, LENGTH = 960, TOTAL = 48000, SETTLED = 26000 };

#define RESIDUE_MAX_DB (-90.0)

static struct ch_equaliser equaliser;
static struct ch_eq eq;
static float left[TOTAL], right[TOTAL], in[TOTAL];

/// What the engine does with the chain.
static uint32_t
tell(uint32_t n_frames)
{
    struct ch_command commands[CH_CHAIN_MAX];
    const uint32_t n = ch_equaliser_commands(&equaliser, RATE_HZ, commands);
    for (uint32_t i = 0; i < n; i++) {
        const struct ch_command *c = &commands[i];
        if (c->op == CH_COMMAND_EQ_SECTION) {
            ch_eq_set_section(&eq, c->eq.index, &c->eq.section, c->eq.identity, n_frames);
        } else {
            ch_eq_set_preamp(&eq, c->preamp.left, c->preamp.right, n_frames);
        }
    }
    return n;
}

static void
begin(const char *json)
{
    const char *param;
    char why[256];
    bool out_of_range;
    cJSON *root = cJSON_Parse(json);
    ch_equaliser_init(&equaliser);
    assert_true(ch_equaliser_apply_json(&equaliser, root, RATE_HZ, &param, why, &out_of_range));
    cJSON_Delete(root);
    ch_eq_init(&eq);
    tell(0);
    for (int i = 0; i < TOTAL; i++) {
        in[i] = left[i] = right[i] = 0.5f * (float)sin(2.0 * M_PI * 100.0 * i / RATE_HZ + 0.7);
    }
}

static void
change(const char *json)
{
    const char *param = "";
    char why[256] = "";
    bool out_of_range;
    cJSON *root = cJSON_Parse(json);
    const cJSON *index = cJSON_GetObjectItem(root, "index");
    if (!(index ? ch_equaliser_band_from_json(&equaliser.bands[index->valueint], root, &param, why,
                                              &out_of_range)
                : ch_equaliser_apply_json(&equaliser, root, RATE_HZ, &param, why, &out_of_range))) {
        fail_msg("%s: %s: %s", json, param, why);
    }
    ch_equaliser_update(&equaliser, RATE_HZ);
    cJSON_Delete(root);
    tell(LENGTH);
}

static void
run(uint32_t from, uint32_t to)
{
    for (uint32_t frame = from; frame < to; frame += 240) {
        ch_eq_run(&eq, left + frame, right + frame, to - frame < 240 ? to - frame : 240);
    }
}

static double
worse_residue(uint32_t from)
{
    return fmax(residue_db(left + from, TOTAL - from), residue_db(right + from, TOTAL - from));
}

// --- one change of each control -----------------------------------------------------------------

#define RACK(bands) "{\"bands\":[" bands "]}"
#define FLAT        "{\"freq_hz\":100}"
#define BELL        "{\"freq_hz\":100,\"gain_db\":12,\"q\":2}"

static const struct {
    const char *what, *from, *to;
} changes[] = {
    {"type: bell to band-pass", RACK(BELL), "{\"index\":0,\"type\":\"band_pass\"}"},
    {"type: band-pass to all-pass", RACK("{\"type\":\"band_pass\",\"freq_hz\":100,\"q\":3}"),
     "{\"index\":0,\"type\":\"all_pass\"}"},
    {"type: all-pass to tilt", RACK("{\"type\":\"all_pass\",\"freq_hz\":100,\"gain_db\":12}"),
     "{\"index\":0,\"type\":\"tilt\"}"},
    {"type: tilt to bell", RACK("{\"type\":\"tilt\",\"freq_hz\":300,\"gain_db\":12}"),
     "{\"index\":0,\"type\":\"peak\",\"freq_hz\":100}"},
    {"tilt over", RACK("{\"type\":\"tilt\",\"freq_hz\":620,\"gain_db\":12}"),
     "{\"index\":0,\"gain_db\":-12}"},
    {"all-pass order", RACK("{\"type\":\"all_pass\",\"freq_hz\":100,\"order\":1}"),
     "{\"index\":0,\"order\":2}"},
    {"order 1 to 8",
     RACK("{\"type\":\"low_pass\",\"freq_hz\":120,\"order\":1,\"family\":\"butterworth\"}"),
     "{\"index\":0,\"order\":8}"},
    {"order 8 to 2",
     RACK("{\"type\":\"high_pass\",\"freq_hz\":90,\"order\":8,\"family\":\"butterworth\"}"),
     "{\"index\":0,\"order\":2}"},
    {"low-pass of order 8 to high-pass",
     RACK("{\"type\":\"low_pass\",\"freq_hz\":90,\"order\":8,\"family\":\"butterworth\"}"),
     "{\"index\":0,\"type\":\"high_pass\"}"},
    {"frequency of order 8",
     RACK("{\"type\":\"low_pass\",\"freq_hz\":60,\"order\":8,\"family\":\"linkwitz_riley\"}"),
     "{\"index\":0,\"freq_hz\":6000}"},
    {"family",
     RACK("{\"type\":\"high_pass\",\"freq_hz\":120,\"order\":4,"
          "\"family\":\"butterworth\"}"),
     "{\"index\":0,\"family\":\"linkwitz_riley\"}"},
    {"family to q",
     RACK("{\"type\":\"low_pass\",\"freq_hz\":90,\"order\":2,\"q\":3,"
          "\"family\":\"butterworth\"}"),
     "{\"index\":0,\"family\":\"q\"}"},
    {"slope", RACK("{\"type\":\"low_shelf\",\"freq_hz\":100,\"gain_db\":12,\"slope\":1}"),
     "{\"index\":0,\"slope\":0.2}"},
    {"slope to q of two sections",
     RACK("{\"type\":\"low_shelf\",\"freq_hz\":700,\"gain_db\":12,\"slope\":0.3}"),
     "{\"index\":0,\"q\":6}"},
    {"bypass", RACK(BELL), "{\"index\":0,\"bypass\":true}"},
    {"bypass_left of a band", RACK(BELL), "{\"index\":0,\"bypass_left\":true}"},
    {"bypass_right of a band", RACK(BELL "," BELL), "{\"index\":1,\"bypass_right\":true}"},
    {"left one instead of right one",
     RACK("{\"freq_hz\":100,\"gain_db\":12,\"q\":2,\"bypass_right\":true}"),
     "{\"index\":0,\"bypass_left\":true,\"bypass_right\":false}"},
    {"bypass_left of the rack", "{\"preamp_db\":-6,\"bands\":[" BELL "]}",
     "{\"bypass_left\":true}"},
    {"bypass_right of the rack, back",
     "{\"preamp_db\":-6,\"bypass_right\":true,\"bands\":[" BELL "]}", "{\"bypass_right\":false}"},
    {"bypass of the rack", "{\"preamp_db\":-6,\"bands\":[" BELL "]}", "{\"bypass\":true}"},
    {"design", RACK("{\"freq_hz\":9000,\"gain_db\":12,\"q\":1}"), "{\"design\":\"rbj\"}"},
    {"other bands", RACK(BELL),
     RACK("{\"type\":\"high_pass\",\"freq_hz\":200,\"order\":8,\"family\":\"butterworth\"},"
          "{\"type\":\"tilt\",\"freq_hz\":500,\"gain_db\":6}")},
    {"no bands",
     RACK("{\"type\":\"high_pass\",\"freq_hz\":80,\"order\":8,"
          "\"family\":\"butterworth\"}"),
     RACK("")},
};

static void
each_control_leaves_no_residue(void **state)
{
    (void)state;
    double worst = -999.0;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        begin(changes[i].from);
        run(0, SETTLED + 4000);
        change(changes[i].to);
        run(SETTLED + 4000, TOTAL);
        const double residue = worse_residue(SETTLED);
        if (residue > worst) {
            print_message("%s: %.1f dBFS\n", changes[i].what, residue);
        }
        worst = fmax(worst, residue);
    }
    figure("clicks", "engine: any control of a band or of the rack, once", worst,
           "<=", RESIDUE_MAX_DB, "dBFS");
    assert_true(worst <= RESIDUE_MAX_DB);
}

// --- quick ones after slow ones -----------------------------------------------------------------

/// Sections that are nothing but a gain: what comes out of a constant is the mean of their gains by
/// what each is fed with, so it never leaves what lies between them.
static void
a_quick_change_ends_slow_ones(void **state)
{
    (void)state;
    for (uint32_t n_slow = 1; n_slow < 20; n_slow++) {
        ch_eq_init(&eq);
        for (uint32_t i = 0; i < TOTAL; i++) {
            left[i] = right[i] = 1.0f;
        }
        uint32_t frame = 0;
        for (uint32_t i = 0; i <= n_slow + 1; i++) {
            const double gain = i > n_slow ? 0.1 : i == 0 ? 0.1 : 1.0 + 0.1 * i;
            const struct ch_eq_section section = {
                .g = 1, .k = 1, .mh = gain, .mb = gain, .ml = gain};
            ch_eq_set_section(&eq, 0, &section, 0, i == 0 ? 0 : i > n_slow ? LENGTH : 20 * RATE_HZ);
            const uint32_t n = i > n_slow ? TOTAL - frame : 200;
            ch_eq_run(&eq, left + frame, right + frame, n);
            frame += n;
        }
        for (uint32_t i = 0; i < TOTAL; i++) {
            if (!(left[i] > 0.0999f && left[i] < 0.3f) || left[i] != right[i]) {
                fail_msg("%g in frame %u after %u slow ones", (double)left[i], i, n_slow);
            }
        }
        for (uint32_t i = frame - TOTAL / 2; i < TOTAL; i++) {
            assert_near((double)left[i], 0.1, 1e-6);
        }
    }
}

// --- all of them, and on and on -----------------------------------------------------------------

static uint32_t
random_below(uint32_t *seed, uint32_t limit)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % limit;
}

static void
change_anything(uint32_t *seed)
{
    struct ch_eq_band *band = &equaliser.bands[random_below(seed, equaliser.n_bands)];
    switch (random_below(seed, 8)) {
    case 0:
        equaliser.bypass_left = !equaliser.bypass_left;
        break;
    case 1:
        equaliser.bypass_right = !equaliser.bypass_right;
        break;
    case 2:
        band->bypass_left = !band->bypass_left;
        break;
    case 3:
        band->bypass_right = !band->bypass_right;
        break;
    default:
        band->type = (enum ch_eq_type)random_below(seed, CH_EQ_TYPES);
        band->freq_hz = 30.0 * pow(500.0, random_below(seed, 1000) / 1000.0);
        band->gain_db = random_below(seed, 24) - 12.0;
        band->q = 0.3 * pow(33.0, random_below(seed, 1000) / 1000.0);
        band->family = CH_EQ_BY_Q;
        band->order = 1 + random_below(seed, 2);
        if (band->type == CH_EQ_LOW_PASS || band->type == CH_EQ_HIGH_PASS) {
            band->family = random_below(seed, 2) ? CH_EQ_BUTTERWORTH : CH_EQ_LINKWITZ_RILEY;
            band->order = 2u << random_below(seed, 3);
        }
        break;
    }
    tell(LENGTH);
}

static void
a_hundred_changes_a_second_leave_no_residue(void **state)
{
    (void)state;
    double worst = -999.0;
    for (uint32_t seed = 1; seed <= 4; seed++) {
        uint32_t random = seed;
        begin(RACK(BELL "," FLAT "," FLAT "," FLAT));
        run(0, 20000);
        for (uint32_t frame = 20000; frame < 44000; frame += RATE_HZ / 100) {
            change_anything(&random);
            run(frame, frame + RATE_HZ / 100);
        }
        run(44000, TOTAL);
        worst = fmax(worst, worse_residue(10000));
    }
    figure("clicks", "engine: any control of the equaliser, 100 a second", worst,
           "<=", RESIDUE_MAX_DB, "dBFS");
    assert_true(worst <= RESIDUE_MAX_DB);
}

// --- bits ---------------------------------------------------------------------------------------

static uint32_t
count_differing(const float *x, uint32_t from)
{
    uint32_t n = 0;
    for (uint32_t i = from; i < TOTAL; i++) {
        n += memcmp(&x[i], &in[i], sizeof *x) != 0;
    }
    return n;
}

/// Samples whose bits arithmetic would change: -0, denormals, what overflows, not numbers.
static void
plant_odd_samples(void)
{
    const float odd[] = {-0.0f, 1e-42f, 3.4e38f, -3.4e38f, INFINITY, NAN};
    for (uint32_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        in[30000 + i] = left[30000 + i] = odd[i];
    }
}

static void
flat_and_bypassed_is_bit_exact(void **state)
{
    (void)state;
    static const char *const flat[] = {
        RACK(""),
        RACK("{\"freq_hz\":100},{\"type\":\"low_shelf\",\"freq_hz\":100,\"slope\":1},"
             "{\"type\":\"tilt\",\"freq_hz\":600}"),
        RACK("{\"type\":\"low_pass\",\"freq_hz\":100,\"bypass\":true},"
             "{\"type\":\"notch\",\"freq_hz\":100,\"bypass_left\":true,\"bypass_right\":true}"),
        "{\"bypass\":true,\"preamp_db\":-6,\"bands\":[" BELL "]}",
        "{\"bypass_left\":true,\"bypass_right\":true,\"preamp_db\":-6,\"bands\":[" BELL "]}",
    };
    uint32_t n_differing = 0;
    for (size_t i = 0; i < sizeof flat / sizeof *flat; i++) {
        begin(flat[i]);
        plant_odd_samples();
        memcpy(right, in, sizeof in);
        run(0, TOTAL);
        n_differing += count_differing(left, 0) + count_differing(right, 0);
    }
    figure("eq", "samples that a flat equaliser changes", n_differing, "<=", 0, "");
    assert_int_equal(n_differing, 0);
}

static void
a_bypassed_channel_is_bit_exact(void **state)
{
    (void)state;
    static const char *const left_only[] = {
        RACK("{\"freq_hz\":100,\"gain_db\":12,\"bypass_left\":true},"
             "{\"type\":\"low_pass\",\"freq_hz\":900,\"order\":8,\"family\":\"butterworth\","
             "\"bypass_left\":true}"),
        "{\"bypass_left\":true,\"preamp_db\":-6,\"bands\":[" BELL "]}",
    };
    uint32_t n_differing = 0;
    for (size_t i = 0; i < 2; i++) {
        begin(left_only[i]);
        plant_odd_samples();
        run(0, SETTLED);
        // What changes in the other one does not matter.
        change("{\"index\":0,\"type\":\"low_pass\",\"freq_hz\":3000}");
        run(SETTLED, TOTAL);
        n_differing += count_differing(left, 0);
        assert_true(count_differing(right, 0) > TOTAL / 2);
        for (int n = 0; n < TOTAL; n++) {
            assert_true(isfinite(right[n]));
        }
    }
    // And one that comes to be bypassed is so once its tails have gone.
    begin(RACK(BELL));
    run(0, 2000);
    change("{\"index\":0,\"bypass_left\":true}");
    run(2000, TOTAL);
    n_differing += count_differing(left, 30000);
    figure("eq", "samples changed in a bypassed channel", n_differing, "<=", 0, "");
    assert_int_equal(n_differing, 0);
}

/// The other channel is filtered as if there were no bypass, after any number of changes.
static void
a_bypassed_channel_does_not_touch_the_other(void **state)
{
    (void)state;
    static float wanted[TOTAL];
    begin(RACK(BELL ",{\"type\":\"tilt\",\"freq_hz\":600,\"gain_db\":6}"));
    run(0, TOTAL);
    memcpy(wanted, right, sizeof wanted);
    begin(RACK(BELL ",{\"type\":\"tilt\",\"freq_hz\":600,\"gain_db\":6}"));
    for (uint32_t frame = 0; frame < TOTAL; frame += 2400) {
        if (frame % 4800 == 2400) {
            change(frame % 9600 == 2400 ? "{\"index\":0,\"bypass_left\":true}"
                                        : "{\"index\":0,\"bypass_left\":false}");
        }
        run(frame, frame + 2400);
    }
    for (int n = 0; n < TOTAL; n++) {
        assert_true(fabsf(right[n] - wanted[n]) < 3e-7f);
    }
}

/// Peak over the last second, in dB over what went in.
static double
level_db(const float *x)
{
    float largest = 0.0f;
    for (int n = TOTAL - 9600; n < TOTAL; n++) {
        largest = fmaxf(largest, fabsf(x[n]));
    }
    return 20.0 * log10((double)largest / 0.5);
}

/// Each channel is as loud as its curve says, whichever bypass makes them differ.
static void
channels_have_their_curves(void **state)
{
    (void)state;
    static const char *const settings[] = {
        "{\"preamp_db\":-6,\"bypass_left\":true,\"bands\":[" BELL "]}",
        "{\"preamp_db\":-6,\"bypass_right\":true,\"bands\":[" BELL "]}",
        "{\"preamp_db\":-3,\"bands\":[{\"freq_hz\":100,\"gain_db\":5,\"q\":1,"
        "\"bypass_left\":true},{\"freq_hz\":120,\"gain_db\":-4,\"q\":1,"
        "\"bypass_right\":true}]}",
    };
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        struct ch_eq_curve curve;
        begin(settings[i]);
        run(0, TOTAL);
        ch_equaliser_curve(&equaliser, CH_EQ_LEFT, RATE_HZ, &curve);
        assert_near(level_db(left), ch_eq_curve_db(&curve, 100.0), 0.02);
        ch_equaliser_curve(&equaliser, CH_EQ_RIGHT, RATE_HZ, &curve);
        assert_near(level_db(right), ch_eq_curve_db(&curve, 100.0), 0.02);
    }
}

// --- sections -----------------------------------------------------------------------------------

/// A band that grows or goes tells of its own sections only.
static void
only_what_differs_is_told(void **state)
{
    (void)state;
    begin(RACK(BELL ",{\"type\":\"low_pass\",\"freq_hz\":900,\"order\":8,"
                    "\"family\":\"butterworth\"}," BELL));
    assert_int_equal(tell(0), 1);
    equaliser.bands[2].gain_db = 3.0;
    assert_int_equal(tell(0), 2);
    equaliser.bands[1].freq_hz = 800.0;
    assert_int_equal(tell(0), 5);
    equaliser.bands[0].type = CH_EQ_TILT;
    assert_int_equal(tell(0), 3);
    equaliser.bands[1].order = 2;
    assert_int_equal(tell(0), 5);
    equaliser.bands[1].bypass_left = true;
    assert_int_equal(tell(0), 2);
    equaliser.n_bands = 0;
    assert_int_equal(tell(0), 5);
}

static void
there_are_sections_for_so_many(void **state)
{
    (void)state;
    ch_equaliser_init(&equaliser);
    equaliser.n_bands = CH_EQ_BANDS_MAX;
    for (uint32_t i = 0; i < CH_EQ_BANDS_MAX; i++) {
        equaliser.bands[i] =
            (struct ch_eq_band){.type = CH_EQ_TILT, .freq_hz = 600.0, .gain_db = 1.0};
    }
    assert_true(ch_equaliser_fits(&equaliser));
    ch_eq_init(&eq);
    assert_int_equal(tell(0), CH_EQ_SECTIONS_MAX + 1);
    assert_int_equal(__builtin_popcountll(eq.running), CH_EQ_SECTIONS_MAX);
    equaliser.bands[7] = (struct ch_eq_band){
        .type = CH_EQ_LOW_PASS, .freq_hz = 600.0, .order = 8, .family = CH_EQ_BUTTERWORTH};
    assert_false(ch_equaliser_fits(&equaliser));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_control_leaves_no_residue),
        cmocka_unit_test(a_quick_change_ends_slow_ones),
        cmocka_unit_test(a_hundred_changes_a_second_leave_no_residue),
        cmocka_unit_test(flat_and_bypassed_is_bit_exact),
        cmocka_unit_test(a_bypassed_channel_is_bit_exact),
        cmocka_unit_test(a_bypassed_channel_does_not_touch_the_other),
        cmocka_unit_test(channels_have_their_curves),
        cmocka_unit_test(only_what_differs_is_told),
        cmocka_unit_test(there_are_sections_for_so_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: ISC
// tests/unit/test_equaliser.c — the equaliser's JSON, its preamp, and the commands it makes.

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/control/eq_presets.h"
#include "daemon/control/equaliser.h"
#include "daemon/control/mixer.h"
#include "daemon/engine/messages.h"
#include "tests/unit/near.h"

#define RATE_HZ 48000

static bool
apply(struct ch_equaliser *eq, const char *text, const char **param, char *why, bool *out_of_range)
{
    cJSON *root = cJSON_Parse(text);
    assert_non_null(root);
    const bool ok = ch_equaliser_apply_json(eq, root, RATE_HZ, param, why, out_of_range);
    cJSON_Delete(root);
    return ok;
}

static void
begins_as_ten_flat_octaves(void **state)
{
    (void)state;
    struct ch_equaliser eq;
    ch_equaliser_init(&eq);
    assert_int_equal(eq.n_bands, 10);
    for (uint32_t i = 0; i < 10; i++) {
        // Nominal centres of IEC 61260 differ from 1000·2^n by less than 2 %.
        assert_near(eq.bands[i].freq_hz / (1000.0 * pow(2.0, (int)i - 5)), 1.0, 0.02);
        assert_true(eq.bands[i].gain_db == 0.0);
    }
    for (double freq_hz = 20.0; freq_hz < 20000.0; freq_hz *= 1.3) {
        assert_true(ch_equaliser_response_db(&eq, RATE_HZ, freq_hz) == 0.0);
    }
}

static void
takes_what_eq_set_takes(void **state)
{
    (void)state;
    struct ch_equaliser eq;
    const char *param;
    char why[256];
    bool out_of_range;
    ch_equaliser_init(&eq);
    assert_true(
        apply(&eq,
              "{\"bands\":[{\"type\":\"low_shelf\",\"freq_hz\":120,\"gain_db\":4,\"q\":0.7},"
              "{\"type\":\"peak\",\"freq_hz\":1000,\"gain_db\":6,\"q\":2}],"
              "\"preamp_db\":-3,\"design\":\"rbj\"}",
              &param, why, &out_of_range));
    assert_int_equal(eq.n_bands, 2);
    assert_int_equal(eq.bands[0].type, CH_EQ_LOW_SHELF);
    assert_int_equal(eq.design, CH_EQ_RBJ);
    // A bell has its gain at its centre, whatever the design; the shelf has left 1 kHz alone.
    assert_near(ch_equaliser_response_db(&eq, RATE_HZ, 1000.0), 6.0 - 3.0, 0.1);
    assert_near(ch_equaliser_response_db(&eq, RATE_HZ, 10.0), 4.0 - 3.0, 0.1);
    assert_true(apply(&eq, "{\"bypass\":true}", &param, why, &out_of_range));
    assert_int_equal(eq.n_bands, 2);
    assert_true(ch_equaliser_response_db(&eq, RATE_HZ, 1000.0) == 0.0);
}

static void
refuses_by_name_and_changes_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *text, *param;
        bool out_of_range;
    } cases[] = {
        {"{\"bands\":5}", "bands", false},
        {"{\"bands\":[5]}", "bands", false},
        {"{\"bands\":[{\"gain_db\":1}]}", "freq_hz", false},
        {"{\"bands\":[{\"freq_hz\":100,\"gain_db\":25}]}", "gain_db", true},
        {"{\"bands\":[{\"freq_hz\":0,\"gain_db\":2}]}", "freq_hz", true},
        {"{\"bands\":[{\"freq_hz\":100,\"q\":0}]}", "q", true},
        {"{\"bands\":[{\"freq_hz\":100,\"type\":\"bell\"}]}", "type", false},
        {"{\"bands\":[{\"freq_hz\":100,\"colour\":1}]}", "colour", false},
        {"{\"preamp_db\":\"loud\"}", "preamp_db", false},
        {"{\"preamp_db\":25}", "preamp_db", true},
        {"{\"design\":\"best\"}", "design", false},
        {"{\"bypass\":1}", "bypass", false},
        {"{\"volume\":1}", "volume", false},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ch_equaliser eq, before;
        const char *param = "";
        char why[256] = "";
        bool out_of_range = false;
        ch_equaliser_init(&eq);
        memcpy(&before, &eq, sizeof eq);
        cJSON *root = cJSON_Parse(cases[i].text);
        assert_false(ch_equaliser_apply_json(&eq, root, RATE_HZ, &param, why, &out_of_range));
        assert_string_equal(param, cases[i].param);
        assert_int_equal(out_of_range, cases[i].out_of_range);
        assert_true(*why);
        assert_memory_equal(&eq, &before, sizeof eq);
        cJSON_Delete(root);
    }
    struct ch_equaliser eq;
    const char *param;
    char why[256], text[2048] = "{\"bands\":[";
    bool out_of_range;
    for (int i = 0; i < 33; i++) {
        strcat(text, i ? ",{\"freq_hz\":100}" : "{\"freq_hz\":100}");
    }
    strcat(text, "]}");
    ch_equaliser_init(&eq);
    assert_false(apply(&eq, text, &param, why, &out_of_range));
    assert_true(out_of_range);
}

static void
an_automatic_preamp_keeps_the_top_at_zero(void **state)
{
    (void)state;
    static const char *const settings[] = {
        "{\"bands\":[{\"freq_hz\":1000,\"gain_db\":12,\"q\":10}],\"preamp_db\":\"auto\"}",
        "{\"bands\":[{\"freq_hz\":300,\"gain_db\":6,\"q\":1},{\"freq_hz\":400,\"gain_db\":5,\"q\":"
        "1}],"
        "\"preamp_db\":\"auto\"}",
        "{\"bands\":[{\"freq_hz\":50,\"gain_db\":-9,\"q\":1}],\"preamp_db\":\"auto\"}",
    };
    for (unsigned i = 0; i < sizeof settings / sizeof *settings; i++) {
        struct ch_equaliser eq;
        const char *param;
        char why[256];
        bool out_of_range;
        ch_equaliser_init(&eq);
        assert_true(apply(&eq, settings[i], &param, why, &out_of_range));
        double highest = -100.0;
        for (double freq_hz = 20.0; freq_hz <= 20000.0; freq_hz *= 1.001) {
            highest = fmax(highest, ch_equaliser_response_db(&eq, RATE_HZ, freq_hz));
        }
        assert_near(highest, 0.0, 0.1);
    }
}

// 20 ms and 3 more for each dB above 12, of bands and preamp together; 0 is the engine's 20 ms.
static void
loud_changes_take_longer(void **state)
{
    (void)state;
    static const struct {
        double preamp_db, gain_db;
        bool bypass;
        uint32_t n_frames;
    } cases[] = {{0, 12, false, 0},       {12, 0, false, 0},   {24, 0, false, 56 * 48},
                 {0, 24, false, 56 * 48}, {-12, 24, false, 0}, {24, 24, false, 128 * 48},
                 {24, 24, true, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ch_equaliser eq;
        struct ch_command commands[CH_CHAIN_MAX];
        ch_equaliser_init(&eq);
        eq.preamp_db = cases[i].preamp_db;
        eq.bypass = cases[i].bypass;
        eq.bands[5].gain_db = cases[i].gain_db;
        const uint32_t n = ch_equaliser_commands(&eq, RATE_HZ, commands);
        assert_near(commands[5].eq.ramp_frames, cases[i].n_frames, 2);
        assert_near(commands[n - 1].preamp.ramp_frames, cases[i].n_frames, 2);
    }
}

static void
bands_that_go_are_taken_back_from_the_engine(void **state)
{
    (void)state;
    struct ch_equaliser eq;
    struct ch_command commands[CH_CHAIN_MAX];
    ch_equaliser_init(&eq);
    eq.bands[7].gain_db = 3.0;
    assert_int_equal(ch_equaliser_commands(&eq, RATE_HZ, commands), CH_EQ_SECTIONS_MAX + 1);
    assert_int_equal(commands[7].eq.identity, 0);
    assert_int_equal(commands[6].eq.identity, CH_EQ_BOTH);
    eq.n_bands = 2;
    assert_int_equal(ch_equaliser_commands(&eq, RATE_HZ, commands), 2);
    assert_int_equal(commands[0].eq.index, 7);
    assert_int_equal(commands[0].eq.identity, CH_EQ_BOTH);
    assert_int_equal(commands[1].op, CH_COMMAND_EQ_PREAMP);
    assert_int_equal(ch_equaliser_commands(&eq, RATE_HZ, commands), 1);
    ch_equaliser_forget(&eq);
    assert_int_equal(ch_equaliser_commands(&eq, RATE_HZ, commands), CH_EQ_SECTIONS_MAX + 1);
}

static void
presets_exist_and_do_not_amplify(void **state)
{
    (void)state;
    static const char *const names[] = {"flat", "bass",     "vocal",  "bright",
                                        "warm", "loudness", "speech", "night"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        struct ch_equaliser eq;
        ch_equaliser_init(&eq);
        assert_true(ch_preset_apply(&eq, names[i]));
        assert_string_equal(ch_preset_of(&eq), names[i]);
        assert_non_null(strstr(ch_preset_names(), names[i]));
        ch_equaliser_update(&eq, RATE_HZ);
        for (double freq_hz = 20.0; freq_hz <= 20000.0; freq_hz *= 1.01) {
            assert_true(ch_equaliser_response_db(&eq, RATE_HZ, freq_hz) < 0.05);
        }
    }
    struct ch_equaliser eq;
    ch_equaliser_init(&eq);
    assert_false(ch_preset_apply(&eq, "polka"));
}

static void
gain_mute_and_balance_become_two_gains(void **state)
{
    (void)state;
    static const struct {
        struct ch_mixer mixer;
        double left, right;
    } cases[] = {
        {{.gain_db = 0.0}, 1.0, 1.0},
        {{.gain_db = -6.0}, 0.501187, 0.501187},
        {{.gain_db = 12.0}, 3.981072, 3.981072},
        {{.gain_db = -INFINITY}, 0.0, 0.0},
        {{.gain_db = 6.0, .mute = true}, 1.995262, 1.995262},
        {{.pan = 1.0}, 0.0, 1.0},
        {{.pan = -0.25}, 1.0, 0.75},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ch_command command;
        ch_mixer_command(&cases[i].mixer, 0, &command);
        assert_near(command.gain.left, cases[i].left, 1e-6);
        assert_near(command.gain.right, cases[i].right, 1e-6);
        assert_int_equal(command.gain.mute, cases[i].mixer.mute);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(begins_as_ten_flat_octaves),
        cmocka_unit_test(takes_what_eq_set_takes),
        cmocka_unit_test(loud_changes_take_longer),
        cmocka_unit_test(refuses_by_name_and_changes_nothing),
        cmocka_unit_test(an_automatic_preamp_keeps_the_top_at_zero),
        cmocka_unit_test(bands_that_go_are_taken_back_from_the_engine),
        cmocka_unit_test(presets_exist_and_do_not_amplify),
        cmocka_unit_test(gain_mute_and_balance_become_two_gains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: ISC
// tests/unit/test_sliders.c — sliders in the equaliser: their life, their JSON, and their moves.

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/control/eq_band.h"
#include "daemon/control/equaliser.h"
#include "daemon/dsp/eq.h"
#include "daemon/engine/messages.h"
#include "tests/unit/figure.h"
#include "tests/unit/near.h"
#include "tests/unit/residue.h"

enum { RATE_HZ = 48000, LENGTH = 960, TOTAL = 64000, BLOCK = 240 };

static struct ch_equaliser equaliser;
static struct ch_eq running;
static float left[TOTAL], right[TOTAL];

static bool
set(const char *text, const char **param, char *why, bool *out_of_range)
{
    cJSON *params = cJSON_Parse(text);
    assert_non_null(params);
    struct ch_graphic graphic;
    const struct ch_eq_refusal refusal = {param, why, out_of_range};
    const bool ok = ch_sliders_read(&equaliser, params, &graphic, &refusal);
    cJSON_Delete(params);
    if (ok) {
        ch_sliders_set(&equaliser, &graphic, RATE_HZ);
        ch_equaliser_update(&equaliser, RATE_HZ);
    }
    return ok;
}

static void
set_well(const char *text)
{
    const char *param;
    char why[CH_EQ_WHY_BYTES];
    bool out_of_range;
    assert_true(set(text, &param, why, &out_of_range));
}

static void
assert_refused(const char *text, const char *of, const char *because, bool range)
{
    const char *param = "";
    char why[CH_EQ_WHY_BYTES];
    bool out_of_range;
    assert_false(set(text, &param, why, &out_of_range));
    assert_string_equal(param, of);
    assert_non_null(strstr(why, because));
    assert_int_equal(out_of_range, range);
}

static int
begin(void **state)
{
    (void)state;
    ch_equaliser_init(&equaliser);
    return 0;
}

static void
takes_layout_and_gains(void **state)
{
    (void)state;
    assert_int_equal(ch_sliders_of(&equaliser)->layout, CH_GRAPHIC_ISO10);
    ch_equaliser_update(&equaliser, 44100);
    assert_true(equaliser.bands[9].freq_hz == 16000.0);
    set_well("{\"layout\":\"seed8\",\"gains_db\":[1,2,3,4,-5,-6,-7,-12]}");
    const struct ch_graphic *graphic = ch_sliders_of(&equaliser);
    assert_non_null(graphic);
    assert_int_equal(graphic->layout, CH_GRAPHIC_SEED8);
    assert_true(graphic->gains_db[0] == 1.0 && graphic->gains_db[7] == -12.0);
    assert_int_equal(equaliser.n_bands, 8);
    assert_near(ch_equaliser_response_db(&equaliser, RATE_HZ, 960.0), -5.0, 0.05);

    set_well("{\"gains_db\":[0,0,0,0,0,0,0,3]}"); // the same layout
    assert_near(ch_equaliser_response_db(&equaliser, RATE_HZ, 7680.0), 3.0, 0.05);
    set_well("{\"layout\":\"iso31\"}");
    assert_int_equal(equaliser.n_bands, 31);
    assert_true(ch_equaliser_response_db(&equaliser, RATE_HZ, 500.0) == 0.0);
}

static void
refuses_what_is_no_setting(void **state)
{
    (void)state;
    equaliser.bands[0].gain_db = 1.0;
    assert_refused("{\"gains_db\":[0]}", "layout", "has no sliders", false);
    assert_refused("{\"layout\":\"iso11\"}", "layout", "iso10", false);
    assert_refused("{\"layout\":\"iso10\",\"gains_db\":[1,2]}", "gains_db", "10 numbers, not 2",
                   false);
    assert_refused("{\"layout\":\"iso31\",\"gains_db\":[]}", "gains_db", "iso31 has 31 sliders",
                   false);
    assert_refused("{\"layout\":\"iso10\",\"gains_db\":3}", "gains_db", "array", false);
    assert_refused("{\"layout\":\"seed8\",\"gains_db\":[0,0,0,0,0,0,0,null]}", "gains_db", "number",
                   false);
    assert_refused("{\"layout\":\"seed8\",\"gains_db\":[0,0,0,0,0,0,0,12.1]}", "gains_db",
                   "-12 to 12", true);
    assert_null(ch_sliders_of(&equaliser));
    assert_int_equal(equaliser.n_bands, 10);
}

static void
ends_with_its_bands(void **state)
{
    (void)state;
    struct ch_equaliser *eq = &equaliser;
    set_well("{\"layout\":\"iso10\",\"gains_db\":[1,2,3,4,5,-6,-7,-8,-9,-10]}");
    eq->bypass = true;
    eq->preamp_auto = true;
    ch_equaliser_update(eq, RATE_HZ);
    assert_non_null(ch_sliders_of(eq));
    eq->design = CH_EQ_RBJ;
    assert_null(ch_sliders_of(eq));
    eq->design = CH_EQ_MATCHED;
    assert_non_null(ch_sliders_of(eq));

    double *const numbers[] = {&eq->bands[3].freq_hz, &eq->bands[3].gain_db, &eq->bands[9].q};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        const double before = *numbers[i];
        *numbers[i] = before + 0.01;
        assert_null(ch_sliders_of(eq));
        *numbers[i] = before;
    }
    eq->bands[0].bypass_left = true;
    assert_null(ch_sliders_of(eq));
    eq->bands[0].bypass_left = false;
    eq->bands[0].type = CH_EQ_NOTCH;
    assert_null(ch_sliders_of(eq));
    eq->bands[0].type = CH_EQ_PEAK;
    eq->n_bands++;
    assert_null(ch_sliders_of(eq));
}

static void
another_rate_is_other_bands(void **state)
{
    (void)state;
    set_well("{\"layout\":\"iso10\",\"gains_db\":[12,-12,12,-12,12,-12,12,-12,12,-12]}");
    const struct ch_eq_band before = equaliser.bands[9];
    ch_equaliser_update(&equaliser, 44100);
    assert_true(equaliser.bands[9].gain_db != before.gain_db);
    assert_non_null(ch_sliders_of(&equaliser));
    assert_near(ch_equaliser_response_db(&equaliser, 44100, 16000.0), -12.0, 0.1);
    assert_near(ch_equaliser_response_db(&equaliser, 44100, 8000.0), 12.0, 0.1);

    // Bands that somebody has made their own stay as they are.
    equaliser.bands[0].gain_db = 1.0;
    const struct ch_eq_band own = equaliser.bands[9];
    ch_equaliser_update(&equaliser, 48000);
    assert_memory_equal(&equaliser.bands[9], &own, sizeof own);
}

// --- moves --------------------------------------------------------------------------------------

static void
send_all(void)
{
    static struct ch_command commands[CH_EQ_SECTIONS_MAX + 1];
    const uint32_t n = ch_equaliser_commands(&equaliser, RATE_HZ, commands);
    for (uint32_t i = 0; i < n; i++) {
        if (commands[i].op == CH_COMMAND_EQ_SECTION) {
            ch_eq_set_section(&running, commands[i].eq.index, &commands[i].eq.section,
                              commands[i].eq.identity, LENGTH);
        }
    }
}

static uint32_t
random_below(uint32_t *seed, uint32_t limit)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % limit;
}

/// Peak of what is above 2 kHz when a sine of 100 Hz at -6 dBFS plays and all sliders of a layout
/// move every `interval` frames, anywhere in ±12 dB; with `drag`, one of them by 1 dB.
static double
moving_residue_db(enum ch_graphic_layout layout, uint32_t interval, bool drag)
{
    uint32_t seed = 5 + (uint32_t)layout;
    struct ch_graphic graphic = {.layout = layout};
    const uint32_t n = ch_graphic_centres(layout, NULL);
    ch_equaliser_init(&equaliser);
    ch_eq_init(&running);
    for (uint32_t frame = 0; frame < TOTAL; frame += BLOCK) {
        if (frame >= 20000 && frame < 52000 && (frame / BLOCK * BLOCK) % interval < BLOCK) {
            for (uint32_t i = 0; i < n && !drag; i++) {
                graphic.gains_db[i] = random_below(&seed, 241) / 10.0 - 12.0;
            }
            double *one_db = &graphic.gains_db[n / 3];
            *one_db = drag && *one_db < 12.0 ? *one_db + 1.0 : drag ? -12.0 : *one_db;
            ch_sliders_set(&equaliser, &graphic, RATE_HZ);
            send_all();
        }
        const uint32_t count = TOTAL - frame < BLOCK ? TOTAL - frame : BLOCK;
        for (uint32_t i = frame; i < frame + count; i++) {
            left[i] = right[i] = (float)(0.5 * sin(2.0 * M_PI * 100.0 * i / RATE_HZ));
        }
        ch_eq_run(&running, left + frame, right + frame, count);
    }
    return residue_db(left + 10000, TOTAL - 10000);
}

static void
moves_without_a_click(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < CH_GRAPHIC_LAYOUTS; i++) {
        const enum ch_graphic_layout layout = (enum ch_graphic_layout)i;
        const double rare = moving_residue_db(layout, 9600, false);
        const double often = moving_residue_db(layout, RATE_HZ / 100, false);
        const double drag = moving_residue_db(layout, RATE_HZ / 100, true);
        const char *name = ch_graphic_layout_name(layout);
        char what[96];
        print_message("%s: all sliders, 5 a second: %.1f dBFS; a drag: %.1f dBFS\n", name, rare,
                      drag);
        snprintf(what, sizeof what, "engine: all sliders, 100 a second [%s]", name);
        figure("clicks", what, often, "<=", -90.0, "dBFS");
        assert_true(rare <= -90.0);
        assert_true(drag <= -90.0);
        assert_true(often <= -90.0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(takes_layout_and_gains, begin),
        cmocka_unit_test_setup(refuses_what_is_no_setting, begin),
        cmocka_unit_test_setup(ends_with_its_bands, begin),
        cmocka_unit_test_setup(another_rate_is_other_bands, begin),
        cmocka_unit_test_setup(moves_without_a_click, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

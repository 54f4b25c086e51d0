// SPDX-License-Identifier: ISC
// tests/unit/test_presets.c — presets switched under a tone, through the whole engine.

#include "tests/unit/engine_rig.h"

#include <stdio.h>

#include "daemon/control/equaliser.h"
#include "daemon/engine/messages.h"
#include "tests/unit/figure.h"
#include "tests/unit/residue.h"

enum { TOTAL = 144000, FIRST = 24000, LAST = 120000, BLOCK = 240 };

static float
low_tone(uint32_t frame)
{
    return (float)(0.501187 * sin(2.0 * M_PI * 100.0 * frame / RIG_RATE_HZ));
}

static void
load(struct rig *rig, struct ch_equaliser *eq, const char *name)
{
    struct ch_command commands[CH_CHAIN_MAX];
    assert_true(ch_preset_apply(eq, name));
    ch_equaliser_update(eq, RIG_RATE_HZ);
    const uint32_t n = ch_equaliser_commands(eq, RIG_RATE_HZ, commands);
    assert_true(n <= CH_CHAIN_MAX);
    assert_true(ch_engine_send(rig->engine, commands, n));
}

/// Peak above 2 kHz while presets are loaded `per_second` times a second, all pairs of them.
static double
switching_residue_db(uint32_t per_second)
{
    struct rig rig;
    struct ch_equaliser eq;
    const uint32_t interval = RIG_RATE_HZ / per_second;
    uint32_t turn = 0, n_presets = 0;
    while (ch_preset_builtins[n_presets].name) {
        n_presets++;
    }
    assert_int_equal(n_presets, 8);
    rig_start(&rig);
    ch_equaliser_init(&eq);
    struct ch_pcm_ring *pcm = rig_ring(1u << 18, TOTAL, low_tone, 0, false);
    rig_send(&rig, rig_play(pcm, 1, 0));
    for (uint32_t frame = 0; frame < TOTAL; frame += BLOCK) {
        if (frame >= FIRST && frame < LAST && frame % interval < BLOCK) {
            // Steps of 1, 3 and 5 through the list meet all kinds of neighbours.
            turn = (turn + 1 + 2 * (frame / interval % 3)) % n_presets;
            load(&rig, &eq, ch_preset_builtins[turn].name);
        }
        rig_run(&rig, BLOCK, BLOCK);
    }
    assert_true(fabsf(rig.left[60000 + 120]) < 1.0f);
    const double residue = residue_db(rig.left + 12000, TOTAL - 24000);
    rig_stop(&rig);
    ch_pcm_ring_destroy(pcm);
    return residue;
}

static void
a_switch_is_no_click(void **state)
{
    (void)state;
    static const uint32_t per_second[] = {10, 100};
    for (unsigned i = 0; i < 2; i++) {
        char what[64];
        const double residue = switching_residue_db(per_second[i]);
        snprintf(what, sizeof what, "engine: from each preset to each [%u a second]",
                 per_second[i]);
        figure("clicks", what, residue, "<=", -90.0, "dBFS");
        assert_true(residue <= -90.0);
    }
}

static void
the_name_stays_with_the_bands(void **state)
{
    (void)state;
    struct ch_equaliser eq;
    ch_equaliser_init(&eq);
    assert_null(ch_preset_of(&eq));
    ch_preset_apply(&eq, "warm");
    eq.bypass = true;
    assert_string_equal(ch_preset_of(&eq), "warm");
    const struct ch_eq_band band = eq.bands[1];
    eq.bands[1].gain_db += 0.1;
    assert_null(ch_preset_of(&eq));
    eq.bands[1] = band;
    assert_string_equal(ch_preset_of(&eq), "warm");
    assert_false(ch_preset_apply(&eq, "polka"));
    assert_string_equal(ch_preset_of(&eq), "warm");
}

static void
sliders_keep_their_name_at_another_rate(void **state)
{
    (void)state;
    struct ch_equaliser eq;
    struct ch_graphic graphic = {.layout = CH_GRAPHIC_ISO10, .gains_db = {6, -3, 2, 0, 5, 0, -6}};
    ch_equaliser_init(&eq);
    ch_sliders_set(&eq, &graphic, 48000);
    ch_preset_mark(&eq, "mine");
    ch_equaliser_update(&eq, 96000);
    assert_string_equal(ch_preset_of(&eq), "mine");
    graphic.gains_db[0] = 5.0;
    ch_sliders_set(&eq, &graphic, 96000);
    assert_null(ch_preset_of(&eq));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_switch_is_no_click),
        cmocka_unit_test(the_name_stays_with_the_bands),
        cmocka_unit_test(sliders_keep_their_name_at_another_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

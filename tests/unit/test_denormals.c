// SPDX-License-Identifier: ISC
// tests/unit/test_denormals.c — in silence after sound no state becomes a subnormal number.
//
// With denormals on, as no callback runs: where the processor flushes them they are not there by
// that; here it is shown that the filters let go of what nobody can hear before it gets so small.

#include "tests/unit/engine_rig.h"
#include "tests/unit/figure.h"

#include "daemon/engine/engine_internal.h"

#define BLOCK 256

static unsigned n_found;

static void
look(double value)
{
    n_found += fpclassify(value) == FP_SUBNORMAL;
}

static void
look_at(const struct ch_engine *engine, const float *left, const float *right)
{
    for (uint32_t i = 0; i < sizeof engine->eq.slot / sizeof *engine->eq.slot; i++) {
        const struct ch_eq_slot *slot = &engine->eq.slot[i];
        for (uint32_t v = 0; v < slot->n_voices; v++) {
            for (uint32_t c = 0; c < CH_CHANNELS; c++) {
                look(slot->voice[v].s1[c]);
                look(slot->voice[v].s2[c]);
            }
        }
    }
    for (uint32_t i = 0; i < BLOCK; i++) {
        n_found += fpclassify(left[i]) == FP_SUBNORMAL;
        n_found += fpclassify(right[i]) == FP_SUBNORMAL;
    }
}

static void
set_band(struct rig *rig, uint32_t index, double freq_hz, double q)
{
    const struct ch_eq_band band = {.type = CH_EQ_PEAK, .freq_hz = freq_hz, .gain_db = 6.0, .q = q};
    struct ch_eq_section sections[CH_EQ_BAND_SECTIONS_MAX];
    assert_int_equal(ch_eq_sections_from_band(&band, CH_EQ_MATCHED, RIG_RATE_HZ, sections), 1);
    rig_send(rig, (struct ch_command){
                      .op = CH_COMMAND_EQ_SECTION,
                      .eq = {.section = sections[0], .index = (uint16_t)index, .ramp_frames = 1}});
}

static void
nothing_small_is_left(void **state)
{
    (void)state;
    static float left[BLOCK], right[BLOCK];
    float *const out[CH_CHANNELS] = {left, right};
    struct rig rig;
    rig_start(&rig);
    set_band(&rig, 0, 20.0, 30.0);
    for (uint32_t i = 1; i < 10; i++) {
        set_band(&rig, i, 31.25 * (1u << i), 0.3 + i);
    }
    struct ch_pcm_ring *pcm = rig_ring(65536, 48000, rig_sine, 0, false);
    rig_send(&rig, rig_play(pcm, 1, 0));
    const struct ch_pcm_frame zeros[BLOCK] = {{0}};
    // A second of sound, and a minute of zeros behind it.
    for (uint32_t i = 0; i < 61 * RIG_RATE_HZ / BLOCK; i++) {
        assert_true(i < 100 || ch_ring_write(&pcm->ring, zeros, BLOCK));
        ch_engine_run(rig.engine, out, BLOCK);
        rig_take_events(&rig);
        look_at(rig.engine, left, right);
    }
    assert_int_equal(rig.engine->n_starved, 0);
    figure("cost", "subnormal numbers in a minute of zeros after sound", n_found, "<=", 0, "");
    assert_int_equal(n_found, 0);
    rig_stop(&rig);
    ch_pcm_ring_destroy(pcm);
}

static void
one_would_be_found(void **state)
{
    (void)state;
    n_found = 0;
    look(1e-310);
    look(0.0);
    look(1e-200);
    assert_int_equal(n_found, 1);
    n_found = 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_would_be_found),
        cmocka_unit_test(nothing_small_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

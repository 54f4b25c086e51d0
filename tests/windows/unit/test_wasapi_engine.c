// SPDX-License-Identifier: ISC
// test_wasapi_engine.c — the whole engine on the fake: a sine through it is the sine, and what a
// device's death costs is nothing of the piece.

#include "tests/windows/unit/wasapi_rig.h"

#include <math.h>

#include "daemon/backend/wasapi_internal.h"
#include "daemon/base/os.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/engine_setup.h"
#include "daemon/lockfree/pcm_ring.h"

#define PI      3.14159265358979323846
#define SECONDS 2
#define TONE_HZ 997.0
#define LEVEL   0.25

// A deck that plays this many seconds, left as it is and right negated.
static struct ch_pcm_ring *
tone(uint32_t rate_hz)
{
    struct ch_pcm_ring *pcm = ch_pcm_ring_create(SECONDS * rate_hz + 4096);
    assert_non_null(pcm);
    for (uint32_t i = 0; i < SECONDS * rate_hz; i++) {
        const float x = (float)(LEVEL * sin(2.0 * PI * TONE_HZ * i / rate_hz));
        const struct ch_pcm_frame frame = {x, -x};
        assert_true(ch_ring_write(&pcm->ring, &frame, 1));
    }
    ch_pcm_ring_end(pcm);
    return pcm;
}

static struct ch_pcm_ring *
play_tone(struct rig *rig, uint32_t rate_hz)
{
    memset(rig, 0, sizeof *rig);
    assert_int_equal(ch_engine_create(&rig->engine, rate_hz), CH_OK);
    struct ch_pcm_ring *pcm = tone(rate_hz);
    struct ch_command command = {.op = CH_COMMAND_PLAY, .deck = {.pcm = pcm, .stream = 1}};
    assert_true(ch_engine_send(rig->engine, &command, 1));
    return pcm;
}

static void
end_tone(struct rig *rig, struct ch_pcm_ring *pcm)
{
    rig_stop(rig);
    rig_close(rig);
    struct ch_event_slot event;
    while (ch_engine_take_event(rig->engine, &event)) {
    }
    ch_engine_destroy(rig->engine);
    ch_pcm_ring_destroy(pcm);
}

// Amplitude and phase of the tone in [from, from + n), and the power of all that is not it.
struct measured {
    double amplitude, phase, residue;
};

static struct measured
measure(size_t from, size_t n, unsigned c, double step)
{
    double re = 0.0, im = 0.0, power = 0.0;
    for (size_t i = 0; i < n; i++) {
        const double x = fake_heard(from + i, c);
        re += x * cos(step * (double)i);
        im += x * sin(step * (double)i);
    }
    re *= 2.0 / (double)n;
    im *= 2.0 / (double)n;
    for (size_t i = 0; i < n; i++) {
        const double model = re * cos(step * (double)i) + im * sin(step * (double)i);
        const double rest = fake_heard(from + i, c) - model;
        power += rest * rest;
    }
    return (struct measured){hypot(re, im), atan2(re, im), sqrt(power / (double)n)};
}

static void
test_sine(void **state)
{
    (void)state;
    static const struct {
        enum ch_sample_type type;
        uint32_t n_channels, mask, rate_hz;
        double residue; // of the window's ends, and of the dither where there is one
    } cases[] = {
        {CH_SAMPLE_F32, 2, 0x3, 48000, 1e-6},     {CH_SAMPLE_F32, 8, 0x63f, 44100, 1e-6},
        {CH_SAMPLE_S16, 2, 0x3, 48000, 2e-5},     {CH_SAMPLE_S24, 2, 0x3, 96000, 1e-6},
        {CH_SAMPLE_S24_32, 6, 0x3f, 48000, 1e-6}, {CH_SAMPLE_S32, 2, 0x3, 192000, 1e-6},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        const uint32_t rate_hz = cases[k].rate_hz;
        fake_set_mix(&fake.devices[0], cases[k].type, cases[k].n_channels, cases[k].mask, rate_hz);
        struct rig rig;
        struct ch_pcm_ring *pcm = play_tone(&rig, rate_hz);
        fake_forget_heard();
        rig_open(&rig, (struct ch_backend_config){0});
        rig_start(&rig);
        while (fake_n_heard() < rate_hz * 3 / 2) {
            assert_true(fake_step());
        }
        // A whole number of periods and of seconds, behind the beginning.
        const double step = 2.0 * PI * TONE_HZ / rate_hz;
        const struct measured left = measure(rate_hz / 4, rate_hz, 0, step);
        const struct measured right = measure(rate_hz / 4, rate_hz, 1, step);
        assert_true(fabs(left.amplitude / LEVEL - 1.0) < 1e-4);
        assert_true(fabs(right.amplitude / LEVEL - 1.0) < 1e-4);
        assert_true(fabs(fabs(left.phase - right.phase) - PI) < 1e-4);
        assert_true(left.residue < cases[k].residue && right.residue < cases[k].residue);
        assert_int_equal(rig_info(&rig).n_xruns, 0);
        end_tone(&rig, pcm);
    }
}

// A device dies in the middle, and is another one when it is back.  What control does: pause what
// stands still, open anew, go on.  The phase of the tone says whether a frame is missing.
static void
test_death_in_mid_song(void **state)
{
    (void)state;
    enum { RATE_HZ = 48000 };
    const double step = 2.0 * PI * TONE_HZ / RATE_HZ;
    struct rig rig;
    struct ch_pcm_ring *pcm = play_tone(&rig, RATE_HZ);
    rig_open(&rig, (struct ch_backend_config){0});
    rig_start(&rig);
    while (fake_n_heard() < RATE_HZ / 2) {
        assert_true(fake_step());
    }
    struct ch_engine_state before;
    ch_engine_read_state(rig.engine, &before);
    fake_lock();
    fake.devices[0].removed = true;
    fake_unlock();
    fake_tick();
    assert_true(rig_wait(&rig.n_lost, 1));
    ch_backend_wasapi.stop(rig.backend);
    rig_close(&rig);
    struct ch_engine_state after;
    ch_engine_read_state(rig.engine, &after);
    assert_int_equal(after.frame, before.frame);
    struct ch_command command = {.op = CH_COMMAND_PAUSE, .deck = {.stream = 1}};
    assert_true(ch_engine_send(rig.engine, &command, 1));
    ch_engine_settle(rig.engine);

    fake.devices[0].removed = false;
    fake_forget_heard();
    rig_open(&rig, (struct ch_backend_config){0});
    command = (struct ch_command){.op = CH_COMMAND_RESUME, .deck = {.stream = 1}};
    assert_true(ch_engine_send(rig.engine, &command, 1));
    rig_start(&rig);
    const size_t silent = fake.last_buffer; // before the engine's first frame
    while (fake_n_heard() < RATE_HZ) {
        assert_true(fake_step());
    }
    // From silence, by a fade of 20 ms without a step.
    assert_true(fabs(fake_heard(silent, 0)) < 1e-3);
    for (size_t i = silent + 1; i < RATE_HZ; i++) {
        assert_true(fabs(fake_heard(i, 0) - fake_heard(i - 1, 0)) < 1.01 * LEVEL * step);
    }
    // Frame `silent` of what is heard now is frame before.frame of the engine, whose chain is late
    // by its latency.
    const size_t from = silent + RATE_HZ / 10, n = RATE_HZ / 2;
    const struct measured heard = measure(from, n, 0, step);
    const double frame =
        (double)before.frame + (double)(from - silent) - (double)ch_engine_latency(rig.engine);
    const double wrong = remainder(heard.phase - frame * step, 2.0 * PI);
    if (fabs(wrong) >= 0.02 * step) {
        print_error("off by %.3f frames\n", wrong / step);
    }
    assert_true(fabs(wrong) < 0.02 * step); // a fiftieth of a frame
    assert_true(fabs(heard.amplitude / LEVEL - 1.0) < 1e-3);
    end_tone(&rig, pcm);
}

#define T(f) cmocka_unit_test_setup_teardown(f, fake_before, fake_after)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_sine),
        T(test_death_in_mid_song),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

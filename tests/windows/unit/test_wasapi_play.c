// SPDX-License-Identifier: ISC
// test_wasapi_play.c — what is heard, to the sample; and that the audio thread keeps to its rules.

#include "tests/windows/unit/wasapi_rig.h"

#include <math.h>

#include "daemon/backend/mmcss.h"
#include "daemon/backend/wasapi_internal.h"

#include "tests/unit/fake_engine.h"

static void
new_rig(struct rig *rig, uint32_t rate_hz)
{
    memset(rig, 0, sizeof *rig);
    rig->engine = calloc(1, sizeof *rig->engine);
    assert_non_null(rig->engine);
    rig->engine->rate_hz = rate_hz;
    rig->engine->sound_frames = UINT64_MAX;
}

static void
end_rig(struct rig *rig)
{
    if (rig->backend) {
        rig_close(rig);
    }
    assert_int_equal(rig->engine->n_overlaps, 0);
    assert_false(rig->engine->denormals);
    free(rig->engine);
}

static void
steps(unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        assert_true(fake_step());
    }
}

// From `at` on the engine's frames are heard, from number `first` on, and nothing else.
static void
assert_heard(size_t at, uint64_t first, const struct ch_sample_format *format)
{
    assert_true(fake_n_heard() > at);
    for (size_t i = at; i < fake_n_heard(); i++) {
        for (unsigned c = 0; c < format->n_channels; c++) {
            double wanted = 0.0;
            if (format->n_channels > 1 && c == format->left) {
                wanted = (double)fake_sample(first + i - at, 0);
            } else if (format->n_channels > 1 && c == format->right) {
                wanted = (double)fake_sample(first + i - at, 1);
            }
            // What is in 16 bits is the same in every format, and never dithered.
            if (fake_heard(i, c) != wanted) {
                print_error("frame %u, channel %u\n", (unsigned)i, c);
            }
            assert_true(fake_heard(i, c) == wanted);
        }
    }
}

static void
assert_silent(size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        assert_true(fake_heard(i, 0) == 0.0);
    }
}

// --- formats ------------------------------------------------------------------------------------

static void
test_every_format(void **state)
{
    (void)state;
    static const uint32_t rates[] = {8000, 11025, 44100, 48000, 96000, 192000, 384000};
    static const DWORD masks[] = {0, 0x4, 0x3, 0x34, 0x33, 0x37, 0x3f, 0x13f, 0x63f};
    for (unsigned t = CH_SAMPLE_F32; t <= CH_SAMPLE_S32; t++) {
        for (uint32_t n = 1; n <= 8; n++) {
            const uint32_t rate_hz = rates[(t + n) % (sizeof rates / sizeof *rates)];
            fake_set_mix(&fake.devices[0], (enum ch_sample_type)t, n, masks[n], rate_hz);
            struct rig rig;
            new_rig(&rig, rate_hz);
            rig_open(&rig, (struct ch_backend_config){0});
            assert_int_equal(rig_info(&rig).rate_hz, rate_hz);
            fake_forget_heard();
            rig_start(&rig);
            const UINT32 prefilled = fake.last_buffer;
            const struct ch_sample_format format = rig.backend->stream.format;
            assert_int_equal(format.type, t);
            steps(12);
            assert_silent(0, prefilled);
            assert_heard(prefilled, 0, &format);
            end_rig(&rig);
            assert_int_equal(atomic_load(&fake.n_objects), 0);
        }
    }
}

static void
test_exclusive_whole_buffers(void **state)
{
    (void)state;
    fake.devices[0].alignment = 128;
    struct rig rig;
    new_rig(&rig, 48000);
    rig_open(&rig, (struct ch_backend_config){.exclusive = true});
    rig_start(&rig);
    const struct ch_sample_format format = rig.backend->stream.format;
    steps(8);
    assert_heard(512, 0, &format);
    assert_int_equal(rig.engine->sizes[3], 512);
    rig_stop(&rig);
    end_rig(&rig);
}

// --- periods ------------------------------------------------------------------------------------

// Longer than the engine takes at once, so two calls fill it; and no call for a few frames.
static void
test_long_periods(void **state)
{
    (void)state;
    static const uint32_t periods[] = {1000, 4096, 8192};
    for (size_t p = 0; p < 3; p++) {
        struct rig rig;
        new_rig(&rig, 48000);
        fake_forget_heard();
        rig_open(&rig, (struct ch_backend_config){.period = periods[p]});
        rig_start(&rig);
        const UINT32 buffer = fake.last_buffer;
        const struct ch_sample_format format = rig.backend->stream.format;
        fake_starve(); // all of it at once
        fake_tick();
        fake_wait_calls(rig.engine, 1);
        while (fake_n_heard() < buffer + 3 * periods[p]) {
            const int n = atomic_load(&fake.n_calls[FAKE_GET_PADDING]);
            fake_tick();
            assert_true(fake_wait_calls_of(FAKE_GET_PADDING, n + 1));
        }
        rig_stop(&rig);
        const unsigned n_calls = rig.engine->n_calls;
        for (unsigned i = 0; i < n_calls; i++) {
            assert_true(rig.engine->sizes[i] <= CH_BLOCK_MAX);
        }
        const uint32_t first = rig.engine->sizes[0] +
                               (buffer > CH_BLOCK_MAX ? rig.engine->sizes[1] : 0) +
                               (buffer > 2 * CH_BLOCK_MAX ? rig.engine->sizes[2] : 0);
        assert_int_equal(first, buffer);
        assert_true(n_calls > 2);
        const uint32_t last = rig.engine->sizes[n_calls - 1];
        const uint32_t two = last + rig.engine->sizes[n_calls - 2];
        assert_true((periods[p] == CH_BLOCK_MAX ? two : last) >= periods[p]);
        assert_int_equal(rig_info(&rig).n_xruns, 0); // what ran out was silence
        fake.heard_bytes = (buffer + 2 * periods[p]) * 8;
        assert_heard(buffer, 0, &format);
        end_rig(&rig);
    }
}

static void
test_wakes_for_nothing(void **state)
{
    (void)state;
    struct rig rig;
    new_rig(&rig, 48000);
    rig_open(&rig, (struct ch_backend_config){0});
    rig_start(&rig);
    const struct ch_sample_format format = rig.backend->stream.format;
    steps(3);
    const int n_filled = atomic_load(&fake.n_filled);
    for (int i = 0; i < 50; i++) {
        const int n = atomic_load(&fake.n_calls[FAKE_GET_PADDING]);
        fake_nudge();
        assert_true(fake_wait_calls_of(FAKE_GET_PADDING, n + 1));
    }
    // And a device that says more waits than fits has no room either.
    fake_lock();
    fake.too_much_padding = 3;
    fake_unlock();
    for (int i = 0; i < 3; i++) {
        const int n = atomic_load(&fake.n_calls[FAKE_GET_PADDING]);
        fake_nudge();
        assert_true(fake_wait_calls_of(FAKE_GET_PADDING, n + 1));
    }
    assert_int_equal(atomic_load(&fake.n_filled), n_filled);
    assert_int_equal(rig.engine->n_calls, 3);
    steps(5);
    assert_heard(fake.last_buffer, 0, &format);
    assert_int_equal(rig_info(&rig).n_xruns, 0);
    end_rig(&rig);
}

// Some refusals pass, and cost nothing but a moment.
static void
test_buffer_refused_for_a_moment(void **state)
{
    (void)state;
    static const HRESULT codes[] = {AUDCLNT_E_BUFFER_TOO_LARGE, AUDCLNT_E_OUT_OF_ORDER,
                                    AUDCLNT_E_BUFFER_OPERATION_PENDING, AUDCLNT_E_BUFFER_ERROR};
    for (size_t k = 0; k < sizeof codes / sizeof *codes; k++) {
        struct rig rig;
        new_rig(&rig, 48000);
        fake.devices[0].buffer_periods = 8;
        fake_forget_heard();
        rig_open(&rig, (struct ch_backend_config){0});
        rig_start(&rig);
        const struct ch_sample_format format = rig.backend->stream.format;
        steps(2);
        fake_fail(FAKE_GET_BUFFER, codes[k], 0, 3);
        const int n = atomic_load(&fake.n_calls[FAKE_GET_BUFFER]);
        for (int i = 1; i <= 3; i++) {
            fake_tick();
            assert_true(fake_wait_calls_of(FAKE_GET_BUFFER, n + i));
        }
        steps(10);
        assert_heard(fake.last_buffer, 0, &format);
        assert_int_equal(rig_info(&rig).n_xruns, 0);
        assert_int_equal(atomic_load(&rig.n_lost), 0);
        end_rig(&rig);
    }
}

static void
test_refused_for_good(void **state)
{
    (void)state;
    struct rig rig;
    new_rig(&rig, 48000);
    rig_open(&rig, (struct ch_backend_config){0});
    rig_start(&rig);
    fake_fail(FAKE_GET_BUFFER, AUDCLNT_E_BUFFER_ERROR, 0, -1);
    for (int i = 0; i < 2000 && !atomic_load(&rig.n_lost); i++) {
        fake_tick();
        Sleep(1);
    }
    assert_true(rig_wait(&rig.n_lost, 1));
    assert_int_equal(rig_try_start(&rig), CH_NO_DEVICE);
    end_rig(&rig);
}

// A device that no longer asks is given up, though no call fails.
static void
test_forgotten(void **state)
{
    (void)state;
    ch_wasapi_times.patience_ms = 20;
    struct rig rig;
    new_rig(&rig, 48000);
    rig_open(&rig, (struct ch_backend_config){0});
    rig_start(&rig);
    assert_true(rig_wait(&rig.n_lost, 1));
    end_rig(&rig);
}

// --- gaps ---------------------------------------------------------------------------------------

static void
test_gaps_are_counted(void **state)
{
    (void)state;
    for (int exclusive = 0; exclusive < 2; exclusive++) {
        struct rig rig;
        new_rig(&rig, 48000);
        rig_open(&rig, (struct ch_backend_config){.exclusive = exclusive});
        rig_start(&rig);
        steps(4);
        assert_int_equal(rig_info(&rig).n_xruns, 0);
        for (int i = 0; i < 3; i++) {
            fake_starve();
            steps(1);
        }
        const struct ch_backend_info info = rig_info(&rig);
        assert_int_equal(info.n_xruns, 3);
        assert_int_equal(info.n_server_xruns, info.n_xruns);
        assert_true(info.server_xrun_ns > 0);
        assert_true(rig.engine->cycles[rig.engine->n_cycles - 1].gap);
        // All is well again, and the clock is believed again.
        steps(5);
        assert_int_equal(rig_info(&rig).n_xruns, 3);
        assert_false(rig.engine->cycles[rig.engine->n_cycles - 1].gap);
        rig_stop(&rig);
        end_rig(&rig);
    }
}

// --- time ---------------------------------------------------------------------------------------

// A frame's time and the latency together say when it is heard, by the device's clock.
static void
test_time_of_frames(void **state)
{
    (void)state;
    for (int with_clock = 0; with_clock < 2; with_clock++) {
        struct rig rig;
        new_rig(&rig, 48000);
        fake.first_100ns = 0;
        fake_fail(FAKE_GET_SERVICE_CLOCK, with_clock ? 0 : E_NOINTERFACE, 0, -1);
        rig_open(&rig, (struct ch_backend_config){0});
        const uint32_t latency = rig_info(&rig).latency_frames;
        rig_start(&rig);
        steps(30);
        rig_stop(&rig);
        const struct ch_engine *engine = rig.engine;
        assert_int_equal(engine->latency, latency);
        if (with_clock) {
            const uint64_t ahead = fake.last_buffer - fake.first_played;
            const uint64_t heard_ns = fake.first_100ns * 100 + ahead * CH_NS_PER_S / 48000;
            const uint64_t said_ns = engine->mono_ns[0] + latency * CH_NS_PER_S / 48000;
            assert_true(llabs((long long)(heard_ns - said_ns)) < 1000); // rounding
        }
        for (unsigned i = 1; i < engine->n_calls; i++) {
            assert_true(engine->mono_ns[i] >= engine->mono_ns[i - 1]);
        }
        end_rig(&rig);
    }
}

// --- MMCSS --------------------------------------------------------------------------------------

static void
test_mmcss_while_it_plays(void **state)
{
    (void)state;
    const struct ch_mmcss_counts before = ch_mmcss_counts();
    struct rig rig;
    new_rig(&rig, 48000);
    rig_open(&rig, (struct ch_backend_config){0});
    assert_int_equal(atomic_load(&fake.n_joins), 0);
    for (int round = 1; round <= 10; round++) {
        rig_start(&rig);
        steps(2);
        assert_int_equal(atomic_load(&fake.n_joins), round);
        assert_int_equal(atomic_load(&fake.n_leaves), round - 1);
        rig_stop(&rig);
        assert_int_equal(atomic_load(&fake.n_leaves), round);
    }
    rig_start(&rig);
    steps(1);
    rig_close(&rig); // while it plays
    assert_int_equal(atomic_load(&fake.n_leaves), 11);
    const struct ch_mmcss_counts after = ch_mmcss_counts();
    assert_int_equal(after.n_joins - before.n_joins, 11);
    assert_int_equal(after.n_leaves - before.n_leaves, 11);
    end_rig(&rig);
}

static void
test_without_mmcss(void **state)
{
    (void)state;
    fake.no_mmcss = true;
    struct rig rig;
    new_rig(&rig, 48000);
    rig_open(&rig, (struct ch_backend_config){0});
    for (int round = 0; round < 3; round++) {
        rig_start(&rig);
        steps(3);
        rig_stop(&rig);
    }
    assert_int_equal(atomic_load(&fake.n_leaves), 0);
    assert_int_equal(atomic_load(&rig.n_lost), 0);
    end_rig(&rig);
}

#define T(f) cmocka_unit_test_setup_teardown(f, fake_before, fake_after)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_every_format),
        T(test_exclusive_whole_buffers),
        T(test_long_periods),
        T(test_wakes_for_nothing),
        T(test_buffer_refused_for_a_moment),
        T(test_refused_for_good),
        T(test_forgotten),
        T(test_gaps_are_counted),
        T(test_time_of_frames),
        T(test_mmcss_while_it_plays),
        T(test_without_mmcss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

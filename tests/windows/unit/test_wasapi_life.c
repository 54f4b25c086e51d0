// SPDX-License-Identifier: ISC
// test_wasapi_life.c — start and stop, devices that go, come and change, and idleness.

#include "tests/windows/unit/wasapi_rig.h"

#include <math.h>
#include <stdio.h>
#include <wchar.h>

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
    free(rig->engine);
}

static void
steps(unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        assert_true(fake_step());
    }
}

// --- stop ---------------------------------------------------------------------------------------

static void
test_stop_takes_the_engine_back(void **state)
{
    (void)state;
    struct rig rig;
    new_rig(&rig, 48000);
    rig_open(&rig, (struct ch_backend_config){0});
    ch_backend_wasapi.stop(rig.backend); // before any start
    for (int round = 0; round < 50; round++) {
        rig_start(&rig);
        steps(1);
        fake_tick(); // perhaps a cycle is under way
        ch_backend_wasapi.stop(rig.backend);
        const unsigned n_calls = atomic_load(&rig.engine->n_calls);
        assert_false(atomic_load(&rig.engine->inside));
        for (int i = 0; i < 3; i++) {
            fake_tick();
            SwitchToThread();
        }
        assert_int_equal(atomic_load(&rig.engine->n_calls), n_calls);
        if (round % 3) {
            rig_stop(&rig); // once more, and until the stream stands
        }                   // else the engine is given back before that
    }
    rig_stop(&rig);
    ch_backend_wasapi.stop(rig.backend);
    // The frames that the engine has made are in order, none twice and none left out.
    uint64_t n_frames = 0;
    for (unsigned i = 0; i < rig.engine->n_calls; i++) {
        n_frames += rig.engine->sizes[i];
    }
    assert_int_equal(n_frames, atomic_load(&rig.engine->n_frames));
    end_rig(&rig);
}

// Stopped while the engine runs, for once for long: it waits until it does not.
static void
test_stop_waits_for_a_cycle(void **state)
{
    (void)state;
    struct rig rig;
    new_rig(&rig, 48000);
    rig.engine->stall_call = 2;
    rig.engine->stall_ns = 50000000;
    rig_open(&rig, (struct ch_backend_config){0});
    rig_start(&rig);
    steps(2);
    fake_tick();
    while (!atomic_load(&rig.engine->inside)) {
        SwitchToThread();
    }
    ch_backend_wasapi.stop(rig.backend);
    assert_false(atomic_load(&rig.engine->inside));
    assert_int_equal(atomic_load(&rig.engine->n_calls), 3);
    end_rig(&rig);
}

// In the middle of a sound: down to nothing within 5 ms, without a step, and all of it is heard.
static void
test_stop_fades(void **state)
{
    (void)state;
    struct rig rig;
    new_rig(&rig, 48000);
    rig_open(&rig, (struct ch_backend_config){0});
    rig_start(&rig);
    steps(10);
    rig_stop(&rig);
    const size_t end = fake.last_buffer + (size_t)atomic_load(&rig.engine->n_frames);
    assert_true(fake_n_heard() >= end + 240);
    double before = fake_heard(end - 1, 0);
    assert_true(fabs(before) > 0.01);
    const double step_max = fabs(before) * 1.6 / 240; // of that curve
    for (size_t i = end; i < fake_n_heard(); i++) {
        const double now = fake_heard(i, 0);
        assert_true(fabs(now) <= fabs(before) && fabs(now - before) <= step_max);
        assert_true(i < end + 240 || now == 0.0);
        before = now;
    }
    end_rig(&rig);
}

// --- idle ---------------------------------------------------------------------------------------

static void
test_given_back_while_idle(void **state)
{
    (void)state;
    ch_wasapi_times.release_ms = 30;
    struct rig rig;
    new_rig(&rig, 48000);
    rig_open(&rig, (struct ch_backend_config){0});
    // Also if it never played.  What stays: the enumerator and the device.
    for (int i = 0; i < 20000 && atomic_load(&fake.n_objects) > 2; i++) {
        Sleep(1);
    }
    assert_int_equal(atomic_load(&fake.n_objects), 2);
    for (int round = 0; round < 5; round++) {
        rig_start(&rig);
        assert_true(fake.last_low);
        Sleep(60);
        steps(5); // not while it plays
        assert_non_null(fake.running);
        rig_stop(&rig);
        for (int i = 0; i < 20000 && atomic_load(&fake.n_objects) > 2; i++) {
            Sleep(1);
        }
        assert_int_equal(atomic_load(&fake.n_objects), 2);
    }
    assert_int_equal(atomic_load(&fake.n_calls[FAKE_START]), 5);
    assert_int_equal(atomic_load(&rig.n_lost), 0);
    assert_int_equal(atomic_load(&rig.n_changed), 0);
    end_rig(&rig);
}

// It is kept for the time that is said, so that a short pause costs nothing.
static void
test_kept_for_a_while(void **state)
{
    (void)state;
    struct rig rig;
    new_rig(&rig, 48000);
    rig_open(&rig, (struct ch_backend_config){0});
    for (int round = 0; round < 5; round++) {
        rig_start(&rig);
        steps(3);
        rig_stop(&rig);
    }
    assert_int_equal(atomic_load(&fake.n_calls[FAKE_INITIALIZE3]), 1);
    assert_int_equal(atomic_load(&fake.n_calls[FAKE_RESET]), 5);
    end_rig(&rig);
}

static void
wait_released(void)
{
    for (int i = 0; i < 20000 && atomic_load(&fake.n_objects) > 2; i++) {
        Sleep(1);
    }
    assert_int_equal(atomic_load(&fake.n_objects), 2);
}

// The device's rate was changed while nothing played: the engine is not called until it follows.
static void
test_another_rate_after_idleness(void **state)
{
    (void)state;
    ch_wasapi_times.release_ms = 10;
    struct rig rig;
    new_rig(&rig, 48000);
    rig_open(&rig, (struct ch_backend_config){0});
    wait_released();
    ch_wasapi_times.release_ms = 60000;
    fake_set_mix(&fake.devices[0], CH_SAMPLE_S16, 2, 3, 96000);
    assert_int_equal(rig_try_start(&rig), CH_OK);
    assert_true(rig_wait(&rig.n_changed, 1));
    assert_int_equal(rig_info(&rig).rate_hz, 96000);
    assert_null(fake.running);
    assert_int_equal(atomic_load(&rig.engine->n_calls), 0);
    ch_backend_wasapi.stop(rig.backend);
    rig.engine->rate_hz = 96000;
    rig_start(&rig);
    steps(5);
    assert_int_equal(atomic_load(&rig.engine->n_calls), 5);
    assert_int_equal(atomic_load(&rig.n_lost), 0);
    end_rig(&rig);
}

static void
test_gone_while_idle(void **state)
{
    (void)state;
    ch_wasapi_times.release_ms = 10;
    struct rig rig;
    new_rig(&rig, 48000);
    rig_open(&rig, (struct ch_backend_config){0});
    wait_released();
    fake.devices[0].removed = true;
    assert_int_equal(rig_try_start(&rig), CH_OK); // it can't know yet
    assert_true(rig_wait(&rig.n_lost, 1));
    assert_int_equal(atomic_load(&rig.engine->n_calls), 0);
    assert_int_equal(rig_try_start(&rig), CH_NO_DEVICE);
    end_rig(&rig);
}

// --- devices that go ----------------------------------------------------------------------------

// What control does: close, try until it is back, start.
static void
recover(struct rig *rig, struct ch_backend_config config, struct fake_device *device)
{
    char detail[256];
    rig_close(rig);
    assert_int_equal(atomic_load(&fake.n_objects), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(rig_try_open(rig, config, detail), CH_NO_DEVICE);
        assert_true(detail[0]);
        assert_null(rig->backend);
        assert_int_equal(atomic_load(&fake.n_objects), 0);
    }
    device->removed = false;
    rig_open(rig, config);
    rig_start(rig);
}

static void
test_removed_in_mid_play(void **state)
{
    (void)state;
    for (int pinned = 0; pinned < 2; pinned++) {
        const struct ch_backend_config config = {.device = pinned ? "speakers" : NULL};
        struct rig rig;
        new_rig(&rig, 48000);
        rig_open(&rig, config);
        fake_forget_heard();
        for (int round = 1; round <= 10; round++) {
            round == 1 ? rig_start(&rig) : (void)0;
            steps(7);
            const unsigned long long n_frames = atomic_load(&rig.engine->n_frames);
            fake_lock();
            fake.devices[0].removed = true;
            fake_unlock();
            fake_tick();
            assert_true(rig_wait(&rig.n_lost, round));
            assert_int_equal(rig_try_start(&rig), CH_NO_DEVICE);
            // The engine has made nothing that was not taken.
            assert_int_equal(atomic_load(&rig.engine->n_frames), n_frames);
            recover(&rig, config, &fake.devices[0]);
        }
        rig_stop(&rig);
        end_rig(&rig);
    }
}

// The device says that it is not there any more, though its stream does not notice.
static void
test_unplugged(void **state)
{
    (void)state;
    struct rig rig;
    new_rig(&rig, 48000);
    rig_open(&rig, (struct ch_backend_config){.device = "speakers"});
    rig_start(&rig);
    steps(3);
    fake.devices[0].state = DEVICE_STATE_UNPLUGGED;
    assert_true(rig_wait(&rig.n_lost, 1));
    end_rig(&rig);
}

static void
test_start_fails(void **state)
{
    (void)state;
    struct rig rig;
    new_rig(&rig, 48000);
    rig_open(&rig, (struct ch_backend_config){0});
    fake_fail(FAKE_START, AUDCLNT_E_SERVICE_NOT_RUNNING, 0, 1);
    assert_int_equal(rig_try_start(&rig), CH_OK);
    assert_true(rig_wait(&rig.n_lost, 1));
    assert_int_equal(atomic_load(&rig.engine->n_calls), 0);
    assert_int_equal(atomic_load(&fake.n_joins), 0);
    end_rig(&rig);
}

// --- devices that change ------------------------------------------------------------------------

static void
test_follows_the_default(void **state)
{
    (void)state;
    for (int notified = 0; notified < 2; notified++) {
        ch_wasapi_times.poll_ms = notified ? 60000 : 5;
        fake.default_device = 0;
        fake_set_mix(&fake.devices[1], CH_SAMPLE_S24, 6, 0x3f, 44100);
        struct rig rig;
        new_rig(&rig, 48000);
        rig_open(&rig, (struct ch_backend_config){0});
        rig_start(&rig);
        steps(5);
        fake.default_device = 1;
        if (notified) {
            fake_notify();
        }
        assert_true(rig_wait(&rig.n_moved, 1));
        steps(5); // it goes on meanwhile, and says it once
        Sleep(30);
        assert_int_equal(atomic_load(&rig.n_moved), 1);
        const unsigned long long n_frames = atomic_load(&rig.engine->n_frames);
        ch_backend_wasapi.stop(rig.backend);
        rig_close(&rig);
        assert_int_equal(atomic_load(&rig.engine->n_frames), n_frames);
        rig_open(&rig, (struct ch_backend_config){0});
        assert_string_equal(rig_info(&rig).device, "Headphones \xe2\x99\xab");
        assert_int_equal(rig_info(&rig).rate_hz, 44100);
        rig.engine->rate_hz = 44100;
        rig_start(&rig);
        steps(5);
        assert_int_equal(atomic_load(&rig.n_lost), 0);
        end_rig(&rig);
    }
}

static void
test_default_changed_while_idle(void **state)
{
    (void)state;
    struct rig rig;
    new_rig(&rig, 48000);
    rig_open(&rig, (struct ch_backend_config){0});
    fake.default_device = 1; // and nobody says so
    assert_int_equal(rig_try_start(&rig), CH_OK);
    assert_true(rig_wait(&rig.n_moved, 1));
    assert_null(fake.running);
    assert_int_equal(atomic_load(&rig.engine->n_calls), 0);
    end_rig(&rig);
}

static void
test_pinned_stays(void **state)
{
    (void)state;
    struct rig rig;
    new_rig(&rig, 48000);
    rig_open(&rig, (struct ch_backend_config){.device = "Speakers"});
    rig_start(&rig);
    fake.default_device = 1;
    for (int i = 0; i < 20; i++) {
        fake_notify();
        steps(1);
        Sleep(2);
    }
    assert_int_equal(atomic_load(&rig.n_moved), 0);
    assert_int_equal(atomic_load(&rig.n_lost), 0);
    assert_true(atomic_load(&fake.n_calls[FAKE_GET_STATE]) > 1);
    end_rig(&rig);
}

// Of two names that are too long for us and begin alike either is found by the whole of it.
static void
test_long_names(void **state)
{
    (void)state;
    enum { KEPT = CH_DEVICE_NAME_BYTES - 3 };
    wchar_t names[2][KEPT + 8];
    char wanted[KEPT + 16], kept[KEPT + 1];
    memset(kept, 'x', KEPT);
    kept[KEPT] = 0;
    for (int i = 0; i < 2; i++) {
        wmemset(names[i], L'x', KEPT);
        swprintf(names[i] + KEPT, 8, L"\U0001F3B5%d", i); // of which no half is kept
    }
    for (int i = 0; i < 3; i++) {
        struct rig rig;
        struct ch_backend_info info;
        new_rig(&rig, 48000);
        fake.devices[0].name = names[0];
        fake.devices[1].name = names[1];
        snprintf(wanted, sizeof wanted, i < 2 ? "%s\U0001F3B5%d" : "%s", kept, i);
        rig_open(&rig, (struct ch_backend_config){.device = wanted});
        ch_backend_wasapi.get_info(rig.backend, &info);
        assert_string_equal(info.device, kept);
        char id[CH_DEVICE_ID_BYTES];
        snprintf(id, sizeof id, "%ls", fake.devices[i % 2].id);
        assert_string_equal(info.id, id);
        end_rig(&rig);
    }
}

// --- storms -------------------------------------------------------------------------------------

static DWORD WINAPI
storm(void *arg)
{
    fake_lock();
    fake.quiet_thread = GetCurrentThreadId(); // which may set an event, and nothing else
    fake_unlock();
    for (int i = 0; i < 2000; i++) {
        fake_notify(); // five each
    }
    fake_lock();
    fake.quiet_thread = 0;
    fake_unlock();
    atomic_store((atomic_bool *)arg, true);
    return 0;
}

static void
test_storm_of_notifications(void **state)
{
    (void)state;
    ch_wasapi_times.poll_ms = 60000;
    ch_wasapi_times.settle_ms = 20;
    for (int playing = 0; playing < 2; playing++) {
        struct rig rig;
        new_rig(&rig, 48000);
        rig_open(&rig, (struct ch_backend_config){0});
        if (playing) {
            rig_start(&rig);
        }
        const int n_looks = atomic_load(&fake.n_calls[FAKE_GET_DEFAULT]);
        const uint64_t begin_ns = ch_os_mono_ns();
        atomic_bool done = false;
        HANDLE thread = CreateThread(NULL, 0, storm, &done, 0, NULL);
        assert_non_null(thread);
        while (!atomic_load(&done)) {
            if (playing) {
                steps(1);
            } else {
                Sleep(1);
            }
        }
        WaitForSingleObject(thread, INFINITE);
        CloseHandle(thread);
        const uint64_t took_ms = (ch_os_mono_ns() - begin_ns) / 1000000;
        // Looked at now and then, not 10000 times; and once more when it was over.
        assert_true(fake_wait_calls_of(FAKE_GET_DEFAULT, n_looks + 1));
        const int n = atomic_load(&fake.n_calls[FAKE_GET_DEFAULT]) - n_looks;
        assert_true((uint64_t)n <= took_ms / 20 + 3);
        assert_int_equal(atomic_load(&rig.n_moved) + atomic_load(&rig.n_lost), 0);
        fake.default_device = 1;
        fake_notify();
        assert_true(rig_wait(&rig.n_moved, 1));
        fake.default_device = 0;
        end_rig(&rig);
    }
}

// Somebody notifies while we close, with what he got hold of before.
static void
test_late_notification(void **state)
{
    (void)state;
    struct rig rig;
    new_rig(&rig, 48000);
    rig_open(&rig, (struct ch_backend_config){0});
    IMMNotificationClient *listener = fake.listener;
    IMMNotificationClient_AddRef(listener);
    rig_close(&rig);
    for (int i = 0; i < 10; i++) {
        listener->lpVtbl->OnDeviceAdded(listener, L"late");
    }
    void *same = NULL;
    assert_int_equal(IMMNotificationClient_QueryInterface(listener, &IID_IUnknown, &same), S_OK);
    assert_ptr_equal(same, listener);
    assert_int_equal(IMMNotificationClient_QueryInterface(listener, &IID_IMMDevice, &same),
                     E_NOINTERFACE);
    assert_null(same);
    assert_int_equal(IMMNotificationClient_Release(listener), 1);
    assert_int_equal(IMMNotificationClient_Release(listener), 0);
    end_rig(&rig);
}

#define T(f) cmocka_unit_test_setup_teardown(f, fake_before, fake_after)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_stop_takes_the_engine_back),
        T(test_stop_waits_for_a_cycle),
        T(test_stop_fades),
        T(test_given_back_while_idle),
        T(test_kept_for_a_while),
        T(test_another_rate_after_idleness),
        T(test_gone_while_idle),
        T(test_removed_in_mid_play),
        T(test_unplugged),
        T(test_start_fails),
        T(test_follows_the_default),
        T(test_default_changed_while_idle),
        T(test_pinned_stays),
        T(test_long_names),
        T(test_storm_of_notifications),
        T(test_late_notification),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

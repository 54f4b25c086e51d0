// SPDX-License-Identifier: ISC
// test_wasapi_errors.c — every error from every call: the right status, no leak, no hang, and the
// device opens again as if nothing had been.

#include "tests/windows/unit/wasapi_rig.h"

#include "daemon/backend/wasapi_error.h"
#include "daemon/backend/wasapi_internal.h"
#include "daemon/base/log.h"

#include "tests/unit/fake_engine.h"

// What is expected of a code: written down here once more, from Microsoft's meaning of it.
static const struct code {
    HRESULT hr;
    const char *name;
    enum ch_status status;
    bool gone; // no fallback will help
} codes[] = {
#define X(name, status, gone)                                                                      \
    {                                                                                              \
        AUDCLNT_E_##name, "AUDCLNT_E_" #name, status, gone                                         \
    }
    X(NOT_INITIALIZED, CH_INTERNAL, false),
    X(ALREADY_INITIALIZED, CH_INTERNAL, false),
    X(WRONG_ENDPOINT_TYPE, CH_INTERNAL, false),
    X(DEVICE_INVALIDATED, CH_NO_DEVICE, true),
    X(NOT_STOPPED, CH_INTERNAL, false),
    X(BUFFER_TOO_LARGE, CH_INTERNAL, false),
    X(OUT_OF_ORDER, CH_INTERNAL, false),
    X(UNSUPPORTED_FORMAT, CH_UNAVAILABLE, false),
    X(INVALID_SIZE, CH_INTERNAL, false),
    X(DEVICE_IN_USE, CH_BUSY, true),
    X(BUFFER_OPERATION_PENDING, CH_INTERNAL, false),
    X(THREAD_NOT_REGISTERED, CH_INTERNAL, false),
    X(EXCLUSIVE_MODE_NOT_ALLOWED, CH_DENIED, false),
    X(ENDPOINT_CREATE_FAILED, CH_NO_DEVICE, true),
    X(SERVICE_NOT_RUNNING, CH_NO_DEVICE, true),
    X(EVENTHANDLE_NOT_EXPECTED, CH_INTERNAL, false),
    X(EXCLUSIVE_MODE_ONLY, CH_BUSY, true),
    X(BUFDURATION_PERIOD_NOT_EQUAL, CH_INTERNAL, false),
    X(EVENTHANDLE_NOT_SET, CH_INTERNAL, false),
    X(INCORRECT_BUFFER_SIZE, CH_INTERNAL, false),
    X(BUFFER_SIZE_ERROR, CH_OUT_OF_RANGE, false),
    X(CPUUSAGE_EXCEEDED, CH_BUSY, false),
    X(BUFFER_ERROR, CH_INTERNAL, false),
    X(BUFFER_SIZE_NOT_ALIGNED, CH_UNAVAILABLE, false),
    X(INVALID_DEVICE_PERIOD, CH_OUT_OF_RANGE, false),
    X(INVALID_STREAM_FLAG, CH_INTERNAL, false),
    X(ENDPOINT_OFFLOAD_NOT_CAPABLE, CH_UNAVAILABLE, false),
    X(OUT_OF_OFFLOAD_RESOURCES, CH_BUSY, false),
    X(OFFLOAD_MODE_ONLY, CH_UNAVAILABLE, false),
    X(NONOFFLOAD_MODE_ONLY, CH_UNAVAILABLE, false),
    X(RESOURCES_INVALIDATED, CH_NO_DEVICE, true),
    X(RAW_MODE_UNSUPPORTED, CH_UNAVAILABLE, false),
    X(ENGINE_PERIODICITY_LOCKED, CH_BUSY, false),
    X(ENGINE_FORMAT_LOCKED, CH_BUSY, false),
#undef X
    {E_FAIL, "E_FAIL", CH_NO_DEVICE, true},
    {E_NOTIMPL, "E_NOTIMPL", CH_UNAVAILABLE, false},
    {E_NOINTERFACE, "E_NOINTERFACE", CH_UNAVAILABLE, false},
    {E_INVALIDARG, "E_INVALIDARG", CH_INTERNAL, false},
    {E_POINTER, "E_POINTER", CH_INTERNAL, false},
    {E_OUTOFMEMORY, "E_OUTOFMEMORY", CH_NO_MEMORY, false},
    {E_ACCESSDENIED, "E_ACCESSDENIED", CH_DENIED, false},
    {REGDB_E_CLASSNOTREG, "REGDB_E_CLASSNOTREG", CH_NO_DEVICE, true},
    {(HRESULT)0x80070490, "E_NOTFOUND", CH_NO_DEVICE, true},
    {(HRESULT)0x800706ba, "RPC_S_SERVER_UNAVAILABLE", CH_NO_DEVICE, true},
    {(HRESULT)0x80010108, "RPC_E_DISCONNECTED", CH_NO_DEVICE, true},
    {(HRESULT)0x8889abcd, "0x8889abcd", CH_NO_DEVICE, false}, // nobody knows it
};
#define N_CODES (sizeof codes / sizeof *codes)

/// What a failure of a call does.
enum effect {
    REFUSES,  ///< open() fails with its status
    FALLS,    ///< no low-latency stream; refuses if the device is gone, by any code but E_FAIL
    DOES_NOT, ///< matter: everything goes on
    LOSES,    ///< the device is lost while it plays
    PASSES,   ///< some codes are only a delay; others, or if they stay, lose the device
    CHOOSES,  ///< of --exclusive: refuses, a format that is not supported with a status of its own
    ALIGNS,   ///< of --exclusive: refuses, but one code is answered
};

static const struct site {
    enum fake_call call;
    enum effect effect;
    const char *device; // NULL = the default one
    bool exclusive;
} sites[] = {
    {FAKE_CREATE_ENUMERATOR, REFUSES, NULL, false},
    {FAKE_GET_DEFAULT, REFUSES, NULL, false},
    {FAKE_ENUM_ENDPOINTS, REFUSES, "Speakers", false},
    {FAKE_GET_COUNT, REFUSES, "Speakers", false},
    {FAKE_GET_DEFAULT, DOES_NOT, "Speakers", false},
    {FAKE_REGISTER, DOES_NOT, NULL, false},
    {FAKE_GET_STATE, DOES_NOT, NULL, false},
    {FAKE_OPEN_STORE, DOES_NOT, NULL, false},
    {FAKE_GET_VALUE, DOES_NOT, NULL, false},
    {FAKE_GET_ID, DOES_NOT, NULL, false},
    {FAKE_ACTIVATE, REFUSES, NULL, false},
    {FAKE_ACTIVATE3, FALLS, NULL, false},
    {FAKE_GET_MIX_FORMAT, REFUSES, NULL, false},
    {FAKE_SET_PROPERTIES, DOES_NOT, NULL, false},
    {FAKE_GET_ENGINE_PERIOD, FALLS, NULL, false},
    {FAKE_INITIALIZE3, FALLS, NULL, false},
    {FAKE_GET_BUFFER_SIZE, REFUSES, NULL, false},
    {FAKE_SET_EVENT, REFUSES, NULL, false},
    {FAKE_GET_SERVICE_RENDER, REFUSES, NULL, false},
    {FAKE_GET_SERVICE_CLOCK, DOES_NOT, NULL, false},
    {FAKE_GET_LATENCY, DOES_NOT, NULL, false},
    {FAKE_GET_FREQUENCY, DOES_NOT, NULL, false},
    {FAKE_START, LOSES, NULL, false},
    {FAKE_STOP, DOES_NOT, NULL, false},
    {FAKE_RESET, DOES_NOT, NULL, false},
    {FAKE_GET_PADDING, PASSES, NULL, false},
    {FAKE_GET_BUFFER, PASSES, NULL, false},
    {FAKE_RELEASE_BUFFER, PASSES, NULL, false},
    {FAKE_ACTIVATE, REFUSES, NULL, true},
    {FAKE_GET_MIX_FORMAT, REFUSES, NULL, true},
    {FAKE_IS_SUPPORTED, CHOOSES, NULL, true},
    {FAKE_GET_DEVICE_PERIOD, DOES_NOT, NULL, true},
    {FAKE_INITIALIZE, ALIGNS, NULL, true},
    {FAKE_GET_BUFFER_SIZE, REFUSES, NULL, true},
    {FAKE_GET_SERVICE_RENDER, REFUSES, NULL, true},
    {FAKE_START, LOSES, NULL, true},
    {FAKE_GET_PADDING, PASSES, NULL, true},
    {FAKE_GET_BUFFER, PASSES, NULL, true},
    {FAKE_RELEASE_BUFFER, PASSES, NULL, true},
};
#define N_SITES (sizeof sites / sizeof *sites)

static struct rig rig;

static struct ch_backend_config
config_of(const struct site *site)
{
    return (struct ch_backend_config){.device = site->device, .exclusive = site->exclusive};
}

// It opens, plays, stops and closes, and nothing is left.
static void
assert_works(const struct site *site)
{
    rig_open(&rig, config_of(site));
    rig_start(&rig);
    assert_true(fake_step() && fake_step() && fake_step());
    rig_stop(&rig);
    rig_close(&rig);
    assert_int_equal(atomic_load(&fake.n_objects), 0);
}

// Both say that this format is not for this device.
static bool
is_no_format(const struct code *code)
{
    return code->hr == AUDCLNT_E_UNSUPPORTED_FORMAT || code->hr == E_INVALIDARG;
}

static void
assert_refused(const struct site *site, const struct code *code, enum ch_status wanted)
{
    char detail[256];
    const enum ch_status status = rig_try_open(&rig, config_of(site), detail);
    if (status != wanted) {
        print_error("%s from %s: status %d, “%s”\n", code->name, fake_call_names[site->call],
                    status, detail);
    }
    assert_int_equal(status, wanted);
    assert_null(rig.backend);
    // No format of ours is an answer of its own.
    const bool in_words = site->effect == CHOOSES && is_no_format(code);
    assert_true(wanted != code->status || strstr(detail, in_words ? "--rate" : code->name));
    assert_int_equal(atomic_load(&fake.n_objects), 0);
}

static void
assert_lost(const struct site *site, const struct code *code)
{
    // Planted when it stands ready; for what is called by start() as well, after that.
    rig_open(&rig, config_of(site));
    const bool by_start = site->call == FAKE_START;
    if (by_start) {
        fake_fail(site->call, code->hr, 0, -1);
        assert_int_equal(rig_try_start(&rig), CH_OK);
    } else {
        rig_start(&rig);
        assert_true(fake_step());
        fake_fail(site->call, code->hr, 0, -1);
    }
    for (int i = 0; i < 20000 && !atomic_load(&rig.n_lost); i++) {
        fake_tick();
        i < 1000 ? SwitchToThread() : Sleep(1);
    }
    if (!atomic_load(&rig.n_lost)) {
        print_error("%s from %s is not noticed\n", code->name, fake_call_names[site->call]);
    }
    assert_int_equal(atomic_load(&rig.n_lost), 1);
    assert_int_equal(rig_try_start(&rig), CH_NO_DEVICE);
    rig_close(&rig);
    assert_int_equal(atomic_load(&fake.n_objects), 0);
}

static void
assert_indifferent(const struct site *site, const struct code *code)
{
    fake_fail(site->call, code->hr, 0, -1);
    assert_works(site);
    assert_int_equal(atomic_load(&rig.n_lost), 0);
    assert_int_equal(atomic_load(&rig.n_moved), 0);
}

static void
try(const struct site *site, const struct code *code)
{
    atomic_store(&rig.n_lost, 0);
    atomic_store(&rig.n_moved, 0);
    switch (site->effect) {
    case REFUSES:
        fake_fail(site->call, code->hr, 0, -1);
        assert_refused(site, code, code->status);
        break;
    case FALLS:
        // E_FAIL of this interface alone is no sign that the device has gone.
        if (code->gone && code->hr != E_FAIL) {
            fake_fail(site->call, code->hr, 0, -1);
            assert_refused(site, code, code->status);
        } else {
            assert_indifferent(site, code);
            assert_false(fake.last_low);
        }
        break;
    case DOES_NOT:
        assert_indifferent(site, code);
        break;
    case LOSES:
    case PASSES:
        assert_lost(site, code);
        break;
    case CHOOSES:
        fake_fail(site->call, code->hr, 0, -1);
        assert_refused(site, code, is_no_format(code) ? CH_UNAVAILABLE : code->status);
        break;
    case ALIGNS:
        fake_fail(site->call, code->hr, 0, -1);
        // A size of nothing is no answer.
        assert_refused(site, code,
                       code->hr == AUDCLNT_E_BUFFER_SIZE_NOT_ALIGNED ? CH_INTERNAL : code->status);
        break;
    }
    fake_fail(site->call, 0, 0, 0);
    assert_works(site);
}

static void
test_every_error_of_every_call(void **state)
{
    (void)state;
    rig.engine = calloc(1, sizeof *rig.engine);
    assert_non_null(rig.engine);
    rig.engine->sound_frames = UINT64_MAX;
    for (size_t s = 0; s < N_SITES; s++) {
        for (size_t k = 0; k < N_CODES; k++) {
            try(&sites[s], &codes[k]);
        }
    }
    assert_int_equal(rig.engine->n_overlaps, 0);
    free(rig.engine);
}

// The same once only, in the middle of playing: it plays on, or it is lost and comes back.
static void
test_one_error_in_mid_play(void **state)
{
    (void)state;
    static const enum fake_call calls[] = {FAKE_GET_PADDING, FAKE_GET_POSITION,
                                           FAKE_GET_BUFFER,  FAKE_RELEASE_BUFFER,
                                           FAKE_GET_STATE,   FAKE_GET_DEFAULT};
    memset(&rig, 0, sizeof rig);
    rig.engine = calloc(1, sizeof *rig.engine);
    assert_non_null(rig.engine);
    rig.engine->sound_frames = UINT64_MAX;
    for (size_t c = 0; c < sizeof calls / sizeof *calls; c++) {
        for (size_t k = 0; k < N_CODES; k++) {
            atomic_store(&rig.n_lost, 0);
            rig_open(&rig, (struct ch_backend_config){0});
            rig_start(&rig);
            assert_true(fake_step());
            const int n = atomic_load(&fake.n_calls[calls[c]]);
            fake_fail(calls[c], codes[k].hr, 0, 1);
            for (int i = 0; i < 20000 && atomic_load(&fake.n_calls[calls[c]]) <= n; i++) {
                fake_tick();
                i < 1000 ? SwitchToThread() : Sleep(1);
            }
            for (int i = 0; i < 3 && !atomic_load(&rig.n_lost); i++) {
                (void)fake_step(); // false if it was lost just now
            }
            const bool asks_again = calls[c] == FAKE_GET_STATE || calls[c] == FAKE_GET_DEFAULT;
            assert_true(!asks_again || !atomic_load(&rig.n_lost));
            rig_close(&rig);
            assert_int_equal(atomic_load(&fake.n_objects), 0);
        }
    }
    free(rig.engine);
}

// Each code by itself.
static void
test_words(void **state)
{
    (void)state;
    for (size_t k = 0; k < N_CODES; k++) {
        char detail[CH_DETAIL_BYTES];
        assert_int_equal(ch_wasapi_status(codes[k].hr), codes[k].status);
        assert_int_equal(ch_wasapi_is_gone(codes[k].hr), codes[k].gone);
        assert_int_equal(ch_wasapi_explain(codes[k].hr, "A device", detail), codes[k].status);
        assert_non_null(strstr(detail, codes[k].name));
        assert_ptr_equal(strstr(detail, "A device: "), detail);
    }
    assert_int_equal(ch_wasapi_status(S_OK), CH_OK);
    assert_int_equal(ch_wasapi_status(S_FALSE), CH_OK);
    assert_false(ch_wasapi_is_gone(S_OK));
}

// A list of devices fails as a whole, or says less of one.
static void
test_list(void **state)
{
    (void)state;
    static const struct {
        enum fake_call call;
        bool fails;
    } calls[] = {
        {FAKE_CREATE_ENUMERATOR, true},  {FAKE_ENUM_ENDPOINTS, true},
        {FAKE_GET_COUNT, true},          {FAKE_ITEM, false},
        {FAKE_GET_DEFAULT, false},       {FAKE_GET_ID, false},
        {FAKE_OPEN_STORE, false},        {FAKE_GET_VALUE, false},
        {FAKE_ACTIVATE, false},          {FAKE_ACTIVATE3, false},
        {FAKE_GET_MIX_FORMAT, false},    {FAKE_GET_DEVICE_PERIOD, false},
        {FAKE_GET_ENGINE_PERIOD, false},
    };
    for (size_t c = 0; c < sizeof calls / sizeof *calls; c++) {
        for (size_t k = 0; k < N_CODES; k++) {
            struct ch_device_list list;
            char detail[256] = "";
            fake_fail(calls[c].call, codes[k].hr, 0, -1);
            const enum ch_status status = ch_backend_wasapi.list(&list, detail);
            assert_int_equal(status, calls[c].fails ? codes[k].status : CH_OK);
            assert_int_equal(list.n, calls[c].fails || calls[c].call == FAKE_ITEM ? 0 : 2);
            for (uint32_t i = 0; i < list.n; i++) {
                assert_non_null(list.entries[i].format);
            }
            free(list.entries);
            fake_fail(calls[c].call, 0, 0, 0);
            assert_int_equal(atomic_load(&fake.n_objects), 0);
        }
    }
}

// The shortest buffers, so that what is to be heard is heard soon.
static int
before(void **state)
{
    (void)fake_before(state);
    for (unsigned i = 0; i < fake.n_devices; i++) {
        fake.devices[i].min = 32;
        fake.devices[i].latency = 0;
    }
    ch_wasapi_times.linger_ms = 1;
    return 0;
}

#define T(f) cmocka_unit_test_setup_teardown(f, before, fake_after)

int
main(void)
{
    ch_log_set_level(CH_LOG_ERROR); // a thousand losses are no news
    const struct CMUnitTest tests[] = {
        T(test_words),
        T(test_list),
        T(test_every_error_of_every_call),
        T(test_one_error_in_mid_play),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
